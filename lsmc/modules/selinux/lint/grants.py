"""What the allow rules of a policy grant together, by source and class."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import NamedTuple

from lsmc.modules.selinux.lint.labels import Labels, Pair
from lsmc.modules.selinux.model import OTHER, Policy, RuleKind


class Rule(NamedTuple):
    """An access rule in canonical form: `number` is its row, `condition` as in the policy.

    `general` is how many attributes it names: of two rules about the same types the one with more
    is the broader one, since an attribute may get more types.
    """

    number: int
    pair: Pair
    cls: int
    permissions: int
    condition: int
    general: int


#: The class of rules, and the condition under which they hold.
_Group = tuple[int, int]


class Grants:
    """The rules of one kind, found by what they are about."""

    def __init__(self, policy: Policy, labels: Labels, kind: RuleKind) -> None:
        self.labels = labels
        #: The rules of each class, condition and pair, in order.
        self.alike: dict[tuple[int, int, Pair], list[Rule]] = {}
        #: Their permissions together, by source and target.
        self._rows: dict[_Group, dict[int, dict[int, int]]] = {}
        self._broader: dict[tuple[int, int, Pair], int] = {}
        rules = policy.rules[kind]
        columns = (rules.source, rules.target, rules.cls, rules.permissions, rules.condition)
        pairs: dict[Pair, Pair] = {}
        for number, (source, target, cls, mask, condition) in enumerate(zip(*columns, strict=True)):
            written = source, target
            pair = pairs.get(written)
            if pair is None:
                pair = pairs[written] = labels.pair(source, target)
            general = labels.is_attribute(source) + labels.is_attribute(target)
            rule = Rule(number, pair, cls, mask, condition, general)
            self.alike.setdefault((cls, condition, pair), []).append(rule)
        for (cls, condition, (source, target)), some in self.alike.items():
            row = self._rows.setdefault((cls, condition), {}).setdefault(source, {})
            row[target] = reduce(or_, (one.permissions for one in some))

    def covered(self, cls: int, condition: int, pair: Pair, *, itself: bool) -> int:
        """The permissions of the rules of a condition for all pairs of types of a pair.

        Only rules about more types count; with `itself` those about the same ones, too.
        """
        return reduce(
            or_,
            (mask for found, mask in self._wider(cls, condition, pair) if itself or found != pair),
            0,
        )

    def _wider(self, cls: int, condition: int, pair: Pair) -> Iterator[tuple[Pair, int]]:
        """The pairs with rules that contain a pair, with their permissions."""
        rows = self._rows.get((cls, condition), {})
        targets = self.labels.targets(*pair)
        for source in self.labels.containing[pair[0]]:
            row = rows.get(source)
            if row is not None:
                for target in targets:
                    if target in row:
                        yield (source, target), row[target]

    def broader(self, rule: Rule) -> int:
        """The permissions of the broader rules of the same condition."""
        key = (rule.cls, rule.condition, rule.pair)
        known = self._broader.get(key)
        if known is None:
            known = self._broader[key] = self.covered(*key, itself=False)
        found = known
        for one in self.alike[key]:
            if one.general > rule.general:
                found |= one.permissions
        return found

    def covering(self, rule: Rule, condition: int, *, itself: bool) -> list[Rule]:
        """Few rules of a condition that have the permissions of a rule together.

        Only broader ones count; with `itself` also those about the same types.  Of equal ones the
        first counts.
        """
        wanted = rule.permissions
        chosen: list[Rule] = []
        rules = [
            one
            for pair, mask in self._wider(rule.cls, condition, rule.pair)
            if mask & wanted
            for one in self.alike[rule.cls, condition, pair]
            if one.permissions & wanted
            and (itself or pair != rule.pair or one.general > rule.general)
        ]
        while wanted and rules:
            best = max(rules, key=lambda one: ((one.permissions & wanted).bit_count(), -one.number))
            if not best.permissions & wanted:
                break
            chosen.append(best)
            wanted &= ~best.permissions
        return chosen


class Vectors:
    """What rules grant to pairs of types, in any state of the booleans."""

    def __init__(self, grants: Grants) -> None:
        self._labels = grants.labels
        #: By class, source and target.
        self.rows: dict[int, dict[int, dict[int, int]]] = {}
        for (cls, _, (source, target)), some in grants.alike.items():
            row = self.rows.setdefault(cls, {}).setdefault(source, {})
            row[target] = reduce(or_, (one.permissions for one in some), row.get(target, 0))

    def of(self, cls: int, source: int, target: int) -> int:
        """The permissions of a pair of types."""
        rows = self.rows.get(cls, {})
        targets = self._labels.targets(source, target)
        inside = self._labels.containing[target]
        found = 0
        for one in self._labels.containing[source]:
            row = rows.get(one)
            if row is not None:
                for other in targets:
                    found |= row.get(other, 0)
                if OTHER in row and source != target and one in inside:
                    found |= row[OTHER]
        return found
