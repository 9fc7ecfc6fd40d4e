"""The words of TOMOYO policy, in the order in which the kernel tries and prints them.

Sources: the policy interface of Linux 6.1 (TOMOYO 2.6), seen on a running kernel.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

MODULE: Final = "tomoyo"
#: The name space that every system has, and the domain in which it starts.
KERNEL: Final = "<kernel>"
#: A line of policy has fewer bytes than this; a domain's name has fewer than the second.
MAX_LINE: Final = 4096
MAX_DOMAIN: Final = 4096 - 10
PROFILES: Final = 256
GROUPS: Final = 256


class Argument(Enum):
    """What stands at a place of a line: its form in policy."""

    NAME = "path"
    NUMBER = "number"
    ADDRESS = "address"
    WORD = "name"  # a pattern that no group may stand for
    DOMAIN = "domain"


class Kind(NamedTuple):
    """A kind of line that grants something.

    Attributes:
        name: how lsmc calls it.
        head: the words that lines of it begin with, before the permissions.
        permissions: what it may grant, in the order in which the kernel prints them.
        arguments: the forms of what follows, by what they mean.
        socket: whether a socket type stands before the permissions.
    """

    name: str
    head: str
    permissions: tuple[str, ...]
    arguments: tuple[tuple[str, Argument], ...]
    socket: bool = False


_NAME, _NUMBER = Argument.NAME, Argument.NUMBER
PATH: Final = Kind(
    "path",
    "file",
    (
        "execute",
        "read",
        "write",
        "append",
        "unlink",
        "getattr",
        "rmdir",
        "truncate",
        "symlink",
        "chroot",
        "unmount",
    ),
    (("path", _NAME),),
)
PATHS: Final = Kind(
    "paths", "file", ("link", "rename", "pivot_root"), (("old path", _NAME), ("new path", _NAME))
)
CREATE: Final = Kind(
    "path-number",
    "file",
    ("create", "mkdir", "mkfifo", "mksock", "ioctl", "chmod", "chown", "chgrp"),
    (("path", _NAME), ("number", _NUMBER)),
)
DEVICE: Final = Kind(
    "device",
    "file",
    ("mkblock", "mkchar"),
    (("path", _NAME), ("mode", _NUMBER), ("major", _NUMBER), ("minor", _NUMBER)),
)
MOUNT: Final = Kind(
    "mount",
    "file",
    ("mount",),
    (("device", _NAME), ("directory", _NAME), ("type", _NAME), ("flags", _NUMBER)),
)
_SOCKET = ("bind", "listen", "connect", "send")
INET: Final = Kind(
    "inet",
    "network inet",
    _SOCKET,
    (("address", Argument.ADDRESS), ("port", _NUMBER)),
    socket=True,
)
UNIX: Final = Kind("unix", "network unix", _SOCKET, (("address", _NAME),), socket=True)
ENVIRON: Final = Kind("env", "misc", ("env",), (("variable", Argument.WORD),))
TASK: Final = Kind("task", "task", ("manual_domain_transition",), (("domain", Argument.DOMAIN),))
#: In the order in which the kernel tries them: the first that knows a permission takes the line.
FILE_KINDS: Final = (PATH, PATHS, CREATE, DEVICE, MOUNT)
KINDS: Final = (*FILE_KINDS, INET, UNIX, ENVIRON, TASK)

SOCKET_TYPES: Final = ("stream", "dgram", "raw", "seqpacket")
#: What the kernel asks of a socket of each family and type; it never asks anything else.
ASKED: Final = {
    ("inet", "stream"): ("bind", "listen", "connect"),
    ("inet", "dgram"): ("bind", "send"),
    ("inet", "raw"): ("bind", "send"),
    ("unix", "stream"): ("bind", "listen", "connect"),
    ("unix", "dgram"): ("bind", "send"),
    ("unix", "seqpacket"): ("bind", "listen", "connect"),
}

MODES: Final = ("disabled", "learning", "permissive", "enforcing")
CATEGORIES: Final = ("file", "network", "misc")
#: The word of a permission in `CONFIG::file::WORD`, where it is another.
_OPEN = {"read": "open", "write": "open", "append": "open"}


def function(kind: Kind, permission: str, socket: str = "") -> tuple[str, str] | None:
    """The category and the word of an access in `CONFIG::CATEGORY::WORD`; None if it has none.

    What a domain may change to by itself has no mode: a line is needed in each.
    """
    if kind is TASK:
        return None
    if kind is ENVIRON:
        return "misc", "env"
    if kind.socket:
        return "network", f"{kind.head.split()[1]}_{socket}_{permission}"
    return "file", _OPEN.get(permission, permission)


#: The words of `CONFIG::CATEGORY::WORD`, in the kernel's order.
FUNCTIONS: Final = {
    "file": (
        "execute",
        "open",
        "create",
        "unlink",
        "getattr",
        "mkdir",
        "rmdir",
        "mkfifo",
        "mksock",
        "truncate",
        "symlink",
        "mkblock",
        "mkchar",
        "link",
        "rename",
        "chmod",
        "chown",
        "chgrp",
        "ioctl",
        "chroot",
        "mount",
        "unmount",
        "pivot_root",
    ),
    "network": tuple(
        f"{family}_{kind}_{one}" for (family, kind), asked in ASKED.items() for one in asked
    ),
    "misc": ("env",),
}

#: Words behind `file execute PATH` that say where the program runs.
WORDS: Final = ("keep", "initialize", "reset", "child", "parent")

#: Transition lines in the order in which the kernel asks them.
TRANSITIONS: Final = (
    "no_reset_domain",
    "reset_domain",
    "no_initialize_domain",
    "initialize_domain",
    "no_keep_domain",
    "keep_domain",
)
GROUP_KINDS: Final = {
    "path_group": Argument.NAME,
    "number_group": Argument.NUMBER,
    "address_group": Argument.ADDRESS,
}
GROUP_OF: Final = {form: word for word, form in GROUP_KINDS.items()}
FLAGS: Final = ("quota_exceeded", "transition_failed")
PREFERENCES: Final = {"max_audit_log": 1024, "max_learning_entry": 2048}

_CREDENTIALS = ("uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid", "pid", "ppid")
_INODE = ("uid", "gid", "ino", "major", "minor", "perm", "type", "dev_major", "dev_minor")
_PARENT = ("uid", "gid", "ino", "perm")
#: The attributes that conditions compare as numbers.
NUMBERS: Final = (
    *(f"task.{one}" for one in _CREDENTIALS),
    "exec.argc",
    "exec.envc",
    *(f"path{n}.{one}" for n in (1, 2) for one in _INODE),
    *(f"path{n}.parent.{one}" for n in (1, 2) for one in _PARENT),
)
#: The attributes that conditions compare with patterns.
TEXTS: Final = ("exec.realpath", "symlink.target")
#: Words for file types, as the type bits of a mode.
TYPES: Final = {
    "socket": 0o140000,
    "symlink": 0o120000,
    "file": 0o100000,
    "block": 0o060000,
    "directory": 0o040000,
    "char": 0o020000,
    "fifo": 0o010000,
}
#: Words for permission bits.
BITS: Final = {
    "setuid": 0o4000,
    "setgid": 0o2000,
    "sticky": 0o1000,
    "owner_read": 0o400,
    "owner_write": 0o200,
    "owner_execute": 0o100,
    "group_read": 0o40,
    "group_write": 0o20,
    "group_execute": 0o10,
    "others_read": 0o4,
    "others_write": 0o2,
    "others_execute": 0o1,
}
#: Every word that may stand on either side of a comparison.
OPERANDS: Final = frozenset({*NUMBERS, *TEXTS, *TYPES, *BITS})

#: Mount types for which the kernel compares the device: a directory, or a block device that the
#: file system needs.  Others grant any device.
DIRECTORY_MOUNTS: Final = ("--bind", "--move")
BLOCK_FILE_SYSTEMS: Final = frozenset(
    {
        "adfs",
        "affs",
        "befs",
        "bfs",
        "btrfs",
        "cramfs",
        "efs",
        "erofs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "fuseblk",
        "gfs2",
        "gfs2meta",
        "hfs",
        "hfsplus",
        "hpfs",
        "iso9660",
        "jfs",
        "minix",
        "msdos",
        "nilfs2",
        "ntfs",
        "ntfs3",
        "ocfs2",
        "omfs",
        "qnx4",
        "qnx6",
        "reiserfs",
        "romfs",
        "squashfs",
        "sysv",
        "udf",
        "ufs",
        "v7",
        "vfat",
        "vxfs",
        "xfs",
        "zonefs",
    }
)
