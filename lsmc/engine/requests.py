"""Builds the requests of `Policy.query_many` from the fields of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lsmc.base.text import decode
from lsmc.ir.mediation import MediationClass


def plain_fields(cls: MediationClass, key: bytes) -> dict[str, bytes]:
    """The fields of a key, which is given without the code of its class, as they stand there."""
    return dict(zip(cls.fields, key.split(b"\0"), strict=False))


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
