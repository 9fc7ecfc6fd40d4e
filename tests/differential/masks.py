"""Permissions, socket types and signals as the kernel numbers them (its include/audit.h)."""

from __future__ import annotations

from lsmc.modules.apparmor.names import FAMILIES as NAMES_OF_FAMILIES
from lsmc.modules.apparmor.names import SIGNALS as NAMES
from tests.differential import binary

#: What the kernel calls the permissions of each class.
FILE = {
    "x": binary.MAY_EXEC,
    "w": binary.MAY_WRITE,
    "r": binary.MAY_READ,
    "a": binary.MAY_APPEND,
    "k": binary.MAY_LOCK,
    "m": binary.EXEC_MMAP,
    "l": binary.MAY_LINK,
}
#: In a pair of names the bit of `k` asks for the subset test.
LINK = {"link": binary.MAY_LINK, "subset": binary.MAY_LOCK}
CHANGE = {"change_profile": binary.MAY_CHANGE_PROFILE, "onexec": binary.MAY_ONEXEC}
ONEXEC = {"onexec": binary.MAY_ONEXEC}
SIGNAL = {"send": 2, "receive": 4}
PTRACE = {"trace": 2, "read": 4, "tracedby": 8, "readby": 0x10}
DBUS = {"send": 2, "receive": 4, "eavesdrop": 0x20, "bind": 0x40}
MOUNT = {"mount": 2}
UMOUNT = {"umount": 4}
PIVOT_ROOT = {"pivot_root": 1}
USERNS = {"create": 8}
IO_URING = {"override_creds": 8, "sqpoll": 0x10}
MQUEUE = {
    "write": 2,
    "read": 4,
    "create": 0x10,
    "delete": 0x20,
    "open": 0x40,
    "setattr": 0x100,
    "getattr": 0x200,
}
SOCKET = {
    "send": 2,
    "receive": 4,
    "create": 0x10,
    "shutdown": 0x20,
    "connect": 0x40,
    "setattr": 0x100,
    "getattr": 0x200,
    "accept": 0x100000,
    "bind": 0x200000,
    "listen": 0x400000,
    "setopt": 0x1000000,
    "getopt": 0x2000000,
}
#: Number 12 was DECnet, which is gone.
FAMILIES = {name: number + (number >= 12) for number, name in enumerate(NAMES_OF_FAMILIES)}
TYPES = {"stream": 1, "dgram": 2, "raw": 3, "rdm": 4, "seqpacket": 5, "packet": 10}
SIGNALS = {
    **{name: number for number, name in enumerate(NAMES, 1) if name != "exists"},
    "exists": 35,
    **{f"rtmin+{number}": 128 + number for number in range(33)},
}

#: The permissions of unix sockets by how much of the key the kernel has when it asks for them.
STAGES = {
    "": ("create",),
    "local": ("bind", "accept", "shutdown", "setattr", "getattr"),
    "listen": ("listen",),
    "options": ("setopt", "getopt"),
    "peer": ("send", "receive", "connect"),
}
#: What follows the local address and label in keys that have no peer.
LOCAL_STAGES = {"listen": b"\2\0\0", "options": b"\4\0\0"}
