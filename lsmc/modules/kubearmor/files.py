"""Which files are KubeArmor policy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from lsmc.base.files import StrPath, first_bytes
from lsmc.compiler.inputs import DiskFiles

#: Ends of the names of files with policy.
ENDS = (".yaml", ".yml")
#: Bytes of one file; the API server takes no object above 3 MiB.
MAX_SOURCE = 1 << 22
#: What a file with policy holds near its beginning.
_MARK = re.compile(
    rb"""^[ \t{"']*(?:apiVersion["']?:[ \t]*["']?security\.kubearmor\.com/"""
    rb"""|kind["']?:[ \t]*["']?KubeArmor(?:Host|Cluster)?Policy\b)""",
    re.MULTILINE,
)
_HEAD = 1 << 16


def find_files(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The files of policy that some paths name, each once and in order, and the missing paths.

    A directory stands for the files in it that end in `.yaml` or `.yml`.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for given in paths:
        path = os.fspath(given)
        names = files.entries(path)
        if names is not None:
            for name in sorted(names):
                if not name.endswith(ENDS) or name.startswith("."):
                    continue
                inside = os.path.normpath(os.path.join(path, name))
                if files.entries(inside) is None:
                    found.setdefault(os.path.abspath(inside), inside)
        elif files.exists(path):
            found.setdefault(os.path.abspath(path), path)
        else:
            missing.append(path)
    return list(found.values()), missing


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are KubeArmor policy: files of YAML, with its `apiVersion` or a `kind`.

    Of a directory, one of the files that end so is enough: others may stand beside.
    """
    files = DiskFiles()
    found, missing = find_files(paths, files)
    if missing or not found:
        return False
    named = [path for path in paths if files.entries(path) is None]
    return all(map(_holds, named)) and any(map(_holds, found))


def _holds(path: str) -> bool:
    try:
        return _MARK.search(first_bytes(path, _HEAD)) is not None
    except OSError:
        return False
