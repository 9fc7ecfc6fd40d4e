"""Requests: the words of a question as the fields of a mediation class.

Names are taken as people write them; `filling.py` adds what the kernel knows without being told.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.base.text import encode
from lsmc.engine.verdict import RequestError
from lsmc.ir.mediation import MediationClass
from lsmc.ir.operation import AccessCheck, Operation
from lsmc.modules.apparmor.classes import BY_NAME, FILE, LINK, UNIX

_ADDRESSES = frozenset(("addr", "peer_addr"))
_SYNONYMS = {
    "network": {"peer_label": "peer_label"},
    "signal": {"set": "signal"},
    "dbus": {"peer_label": "label", "peer_name": "name"},
    "mount": {"flags": "options", "device": "source"},
    "change_profile": {},
}


def parts(operation: Operation, obj: str, fields: Mapping[str, str]) -> tuple[AccessCheck, ...]:
    """The look-ups of an operation; all must allow.  None for one that asks no rule."""

    def without(name: str) -> dict[str, str]:
        return {key: value for key, value in fields.items() if key not in (name, "class")}

    cls = BY_NAME.get(operation.cls)
    if cls is None:
        return ()
    if operation.name == "rename" and "target" in fields:
        rest = without("target")
        return (
            AccessCheck(FILE, obj, FILE.mask("rw"), rest),
            AccessCheck(FILE, fields["target"], FILE.mask("w"), rest),
        )
    if cls is LINK:
        plain = AccessCheck(FILE, obj, FILE.mask("l"), without("target"))
        if "target" not in fields:
            return (plain,)
        return plain, AccessCheck(LINK, obj, LINK.mask(operation.perms), fields)
    if cls.name == "onexec":
        direct = BY_NAME["change_profile"]
        return (
            AccessCheck(direct, obj, direct.mask(("onexec",)), without("exec")),
            AccessCheck(cls, obj, cls.all, fields),
        )
    if operation.name == "stack" and not obj.startswith("&"):
        obj = f"&{obj}"
    if operation.name == "remount":
        fields = {**fields, "options": f"remount,{fields.get('options', '')}"}
    return (AccessCheck(cls, obj, cls.mask(operation.perms), fields),)


def named_fields(cls: MediationClass, obj: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a request under the names that the class has for them, as they are written."""
    given = dict(fields)
    given.pop("class", None)
    for written, meant in _SYNONYMS.get(cls.name, {}).items():
        if written in given and meant not in given:
            given[meant] = given.pop(written)
    main = cls.main
    family_named = cls is UNIX and obj == "unix"
    if obj and main and not family_named:
        given.setdefault(main, obj)
    return given


def key_fields(
    cls: MediationClass, obj: str, fields: Mapping[str, str], subject: str
) -> tuple[bytes, ...]:
    """The fields of a request's key, in the order of the class; raises `RequestError`."""
    given = named_fields(cls, obj, fields)
    if cls is not FILE and cls is not LINK:
        from lsmc.modules.apparmor.requests.filling import fill

        fill(cls, given, subject)
    unknown = [name for name in given if name not in cls.fields]
    if unknown:
        raise RequestError(
            f"`{unknown[0]}` is not a field of the class {cls.name}", unknown[0], cls.fields
        )
    return values_of(cls, {name: encode(text) for name, text in given.items()})


def values_of(cls: MediationClass, fields: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """Fields as they stand in a key, in the order of the class; one that is left out is empty."""
    values = tuple(fields.get(name, b"") for name in cls.fields)
    if cls is not UNIX:
        return values
    from lsmc.modules.apparmor.requests.socket_address import pack

    named = zip(cls.fields, values, strict=True)
    return tuple(pack(value) if name in _ADDRESSES else value for name, value in named)


def fields_of(cls: MediationClass, key: bytes) -> dict[str, bytes]:
    """The fields that a key stands for: the inverse of `values_of`, joined by NUL."""
    values = key.split(b"\0", max(len(cls.fields) - 1, 0))
    values += [b""] * (len(cls.fields) - len(values))
    fields = dict(zip(cls.fields, values, strict=False))
    if cls is UNIX:
        from lsmc.modules.apparmor.requests.socket_address import unpack

        fields |= {name: unpack(fields[name]) for name in _ADDRESSES}
    return fields
