"""Which files are policy of SELinux."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsmc.base.files import StrPath
from lsmc.compiler.inputs import DiskFiles, profile_paths

#: Bytes of one file: the largest in use has a twentieth.
MAX_SOURCE = 1 << 27
#: The ends of the names of policy files: CIL, and modules that are packed for a policy store.
ENDS = (".cil", ".pp", ".pp.bz2")


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are files of this policy, or directories that hold such files."""
    found, missing = find_files(paths, DiskFiles())
    return bool(found) and not missing and all(path.endswith(ENDS) for path in found)


def find_files(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The policy files that some paths name, in order, and the missing paths.

    Of a directory these are the files whose names end as policy does.
    """
    paths = list(paths)
    given = {str(path) for path in paths}
    found, missing = profile_paths(paths, files)
    return [path for path in found if path in given or path.endswith(ENDS)], missing
