"""Reads the `key=value` pairs of records of the kernel's modules and of daemons that ask them.

What security/lsm_audit.c and the records of a system call have in common: which values are texts
that the kernel writes in hexadecimal where they are not plain (`audit_log_untrustedstring`), and
which are numbers.  Every text is read in time that grows with its length alone.
"""

from __future__ import annotations

import re

from lsmc.base.numbers import natural
from lsmc.base.text import decode

#: A value of a field: a number where the kernel writes one.
Value = str | int
Fields = tuple[tuple[str, Value], ...]

#: Keys are bounded, and begin where no word is going on.
_KEY = r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]{0,63})="
PAIR = re.compile(rf"""{_KEY}("[^"]*"|[^\s"']*)""")
#: As `ausearch -i` shows them: texts with blanks have no quotes.
SHOWN_PAIR = re.compile(
    rf"""{_KEY}("[^"]*"|[^\s"']*(?: {{1,4}}(?![A-Za-z_][A-Za-z0-9_]{{0,63}}=)[^\s"']+)*)"""
)
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_TEXTS = frozenset(
    (
        *("comm", "ocomm", "path", "name", "exe", "cwd", "proctitle", "kmod", "key", "key_desc"),
        *("invalid_context", "srawcon", "trawcon", "anonclass", "cmdline"),
    )
)
_NUMBERS = frozenset(
    (
        *("pid", "opid", "ino", "inode", "capability", "lport", "fport", "src", "dest", "port"),
        *("spid", "tpid", "ipc_key", "key_serial", "auid", "uid", "gid", "sauid", "syscall"),
        *("ppid", "euid", "exit", "ses"),
    )
)


def pairs(text: str, pattern: re.Pattern[str] = PAIR) -> Fields:
    """The pairs of a text, the last of equal keys; those without a value are left out."""
    return tuple({key: value_of(key, said) for key, said in pattern.findall(text) if said}.items())


def value_of(key: str, said: str) -> Value:
    """What a key's value means, which is not empty."""
    if said[0] == '"':
        return said[1:-1]
    if key in _TEXTS and len(said) > 1 and _HEX.fullmatch(said):
        return _decoded(said)
    if key in _NUMBERS:
        sign, digits = (-1, said[1:]) if said[0] == "-" else (1, said)
        number = natural(digits)
        return said if number is None else sign * number
    return said


def _decoded(digits: str) -> str:
    """A text in hexadecimal: arguments are parted by NUL, and an abstract socket begins with it."""
    data = bytes.fromhex(digits)
    if data[:1] == b"\0":
        data = b"@" + data[1:]
    return decode(data.rstrip(b"\0").replace(b"\0", b" "))


def text_of(found: Value | None) -> str | None:
    """A value as text."""
    return None if found is None else str(found)


def number_of(found: Value | None) -> int | None:
    """A value that is a number; None for any other."""
    return found if isinstance(found, int) else None


def in_folder(folder: str, name: str) -> str:
    """A name in a directory: itself where it is absolute, or the directory is not known."""
    if name.startswith("/") or not folder.startswith("/"):
        return name
    return f"{folder.rstrip('/')}/{name}"
