"""The cache of compiled policy, by the options of apparmor_parser."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.cli.faults import UsageFault
from lsmc.cli.parser_options import Arguments
from lsmc.cli.screen import Screen
from lsmc.output.styled import safe

if TYPE_CHECKING:
    from lsmc.compiler.inputs import Options
    from lsmc.compiler.outcome import Rendered
    from lsmc.modules.parts import Deployment, Loading, PolicyCache


def opened(asked: Arguments, loading: Loading) -> PolicyCache | None:
    """The cache that options name; None without features of a kernel; raises `UsageFault`."""
    try:
        return loading.cache(asked.caches, asked.kernel)
    except ValueError as fault:
        raise UsageFault(f"`-L`: {fault}") from None


class ParserCache:
    """What one run takes from the cache, and puts into it."""

    def __init__(self, asked: Arguments, loading: Loading, screen: Screen) -> None:
        self._asked = asked
        self._loading = loading
        self._screen = screen
        self._cache: PolicyCache | None = None
        if not asked.caching:
            return
        try:
            self._cache = opened(asked, loading)
            if self._cache is None:
                self._tell("Cache read/write disabled: nothing tells the features of the kernel")
            elif asked.write_cache or asked.create_cache:
                self._cache.create()
        except OSError as fault:
            self._cache = None
            screen.remark(f"cache `{fault.filename}`: {str(fault.strerror).lower()}; none is used")

    def taken(
        self, paths: Sequence[str], options: Options, deployment: Deployment
    ) -> Mapping[str, tuple[str, bytes]]:
        """Of some files those that need not be compiled: the path of what is kept, and it."""
        found: dict[str, str] = {}
        if self._cache is not None and self._asked.reads_cache:
            for path in self._kept(paths, deployment):
                kept = self._cache.find(os.path.basename(path))
                if kept is not None:
                    found[path] = kept
        taken: dict[str, tuple[str, bytes]] = {}
        if found and self._cache is not None:
            own = self._cache.own if self._asked.write_cache else None
            modified = self._loading.modified(list(found), options, deployment, own)
            for path, newest in modified.items():
                try:
                    data = self._cache.read(found[path], newest)
                except OSError:
                    continue
                if data is not None:
                    taken[path] = found[path], data
        for path in paths:
            kept = taken[path][0] if path in taken else None
            self._tell(f"Cache miss: {path}" if kept is None else f"Cache hit: {kept}")
        return taken

    def keep(self, file: Rendered, deployment: Deployment) -> None:
        """Keep what a file was compiled to, where that is asked for."""
        if self._cache is None or not self._asked.write_cache:
            return
        if not self._kept([file.source], deployment):
            return
        try:
            name = os.path.basename(file.source)
            path = self._cache.keep(name, file.data, file.newest)
        except OSError as fault:
            reason = str(fault.strerror).lower()
            self._screen.remark(f"cache `{fault.filename}`: {reason}; it is not kept")
        else:
            self._tell(f"Wrote cache: {path}")

    def _kept(self, paths: Sequence[str], deployment: Deployment) -> list[str]:
        """Those of some files that a cache may have: as policy says, with a name of their own."""
        return [
            path
            for path in paths
            if path not in deployment.complain and not os.path.basename(path).startswith(".")
        ]

    def _tell(self, text: str) -> None:
        if self._asked.show_cache:
            self._screen.remark(safe(text))
