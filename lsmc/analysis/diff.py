"""The exact difference of two policies, as people and programs get it.

Where the rules of two profiles differ is found in `lsmc.analysis.pattern_walks`.  Here each
difference becomes a change: whom it concerns, a rule behind it, a request as an example, and what
both policies decide there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from lsmc.analysis.alike import Alike
from lsmc.analysis.change import Change, Direction, Side, Who, toward
from lsmc.analysis.differing import Answering, Found, OneSided, ProfilePair
from lsmc.analysis.observed import PermissionOutcome, outcome_of, step
from lsmc.analysis.pattern_walks import by_pattern
from lsmc.analysis.rule_search import rule_at
from lsmc.analysis.semantics import Semantics
from lsmc.engine.profiles import ProfileTables
from lsmc.ir.mediation import MediationClass
from lsmc.tables.records import ProfileRecord

#: What differs between the heads of two profiles of a name: whatever is no rule.
Heads = Callable[[ProfileRecord, ProfileRecord], Iterable[Change]]


def diff(
    semantics: Semantics,
    old: ProfileTables,
    new: ProfileTables,
    heads: Heads | None = None,
    answering: Answering | None = None,
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, and transitions by what
    they name.  Raises `StateLimit` when the policies are too complex to compare.

    Args:
        semantics: what the rules mean.
        old: the profiles of the one policy.
        new: the profiles of the other.
        heads: tells what else differs between two profiles of a name.
        answering: what the policies say to a request; needed where operations look up more than
            the key of their object.  Without it, what the rules of the key say is the answer.
        renamed: the former names of profiles that NEW has under another name.
    """
    changes: list[Change] = []
    alike = Alike(old.bundle, new.bundle)
    for name in sorted({*old.subjects, *new.subjects} - set(renamed.values())):
        former = renamed.get(name, name)
        one, other = old.find(former), new.find(name)
        if other is None:
            changes.append(Change(name, "removed", direction="wider"))
        elif one is None:
            changes.append(Change(name, "added", direction="narrower"))
        else:
            if former != name:
                changes.append(Change(name, "renamed", before=former, after=name))
            changes += heads(one, other) if heads is not None else ()
            pair = ProfilePair(semantics, (old, new), (one, other), answering)
            changes += profile_changes(pair, alike=alike.rules(one, other))
            pair.forget()
    return changes


def profile_changes(pair: ProfilePair, *, alike: bool = False) -> Iterator[Change]:
    """What the rules of two profiles decide differently; `alike` if both are known to be the same.

    Raises `StateLimit`.
    """
    for cls in pair.semantics.classes.values():
        sides = [pair.semantics.mediates(record, cls, False) for record in pair.records]
        if sides[0] != sides[1]:
            yield from _mediation(pair, cls, 0 if sides[1] else 1)
        elif sides[0] and not alike:
            yield from _class(pair, cls)


def _class(pair: ProfilePair, cls: MediationClass) -> Iterator[Change]:
    """What differs along the rules of a class that only one side has, each change once."""
    told: set[tuple[object, ...]] = set()
    for rules, differences in by_pattern(pair, cls):
        for found in differences:
            for change in _decisions(pair, cls, rules, found):
                key = (found.key, change.permissions, change.who, change.rule)
                if key not in told:
                    told.add(key)
                    yield change


def _mediation(pair: ProfilePair, cls: MediationClass, free: int) -> Iterator[Change]:
    """A class that only one side mediates: one request that is answered differently."""
    found = pair.mediation(cls, free)
    if found is None:
        return
    owner = any(one.owner for one in found.differences)
    names = [one.name for one in found.differences if one.owner is owner]
    change = _change(pair, cls, found, names, "owner" if owner else "other", None, "other")
    passes = Side(cls.permissions)
    yield change._replace(
        kind="mediation",
        who="all",
        direction="narrower" if free == 0 else "wider",
        before=passes if free == 0 else change.before,
        after=passes if free == 1 else change.after,
    )


def _decisions(
    pair: ProfilePair, cls: MediationClass, rules: Sequence[OneSided], found: Found
) -> Iterator[Change]:
    """The differences at a key, by whom they concern, rule and direction."""
    halves = {
        owner: {one[1:] for one in found.differences if one.owner is owner}
        for owner in (True, False)
    }
    both = halves[True] & halves[False]
    groups: dict[tuple[Who, OneSided, Direction], list[str]] = {}
    for one in found.differences:
        if one[1:] in both and not one.owner:
            continue
        who: Who = "all" if one[1:] in both else "owner" if one.owner else "other"
        rule = next((r for r in rules if one.name in pair.names(cls, [r], one.owner)), rules[0])
        direction = toward((step(pair.semantics, one.before, one.after),))
        groups.setdefault((who, rule, direction), []).append(one.name)
    for (who, rule, direction), names in groups.items():
        yield _change(pair, cls, found, names, who, rule, direction)


def _change(
    pair: ProfilePair,
    cls: MediationClass,
    found: Found,
    names: Sequence[str],
    who: Who,
    along: OneSided | None,
    direction: Direction,
) -> Change:
    owner = who != "other"
    rule = None
    if along is not None:
        side, place = along
        match = rule_at(pair.matchers[side], place)
        rule = pair.policies[side].ref(pair.records[side], match.rule.place, match.via)
    before, after = (side_of(pair, side, cls, found, owner) for side in (0, 1))
    return Change(
        profile=pair.subject,
        kind="decision",
        cls=cls.name,
        before=before,
        after=after,
        rule=rule,
        witness=pair.semantics.request_of(pair.subject, cls, found.key, owner, names),
        permissions=tuple(names),
        who=who,
        shows=found.shows,
        direction=direction,
    )


def side_of(pair: ProfilePair, side: int, cls: MediationClass, found: Found, owner: bool) -> Side:
    """What one policy decides at a key: its answers where they look up more than the key."""
    matcher, record = pair.matchers[side], pair.records[side]
    node = pair.nodes(cls, found.key)[side]
    decision = matcher.decide(node, cls, owner)
    outcomes: dict[str, PermissionOutcome] = dict(pair.outcomes(side, node, cls, owner))
    if found.shows and cls in pair.semantics.besides:
        for name in pair.asked(cls):
            answer = pair.answers(cls, found.key, owner, name)[side]
            if answer is not None:
                outcomes[name] = outcome_of(answer)

    def having(effect: str, logged: bool | None = None) -> tuple[str, ...]:
        return tuple(
            name
            for name, one in outcomes.items()
            if one.effect == effect and logged in (None, one.logged)
        )

    execution, transition = pair.semantics.execution, decision.transition
    if execution is None or cls is not execution[0]:
        transition = None
    return Side(
        allow=having("allow"),
        audit=having("allow", True),
        quiet=having("deny", False),
        prompt=having("prompt"),
        exec=pair.semantics.transition_text(transition) if transition is not None else "",
        rules=pair.policies[side].refs(record, node, decision, cls.all),
    )
