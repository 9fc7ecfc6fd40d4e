"""Default postures: what happens to what no Allow entry names, once there is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lsmc.engine.verdict import FieldTypeError, RequestError

#: The classes that have a posture; that of files serves processes too.
CLASSES = ("file", "network", "capabilities")
VALUES = ("audit", "block", "allow")


class Posture(NamedTuple):
    """The posture of each class; `allow` behaves like `audit` in both enforcers."""

    file: str = "audit"
    network: str = "audit"
    capabilities: str = "audit"

    @property
    def text(self) -> str:
        """As a question writes it."""
        return ",".join(f"{name}={value}" for name, value in zip(CLASSES, self, strict=True))


def with_postures(posture: Posture, pairs: Iterable[tuple[str, str]]) -> Posture:
    """A posture changed by (class, value); a value that is none leaves what was there.

    KubeArmor resets a wrong annotation to the global value likewise.
    """
    known = {name: value for name, value in pairs if name in CLASSES and value in VALUES}
    return posture._replace(**known)


def read_posture(text: object, default: Posture) -> Posture:
    """The posture that a question asks for, `file=block,network=audit`, over another.

    Raises `RequestError` for words that are none, `FieldTypeError` for another type.
    """
    if not isinstance(text, str):
        raise FieldTypeError("posture", "a text", text)
    pairs = []
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name not in CLASSES:
            raise RequestError(f"unknown posture class `{name}`", name, CLASSES)
        if value not in VALUES:
            raise RequestError(f"unknown posture `{value}`", value, VALUES)
        pairs.append((name, value))
    return with_postures(default, pairs)
