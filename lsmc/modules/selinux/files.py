"""Which files are policy of SELinux.

A policy store (`/var/lib/selinux/NAME/active/modules`) has a directory for each priority, in it one
for each module, and in that the module as CIL (`cil`) or as it was given (`hll`).  Of modules with
one name that of the highest priority counts, and none that has a file in `disabled`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from lsmc.base.files import StrPath
from lsmc.compiler.inputs import DiskFiles, ignored

#: The ends of the names of policy files: CIL, and modules that are packed for a policy store.
ENDS = (".cil", ".pp", ".pp.bz2")
#: The files of a module in a policy store, the best first.
_STORED = ("cil", "hll")
_MODULE = re.compile(r"/([1-9][0-9]{2})/([^/]+)/(?:cil|hll)")
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
    does, and for the modules of a policy store.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for given in paths:
        path = os.fspath(given)
        names = files.entries(path)
        if names is not None:
            for inside in _effective([*_inside(path, names, files, _DEEP)], path, files):
                found.setdefault(os.path.abspath(inside), inside)
        elif files.exists(path):
            found.setdefault(os.path.abspath(path), path)
        else:
            missing.append(path)
    return list(found.values()), missing


def _inside(folder: str, names: Sequence[str], files: DiskFiles, deep: int) -> Iterator[str]:
    stored = next((name for name in _STORED if name in names), "")
    for name in sorted(names):
        path = os.path.normpath(os.path.join(folder, name))
        if ignored(name):
            continue
        if name.endswith(ENDS) or name == stored:
            if files.entries(path) is None:
                yield path
        elif deep and (inner := files.entries(path)) is not None:
            yield from _inside(path, inner, files, deep - 1)


def _effective(paths: list[str], folder: str, files: DiskFiles) -> Iterator[str]:
    """The files of a directory without modules of a store that others replace, or that are off."""
    modules = {path: found for path in paths if (found := _MODULE.search(path)) is not None}
    best: dict[str, int] = {}
    for found in modules.values():
        best[found[2]] = max(best.get(found[2], 0), int(found[1]))
    off = files.entries(os.path.join(folder, "disabled")) or () if modules else ()
    for path in paths:
        one = modules.get(path)
        if one is None or (int(one[1]) == best[one[2]] and one[2] not in off):
            yield path
