"""Names that policy and questions take from a fixed table: a typo in one is an error, not a denial.

The compiler of the policy and the check of a question read the same tables.  Capabilities are those
of `lsmc.stack.capabilities`, mount flags those of `mount_flags`.  Sources: apparmor.d(5) and the
tables of apparmor_parser (`af_names.h`, `signal.c`, `rlimit` in `parser_misc.c`); dbus-daemon(1)
for `<type>` of a bus.
"""

from __future__ import annotations

import re

from lsmc.stack.capabilities import NAMES as CAPABILITIES

__all__ = [
    "BUSES",
    "CAPABILITIES",
    "FAMILIES",
    "PROTOCOLS",
    "QUEUE_TYPES",
    "RESOURCES",
    "SIGNALS",
    "SIGNAL_ALIASES",
    "SOCKET_TYPES",
    "is_bus",
    "queue_type",
    "signal_named",
]

#: Address families, in the order of their numbers.
FAMILIES = (
    *("unspec", "unix", "inet", "ax25", "ipx", "appletalk", "netrom", "bridge", "atmpvc", "x25"),
    *("inet6", "rose", "netbeui", "security", "key", "netlink", "packet", "ash", "econet"),
    *("atmsvc", "rds", "sna", "irda", "pppox", "wanpipe", "llc", "ib", "mpls", "can", "tipc"),
    *("bluetooth", "iucv", "rxrpc", "isdn", "phonet", "ieee802154", "caif", "alg", "nfc", "vsock"),
    *("kcm", "qipcrtr", "smc", "xdp", "mctp"),
)
#: Socket types, in the order of their numbers.
SOCKET_TYPES = ("stream", "dgram", "raw", "rdm", "seqpacket", "packet")
#: Protocols that rules name, each with its families and its socket type.
PROTOCOLS = {
    "tcp": (("inet", "inet6"), "stream"),
    "udp": (("inet", "inet6"), "dgram"),
    "icmp": (("inet",), "raw"),
}
#: Signals but the real-time ones; `exists` is signal 0.
SIGNALS = (
    *("hup", "int", "quit", "ill", "trap", "abrt", "bus", "fpe", "kill", "usr1", "segv", "usr2"),
    *("pipe", "alrm", "term", "stkflt", "chld", "cont", "stop", "stp", "ttin", "ttou", "urg"),
    *("xcpu", "xfsz", "vtalrm", "prof", "winch", "io", "pwr", "sys", "emt", "exists"),
)
#: Other names of signals.
SIGNAL_ALIASES = {"tstp": "stp", "poll": "io"}
#: The greatest N of `rtmin+N`.
_MOST_REALTIME = 32
_RTMIN = re.compile(r"rtmin\+0*(\d{1,2})\Z", re.ASCII)
#: Resources in the kernel's order; a limit's index is its place here.
RESOURCES = (
    *("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks"),
    *("sigpending", "msgqueue", "nice", "rtprio", "rttime"),
)
#: Kinds of message queues.
QUEUE_TYPES = ("posix", "sysv")
#: Message buses.  dbus-daemon(1) asks that any further type of bus has a namespace in its name.
BUSES = ("system", "session", "accessibility", "fcitx")


def signal_named(text: str) -> str | None:
    """A signal as keys have it, or None for a text that does not name one."""
    name = SIGNAL_ALIASES.get(text, text)
    if name in SIGNALS:
        return name
    realtime = _RTMIN.match(name)
    if realtime and int(realtime.group(1)) <= _MOST_REALTIME:
        return f"rtmin+{int(realtime.group(1))}"
    return None


def queue_type(name: str) -> str | None:
    """The kind of message queue that a name belongs to, or None for no queue's name."""
    if name.startswith("/"):
        return "posix"
    return "sysv" if name.isascii() and name.isdigit() else None


def is_bus(text: str) -> bool:
    """Whether a text is a type of message bus: a known one, or one with a namespace."""
    return text in BUSES or "." in text or ":" in text
