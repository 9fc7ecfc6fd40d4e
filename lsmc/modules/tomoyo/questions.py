"""Questions to a TOMOYO policy: a domain, the first words of a line, the rest of the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName
from lsmc.modules.tomoyo.attributes import Attributes, read_attributes
from lsmc.modules.tomoyo.names import is_domain, is_name, normalized
from lsmc.modules.tomoyo.numbers import Addresses, read_addresses, read_numbers
from lsmc.modules.tomoyo.vocabulary import (
    ASKED,
    ENVIRON,
    FILE_KINDS,
    INET,
    TASK,
    UNIX,
    Argument,
    Kind,
)

#: A name, a number or an address, as the access has it.
Value = str | int | Addresses


class Access(NamedTuple):
    """One access: what is done, to what, and what is known besides.

    `aggregated` says that the name of a program is one that the kernel has made already, as in a
    record; `enforce` that each mode is taken for `enforcing`.
    """

    subject: str
    kind: Kind
    permission: str
    socket: str
    arguments: tuple[Value, ...]
    attributes: Attributes
    aggregated: bool
    enforce: bool = False

    @property
    def line(self) -> str:
        """The access as a record has it, and as a line that grants just this."""
        words = [self.kind.head, self.socket, self.permission, self.object]
        return " ".join(word for word in words if word)

    @property
    def learned(self) -> str:
        """The line that the kernel adds for the access when it learns."""
        tests = []
        if self.kind in FILE_KINDS:
            known = self.attributes
            if known.realpath is not None:
                tests.append(f'exec.realpath="{known.realpath}"')
            if known.argv:
                tests.append(f'exec.argv[0]="{known.argv[0]}"')
            if known.symlink is not None:
                tests.append(f'symlink.target="{known.symlink}"')
        return " ".join((self.line, *tests))

    @property
    def object(self) -> str:
        """Its arguments as a line of policy has them."""
        return " ".join(map(_printed, zip_forms(self.kind, self.arguments, self.permission)))


def zip_forms(kind: Kind, arguments: tuple[Value, ...], permission: str) -> list[tuple[str, Value]]:
    """Arguments with what they mean."""
    return [
        (permission if what == "number" else what, value)
        for (what, _), value in zip(kind.arguments, arguments, strict=True)
    ]


#: Numbers that the kernel prints as octal digits, and those that it prints as hexadecimal ones.
_OCTAL: Final = ("mode", "create", "mkdir", "mkfifo", "mksock", "chmod")
_HEXADECIMAL: Final = ("ioctl", "flags")


def _printed(pair: tuple[str, Value]) -> str:
    what, value = pair
    if isinstance(value, int):
        if what in _OCTAL:
            return f"0{value:o}"
        return f"0x{value:X}" if what in _HEXADECIMAL else str(value)
    return str(value)


#: The operations: a name for each permission of a kind, and the kind.
OPERATIONS: Final[dict[str, tuple[Kind, str | None]]] = {
    **{f"file {one}": (kind, one) for kind in FILE_KINDS for one in kind.permissions},
    "network inet": (INET, None),
    "network unix": (UNIX, None),
    "misc env": (ENVIRON, "env"),
    "task manual_domain_transition": (TASK, "manual_domain_transition"),
}
#: What a question carries beside fields; who owns an object is said by `attributes`.
_KEYS: Final = ("subject", "op", "class", "perms", "object", "owner", "mediated", "enforce")


def read_request(request: Mapping[str, Any]) -> Access:
    """The access of a request; raises `UnknownName`, `RequestError`."""
    for name in ("subject", "op", "class", "perms", "object"):
        if not isinstance(value := request.get(name, ""), str):
            raise FieldTypeError(name, "a text", value)
    unknown = [name for name in request if name not in (*_KEYS, "attributes")]
    if unknown:
        raise RequestError(f"unknown field `{unknown[0]}`", unknown[0], ("attributes",))
    attributes = read_attributes(request.get("attributes"))
    op = normalized(request.get("op") or f"{request.get('class', '')} {request.get('perms', '')}")
    rest = normalized(request.get("object", "")).split(" ")
    words = [word for word in rest if word]
    found = OPERATIONS.get(op)
    if found is None:
        raise UnknownName("operation", op, OPERATIONS)
    kind, permission = found
    subject = normalized(request["subject"])
    if not is_domain(subject):
        raise RequestError(f"`{subject}` is not a domain; one is `<kernel> /usr/sbin/sshd`")
    socket = ""
    if permission is None:
        socket, permission = _socket(kind, words)
        words = words[2:]
    arguments = _arguments(kind, op, words)
    aggregated = "exec" in attributes.said
    enforce = bool(request.get("enforce"))
    return Access(subject, kind, permission, socket, arguments, attributes, aggregated, enforce)


def _socket(kind: Kind, words: list[str]) -> tuple[str, str]:
    """The type of socket and the permission that a request begins with."""
    family = kind.head.split()[1]
    asked = {socket: found for (one, socket), found in ASKED.items() if one == family}
    if len(words) < 2:
        raise RequestError(f"`{kind.head}` needs a type of socket, a permission and an address")
    socket, permission = words[:2]
    if socket not in asked:
        raise RequestError(
            f"`{socket}` is no type of socket that the kernel asks about", socket, tuple(asked)
        )
    if permission not in asked[socket]:
        raise RequestError(
            f"the kernel never asks `{permission}` of a {socket} socket; it asks"
            f" {', '.join(asked[socket])}",
            permission,
        )
    return socket, permission


def _arguments(kind: Kind, op: str, words: list[str]) -> tuple[Value, ...]:
    if kind is TASK:
        words = [" ".join(words)] if words else []
    if len(words) != len(kind.arguments):
        wanted = " ".join(what.upper().replace(" ", "-") for what, _ in kind.arguments)
        raise RequestError(f"`{op}` needs {wanted}, not `{' '.join(words)}`")
    return tuple(
        _value(what, form, word) for (what, form), word in zip(kind.arguments, words, strict=True)
    )


def _value(what: str, form: Argument, word: str) -> Value:
    match form:
        case Argument.NUMBER:
            number = read_numbers(word)
            if isinstance(number, str) or number.low != number.high:
                raise RequestError(f"the {what} must be one number, not `{word}`")
            return number.low.value
        case Argument.ADDRESS:
            address = read_addresses(word)
            if isinstance(address, str) or address.low != address.high:
                raise RequestError(f"the address must be one IP address, not `{word}`")
            return address
        case Argument.DOMAIN:
            if not is_domain(word):
                raise RequestError(f"`{word}` is not a domain")
            return word
    if not is_name(word):
        raise RequestError(
            f"the {what} must be written as the kernel writes it, not `{word}`: other bytes than"
            " 0x21-0x7e as `\\ooo`, a backslash as `\\\\`"
        )
    return word
