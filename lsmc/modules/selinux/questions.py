"""Questions about SELinux policy: from the words of a request to a class and permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName
from lsmc.modules.selinux.context.context import Context, Invalid
from lsmc.modules.selinux.decide.extended import NUMBERED
from lsmc.modules.selinux.kernel_classes import CLASSES
from lsmc.modules.selinux.tables.vocabulary import Vocabulary

#: Fields that every request may have and that mean nothing here.
_IDLE = frozenset(("subject", "op", "class", "perms", "object", "owner", "mediated"))
_NUMBER_LIMIT = 1 << 16
#: Protocols whose ports have labels.
PROTOCOLS = ("tcp", "udp", "dccp", "sctp")


class Access(NamedTuple):
    """A class and permissions.

    Attributes:
        name: the name of the class.
        cls: its number, None for a class that the kernel has and the policy has not.
        mask: the permissions that the policy knows.
        wanted: the names of all, in the order of the question.
        bits: the bit of each, 0 where the policy does not know it.
        unknown: the names of those that the policy does not know.
    """

    name: str
    cls: int | None
    mask: int
    wanted: tuple[str, ...]
    bits: tuple[int, ...]
    unknown: tuple[str, ...]

    @property
    def numbered(self) -> tuple[str, ...]:
        """The permissions asked for that rules may judge by number."""
        return tuple(name for name in NUMBERED if name in self.wanted)


class Party(NamedTuple):
    """A subject or object: a type, with its context unless only the type is given.

    `note` tells how it was found.
    """

    type: int
    context: Context | None
    note: str = ""


def access(op: str, names: Vocabulary) -> Access:
    """What `CLASS:PERM[,PERM...]` asks for; `RequestError`, `UnknownName`."""
    cls, colon, permissions = op.partition(":")
    if not colon or not permissions:
        classes = names.classes
        message = f"`{op}` is not an operation: write CLASS:PERMISSION[,PERMISSION...]"
        if not colon and op in names.class_numbers:
            known = " ".join(names.permissions(names.class_numbers[op]))
            raise RequestError(f"{message}; permissions of `{op}` are {known}")
        raise RequestError(message, cls, tuple(classes) if not colon else ())
    return class_access(cls, permissions.split(","), names)


def class_access(cls: str, permissions: Iterable[str], names: Vocabulary) -> Access:
    """What a class with permissions asks for; `UnknownName`."""
    number = names.class_numbers.get(cls)
    wanted = tuple(dict.fromkeys(permissions))
    of_kernel = CLASSES.get(cls, ())
    if number is None and not of_kernel:
        raise UnknownName("class", cls, names.classes)
    known = names.permissions(number) if number is not None else ()
    bits, unknown = [], []
    for name in wanted:
        if name in known:
            bits.append(1 << known.index(name))
        elif name in of_kernel:
            bits.append(0)
            unknown.append(name)
        else:
            raise UnknownName(f"permission of class `{cls}`", name, (*known, *of_kernel))
    if not wanted:
        raise RequestError(f"no permission of class `{cls}` is asked for")
    return Access(cls, number, sum(bits), wanted, tuple(bits), tuple(unknown))


def permissions_of(value: object) -> list[str]:
    """The permissions that `perms` of a request names; `RequestError`, `FieldTypeError`."""
    if isinstance(value, str):
        return [name for part in value.split(",") for name in part.split()]
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return list(value)
    raise FieldTypeError("perms", "permission names (str), or a list of them", value)


def booleans_of(value: object, names: Vocabulary) -> dict[int, bool]:
    """The booleans that a request sets, by number; `UnknownName`, `FieldTypeError`."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FieldTypeError("booleans", "an object (a mapping) from name to true or false", value)
    found: dict[int, bool] = {}
    for name, state in value.items():
        number = names.boolean_numbers.get(name)
        if number is None:
            raise UnknownName("boolean", str(name), names.booleans)
        if not isinstance(state, bool):
            raise FieldTypeError(f"booleans.{name}", "true or false (bool)", state)
        found[number] = state
    return found


def number_of(request: Mapping[str, Any]) -> tuple[str, int] | None:
    """The permission that has a number in a request, and the number; `RequestError`."""
    found: tuple[str, int] | None = None
    for name in NUMBERED:
        if name not in request:
            continue
        value = request[name]
        if isinstance(value, str):
            try:
                value = int(value, 0)
            except ValueError:
                raise RequestError(f"`{name}` is not a number: `{value}`") from None
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldTypeError(name, "a number (int)", value)
        if not 0 <= value < _NUMBER_LIMIT:
            raise RequestError(f"`{name}` is {value:#x}, not a number of 16 bits")
        if found is not None:
            raise RequestError(f"`{found[0]}` and `{name}` exclude each other")
        found = (name, value)
    return found


def check_fields(request: Mapping[str, Any]) -> None:
    """Raise `RequestError` for a field that questions about SELinux do not have."""
    known = ("booleans", *NUMBERED)
    for name in request:
        if name not in _IDLE and name not in known:
            raise RequestError(f"questions about SELinux have no field `{name}`", name, known)


def text_of(request: Mapping[str, Any], name: str) -> str:
    """A field of a request that is a text; `FieldTypeError`."""
    value = request.get(name, "")
    if not isinstance(value, str):
        raise FieldTypeError(name, "a text (str)", value)
    return value


class InvalidContext(RequestError):
    """A text of a question that is not a context of the policy."""

    def __init__(self, text: str, fault: Invalid) -> None:
        super().__init__(f"`{text}` is not a valid context: {fault.reason}")
