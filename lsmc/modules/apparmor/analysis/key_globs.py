"""Globs over the fields of a class as the language of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lsmc.automata.pattern import NOT_NUL, Literal, Pattern, Star, concat, union
from lsmc.base.source import from_display
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.classes import UNIX
from lsmc.modules.apparmor.lower.aare import parse_glob
from lsmc.modules.apparmor.requests.socket_address import pack_pattern

_ADDRESSES = ("addr", "peer_addr")


def globs(texts: Iterable[str]) -> Pattern:
    """The union of some AppArmor globs; raises `GlobError`."""
    return union(parse_glob(from_display(text)).pattern for text in texts)


def keys_of(cls: MediationClass, fields: Mapping[str, Sequence[str]]) -> Pattern:
    """The keys of a class whose fields match some globs; a field without any may be anything.

    Raises `GlobError`.
    """
    parts: list[Pattern] = []
    for index, name in enumerate(cls.fields):
        if index:
            parts.append(Literal(b"\0"))
        language = globs(fields[name]) if fields.get(name) else Star(NOT_NUL)
        packed = cls is UNIX and name in _ADDRESSES
        parts.append(pack_pattern(language) if packed else language)
    return concat(parts)
