"""Clashing exec modes: two rules that match one path and say different things about executing it.

apparmor_parser refuses such a profile.  It merges the rules that match a path one by one, so a rule
of higher rank hides the clash of two others only when it is visited before the second of them; the
order is reproduced here, because whether a profile loads depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from lsmc.automata.algebra import Lazy, intersection, search
from lsmc.automata.pattern import Pattern, literal_prefix, literals
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import to_display
from lsmc.base.text import displayed
from lsmc.ir.model import Effect, Rule, Transition
from lsmc.modules.apparmor.classes import FILE, ONEXEC
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.lower.context import ExecNote

_EXECUTE = FILE.mask("x")
_MAX_LITERALS = 512
_EFFECT_ORDER = {"": 0, "allow": 1, "deny": 2, "prompt": 3}


def _rank(rule: Rule) -> int:
    strength = 3 if rule.effect is Effect.DENY else 0
    if rule.effect is Effect.ALLOW:
        strength = 2 if rule.exact else 1
    return 4 * rule.priority + strength


def _halves(a: Rule, b: Rule) -> bool:
    """Whether both speak of execution by the owner, or both by others."""
    return bool((a.owner & b.owner | a.other & b.other) & _EXECUTE)


class ExecConflicts:
    """Finds clashes profile by profile; what is known of two patterns is kept."""

    def __init__(self) -> None:
        self._overlaps: dict[tuple[int, int], bool] = {}
        self._literals: dict[int, frozenset[bytes] | None] = {}
        self._prefixes: dict[int, bytes] = {}
        self._alive: list[Pattern] = []

    def check(self, notes: Sequence[ExecNote], profile: str) -> Iterator[Diagnostic]:
        """The clash of a profile's rules with an exec permission, if there is one."""
        notes = [note for note in notes if (note.rule.owner | note.rule.other) & _EXECUTE]
        same = _same_path(notes)
        if same is not None:
            yield _conflict("same-path-exec-conflict", *same, None, profile)
            return
        for a, b in self._clashing(notes):
            path = _first_conflict(a, b, notes)
            if path is not None:
                yield _conflict("overlapping-exec-conflict", a, b, path, profile)
                return

    def _clashing(self, notes: Sequence[ExecNote]) -> Iterator[tuple[ExecNote, ExecNote]]:
        """Pairs of equal rank with different modes whose languages meet."""
        by_rank: dict[int, list[ExecNote]] = {}
        for note in notes:
            if note.rule.effect is Effect.ALLOW:
                by_rank.setdefault(_rank(note.rule), []).append(note)
        for group in by_rank.values():
            by_mode: dict[Transition | None, list[ExecNote]] = {}
            for note in group:
                by_mode.setdefault(note.rule.transition, []).append(note)
            for one, other in combinations(by_mode.values(), 2):
                for a in one:
                    for b in other:
                        if _halves(a.rule, b.rule) and self._overlap(a.rule, b.rule):
                            yield a, b

    def _overlap(self, a: Rule, b: Rule) -> bool:
        first, second = a.fields[0], b.fields[0]
        key = (id(first), id(second))
        known = self._overlaps.get(key)
        if known is None:
            self._alive += (first, second)  # an id is a key only while its object lives
            known = self._overlaps[key] = self._meet(first, second)
        return known

    def _meet(self, a: Pattern, b: Pattern) -> bool:
        one, other = self._prefix(a), self._prefix(b)
        if not one.startswith(other) and not other.startswith(one):
            return False
        left, right = self._members(a), self._members(b)
        if left is not None and right is not None:
            return not left.isdisjoint(right)
        return intersection(a, b) is not None

    def _prefix(self, pattern: Pattern) -> bytes:
        known = self._prefixes.get(id(pattern))
        if known is None:
            known = self._prefixes[id(pattern)] = literal_prefix(pattern)
        return known

    def _members(self, pattern: Pattern) -> frozenset[bytes] | None:
        if id(pattern) not in self._literals:
            found = literals(pattern, _MAX_LITERALS)
            self._literals[id(pattern)] = frozenset(found) if found is not None else None
        return self._literals[id(pattern)]


def _same_path(notes: Iterable[ExecNote]) -> tuple[ExecNote, ExecNote] | None:
    """Two rules of one path text, target, effect, audit and priority with different modes."""
    first: dict[object, list[ExecNote]] = {}
    for note in notes:
        rule = note.rule
        if rule.effect is Effect.DENY:
            continue
        key = (note.path, note.target, note.subset, note.effect, rule.audit, rule.priority)
        for earlier in first.setdefault(key, []):
            if rule.transition != earlier.rule.transition and _halves(rule, earlier.rule):
                return earlier, note
        first[key].append(note)
    return None


def _visiting_order(notes: Sequence[ExecNote]) -> list[int]:
    """For each note, the number under which its rule is visited at a path."""

    def key(index: int) -> tuple[object, ...]:
        note = notes[index]
        return (
            note.rule.effect is Effect.DENY,
            bool(note.target),
            note.target[::-1],
            not note.subset,
            _EFFECT_ORDER[note.effect],
            note.rule.audit,
            -note.rule.priority,
            note.path[::-1],
        )

    numbers: dict[object, int] = {}
    result = [0] * len(notes)
    for index in sorted(range(len(notes)), key=key):
        rule = notes[index].rule
        kind = (
            rule.priority,
            notes[index].effect,
            rule.owner,
            rule.other,
            rule.transition,
            rule.audit,
            rule.exact,
        )
        result[index] = numbers.setdefault(kind, len(numbers))
    return result


def _first_conflict(a: ExecNote, b: ExecNote, notes: Sequence[ExecNote]) -> bytes | None:
    """A shortest path at which merging the rules one by one meets a clash of `a` and `b`."""
    limit = _rank(a.rule)
    stronger = [n for n in notes if n not in (a, b) and _rank(n.rule) > limit]
    involved = [a, b, *stronger]
    order = _visiting_order(notes)
    place = {id(note): number for note, number in zip(notes, order, strict=True)}
    involved_order = sorted(range(len(involved)), key=lambda i: place[id(involved[i])])
    automata = [Lazy(note.rule.fields[0]) for note in involved]

    def clash(states: Sequence[object]) -> bool:
        matched = [
            involved[i].rule
            for i in involved_order
            if states[i] is not None and automata[i].accepts(states[i])  # type: ignore[arg-type]
        ]
        if a.rule not in matched or b.rule not in matched:
            return False
        return _merge_fails(matched, "owner") or _merge_fails(matched, "other")

    def alive(states: Sequence[object]) -> bool:
        return states[0] is not None and states[1] is not None

    return search(automata, clash, alive=alive)


def _merge_fails(matched: Iterable[Rule], half: str) -> bool:
    best: int | None = None
    mode: Transition | None = None
    for rule in matched:
        if not getattr(rule, half) & _EXECUTE:
            continue
        rank = _rank(rule)
        if best is None or rank > best:
            best, mode = rank, rule.transition
        elif rank == best and rule.effect is Effect.ALLOW and rule.transition != mode:
            return True
    return False


def _conflict(kind: str, a: ExecNote, b: ExecNote, path: bytes | None, profile: str) -> Diagnostic:
    shown = displayed(path) if path is not None else to_display(a.path)
    return error(
        kind,
        b.rule.origin,
        f"executing `{shown}` has two different modes in profile `{to_display(profile)}`",
        "give both rules the same mode, or make one more specific than the other",
        (Label(a.rule.origin, "the other mode is set here"),),
    )


def onexec_conflict(rules: Iterable[Rule], profile: str) -> Diagnostic | None:
    """Two change_profile rules for one executable and target, one safe and one unsafe."""
    found = [rule for rule in rules if rule.cls is ONEXEC and rule.transition is not None]
    for a, b in combinations(found, 2):
        if a.transition != b.transition and a.priority == b.priority and a.exact == b.exact:
            paths = intersection(a.fields[0], b.fields[0])
            targets = intersection(a.fields[1], b.fields[1])
            if paths is not None and targets is not None:
                return error(
                    "change-profile-conflict",
                    b.origin,
                    f"safe and unsafe change_profile overlap in profile `{to_display(profile)}`",
                    "write both with the same keyword",
                    (Label(a.origin, "the other rule"),),
                )
    return None
