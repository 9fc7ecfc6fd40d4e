"""Files of policy compiled for a kernel, in shares that several processes take.

What is told of a file, and its bytes, do not depend on the share that it is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.gc import gc_paused
from lsmc.base.processes import map_tasks
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import DiskFiles, FileQuery, FileState, Options, RecordedFiles
from lsmc.compiler.linking import clean
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.kernel.sources import newest
from lsmc.modules.apparmor.kernel.streams import File, streams
from lsmc.modules.apparmor.kernel.target import (
    format_for,
    given_features,
    kernel_features,
)
from lsmc.modules.apparmor.kernel.unwritten import unwritten
from lsmc.modules.parts import Deployment

#: Files of a share at least.  The more, the more of their automata they share and the more memory
#: they take; a process for fewer costs more than it saves.
_FILES = 64
#: Profiles whose automata are built together at the most.
_TOGETHER = 250


class Made(NamedTuple):
    """What became of a file.

    Attributes:
        path: where it is.
        data: its stream; empty where it, or another of its share, has errors.
        diagnostics: what is to be said of it.
        asked: all that was asked of the file system for it.
        newest: when the last of its sources was modified, in nanoseconds since the epoch.
    """

    path: str
    data: bytes
    diagnostics: tuple[Diagnostic, ...]
    asked: frozenset[FileQuery] = frozenset()
    newest: int = 0


class Run(NamedTuple):
    """What became of some files, in order, and what the file system answered each process."""

    files: list[Made]
    records: list[Mapping[FileQuery, FileState]]


class Sharer:
    """Compiles files for a kernel, each process with what it has read itself."""

    def __init__(self, options: Options, deployment: Deployment, files: DiskFiles) -> None:
        """Raises `PolicyError` for bad files of features."""
        self._files = files
        self._kernel = kernel_features(options)
        self._deployment = deployment
        self._options = options
        self._modified: dict[str, int] = {}
        self._front = front_end(
            replace(options, features=deployment.every_abi),
            files,
            kernel=self._kernel,
            unnamed=given_features(deployment.abi),
        )

    @gc_paused()
    def run(self, paths: Sequence[str], jobs: int) -> Run:
        """What becomes of some files in up to `jobs` processes; OSError."""
        shares = list(_shares(paths))

        def work(number: int) -> tuple[list[Made], dict[FileQuery, FileState]]:
            made = self._share(shares[number])
            asked = set().union(*(one.asked for one in made))
            return made, {ask: answer for ask, answer in self._record() if ask in asked}

        found = map_tasks(work, range(len(shares)), jobs)
        files = [one for made, _ in found for one in made]
        return Run(files, [record for _, record in found])

    def _record(self) -> Iterable[tuple[FileQuery, FileState]]:
        return self._files.record.items() if isinstance(self._files, RecordedFiles) else ()

    def asked(self, paths: Sequence[str]) -> dict[str, Sequence[FileQuery]]:
        """What is asked of the file system to compile files, of those that can be compiled."""
        found: dict[str, Sequence[FileQuery]] = {}
        for path in paths:
            with suppress(OSError):
                compiled = self._front.compile(path)
                if clean(compiled.diagnostics):
                    found[path] = sorted(compiled.asked)
        return found

    def _newest(self, asked: Iterable[FileQuery]) -> int:
        return newest(asked, self._options, self._deployment, self._modified)

    def _share(self, paths: Sequence[str]) -> list[Made]:
        """What becomes of the files of a share; without streams where one has errors."""
        found: list[Made] = []
        files: list[File] = []
        sound = True
        for path in paths:
            try:
                compiled = self._front.compile(path)
            except OSError as fault:
                found.append(Made(path, b"", (unreadable(path, fault),)))
                sound = False
                continue
            told = (*compiled.diagnostics, *unwritten(compiled, self._kernel))
            sound = sound and clean(told)
            found.append(Made(path, b"", told, compiled.asked, self._newest(compiled.asked)))
            space = self._deployment.namespace
            files.append(
                File(
                    path,
                    compiled.profiles
                    if space is None
                    else [replace(one, namespace=space) for one in compiled.profiles],
                    compiled.features,
                    format_for(self._kernel or compiled.features),
                    path in self._deployment.complain,
                )
            )
        for path in paths:
            self._front.library.forget(path)  # what is included counts for other files
        if not sound:
            return found
        rendered = (one for some in _together(files) for one in streams(some))
        return [
            one._replace(data=made.data, diagnostics=(*one.diagnostics, *made.diagnostics))
            for one, made in zip(found, rendered, strict=True)
        ]


def _shares(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """The files in shares of neighbours, which are alike."""
    count = max(len(paths) // _FILES, 1)
    for number in range(count):
        yield paths[number * len(paths) // count : (number + 1) * len(paths) // count]


def _together(files: Sequence[File]) -> Iterator[list[File]]:
    """The files in parts whose automata are built together, so that memory has a bound."""
    part: list[File] = []
    count = 0
    for file in files:
        part.append(file)
        count += len(file.profiles)
        if count >= _TOGETHER:
            yield part
            part, count = [], 0
    if part:
        yield part
