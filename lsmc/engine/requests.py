"""Builds the requests of `Policy.query_many` from the fields of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lsmc.base.text import decode
from lsmc.ir.mediation import MediationClass


def request_of_fields(
    subject: str,
    cls: MediationClass,
    fields: Mapping[str, bytes],
    owner: bool,
    perms: Iterable[str],
) -> dict[str, Any]:
    """The request for an object given by the fields of a class."""
    texts = {name: decode(value) for name, value in fields.items()}
    found: dict[str, Any] = {
        "subject": subject,
        "class": cls.name,
        "perms": list(perms),
        "object": texts.pop(cls.main, ""),
        "owner": owner,
    }
    return found | texts


def plain_request(
    subject: str, cls: MediationClass, key: bytes, owner: bool, perms: Iterable[str]
) -> dict[str, Any]:
    """The request that a key stands for whose fields are what requests say.

    Args:
        subject: the name of a profile.
        cls: the class of the key.
        key: the fields joined by NUL, without the code of the class.
        owner: whether the subject owns the object.
        perms: the permissions that are asked for.
    """
    fields = dict(zip(cls.fields, key.split(b"\0"), strict=False))
    return request_of_fields(subject, cls, fields, owner, perms)
