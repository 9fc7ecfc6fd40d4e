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


def flag_word(flag: int) -> bytes:
    """A flag as it stands in the key of a mount request."""
    return _WORDS[flag].encode() + b","


def flag_string(flags: int) -> bytes:
    """The flags field of a request's key."""
    return b"".join(flag_word(flag) for flag in FLAGS if flags & flag)
