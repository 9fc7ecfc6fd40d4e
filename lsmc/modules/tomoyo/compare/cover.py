"""Whether some clauses grant all that another grants; else an access that shows the difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final, NamedTuple

from lsmc.automata.algebra import Automaton, search
from lsmc.automata.common import have_common, shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.modules.tomoyo.attributes import Attributes
from lsmc.modules.tomoyo.compare.clauses import Clause, Name, never
from lsmc.modules.tomoyo.compare.situations import (
    Undecided,
    header,
    numbers_between,
    resolved_meets,
    situations,
)
from lsmc.modules.tomoyo.name_sets import RealNames
from lsmc.modules.tomoyo.numbers import MAX_NUMBER, Addresses
from lsmc.modules.tomoyo.patterns import Glob
from lsmc.modules.tomoyo.questions import Access, Value
from lsmc.modules.tomoyo.vocabulary import MOUNT, Argument, Kind

#: States that one question may take, and states times bytes of all its patterns.
_STATES: Final = 100_000
_WORK: Final = 10_000_000
#: The same before two rows of patterns count as having names in common.
_LITTLE_WORK: Final = 200_000
_NUL: Final = 1


class Joined:
    """Names in a row, with NUL between them, as one automaton."""

    __slots__ = ("names", "start")

    def __init__(self, names: Sequence[Name]) -> None:
        """At least one name."""
        self.names = names
        self.start: tuple[int, Any] = (0, names[0].start)

    def edges(self, state: tuple[int, Any]) -> list[tuple[int, tuple[int, Any]]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        place, inner = state
        name = self.names[place]
        found = [(mask, (place, to)) for mask, to in name.edges(inner)]
        if place + 1 < len(self.names) and name.accepts(inner):
            found.append((_NUL, (place + 1, self.names[place + 1].start)))
        return found

    def accepts(self, state: tuple[int, Any]) -> tuple[int, ...]:
        """`(0,)` behind the last name."""
        place, inner = state
        return (0,) if place + 1 == len(self.names) and self.names[place].accepts(inner) else ()


class Witness(NamedTuple):
    """An access, as its arguments and what else is known."""

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    address: Addresses | None
    attributes: Attributes


def uncovered(
    clause: Clause,
    others: Sequence[Clause],
    kind: Kind,
    permission: str,
    also: Sequence[Clause] = (),
) -> Witness | None:
    """An access that a clause grants and none of the others; raises `Undecided`.

    The access says what the conditions of the clauses `also` need as well.
    """
    try:
        return next(_uncovered(clause, others, kind, permission, also), None)
    except StateLimit:
        raise Undecided("the patterns are too many to be compared") from None


def _uncovered(
    clause: Clause,
    others: Sequence[Clause],
    kind: Kind,
    permission: str,
    also: Sequence[Clause],
) -> Iterator[Witness]:
    near = [one for one in (*others, *never(kind)) if may_meet(clause, one)]
    tests = [test for one in (clause, *near, *_conditional(clause, also)) for test in one.tests]

    def active(one: Clause, attributes: Attributes) -> bool:
        return all(resolved_meets(test, attributes, kind, permission) for test in one.tests)

    for attributes in situations(tests, kind, permission):
        if not active(clause, attributes):
            continue
        there = [one for one in near if active(one, attributes)]
        for numbers, address in _values(clause, there):
            covers = [one for one in there if _has(one, numbers, address)]
            names = _difference(clause, covers)
            if names is not None:
                yield Witness(names, numbers, address, attributes)


def may_meet(one: Clause, other: Clause) -> bool:
    """Whether two clauses have an access in common, as far as arguments go."""
    numbers = zip(one.numbers, other.numbers, strict=True)
    if any(a.bounds[0] > b.bounds[1] or b.bounds[0] > a.bounds[1] for a, b in numbers):
        return False
    if one.address is not None and other.address is not None:
        a, b = one.address, other.address
        if a.version != b.version or a.low > b.high or b.low > a.high:
            return False
    for clause, rest in ((one, other), (other, one)):
        if (texts := clause.texts) is not None:
            return rest.has(texts)
    begin_alike = all(_begin_alike(a, b) for a, b in zip(one.names, other.names, strict=True))
    return begin_alike and _share(one.names, other.names)


@lru_cache(maxsize=1 << 15)
def _share(one: tuple[Name, ...], other: tuple[Name, ...]) -> bool:
    """Whether two rows of patterns may have names in common; domains often repeat others' lines."""
    try:
        return have_common([Joined(one), Joined(other)], _limit((one, other), _LITTLE_WORK))
    except StateLimit:
        return True


def _limit(rows: Iterable[tuple[Name, ...]], work: int) -> int:
    """The states that a question on some rows of patterns may take for some work."""
    size = sum(len(one.text) for row in rows for one in row if isinstance(one, Glob))
    return min(_STATES, work // (size + 1) + 1)


def _begin_alike(one: Name, other: Name) -> bool:
    """Whether two patterns may have a name in common, by how they begin and end."""
    if not isinstance(one, Glob) or not isinstance(other, Glob):
        return True
    short, long = sorted((one.prefix, other.prefix), key=len)
    return long.startswith(short) and one.directory == other.directory


def _values(
    clause: Clause, others: Sequence[Clause]
) -> Iterator[tuple[tuple[int, ...], Addresses | None]]:
    """The numbers and the address of a clause that others tell apart."""
    options: list[list[int]] = []
    for place, own in enumerate(clause.numbers):
        bounds = [one.numbers[place].bounds for one in (clause, *others)]
        options.append([one for one in numbers_between(bounds, MAX_NUMBER) if own.has(one)])
    addresses: list[Addresses | None] = [None]
    if clause.address is not None:
        bounds = [(one.address.low, one.address.high) for one in (clause, *others) if one.address]
        version = clause.address.version
        largest = (1 << (32 if version == 4 else 128)) - 1
        firsts = (Addresses(one, one, version) for one in numbers_between(bounds, largest))
        addresses = [one for one in firsts if clause.address.has(one)]
    yield from product(product(*options), addresses)


def _has(clause: Clause, numbers: tuple[int, ...], address: Addresses | None) -> bool:
    """Whether a clause has some numbers and an address."""
    if not all(some.has(one) for one, some in zip(numbers, clause.numbers, strict=True)):
        return False
    return address is None or (clause.address is not None and clause.address.has(address))


def _difference(clause: Clause, covers: Sequence[Clause]) -> tuple[str, ...] | None:
    """Names of a clause that no other has; an empty tuple where it has none and nothing covers."""
    if (texts := clause.texts) is not None:
        return None if covers or any("//" in text for text in texts) else texts
    first = Joined(clause.names)
    others = [Joined(one.names) for one in covers]

    def goal(states: tuple[Any, ...]) -> bool:
        return (
            alive(states)
            and bool(first.accepts(states[0]))
            and not any(
                state is not None and one.accepts(state)
                for one, state in zip(others, states[2:], strict=True)
            )
        )

    def alive(states: tuple[Any, ...]) -> bool:
        return states[0] is not None and states[1] is not None

    real = RealNames()
    limit = _limit((clause.names, *(one.names for one in covers)), _WORK)
    found = search([first, real, *others], goal, alive=alive, limit=limit)
    return None if found is None else tuple(found.decode("latin-1").split("\0"))


def common(
    clause: Clause, other: Clause, kind: Kind, permission: str, also: Sequence[Clause] = ()
) -> Witness | None:
    """An access that two clauses grant; None where there is none.

    The access says what the conditions of the clauses `also` need as well.  Raises `Undecided`.
    """
    if not may_meet(clause, other):
        return None
    numbers = tuple(
        max(a.bounds[0], b.bounds[0]) for a, b in zip(clause.numbers, other.numbers, strict=True)
    )
    address = clause.address
    if address is not None and other.address is not None:
        first = max(address.low, other.address.low)
        address = Addresses(first, first, address.version)
    tests = (*clause.tests, *other.tests)
    told = [test for one in _conditional(clause, also) for test in one.tests]
    try:
        for attributes in situations([*tests, *told], kind, permission):
            if all(resolved_meets(test, attributes, kind, permission) for test in tests):
                names = _names(clause, other)
                return None if names is None else Witness(names, numbers, address, attributes)
    except StateLimit:
        raise Undecided("the patterns are too many to be compared") from None
    return None


def _conditional(clause: Clause, also: Sequence[Clause]) -> list[Clause]:
    """The clauses with conditions that may decide on accesses of another."""
    return [one for one in also if one.tests and may_meet(clause, one)]


def _names(clause: Clause, other: Clause) -> tuple[str, ...] | None:
    """The shortest names of two clauses, those that read best."""
    if not clause.names:
        return ()
    automata: list[Automaton[Any]] = [Joined(clause.names), Joined(other.names), RealNames()]
    found = shortest_common(automata, _STATES)
    return None if found is None else tuple(found.decode("latin-1").split("\0"))


def access_of(
    witness: Witness, subject: str, kind: Kind, permission: str, socket: str = ""
) -> Access:
    """The access of a witness."""
    names, numbers = iter(witness.names), iter(witness.numbers)
    arguments: list[Value] = []
    for _, form in kind.arguments:
        if form is Argument.NUMBER:
            arguments.append(next(numbers))
        elif form is Argument.ADDRESS:
            assert witness.address is not None
            arguments.append(witness.address)
        else:
            arguments.append(next(names))
    if kind is MOUNT and not arguments[0]:
        arguments[0] = "none"
    return Access(subject, kind, permission, socket, tuple(arguments), witness.attributes, True)


def request_of(access: Access) -> dict[str, Any]:
    """An access as a request of `Policy.query_many`."""
    words = (access.socket, access.permission) if access.kind.socket else ()
    op = access.kind.head if access.kind.socket else f"{access.kind.head} {access.permission}"
    request: dict[str, Any] = {
        "subject": access.subject,
        "op": op,
        "object": " ".join((*words, access.object)),
    }
    found = header(access.attributes)
    if found:
        request["attributes"] = found
    return request


@lru_cache(maxsize=1 << 14)
def is_empty(name: Glob) -> bool:
    """Whether a pattern matches no name that the kernel makes, so far as that is told soon."""
    if not name.patterned:
        return not name.text or "//" in name.text
    try:
        return not have_common([name, RealNames()], _limit([(name,)], _LITTLE_WORK))
    except StateLimit:
        return False
