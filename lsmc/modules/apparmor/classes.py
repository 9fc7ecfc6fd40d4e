"""The mediation classes: what a request of each kind consists of.

Fields are byte strings; a class's key is its fields joined by NUL.  Numbers are written as decimal
text and flags as words, so that every witness is readable.  Codes are stored in bundles and never
reused.
"""

from __future__ import annotations

from lsmc.ir.mediation import MediationClass

#: The name of the module, as it stands in bundles.
MODULE = "apparmor"

_SOCKET = (
    "create",
    "bind",
    "listen",
    "accept",
    "connect",
    "send",
    "receive",
    "shutdown",
    "getattr",
    "setattr",
    "getopt",
    "setopt",
)

FILE = MediationClass(
    "file",
    1,
    ("path",),
    ("r", "w", "a", "x", "m", "k", "l"),
    frozenset({"x"}),
    ("x", "m"),
    main="path",
)
READ, EXECUTE = FILE.mask("r"), FILE.mask("x")
#: A hard link as the pair of its names; `subset` asks that the link opens no more than its target.
LINK = MediationClass("link", 2, ("link", "target"), ("link", "subset"), main="link")
CAPABILITY = MediationClass("capability", 3, ("capability",), ("use",), main="capability")
NETWORK = MediationClass(
    "network",
    4,
    (
        "family",
        "type",
        "protocol",
        "ip",
        "port",
        "label",
        "peer_ip",
        "peer_port",
        "peer_label",
        "interface",
    ),
    _SOCKET,
    frozenset({"setattr"}),
    main="family",
)
UNIX = MediationClass(
    "unix",
    5,
    ("type", "addr", "peer_addr", "peer_label"),
    _SOCKET,
    frozenset({"setattr"}),
    main="addr",
)
DBUS = MediationClass(
    "dbus",
    6,
    ("bus", "name", "label", "path", "interface", "member"),
    ("send", "receive", "bind", "eavesdrop"),
    main="name",
)
SIGNAL = MediationClass("signal", 7, ("signal", "peer"), ("send", "receive"), main="peer")
PTRACE = MediationClass(
    "ptrace", 8, ("peer",), ("trace", "read", "tracedby", "readby"), main="peer"
)
MOUNT = MediationClass(
    "mount", 9, ("mountpoint", "source", "fstype", "options"), ("mount",), main="mountpoint"
)
UMOUNT = MediationClass("umount", 10, ("mountpoint",), ("umount",), main="mountpoint")
PIVOT_ROOT = MediationClass(
    "pivot_root",
    11,
    ("newroot", "oldroot"),
    ("pivot_root",),
    frozenset({"pivot_root"}),
    main="newroot",
)
CHANGE_PROFILE = MediationClass(
    "change_profile", 12, ("target",), ("change_profile", "onexec"), main="target"
)
ONEXEC = MediationClass("onexec", 13, ("exec", "target"), ("onexec",), main="target")
USERNS = MediationClass("userns", 14, (), ("create",))
IO_URING = MediationClass("io_uring", 15, ("label",), ("sqpoll", "override_creds"), main="label")
MQUEUE = MediationClass(
    "mqueue",
    16,
    ("type", "name", "label"),
    ("create", "open", "delete", "getattr", "setattr", "read", "write"),
    frozenset({"setattr"}),
    main="name",
)

CLASSES: tuple[MediationClass, ...] = (
    FILE,
    LINK,
    CAPABILITY,
    NETWORK,
    UNIX,
    DBUS,
    SIGNAL,
    PTRACE,
    MOUNT,
    UMOUNT,
    PIVOT_ROOT,
    CHANGE_PROFILE,
    ONEXEC,
    USERNS,
    IO_URING,
    MQUEUE,
)
BY_NAME = {c.name: c for c in CLASSES}
BY_CODE = {c.code: c for c in CLASSES}
