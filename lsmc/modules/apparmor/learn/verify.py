"""The checks that a draft has to stand before it is shown: it compiles, allows what it is for, has
no finding of lint that says its rules do nothing or its names lead nowhere, and is in good layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.text import encode
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.suggest.suggest import word

#: Findings about rules that change nothing, and about names and structure.
_CODES = ("LSM1", "LSM2")


class DraftFiles(DiskFiles):
    """The file system with some files as a draft has them."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = dict(texts)

    def read(self, path: str) -> bytes:
        """The content of a file."""
        known = self._texts.get(path)
        return known if known is not None else super().read(path)

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        return None if path in self._texts else super().entries(path)

    def exists(self, path: str) -> bool:
        """Whether a path exists."""
        return path in self._texts or super().exists(path)


class DraftRequest(NamedTuple):
    """A request that a draft has to allow, and the profile that is asked."""

    subject: str
    request: Mapping[str, Any]


def compiled(path: str, files: DiskFiles, options: Options, programs: Iterable[str] = ()) -> Engine:
    """The policy of one file, and an empty profile for each program that has one elsewhere.

    Raises `PolicyError`.
    """
    front = front_end(options, files)
    found = front.compile(path)
    others = "".join(
        f"profile lsmc-program-{number} {word(encode(program))} {{ }}\n"
        for number, program in enumerate(sorted(set(programs)))
    )
    front.library.text("<others>", others.encode())
    more = front.compile("<others>")
    data, _ = bundle([*found.profiles, *more.profiles], found.diagnostics)
    return Engine(data, enforce=True)


def refused(engine: Engine, asked: Iterable[DraftRequest]) -> list[DraftRequest]:
    """The requests that a policy does not allow."""
    found = []
    for one in asked:
        try:
            request = {**one.request, "subject": one.subject, "mediated": True}
            verdict = engine.answer(request).verdict
        except (RequestError, UnknownName):
            found.append(one)
            continue
        if not verdict.allowed:
            found.append(one)
    return found


def findings(
    path: str, files: DiskFiles, options: Options, drafted: Collection[str]
) -> list[Diagnostic]:
    """What the checks that a draft has to stand find in some files, when `path` is linted.

    Raises `PolicyError`.
    """
    from lsmc.lint.run import Linter
    from lsmc.modules.apparmor.lint.linter import LINT

    checks = [one for one in LINT.checks.values() if one.default and one.code.startswith(_CODES)]
    read = LINT.reader(options, files, (path, files.read(path)))
    result = Linter(read=read, selected=checks, module=LINT).lint([path])
    if result.faults:
        raise PolicyError(result.faults)
    return [one for one in result.findings if one.file in drafted]


def new_findings(new: Sequence[Diagnostic], old: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings that were not there before, wherever the lines have moved."""
    known = Counter((one.code, one.profile, one.message) for one in old)
    found = []
    for one in new:
        key = (one.code, one.profile, one.message)
        if known[key]:
            known[key] -= 1
        else:
            found.append(one)
    return found


def laid_out(path: str, text: bytes, options: Options) -> bool:
    """Whether `lsmc fmt` would leave a text as it is."""
    from lsmc.modules.apparmor.formatting import ProfileFormatter

    return ProfileFormatter(options).format(path, text).text == text
