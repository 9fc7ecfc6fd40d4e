"""What domains may do of many requests: those whose objects some patterns match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from lsmc.analysis.access_search import Why, Witness
from lsmc.engine.verdict import LET_THROUGH, RequestError, UnknownName, Verdict
from lsmc.modules.tomoyo.compare.clauses import Clause, Literal, Name, clauses
from lsmc.modules.tomoyo.compare.cover import access_of, common, request_of
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine
from lsmc.modules.tomoyo.evaluate import judge, mode_of
from lsmc.modules.tomoyo.name_sets import AnyName
from lsmc.modules.tomoyo.names import is_domain, is_word, namespace_of, normalized
from lsmc.modules.tomoyo.numbers import (
    MAX_NUMBER,
    Addresses,
    Numbers,
    Value,
    read_addresses,
    read_numbers,
)
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.questions import OPERATIONS, Access
from lsmc.modules.tomoyo.vocabulary import ASKED, TASK, Argument, Kind

_ANY_NUMBER: Final = Numbers(Value(0), Value(MAX_NUMBER))
#: All addresses, of each version.
_ANY_ADDRESS: Final = (
    Addresses(0, (1 << 32) - 1, 4),
    Addresses(0, (1 << 128) - 1, 6),
)


class SoughtAccess(NamedTuple):
    """Requests of one operation: what is done, and a clause that has all objects in question."""

    kind: Kind
    permission: str
    socket: str
    clause: Clause


class DomainSearch:
    """A search in an open bundle."""

    def __init__(self, engine: TomoyoEngine) -> None:
        self.engine = engine

    def sought(
        self,
        op: str,
        objects: Sequence[str],
        fields: Mapping[str, Sequence[str]],
        owner: bool | None,
    ) -> tuple[SoughtAccess, ...]:
        """The requests of an operation; raises `UnknownName`, `RequestError`.

        Args:
            op: the operation.
            objects: the rest of a line, with patterns and ranges; what is left out may be anything.
            fields: none has a meaning here.
            owner: has no meaning here: owners are told by conditions.
        """
        del owner
        for name in fields:
            raise RequestError(f"`{name}` is no field of a search", name)
        op = normalized(op)
        if op not in OPERATIONS:
            raise UnknownName("operation", op, OPERATIONS)
        kind, permission = OPERATIONS[op]
        return tuple(
            chain.from_iterable(
                _sought(kind, permission, normalized(one).split(" ")) for one in objects or ("",)
            )
        )

    def witnesses(
        self, subjects: Iterable[str], sought: Sequence[SoughtAccess]
    ) -> Iterator[Witness]:
        """Of each domain that may do any of it, one request; raises `Undecided`."""
        for subject in subjects:
            domain = self.engine.find(subject)
            if domain is None:
                raise UnknownName("domain", subject, self.engine.subjects)
            found = (self._witness(domain, one) for one in sought)
            first = next((one for one in found if one is not None), None)
            if first is not None:
                yield first

    def _witness(self, domain: Domain, sought: SoughtAccess) -> Witness | None:
        kind, permission = sought.kind, sought.permission
        rules = self.engine.rules_of(domain, kind, permission)
        own = list(clauses(self.engine, namespace_of(domain.name), rules))
        whole = common(sought.clause, sought.clause, kind, permission, own)
        if whole is None:
            return None
        access = access_of(whole, domain.name, kind, permission, sought.socket)
        mode = mode_of(self.engine, domain, access)
        if mode is not None and mode.mode != "enforcing":
            return self._as_witness(access)
        for clause in own:
            found = common(sought.clause, clause, kind, permission, own)
            if found is not None:
                return self._as_witness(
                    access_of(found, domain.name, kind, permission, sought.socket)
                )
        return None

    def _as_witness(self, access: Access) -> Witness | None:
        verdict = judge(self.engine, access).verdict
        if not verdict.allowed:
            return None
        return Witness(access.subject, _why(verdict), request_of(access), verdict)


def _why(verdict: Verdict) -> Why:
    if verdict.decision in LET_THROUGH:
        return "mode"
    return "rules" if verdict.decision == "allow" else "unconfined"


def _sought(kind: Kind, permission: str | None, words: list[str]) -> Iterator[SoughtAccess]:
    words = [word for word in words if word]
    pairs = [("", permission)] if permission is not None else _sockets(kind, words)
    rest = words if permission is not None else words[2:]
    if kind is TASK and rest:
        rest = [" ".join(rest)]
    if len(rest) > len(kind.arguments):
        raise RequestError(f"`{rest[len(kind.arguments)]}` is one word too many")
    for clause in _clauses(kind, rest):
        for socket, asked in pairs:
            assert asked is not None
            yield SoughtAccess(kind, asked, socket, clause)


def _sockets(kind: Kind, words: list[str]) -> list[tuple[str, str | None]]:
    """The types of socket and permissions that words ask for; all of them where one is left out."""
    family = kind.head.split()[1]
    pairs = [
        (socket, one)
        for (other, socket), asked in ASKED.items()
        for one in asked
        if other == family and socket in (words[:1] or [socket]) and one in (words[1:2] or [one])
    ]
    if not pairs:
        raise RequestError(f"the kernel asks no `{' '.join(words[:2])}` of sockets")
    return list(pairs)


def _clauses(kind: Kind, words: list[str]) -> Iterator[Clause]:
    """What arguments may be, by the words of a search."""
    names: list[Name] = []
    numbers: list[Numbers] = []
    addresses: tuple[Addresses | None, ...] = (None,)
    for place, (what, form) in enumerate(kind.arguments):
        word = words[place] if place < len(words) else None
        match form:
            case Argument.NUMBER:
                found = _ANY_NUMBER if word is None else read_numbers(word)
                if isinstance(found, str):
                    raise RequestError(found)
                numbers.append(found)
            case Argument.ADDRESS:
                given = None if word is None else read_addresses(word)
                if isinstance(given, str):
                    raise RequestError(given)
                addresses = _ANY_ADDRESS if given is None else (given,)
            case Argument.DOMAIN:
                if word is None or not is_domain(word):
                    raise RequestError("a domain is asked by its name, without patterns")
                names.append(Literal(word))
            case _:
                names.append(_name(what, word))
    for address in addresses:
        yield Clause(None, tuple(names), tuple(numbers), address)


def _name(what: str, word: str | None) -> Name:
    if word is None:
        return AnyName(empty=False)
    if not is_word(word):
        raise RequestError(f"the {what} must be a name or a pattern, not `{word}`")
    return glob(word)
