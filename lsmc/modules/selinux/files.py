"""Which files are policy of SELinux."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from lsmc.base.files import StrPath
from lsmc.compiler.inputs import DiskFiles, ignored

#: The ends of the names of policy files: CIL, and modules that are packed for a policy store.
ENDS = (".cil", ".pp", ".pp.bz2")
#: Directories in directories that are searched.
_DEEP = 4


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are files of this policy, or directories with such files in them."""
    return bool(paths) and all(map(_claims, paths))


def _claims(path: str) -> bool:
    names = DiskFiles().entries(path)
    return any(name.endswith(ENDS) for name in ([path] if names is None else names))


def find_files(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The policy files that some paths name, each once and in order, and the missing paths.

    A directory stands for the files in it, and in directories in it, whose names end as policy
    does.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for given in paths:
        path = os.fspath(given)
        names = files.entries(path)
        if names is not None:
            for inside in _inside(path, names, files, _DEEP):
                found.setdefault(os.path.abspath(inside), inside)
        elif files.exists(path):
            found.setdefault(os.path.abspath(path), path)
        else:
            missing.append(path)
    return list(found.values()), missing


def _inside(folder: str, names: Iterable[str], files: DiskFiles, deep: int) -> Iterator[str]:
    for name in sorted(names):
        path = os.path.normpath(os.path.join(folder, name))
        if ignored(name):
            continue
        if name.endswith(ENDS):
            if files.entries(path) is None:
                yield path
        elif deep and (inner := files.entries(path)) is not None:
            yield from _inside(path, inner, files, deep - 1)
