"""The files of logs: what a directory holds, and rotated files in the order of time.

The names are those of logrotate(8): `kern.log.1`, `kern.log.2.gz`, with `dateext`
`kern.log-20260131.gz`; and those of auditd(8): `audit.log.1`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from pathlib import Path

#: Logs of the kernel's messages, each a copy of the others where there are several: the first is
#: read.  rsyslog of Debian writes the first two, other distributions the last.
KERNEL_LOGS = ("kern.log", "syslog", "messages")
#: What the audit daemon writes, below `/var/log` and in its own directory.
AUDIT_LOGS = ("audit/audit.log", "audit.log")
#: Files of a directory.
_MOST = 1_000
_ROTATED = re.compile(r"(.+?)(?:\.(\d{1,4})|-(\d{8,14}(?:-\d{1,10})?))?(?:\.(?:gz|xz|bz2|zst))?")


def log_files(paths: Iterable[str]) -> list[str]:
    """The files that some paths of files and directories name, each set in the order of time.

    Raises OSError for a directory that cannot be read, has no files, or too many.
    """
    found: list[str] = []
    for path in paths:
        found += files_of(path) if Path(path).is_dir() else [path]
    return in_time_order(found)


def files_of(directory: str) -> list[str]:
    """The logs of a directory: those whose names are known, else all its files.

    Of the known ones the audit daemon's are read, and one of the kernel's, as the others repeat it.
    """
    audit = [path for name in AUDIT_LOGS for path in rotated(Path(directory, name))]
    if found := audit + first_set(directory, KERNEL_LOGS):
        return found
    entries = sorted(Path(directory).iterdir())
    found = [str(path) for path in entries if path.name[0] != "." and path.is_file()]
    if not found:
        raise FileNotFoundError(errno.ENOENT, "a directory without logs", directory)
    if len(found) > _MOST:
        raise OSError(errno.E2BIG, f"more than {_MOST} files: name those to read", directory)
    return found


def first_set(directory: str, names: Iterable[str]) -> list[str]:
    """The first rotated set of some names that is there."""
    return next(filter(None, (rotated(Path(directory, name)) for name in names)), [])


def rotated(log: Path) -> list[str]:
    """A log and its rotated files, oldest first; none where there are none."""
    try:
        known = [path for path in log.parent.iterdir() if _parts(path.name)[0] == log.name]
        return in_time_order(str(path) for path in known if path.is_file())
    except OSError:  # a directory that cannot be read
        return []


def in_time_order(paths: Iterable[str]) -> list[str]:
    """Paths, each once, with those of a rotated set together, oldest first.

    A set stands where its first path does.
    """
    sets: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        sets.setdefault(set_of(path), []).append(path)
    return [path for some in sets.values() for path in sorted(sorted(some), key=_age)]


def set_of(path: str) -> str:
    """The path of the log that a rotated file belongs to."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + _parts(name)[0]


def _parts(name: str) -> tuple[str, str | None, str | None]:
    """The name of a log, the number of a rotated file, and its date."""
    match = _ROTATED.fullmatch(name)
    return (match[1], match[2], match[3]) if match else (name, None, None)


def _age(path: str) -> tuple[int, str, int]:
    """A sort key, oldest first: dates, then numbers from the highest, then the log itself."""
    _, number, date = _parts(path.rpartition("/")[2])
    if date is not None:
        return 0, date, 0
    return (1, "", -int(number)) if number is not None else (2, "", 0)
