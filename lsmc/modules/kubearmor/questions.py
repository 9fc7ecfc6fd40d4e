"""Questions: from a request to what both enforcers are asked, with names checked.

A name that no kernel knows is an error, never a denial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName
from lsmc.ir.operation import Operation
from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.operations import ALIASES, BY_NAME, OPERATIONS
from lsmc.modules.kubearmor.posture import Posture, read_posture
from lsmc.modules.kubearmor.selectors import Workload, read_subject

Enforcer = Literal["apparmor", "bpf"]
ENFORCERS: tuple[Enforcer, ...] = get_args(Enforcer)
#: Fields of a question, with what they mean.
FIELDS = {
    "enforcer": "apparmor or bpf",
    "source": "the path of the program that asks",
    "posture": "default postures, `file=block,network=audit,capabilities=audit`",
    "target": "of a rename or link, the other name",
    "is_dir": "whether the path is a directory",
    "terminal": "whether the process has a terminal (pts)",
    "arguments": "of an execution, the arguments behind the program, parted by blanks",
    "family": "of a socket: inet, inet6, unix, netlink, packet",
    "type": "of a socket: stream, dgram, raw, rdm, seqpacket, dccp, packet",
    "protocol": "of a socket: its number, or tcp, udp, icmp, icmpv6, sctp",
}
_GIVEN = ("subject", "op", "object", "owner", "mediated", "class", "perms")
#: The types of sockets that protocols are used with, where none is said.
_TYPE_OF = {"TCP": "STREAM", "UDP": "DGRAM", "ICMP": "RAW", "ICMPV6": "RAW", "SCTP": "STREAM"}
_NUMBERS = {number: name for name, number in PROTOCOLS.items()}


class Socket(NamedTuple):
    """What a socket is: family in small letters, type and protocol by number."""

    family: str
    type: int
    protocol: int

    @property
    def type_name(self) -> str:
        """The type in small letters."""
        return next(name for name, number in TYPES.items() if number == self.type).lower()


class Asked(NamedTuple):
    """A request as it is understood.

    Attributes:
        subject: its text.
        workload: the container or node.
        operation: what is asked.
        object: the path without a slash at its end, the capability, the domain, the protocol.
        directory: whether the object is a directory.
        target: the other name of a rename or link.
        socket: what the socket is, of an operation on one.
        source: the program that asks; of an execution, of its parent as well.
        owner: whether the task owns the object.
        terminal: whether the process has a terminal.
        arguments: the arguments of an execution, None where they are not said.
        enforcer: the one that is asked, None for both.
        posture: postures that the question sets, over those of the policy.
    """

    subject: str
    workload: Workload
    operation: Operation
    object: str
    directory: bool
    target: str
    socket: Socket | None
    source: str
    owner: bool
    terminal: bool
    arguments: tuple[str, ...] | None
    enforcer: Enforcer | None
    posture: str

    def postures(self, default: Posture) -> Posture:
        """The postures that hold, over those of the policy."""
        return read_posture(self.posture, default)


def understood(request: Mapping[str, Any]) -> Asked:
    """A request checked and in the module's terms.

    Raises `UnknownName`, `RequestError`, and `FieldTypeError` for a field of a wrong type.
    """
    for name in request:
        if name not in FIELDS and name not in _GIVEN:
            raise RequestError(f"unknown field `{name}`", name, tuple(FIELDS))
    operation = _operation(request)
    obj = _text(request, "object")
    enforcer = _text(request, "enforcer")
    if enforcer and enforcer not in ENFORCERS:
        raise UnknownName("enforcer", enforcer, ENFORCERS)
    posture = _text(request, "posture")
    read_posture(posture, Posture())
    source = _text(request, "source")
    if source and not source.startswith("/"):
        raise RequestError(f"`source` is an absolute path, not `{source}`")
    socket = _socket(request, obj) if operation.cls == "network" else None
    directory = _flag(request, "is_dir", operation.name in ("mkdir", "rmdir"))
    target = _text(request, "target")
    if operation.cls in ("file", "process"):
        directory = directory or (obj.endswith("/") and operation.cls == "file")
        obj = _path(obj)
        if operation.name in ("rename", "link") and target:
            target = _path(target)
    elif operation.cls == "capability":
        obj = obj.lower().removeprefix("cap_")
        if obj not in CAPABILITIES:
            raise UnknownName("capability", obj, CAPABILITIES)
    elif operation.cls == "domain" and not obj:
        raise RequestError("`resolve` asks for a name: `resolve example.com`")
    arguments = request.get("arguments")
    return Asked(
        subject=_text(request, "subject"),
        workload=read_subject(request.get("subject", "")),
        operation=operation,
        object=obj,
        directory=directory,
        target=target,
        socket=socket,
        source=source,
        owner=_flag(request, "owner", True),
        terminal=_flag(request, "terminal", False),
        arguments=None if arguments is None else tuple(_text(request, "arguments").split()),
        enforcer=enforcer or None,
        posture=posture,
    )


def _operation(request: Mapping[str, Any]) -> Operation:
    if "class" in request:
        raise RequestError("a question of KubeArmor names an operation (`op`), not a class")
    name = _text(request, "op")
    found = BY_NAME.get(ALIASES.get(name, name))
    if found is None:
        raise UnknownName("operation", name, [one.name for one in OPERATIONS])
    return found


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise RequestError(f"the object is an absolute path, not `{text}`")
    return text.rstrip("/") or "/"


def _socket(request: Mapping[str, Any], obj: str) -> Socket:
    """A socket from its fields, else from the object: `tcp`, `inet stream`, `stream 6`."""
    kind, family = _text(request, "type").upper(), _text(request, "family").lower()
    protocol = _text(request, "protocol")
    for word in obj.split():
        upper = word.upper()
        if upper in TYPES and not kind:
            kind = upper
        elif (upper in PROTOCOLS or word.isdecimal()) and not protocol:
            protocol = word
        elif upper not in TYPES and upper not in PROTOCOLS and not word.isdecimal():
            family = family or word.lower()
    if protocol.isdecimal():
        number = int(protocol[:6])
    elif protocol and protocol.upper() not in PROTOCOLS:
        raise UnknownName("protocol", protocol, [name.lower() for name in PROTOCOLS])
    else:
        number = PROTOCOLS.get(protocol.upper(), 0)
    kind = kind or _TYPE_OF.get(_NUMBERS.get(number, ""), "")
    if kind not in TYPES:
        known = [name.lower() for name in TYPES]
        if kind:
            raise UnknownName("socket type", kind.lower(), known)
        raise RequestError(
            "which socket? say a protocol (`tcp`) or `type=stream`", "", tuple(known)
        )
    return Socket(
        family or ("inet6" if number == PROTOCOLS["ICMPV6"] else "inet"), TYPES[kind], number
    )


def _text(request: Mapping[str, Any], name: str) -> str:
    value = request.get(name, "")
    if name in ("protocol", "arguments") and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if name == "arguments" and isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        raise FieldTypeError(name, "a text", value)
    return value


def _flag(request: Mapping[str, Any], name: str, default: bool) -> bool:
    value = request.get(name, default)
    if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "1", "0"):
        return value.lower() in ("true", "yes", "1")
    if not isinstance(value, bool):
        raise FieldTypeError(name, "true or false (bool)", value)
    return value
