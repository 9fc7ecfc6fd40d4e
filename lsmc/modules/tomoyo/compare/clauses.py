"""Lines as clauses: groups resolved, so that an access meets a clause or not by itself alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple, TypeAlias

from lsmc.modules.tomoyo.engine import Rule, TomoyoEngine
from lsmc.modules.tomoyo.model import Comparison, Group, Operand, Test, TextTest
from lsmc.modules.tomoyo.name_sets import AnyName
from lsmc.modules.tomoyo.numbers import MAX_NUMBER, Addresses, Numbers, Value
from lsmc.modules.tomoyo.patterns import Glob, glob
from lsmc.modules.tomoyo.vocabulary import (
    BLOCK_FILE_SYSTEMS,
    DIRECTORY_MOUNTS,
    MOUNT,
    Argument,
    Kind,
)

#: Numbers of a test's right side: ranges of which one must be met.
Ranges: TypeAlias = tuple[Numbers, ...]


class ResolvedTest(NamedTuple):
    """A test, with what the group on its right side stands for."""

    test: Test
    ranges: Ranges = ()
    patterns: tuple[str, ...] = ()


class Clause(NamedTuple):
    """What a line grants, for one choice of members of its groups.

    `names` are the patterns of its names in order, `numbers` and `address` what its other arguments
    may be.  `rule` is the line; None for a clause that stands for nothing that is written.
    """

    rule: Rule | None
    names: tuple[Name, ...]
    numbers: tuple[Numbers, ...] = ()
    address: Addresses | None = None
    tests: tuple[ResolvedTest, ...] = ()

    @property
    def texts(self) -> tuple[str, ...] | None:
        """Its names, where each is one; None where patterns stand for several."""
        found = []
        for name in self.names:
            if isinstance(name, AnyName) or (isinstance(name, Glob) and name.patterned):
                return None
            found.append(name.text)
        return tuple(found)

    def has(self, texts: tuple[str, ...]) -> bool:
        """Whether some names are among its own."""
        return all(name.matches(text) for name, text in zip(self.names, texts, strict=True))

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal of two clauses that grant the same."""
        texts = tuple("" if isinstance(one, AnyName) else one.text for one in self.names)
        bounds = tuple(one.bounds for one in self.numbers)
        return texts, bounds, self.address, frozenset(self.tests)


def clauses(engine: TomoyoEngine, space: str, rules: Iterable[Rule]) -> Iterator[Clause]:
    """The clauses of some lines, in order."""
    for rule in rules:
        tests = tuple(resolved(engine, space, test) for test in rule.acl.condition.tests)
        for chosen in product(*_choices(engine, space, rule)):
            yield from _clause(rule, chosen, tests)


def _choices(engine: TomoyoEngine, space: str, rule: Rule) -> Iterator[list[Operand]]:
    for (_, form), operand in zip(rule.acl.kind.arguments, rule.acl.arguments, strict=True):
        if isinstance(operand, Group):
            yield [one.member.member for one in engine.members(space, form, operand)]
        else:
            yield [operand]


def _clause(
    rule: Rule, chosen: tuple[Operand, ...], tests: tuple[ResolvedTest, ...]
) -> Iterator[Clause]:
    names: list[Name] = []
    numbers: list[Numbers] = []
    address: Addresses | None = None
    for (_, form), operand in zip(rule.acl.kind.arguments, chosen, strict=True):
        if isinstance(operand, Numbers):
            numbers.append(operand)
        elif isinstance(operand, Addresses):
            address = operand
        elif form is Argument.DOMAIN:
            names.append(Literal(str(operand)))
        else:
            names.append(glob(str(operand)))
    if rule.acl.kind is MOUNT:
        patterns = [glob(str(operand)) for operand in chosen[:3]]
        yield from _mounts(rule, patterns, tuple(numbers), tests)
    else:
        yield Clause(rule, tuple(names), tuple(numbers), address, tests)


class Literal:
    """A text that is no pattern, whatever it holds, as an automaton."""

    __slots__ = ("_data", "start", "text")

    def __init__(self, text: str) -> None:
        """The text is matched as it is."""
        self.text = text
        self._data = text.encode("latin-1")
        self.start = 0

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """The next byte of the text."""
        return ((1 << self._data[state], state + 1),) if state < len(self._data) else ()

    def accepts(self, state: int) -> tuple[int, ...]:
        """`(0,)` at the end of the text."""
        return (0,) if state == len(self._data) else ()

    def matches(self, name: str) -> bool:
        """Whether it is the name."""
        return name == self.text


Name: TypeAlias = Glob | Literal | AnyName


#: The types of mounts whose device is compared.
WITH_DEVICE = (*DIRECTORY_MOUNTS, *sorted(BLOCK_FILE_SYSTEMS))
_NO_DEVICE = Literal("none")


def _mounts(
    rule: Rule, names: list[Glob], numbers: tuple[Numbers, ...], tests: tuple[ResolvedTest, ...]
) -> Iterator[Clause]:
    """The clauses of a mount: each type that has its device compared, and all others.

    Of the others, the device is a word that is always the same.
    """
    device, directory, kind = names
    for one in WITH_DEVICE:
        if kind.matches(one):
            yield Clause(rule, (device, directory, Literal(one)), numbers, None, tests)
    if kind.patterned or kind.text not in WITH_DEVICE:
        yield Clause(rule, (_NO_DEVICE, directory, kind), numbers, None, tests)


def never(kind: Kind) -> tuple[Clause, ...]:
    """Clauses of accesses that there are not: a mount without its device that has one compared."""
    if kind is not MOUNT:
        return ()
    flags = (Numbers(Value(0), Value(MAX_NUMBER)),)
    return tuple(Clause(None, (_NO_DEVICE, AnyName(), Literal(one)), flags) for one in WITH_DEVICE)


def resolved(engine: TomoyoEngine, space: str, test: Test) -> ResolvedTest:
    """A test with the members of its group."""
    if isinstance(test, Comparison) and isinstance(test.right, Group):
        members = engine.members(space, Argument.NUMBER, test.right)
        found = (one.member.member for one in members)
        ranges = tuple(one for one in found if isinstance(one, Numbers))
        return ResolvedTest(test, ranges)
    if isinstance(test, TextTest) and isinstance(test.pattern, Group):
        members = engine.members(space, Argument.NAME, test.pattern)
        return ResolvedTest(test, patterns=tuple(str(one.member.member) for one in members))
    return ResolvedTest(test)
