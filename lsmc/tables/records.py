"""The records of a bundle as Python values."""

from collections.abc import Sequence
from typing import NamedTuple

from lsmc.automata.dfa import Dfa
from lsmc.ir.decision import Facts
from lsmc.kernels.walk import Matches, Walker
from lsmc.tables.sections import Words


class Place(NamedTuple):
    """Where a rule or an include stands, and its text."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class ProfileRecord(NamedTuple):
    """A profile as the bundle holds it; `mediated` are class names.

    A profile that `attaches_by_name` takes the executable of its attachment before any other does.
    """

    number: int
    full_name: str
    name: str
    namespace: str
    parent: str
    mode: str
    is_hat: bool
    audit: bool
    attaches_by_name: bool
    mediated: frozenset[str]
    place: int
    first_use: int
    uses: int
    settings: tuple[tuple[str, str], ...]
    rlimits: tuple[tuple[str, str], ...]

    def child(self, name: str) -> str:
        """The profile that `cx -> NAME` leads to, without the namespace.

        Every release of the compiler writes one parent before the name, however deep the profile
        itself lies.
        """
        own = self.name.removeprefix(f"{self.parent}//") if self.parent else self.name
        return f"{own}//{name}"


class RuleRecord(NamedTuple):
    """A rule of a unit: the facts for the precedence, its class and its place."""

    facts: Facts
    cls: int
    place: int
    pattern: tuple[int, int]  # equal for rules whose keys are the same pattern


class Attached(NamedTuple):
    """An attachment: its profile, its table, and its conditions on extended attributes."""

    profile: int
    group: int
    first_pair: int
    pairs: int


class Group(NamedTuple):
    """A decision table and the unit's rule for each id that it accepts."""

    dfa: Dfa
    rules: Words
    size: int
    walker: Walker

    def matches(self, numbers: Sequence[int]) -> Matches:
        """The matching rules of keys, by the numbers of the unit's rules."""
        sets = (self.dfa.accepts, self.dfa.accept_offsets, self.dfa.accept_ids)
        return Matches(self.walker, *sets, [numbers[rule] for rule in self.rules])
