"""Other subjects in requests: which field names them, and what the other side must allow.

The kernel (for D-Bus the message bus) asks both sides: what one side sends, the other must be
allowed to receive.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.modules.apparmor.classes import DBUS, IO_URING, MQUEUE, PTRACE, SIGNAL, UNIX

#: The field that holds the label of the other side.
PEER: Mapping[str, int] = {
    SIGNAL.name: SIGNAL.fields.index("peer"),
    PTRACE.name: PTRACE.fields.index("peer"),
    UNIX.name: UNIX.fields.index("peer_label"),
    DBUS.name: DBUS.fields.index("label"),
    IO_URING.name: IO_URING.fields.index("label"),
    MQUEUE.name: MQUEUE.fields.index("label"),
}
#: What the other side needs for a permission of this side.
ANSWER: Mapping[str, Mapping[str, str]] = {
    SIGNAL.name: {"send": "receive", "receive": "send"},
    PTRACE.name: {
        "trace": "tracedby",
        "read": "readby",
        "tracedby": "trace",
        "readby": "read",
    },
    UNIX.name: {"send": "receive", "receive": "send", "connect": "accept", "accept": "connect"},
    DBUS.name: {"send": "receive", "receive": "send"},
}
