"""Mount flags: their bits (mount(2)), their words in keys, and which of them each kind of mount
has.
"""

from __future__ import annotations

_WORDS = {
    0x1: "ro",
    0x2: "nosuid",
    0x4: "nodev",
    0x8: "noexec",
    0x10: "sync",
    0x20: "remount",
    0x40: "mand",
    0x80: "dirsync",
    0x100: "nosymfollow",
    0x400: "noatime",
    0x800: "nodiratime",
    0x1000: "bind",
    0x2000: "move",
    0x4000: "rec",
    0x8000: "silent",
    0x10000: "acl",
    0x20000: "unbindable",
    0x40000: "private",
    0x80000: "slave",
    0x100000: "shared",
    0x200000: "relatime",
    0x800000: "iversion",
    0x1000000: "strictatime",
    0x2000000: "lazytime",
}
FLAGS = tuple(_WORDS)
BY_WORD = {word: bit for bit, word in _WORDS.items()}

REMOUNT = 0x20
BIND = 0x1000
MOVE = 0x2000
REC = 0x4000
PROPAGATION = 0x20000 | 0x40000 | 0x80000 | 0x100000

_ALL = sum(FLAGS)
REMOUNT_FLAGS = _ALL & ~MOVE
BIND_FLAGS = BIND | REC
CHANGE_TYPE_FLAGS = _ALL & ~(0x2 | 0x4 | 0x8 | 0x400 | 0x800 | 0x200000 | 0x1000000)
MOVE_FLAGS = MOVE
NEW_FLAGS = _ALL & ~(REMOUNT | BIND | MOVE | REC | PROPAGATION)

#: Words of options that clear flags, with the flags that they clear.
CLEARS = {
    "rw": 0x1,
    "w": 0x1,
    "suid": 0x2,
    "dev": 0x4,
    "exec": 0x8,
    "async": 0x10,
    "nomand": 0x40,
    "symfollow": 0x100,
    "atime": 0x400,
    "diratime": 0x800,
    "loud": 0x8000,
    "noacl": 0x10000,
    "norelatime": 0,  # a word without a flag in every compiler
    "nostrictatime": 0x1000000,
    "noiversion": 0x800000,
    "nolazytime": 0x2000000,
    "user": 0x80000000,
}
#: Words of options that set flags.
SETS = {
    "ro": 0x1,
    "r": 0x1,
    "read-only": 0x1,
    "nosuid": 0x2,
    "nodev": 0x4,
    "noexec": 0x8,
    "sync": 0x10,
    "remount": 0x20,
    "mand": 0x40,
    "dirsync": 0x80,
    "nosymfollow": 0x100,
    "noatime": 0x400,
    "nodiratime": 0x800,
    "bind": 0x1000,
    "B": 0x1000,
    "move": 0x2000,
    "M": 0x2000,
    "rbind": 0x5000,
    "R": 0x5000,
    "verbose": 0x8000,
    "silent": 0x8000,
    "acl": 0x10000,
    "relatime": 0x200000,
    "iversion": 0x800000,
    "strictatime": 0x1000000,
    "lazytime": 0x2000000,
    "nouser": 0x80000000,
}
for _name, _bit in (
    ("unbindable", 0x20000),
    ("private", 0x40000),
    ("slave", 0x80000),
    ("shared", 0x100000),
):
    SETS[_name] = SETS[f"make-{_name}"] = _bit
    SETS[f"r{_name}"] = SETS[f"make-r{_name}"] = _bit | REC


def flag_word(flag: int) -> bytes:
    """A flag as it stands in the key of a mount request."""
    return _WORDS[flag].encode() + b","


def flag_string(flags: int) -> bytes:
    """The flags field of a request's key."""
    return b"".join(flag_word(flag) for flag in FLAGS if flags & flag)
