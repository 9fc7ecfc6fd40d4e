"""An operation of the kernel, and what it asks of a security module: requests at hooks.

An operation has a name of `lsmc.stack.orders`.  Each module says with which of its own requests it
answers for one, and at which hook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from lsmc.stack.context import Context
from lsmc.stack.orders import USUAL_ERRNO, classes_of

_NOTHING_KNOWN = Context()

#: The permission bits of a file that an operation asks of its mode.
_MODE_BITS = {
    "open": ("r",),
    "read": ("r",),
    "write": ("w",),
    "append": ("a",),
    "exec": ("x",),
    "truncate": ("w",),
}


#: The fields that an operation may have: those of AppArmor's classes, `perm` for the mode of what
#: is made or changed, `major` and `minor` for a device, and `to` for a new owner.
FIELDS = frozenset(
    (
        *(
            "target",
            "perm",
            "major",
            "minor",
            "to",
            "family",
            "type",
            "protocol",
            "ip",
            "port",
            "peer_ip",
        ),
        *("peer_port", "addr", "peer_addr", "label", "peer_label", "signal", "peer", "source"),
        *(
            "fstype",
            "oldroot",
            "flags",
            "options",
            "bus",
            "path",
            "interface",
            "member",
            "name",
            "class",
        ),
    )
)


class Labels(Protocol):
    """What gives labels by a policy: see `lsmc.Policy`, whose methods these are."""

    def label(
        self, kind: str, subject: str = "", object: str = "", cls: str = "", name: str | None = None
    ) -> str | None:
        """The label of an object."""

    def file_label(self, path: str, kind: str | None = None) -> str | None:
        """The label of a path."""


class KernelCall(NamedTuple):
    """An operation.

    Attributes:
        op: its name.
        cls: its class, by which operations of one name are told apart.
        object: what it is done to: a path, a capability, an address.
        fields: further fields, of those in `FIELDS`.
        label: the object as the module calls it, None where only `object` names it.
        directory: the directory of the object as the module calls it, likewise.
        context: what is known of the process and of the inodes.
        subject: who asks, as the module calls it.
        labels: what gives labels by the module's policy.
    """

    op: str
    cls: str
    object: str
    fields: Mapping[str, Any]
    label: str | None = None
    directory: str | None = None
    context: Context = _NOTHING_KNOWN
    subject: str = ""
    labels: Labels | None = None

    @property
    def owner(self) -> bool:
        """Whether rules for the owner of the object apply: also where that is not known."""
        uid, owner = self.context.uid, self.context.owner
        return uid is None or owner is None or uid == owner

    @property
    def mode_bits(self) -> tuple[str, ...]:
        """What it asks of the mode of a file."""
        return _MODE_BITS.get(self.op, ())

    @property
    def target(self) -> str:
        """The second name of an operation that has two."""
        return str(self.fields.get("target", ""))


class HookCall(NamedTuple):
    """A request to a module, without its subject: the hook, the request, the errno of a refusal."""

    hook: str
    request: Mapping[str, Any]
    errno: str = USUAL_ERRNO


#: The requests of an operation at hooks, in the kernel's order; raises `RequestError`.
Hooks = Callable[[KernelCall], Sequence[HookCall]]


def class_of(op: str, obj: str, fields: Mapping[str, Any]) -> str:
    """The class of an operation; sockets are told apart by the address."""
    classes = classes_of(op)
    if len(classes) < 2:
        return "".join(classes)
    addresses = (obj, *(str(fields.get(name, "")) for name in ("family", "addr", "peer_addr")))
    unix = any(text == "unix" or text[:1] in ("/", "@") for text in addresses if text)
    return "unix" if unix else "network"
