"""The logs of a running system: the audit daemon's, and the kernel's in the journal or a file.

What the kernel has to log goes to the audit daemon where one runs, else to the kernel's own log, so
that both together hold everything once.  Daemons that decide themselves, as those of D-Bus, write
to the system's log where the audit daemon does not run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from lsmc.logs.sets import AUDIT_LOGS, KERNEL_LOGS, first_set

#: Entries of the journal that are read, the newest ones, and seconds that its first may take.
MOST_ENTRIES = 1_000_000
_PATIENCE = 20
_JOURNAL = ("--quiet", "--no-pager", "--output=json")
_FIELDS = "MESSAGE,_TRANSPORT,_AUDIT_TYPE_NAME,_AUDIT_ID,_SOURCE_REALTIME_TIMESTAMP"
#: Who writes decisions of a security module to the journal, as fields of entries (journalctl(1)).
_WRITERS = ("_TRANSPORT=kernel", "_COMM=dbus-daemon", "_COMM=dbus-broker")


class Command(NamedTuple):
    """A program whose output is a log.

    Attributes:
        name: what it is called in the places of records.
        about: what it is, for people.
        words: its command line.
    """

    name: str
    about: str
    words: tuple[str, ...]


class SystemLogs(NamedTuple):
    """The logs that were found, and those that cannot be read with the reason, for people."""

    logs: tuple[str | Command, ...]
    unreadable: tuple[tuple[str, str], ...]


def system_logs(root: str = "/", since: float | None = None) -> SystemLogs:
    """The logs of the system at a root directory.

    With `since`, a time in seconds, the journal is read from there on, else from the last start.
    """
    found: list[str | Command] = []
    unreadable: list[tuple[str, str]] = []
    folder = str(Path(root, "var/log"))
    audit = first_set(folder, AUDIT_LOGS) or _hidden(Path(folder, AUDIT_LOGS[0]).parent)
    audited = bool(audit) and not _readable(audit[-1])
    _note(audit, found, unreadable)
    entries = journal(since, audited=audited)
    if entries is not None:
        found.append(entries)
    else:
        _note(first_set(folder, KERNEL_LOGS), found, unreadable)
    return SystemLogs(tuple(found), tuple(unreadable))


def _hidden(directory: Path) -> list[str]:
    """A directory whose content cannot be seen."""
    return [str(directory)] if directory.is_dir() and not _readable(str(directory)) else []


def _note(
    logs: Sequence[str], found: list[str | Command], unreadable: list[tuple[str, str]]
) -> None:
    if logs and not _readable(logs[-1]):
        unreadable.append((logs[-1], "permission denied"))
    else:
        found += logs


def _readable(path: str) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if Path(path).is_dir() else 0))


def journal(since: float | None, *, audited: bool = False) -> Command | None:
    """How the journal is read; None where there is none, or nothing of it may be read.

    With `audited`, what the kernel gave to the audit daemon is read too, as far as the journal has
    it; elsewhere that repeats what the kernel logged itself.
    """
    program = shutil.which("journalctl")
    if program is None:
        return None
    writers = (*_WRITERS, "_TRANSPORT=audit") if audited else _WRITERS
    matches = [word for one in writers for word in ("+", one)][1:]
    # what is read from: the last start of the system, or a time
    start = "--boot" if since is None else f"--since=@{int(since)}"
    about = "the journal since the last start" if since is None else "the journal since that time"
    words = (program, *_JOURNAL, f"--output-fields={_FIELDS}", start)
    if not _answers((*words, "--lines=1", _WRITERS[0])):  # own daemons of a user tell nothing
        return None
    about += f" (its newest {MOST_ENTRIES:,} entries)"
    return Command("journal", about, (*words, f"--lines={MOST_ENTRIES}", *matches))


def _answers(words: tuple[str, ...]) -> bool:
    """Whether a command writes something in time."""
    try:
        done = subprocess.run(  # noqa: S603 - words of ours
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(done.stdout.strip())


@contextmanager
def output_of(command: Command) -> Iterator[BinaryIO]:
    """The output of a command as a stream; OSError when it cannot be run or fails."""
    process = subprocess.Popen(  # noqa: S603 - words of ours
        command.words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    stream = cast(BinaryIO, process.stdout)
    try:
        yield stream
    except BaseException:
        process.kill()
        raise
    finally:
        stream.close()
        code = process.wait()
    if code:
        raise OSError(0, f"`{command.words[0]}` failed with status {code}", command.name)
