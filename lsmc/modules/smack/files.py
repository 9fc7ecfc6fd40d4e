"""Which files a Smack policy consists of, and what each of them holds.

A policy is a file of rules, or a directory like /etc/smack: `accesses`, then the files of
`accesses.d` in the order of their names, and what is written to other files of smackfs.  A file
whose name ends in `change-rule` holds changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsmc.base.files import StrPath, joined
from lsmc.compiler.inputs import DiskFiles, ignored, may_be_policy

if TYPE_CHECKING:
    from lsmc.modules.smack.syntax import Kind

SUFFIX = ".smack"
RULES = "accesses"
RULES_FOLDER = "accesses.d"
#: Files of a policy that hold something else than rules, and folders of several of them.
_VALUES: tuple[Kind, ...] = ("unconfined", "onlycap", "cipso", "netlabel")
_FOLDERS = {RULES_FOLDER: RULES, **{f"{name}.d": name for name in _VALUES[2:]}}


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are Smack policy: files by their names, or directories of them."""
    return bool(paths) and all(
        _is_policy_folder(path) if os.path.isdir(path) else _is_policy_file(path) for path in paths
    )


def _is_policy_file(path: str) -> bool:
    folder, name = os.path.split(os.path.abspath(path))
    inside = os.path.basename(folder) == RULES_FOLDER
    return name.endswith(SUFFIX) or (os.path.isfile(path) and (inside or name == RULES))


def _is_policy_folder(path: str) -> bool:
    if _folder_name(path) == RULES_FOLDER:
        return True
    try:
        names = os.listdir(path)
    except OSError:
        return False
    return any(name in (RULES, RULES_FOLDER) or name.endswith(SUFFIX) for name in names)


def _folder_name(path: str) -> str:
    return os.path.basename(os.path.abspath(path))


def kind_of(path: str) -> Kind:
    """What a file holds, by its name and by that of its folder."""
    folder, name = os.path.split(path)
    if name.endswith("change-rule"):
        return "change-rule"
    for kind in _VALUES:
        if name == kind or _FOLDERS.get(os.path.basename(folder)) == kind:
            return kind
    return "accesses"


def find_files(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The files of some paths in the order in which they are loaded, and the missing paths.

    Of several paths those that come later are loaded later.
    """
    found: list[str] = []
    missing: list[str] = []
    for given in paths:
        path = os.fspath(given)
        names = files.entries(path)
        if names is not None:
            found += _in_folder(path, names, files.entries)
        elif files.exists(path):
            found.append(path)
        else:
            missing.append(path)
    first: dict[str, str] = {}
    for path in found:
        first.setdefault(os.path.abspath(path), path)
    return list(first.values()), missing


def _in_folder(
    folder: str, names: Sequence[str], entries: Callable[[str], list[str] | None]
) -> Iterator[str]:
    """The files of a directory: of rules, or like /etc/smack."""
    if _folder_name(folder) in _FOLDERS:
        chosen = sorted(name for name in names if may_be_policy(name))
        yield from (path for name in chosen if entries(path := joined(folder, name)) is None)
        return
    rules = [name for name in names if name == RULES or name.endswith(SUFFIX)]
    for name in (*sorted(rules), RULES_FOLDER, *_VALUES, *(f"{name}.d" for name in _VALUES[2:])):
        if name not in names or ignored(name):
            continue
        path = joined(folder, name)
        below = entries(path)
        if below is None:
            yield path
        else:
            yield from _in_folder(path, below, entries)
