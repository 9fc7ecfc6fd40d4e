"""Which files are policy of TOMOYO, and of which kind each is: by name, else by content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from lsmc.base.files import StrPath
from lsmc.compiler.inputs import DiskFiles, profile_paths

if TYPE_CHECKING:
    from lsmc.base.source import Source

FileKind = Literal["profile", "manager", "exception", "domain", "stat"]
#: What the names of files hold, in the order in which a system loads them.
_NAMES: Final[dict[str, FileKind]] = {
    "profile": "profile",
    "manager": "manager",
    "exception_policy": "exception",
    "domain_policy": "domain",
    "stat": "stat",
}
#: Files whose presence tells a directory of policy.
_TELLING: Final = ("domain_policy.conf", "exception_policy.conf")


def claims(paths: Sequence[str]) -> bool:
    """Whether paths are directories of policy, or files of domains or exceptions by their names."""
    return bool(paths) and all(map(_claimed, paths))


def _claimed(path: str) -> bool:
    if os.path.isdir(path):
        return any(os.path.exists(os.path.join(path, name)) for name in _TELLING)
    return named_kind(path) in ("domain", "exception")


def named_kind(path: str) -> FileKind | None:
    """The kind of a file that its name tells: `domain_policy.conf`, `profile.base` and the like."""
    return _NAMES.get(os.path.basename(path).partition(".")[0])


def kind_of(source: Source) -> FileKind | None:
    """The kind of a file; None for one that neither name nor content tells."""
    return named_kind(source.path) or _content_kind(source)


def _content_kind(source: Source) -> FileKind | None:
    from lsmc.modules.tomoyo.syntax.exceptions import KEYWORDS
    from lsmc.modules.tomoyo.syntax.reader import written_lines

    for written in written_lines(source, []):
        first, *more = (word.text for word in written.words)
        if (first.startswith("<") and more and more[0] in KEYWORDS) or first in KEYWORDS:
            return "exception"
        if ("-" in first and first.partition("-")[0].isdecimal()) or "PROFILE_VERSION=" in first:
            return "profile"
        if first.startswith("<"):
            return "domain"
    return None


def find_files(paths: Iterable[StrPath], disk: DiskFiles) -> tuple[list[str], list[str]]:
    """The files of policy that some paths name, in the order in which a system loads them.

    A directory stands for the files in it whose names tell their kind; of one kind, `NAME.base`
    comes before `NAME.conf`.
    """
    given = [os.fspath(path) for path in paths]
    found, missing = profile_paths(given, disk)
    chosen = [path for path in found if path in given or named_kind(path) is not None]
    order = list(_NAMES.values())

    def place(path: str) -> tuple[int, bool]:
        kind = named_kind(path)
        return (order.index(kind) if kind else len(order)), not path.endswith(".base")

    return sorted(chosen, key=place), missing
