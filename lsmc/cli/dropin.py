"""What apparmor_parser does, by its options: policy is compiled and written or loaded."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsmc.base.diagnostics import PolicyError
from lsmc.base.errors import Error, KernelRefusal
from lsmc.cli.faults import UsageFault
from lsmc.cli.outputs import write_output
from lsmc.cli.parser_cache import ParserCache, opened
from lsmc.cli.parser_options import Arguments, arguments, left_out
from lsmc.cli.screen import Screen
from lsmc.compiler.inputs import DiskFiles, Options, profile_paths
from lsmc.modules.parts import Deployment, Part
from lsmc.output.styled import line, safe

if TYPE_CHECKING:
    from lsmc.compiler.outcome import Rendered
    from lsmc.modules.interface import SecurityModule
    from lsmc.modules.parts import Loading

#: The release whose options and language are understood, for scripts that read the version.
RELEASE = "4.1.0"
_FAILED = 1
_HOW = {"a": "add", "r": "replace", "R": "remove"}
_DONE = {"a": "Addition", "r": "Replacement", "R": "Removal"}
#: Bytes of compiled policy, or of policy on standard input.
_MOST = 1 << 30


def run(args: Sequence[str], screen: Screen, usage: Callable[[], str]) -> int:
    """Do what a command line asks for; the exit code is that of apparmor_parser."""
    try:
        asked = arguments(args)
        if asked.ended:
            return _told(asked, screen, usage)
        screen.quiet = asked.quiet
        if asked.verbose:
            for note in asked.notes:
                screen.remark(note)
        return _Run(asked, screen).all()
    except UsageFault as fault:
        screen.error(str(fault))
    except PolicyError as fault:
        screen.diagnostics(fault.diagnostics)
    except Error as fault:
        screen.error(str(fault))
    except OSError as fault:
        screen.error(f"`{fault.filename or 'standard output'}`: {str(fault.strerror).lower()}")
    return _FAILED


def _told(asked: Arguments, screen: Screen, usage: Callable[[], str]) -> int:
    from lsmc.version import __version__

    match asked.ended:
        case "h":
            screen.text(usage() + "\n")
        case "V":
            screen.text(f"lsmc {__version__}, in place of AppArmor parser version {RELEASE}\n")
        case "print-config-file":
            screen.text(asked.config + "\n")
        case "purge-cache":
            _loading().purge(asked.caches)
        case "print-cache-dir":
            cache = opened(asked, _loading())
            if cache is None:
                raise UsageFault("nothing tells the features of the kernel: name them with -M")
            screen.text("".join(f"{folder}\n" for folder in cache.folders))
    return 0


def _loading() -> Loading:
    from lsmc.modules.registry import DEFAULT, MODULES

    module = MODULES[DEFAULT]()
    return module.needs(module.loading, "`parser`")()


class _Run:
    """One run; `code` is the exit code so far."""

    def __init__(self, asked: Arguments, screen: Screen) -> None:
        from lsmc.modules.registry import DEFAULT, MODULES

        self.asked = asked
        self.screen = screen
        self.code = 0
        self.written: list[bytes] = []
        self.module: SecurityModule = MODULES[DEFAULT]()
        self.loading: Loading = self.module.needs(self.module.loading, "`parser`")()
        self.options = Options(asked.base, tuple(asked.include), asked.kernel)
        self.cache = ParserCache(asked, self.loading, screen)

    def all(self) -> int:
        """Do everything; returns the exit code."""
        if self.asked.paths:
            self._files(self._found())
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "stdin")
                with open(path, "wb") as file:
                    file.write(sys.stdin.buffer.read(_MOST))
                self._files([path])
        if self.asked.action in ("S", "o"):
            write_output(self.asked.output, b"".join(self.written))
        return self.code

    def _found(self) -> list[str]:
        """The files that are named, without those that are switched off."""
        found, missing = profile_paths(self.asked.paths, DiskFiles())
        for path in missing:
            self.code = errno.ENOENT
            self.screen.error(f"`{path}`: no such file or directory; it is left out")
        if self.asked.action == "R" or self.asked.binary:
            return found
        off = left_out(found, self.asked.base, "disable")
        for path in found:
            if path in off:
                self.screen.remark(f"{safe(path)}: left out, as {self.asked.base}/disable names it")
        return [path for path in found if path not in off]

    def _files(self, paths: Sequence[str]) -> None:
        if self.asked.abort and self.code:
            return
        if self.asked.binary:
            self._binary(paths)
        elif self.asked.compiles:
            self._compiled(paths)
        else:
            self._names(paths)

    def _compiled(self, paths: Sequence[str]) -> None:
        """Compile files, or take them from the cache."""
        complain = left_out(paths, self.asked.base, "force-complain")
        for path in sorted(complain):
            self.screen.remark(f"{safe(path)}: only logs, as {self.asked.base}/force-complain says")
        deployment = Deployment(
            frozenset(paths) if self.asked.complain else complain,
            self.asked.namespace,
            self.asked.abi,
            self.asked.every_abi,
        )
        taken = self.cache.taken(paths, self.options, deployment)
        for kept, data in taken.values():
            self._send(list(self.loading.parts(data, self.asked.folder)), 256, kept)
        for file in self._rendered([path for path in paths if path not in taken], deployment):
            self.cache.keep(file, deployment)
            self.written.append(file.data)
            self._send(list(self.loading.parts(file.data, self.asked.folder)), 256)

    def _binary(self, paths: Sequence[str]) -> None:
        from lsmc.base.files import read_regular

        for path in paths:
            try:
                data = read_regular(path, _MOST)[0]
                parts = list(self.loading.parts(data, self.asked.folder))
            except (Error, OSError) as fault:
                self.code = _FAILED
                self.screen.error(f"`{path}`: {fault}")
                continue
            self.written.append(data)
            self._send(parts, 0)

    def _names(self, paths: Sequence[str]) -> None:
        """Print or remove the profiles of policy by their names."""
        from lsmc.ir.model import qualified

        read = self.module.needs(self.module.ir, "`parser`")
        for path in paths:
            try:
                policy = read([path], self.options)
            except PolicyError as fault:
                self._failed(fault)
                continue
            names = [
                qualified(self.asked.namespace or profile.namespace, profile.name)
                for profile in policy.profiles
            ]
            if self.asked.action == "N":
                self.screen.text("".join(f"{safe(name)}\n" for name in names))
            else:
                self._send([Part((name,)) for name in self.loading.removed(names)], 256)

    def _rendered(self, paths: Sequence[str], deployment: Deployment) -> Iterator[Rendered]:
        """The files that can be compiled; what is wrong with the others is told."""
        left = list(paths)
        while left:
            try:
                jobs = self.asked.jobs
                made = list(self.loading.render(left, self.options, jobs, deployment, None))
            except PolicyError as fault:
                self._failed(fault)
                if self.asked.abort or not fault.files:
                    return
                left = [path for path in left if path not in fault.files]
                continue
            for file in made:
                self.screen.diagnostics(file.diagnostics)
                if self.asked.strict and any(one.severity == "warning" for one in file.diagnostics):
                    self.code = _FAILED
                else:
                    yield file
            return

    def _failed(self, fault: PolicyError) -> None:
        self.code = _FAILED
        self.screen.diagnostics(one for one in fault.diagnostics if one.severity == "error")

    def _send(self, parts: Sequence[Part], base: int, kept: str = "") -> None:
        """Give the kernel the parts of a file; `base` less the error is a failure's code.

        `kept` is where they come from, if from the cache.
        """
        action = self.asked.action
        if action not in _HOW:
            return
        done: list[str] = []
        for part in parts:
            if self.asked.load:
                try:
                    self.loading.send(_HOW[action], part, self.asked.folder)
                except KernelRefusal as fault:
                    self.code = abs(base - fault.number)
                    self.screen.error(str(fault))
                    continue
            done += part.names
        if self.asked.verbose and done:
            what = "Cached load" if kept else _DONE[action]
            names = [kept] if kept else done
            self.screen.show([line(f'{what} succeeded for "{safe(name)}".') for name in names])
