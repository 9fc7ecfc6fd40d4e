"""The order in which AppArmor 4.1 visits the rules of a path, where it decides something.

Its compiler takes the `m` that `ix` implies, and the `m` of a rule with `ix`, while it looks at the
execution: a rule with wildcards gives none where a rule without them was visited before, and one
without wildcards that has `ix` forgets what earlier rules log.  Rules of one path and kind are one
entry of the profile; entries are sorted, and rules with the same permissions are visited together,
as early as the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lsmc.ir.mediation import MAX_VISIT
from lsmc.ir.model import Effect, Rule, Unit, Use
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.lower.context import ExecNote
from lsmc.modules.apparmor.refused import Refused

_EXECUTE, _MAP = FILE.mask("x"), FILE.mask("m")
_EFFECT_ORDER = {"": 0, "allow": 1, "deny": 2, "prompt": 3}
#: The first number of an order; smaller ones say that there is none.
_FIRST = 2


def visited(
    uses: Sequence[Use], notes: Sequence[ExecNote], meet: Callable[[Rule, Rule], bool]
) -> list[Use]:
    """The units of a profile with the numbers of their rules, where an order can decide.

    `meet` tells whether two rules match a path in common.  Raises `Refused`.
    """
    if not _sensitive(notes, meet):
        return list(uses)
    made: dict[int, Rule] = {}
    for entry, number in _numbered(notes):
        inherits = _inherits(entry)
        for note in entry:
            rule = note.rule
            if rule.transition is None and rule.effect is not Effect.DENY:
                # it is part of the rule with `ix`, which speaks of `m` for it
                rule = replace(
                    rule,
                    owner=rule.owner & ~(_MAP if inherits & 1 else 0),
                    other=rule.other & ~(_MAP if inherits & 2 else 0),
                )
            made[id(note.rule)] = replace(rule, visit=number)
    return [_use(use, made) for use in uses]


def _use(use: Use, made: dict[int, Rule]) -> Use:
    rules = tuple(made.get(id(rule), rule) for rule in use.unit.rules)
    same = all(one is other for one, other in zip(rules, use.unit.rules, strict=True))
    return use if same else Use(Unit(rules), use.via)


def _sensitive(notes: Sequence[ExecNote], meet: Callable[[Rule, Rule], bool]) -> bool:
    """Whether a rule competes with one whose `m` depends on the order.

    Priorities are rare, and what they do to an order is not told apart.
    """
    rules = [note.rule for note in notes if note.counts]
    if any(rule.priority for rule in rules):
        return any(_keeps(rule) for rule in rules)
    rules = [rule for rule in rules if rule.effect is Effect.ALLOW]
    exact = [rule for rule in rules if rule.exact and rule.transition is not None]
    for rule in rules:
        logged = rule.audit and (rule.owner | rule.other) & _MAP
        for other in exact:
            decides = (_keeps(rule) and not rule.exact) or (logged and _keeps(other))
            if other is not rule and decides and meet(rule, other):
                return True
    return False


def _keeps(rule: Rule) -> bool:
    """Whether executing keeps the profile, or may."""
    return rule.transition is not None and rule.transition.inherit


def _numbered(notes: Sequence[ExecNote]) -> Iterable[tuple[list[ExecNote], int]]:
    """The entries of a profile, each with the number under which it is visited."""
    entries: dict[object, list[ExecNote]] = {}
    for note in notes:
        rule = note.rule
        key = (note.path, note.target, note.subset, note.effect, rule.audit, rule.priority)
        entries.setdefault(key, []).append(note)
    numbers: dict[object, int] = {}
    for entry in sorted(entries.values(), key=_place):
        first = entry[0].rule
        owner = other = 0
        for note in entry:
            owner |= note.rule.owner
            other |= note.rule.other
        mode = next((n.rule.transition for n in entry if n.rule.transition is not None), None)
        kind = (
            first.priority,
            entry[0].effect,
            owner,
            other,
            mode,
            first.audit,
            first.exact,
        )
        number = numbers.setdefault(kind, len(numbers) + _FIRST)
        if number > MAX_VISIT:
            raise Refused(
                error(
                    "too-complex",
                    first.origin,
                    f"the file rules of a profile have more than {MAX_VISIT:,} kinds",
                    "give fewer different priorities and permissions",
                )
            )
        yield entry, number


def _place(entry: list[ExecNote]) -> tuple[object, ...]:
    """What entries are sorted by."""
    note = entry[0]
    return (
        note.rule.effect is Effect.DENY,
        bool(note.target),
        note.target,
        not note.subset,
        _EFFECT_ORDER[note.effect],
        note.rule.audit,
        -note.rule.priority,
        note.path,
    )


def _inherits(entry: Iterable[ExecNote]) -> int:
    """Whether an entry keeps the profile for the owner (1) and for others (2)."""
    found = 0
    for note in entry:
        if _keeps(note.rule):
            found |= bool(note.rule.owner & _EXECUTE) | bool(note.rule.other & _EXECUTE) << 1
    return found
