"""The rules that nearly allowed a request.

There are three ways to miss. A rule matches the object, but lacks the permission or speaks of the
other owner. A rule matches and has it, but gives way to a stronger one. Or a rule has it, but its
pattern parts from the object on the way. The last are found in the tables: follow the object
through a group until it dies, then look, from the last live state backwards, for the shortest way
to a state where a rule with the permission matches; what was followed until there is how far the
object matched. Searching the rules by edit distance was rejected: tables hold no patterns, and a
prefix is what people compare.  Classes of several fields have a search of their own
(`near_fields.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.algebra import Table
from lsmc.automata.alphabet import best_byte
from lsmc.base.text import decode
from lsmc.engine.matcher import MatchedRule
from lsmc.explain.explanation import Difference, Miss, MissKind
from lsmc.ir.decision import ALLOW, PROMPT
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable
from lsmc.modules.apparmor.classes import CAPABILITY, FILE
from lsmc.modules.apparmor.explain.mount_sides import sides
from lsmc.modules.apparmor.explain.near_fields import Close, closest, is_set, parting, same_kind
from lsmc.modules.apparmor.requests.fields import fields_of, values_of
from lsmc.tables.groups import make_key

if TYPE_CHECKING:
    from lsmc.automata.dfa import Dfa
    from lsmc.engine.answer import Lookup
    from lsmc.engine.verdict import RuleRef
    from lsmc.ir.mediation import MediationClass
    from lsmc.modules.apparmor.decide.subjects import Profiles
    from lsmc.tables.bundle import Unit
    from lsmc.tables.records import Group

#: How many misses of each sort are reported.
MOST = 5
NEAREST = 3
#: States that one group's search may visit, and how long a completion may be.
_STATES = 4096
_LENGTH = 200


def misses(tables: Profiles, look: Lookup) -> list[Miss]:
    """The rules that nearly allowed what a look-up lacks, the closest first."""
    found = list(dict.fromkeys(_matching(tables, look)))
    found.sort(key=lambda miss: _ORDER[miss.kind])
    here = [miss for miss in found if miss.kind != "permission"]
    here += [miss for miss in found if miss.kind == "permission"][:MOST]
    here += list(_sides(tables, look))[:MOST]
    if look.missing & look.decision.deny:  # another rule would change nothing
        return [miss for miss in here if miss.kind == "overridden"]
    known = {miss.rule for miss in here}
    return here + [miss for miss in _near(tables, look) if miss.rule not in known][:NEAREST]


def _ref(tables: Profiles, look: Lookup, match: MatchedRule) -> RuleRef:
    return tables.ref(look.profile, match.rule.place, match.via)


_ORDER = {"overridden": 0, "no-target": 1, "owner": 2, "other": 2, "prompt": 3, "permission": 4}


def _matching(tables: Profiles, look: Lookup) -> Iterator[Miss]:
    """Rules that match the object as it is."""
    cls, decision = look.cls, look.decision
    merged: dict[tuple[int, tuple[int, ...]], list[MatchedRule]] = {}
    for match in tables.matcher(look.profile).matched(look.node):
        merged.setdefault((match.rule.place, match.via), []).append(match)
    for matches in merged.values():
        facts = [m.rule.facts for m in matches if m.rule.facts.effect in (ALLOW, PROMPT)]
        if not facts:
            continue
        mine = others = 0
        for fact in facts:
            mine |= fact.owner if look.owner else fact.other
            others |= fact.other if look.owner else fact.owner
        names, ref = cls.names(mine), _ref(tables, look, matches[0])
        execute = FILE.mask("x") if cls is FILE else 0
        if not look.missing and mine & execute & decision.allow:
            yield Miss("no-target", ref, names, ("x",))
        elif mine & look.missing:
            kind: MissKind = "overridden" if mine & look.missing & decision.deny else "prompt"
            yield Miss(kind, ref, names, cls.names(mine & look.missing))
        elif others & look.missing:
            half: MissKind = "other" if look.owner else "owner"
            yield Miss(half, ref, names, cls.names(others & look.missing))
        elif look.missing:
            yield Miss("permission", ref, names, cls.names(look.missing))


def _sides(tables: Profiles, look: Lookup) -> Iterator[Miss]:
    """Mount rules with the path of the request as their source."""
    for side in sides(tables, look):
        yield Miss(
            kind="side",
            rule=side.rule,
            permissions=look.cls.names(look.missing),
            wanted=look.cls.names(look.missing),
            field="mountpoint",
            value=decode(side.source),
            matched="source",
            example=side.text,
        )


class _Close(NamedTuple):
    """Where a group's patterns part from a value, and how one of them goes on."""

    length: int  # bytes of the value that matched
    rest: bytes
    rules: tuple[int, ...]  # indexes in the unit


def _near(tables: Profiles, look: Lookup) -> list[Miss]:
    """Rules with a missing permission that part from the object, the closest first."""
    if look.cls is CAPABILITY:  # a name that is nearly right says nothing
        return []
    found = list(_in_path(tables, look) if len(look.values) == 1 else _in_fields(tables, look))
    found.sort(key=lambda entry: entry[:3])
    first: dict[RuleRef, Miss] = {}
    for fields, _, _, miss in found:
        if fields == found[0][0]:  # two fields differ only where one is not enough
            first.setdefault(miss.rule, miss)
    every = list(first.values())
    # a path that shares less than its first directory is close only when nothing else is
    shared = [miss for miss in every if miss.field != "path" or "/" in miss.matched[1:]]
    return shared or every


_Ranked = tuple[int, int, int, Miss]


def _in_path(tables: Profiles, look: Lookup) -> Iterator[_Ranked]:
    """Near rules of a class with one field, with what ranks them."""
    head = make_key(look.cls.code, (b"",))
    least = 2 if look.cls is FILE else 0
    for group, unit, via in tables.matcher(look.profile).groups():
        for close in _closest(look, group, unit, head, least):
            values = (look.values[0][: close.length] + close.rest,)
            for miss in _worded(tables, look, unit, via, values, close.rules):
                yield 1, -close.length, len(close.rest), miss


def _in_fields(tables: Profiles, look: Lookup) -> Iterator[_Ranked]:
    """Near rules of a class with several fields, with what ranks them."""
    for group, unit, via in tables.matcher(look.profile).groups():
        best: dict[int, Close] = {}
        for state, close in closest(group.dfa, look.cls, look.values):
            for rule in _wanted(look, group, unit, state):
                if rule not in best or close[:2] < best[rule][:2]:
                    best[rule] = close
        for rule, close in best.items():
            for miss in _worded(tables, look, unit, via, close.values, (rule,)):
                yield close.fields, close.apart, len(b"".join(close.values)), miss


def _worded(
    tables: Profiles,
    look: Lookup,
    unit: Unit,
    via: tuple[int, ...],
    values: tuple[bytes, ...],
    rules: tuple[int, ...],
) -> Iterator[Miss]:
    """The misses of rules that match other values than those of the request."""
    cls, matcher = look.cls, tables.matcher(look.profile)
    key = make_key(cls.code, values)
    allowed = matcher.decide(matcher.walk(key), cls, look.owner).allow
    if not allowed & look.missing:  # something else denies it, or it is the other owner's
        return
    meant, asked = (fields_of(cls, b"\0".join(some)) for some in (values, look.values))
    if values_of(cls, meant) != values or not (cls is FILE or is_requestable(cls, key[1:])):
        return  # no kernel asks it
    differ = [name for name in cls.fields if meant[name] != asked[name]]
    if not differ:  # the same request, written otherwise
        return
    if not all(same_kind(cls, asked[name], meant[name]) for name in differ if is_set(cls, name)):
        return
    for number in rules:
        rule = unit.rule(number)
        mine = rule.facts.owner if look.owner else rule.facts.other
        yield Miss(
            kind="near",
            rule=_ref(tables, look, MatchedRule(rule, via)),
            permissions=cls.names(mine),
            wanted=cls.names(mine & look.missing),
            **_apart(cls, differ[0], asked, meant)._asdict(),
            others=tuple(_apart(cls, name, asked, meant) for name in differ[1:]),
        )


def _apart(
    cls: MediationClass, name: str, asked: Mapping[str, bytes], meant: Mapping[str, bytes]
) -> Difference:
    """How a field differs."""
    one, other = asked[name], meant[name]
    if is_set(cls, name):
        have, want = (decode(text).strip(",").split(",") for text in (one, other))
        return Difference(
            field=name,
            value=", ".join(have),
            matched=", ".join(word for word in have if word in want),
            expected=", ".join(word for word in want if word not in have),
            example=", ".join(want),
            as_set=True,
        )
    at = parting(cls, one, other)
    return Difference(name, decode(one), decode(one[:at]), decode(other[at:]), decode(other))


def _closest(look: Lookup, group: Group, unit: Unit, head: bytes, least: int) -> list[_Close]:
    """How a group's rules with a missing permission part from a value, the longest match first."""
    dfa = group.dfa
    states = _path(dfa, head, look.values[0])
    if states is None:
        return []
    seen: set[int] = set()
    close: list[_Close] = []
    for length in range(len(states) - 1, least - 1, -1):
        if len(close) >= NEAREST or len(seen) > _STATES:
            break
        if states[length] not in seen:
            found = _complete(look, group, unit, states[length], seen)
            close += [_Close(length, rest, rules) for rest, rules in found]
    return close


def _path(dfa: Dfa, head: bytes, value: bytes) -> list[int] | None:
    """The states after each byte of a value that stay alive, the first before it; None if none."""
    state = dfa.walk(head)
    if not state:
        return None
    walker = dfa.walker()
    states = [state]
    for byte in value:
        state = walker.step(state, byte)
        if not state:
            break
        states.append(state)
    return states


def _complete(
    look: Lookup, group: Group, unit: Unit, start: int, seen: set[int]
) -> list[tuple[bytes, tuple[int, ...]]]:
    """The shortest texts that lead from a state to one where a wanted rule matches."""
    table = Table(group.dfa)
    found: list[tuple[bytes, tuple[int, ...]]] = []
    known: set[int] = set()
    seen.add(start)
    level: list[tuple[bytes, int]] = [(b"", start)]
    while level and len(level[0][0]) <= _LENGTH and len(found) < MOST:
        for text, state in level:
            rules = tuple(n for n in _wanted(look, group, unit, state) if n not in known)
            if rules:
                known.update(rules)
                found.append((text, rules))
        following: list[tuple[bytes, int]] = []
        for text, state in level:
            edges = [(best_byte(mask & ~1), to) for mask, to in table.edges(state) if mask & ~1]
            for byte, to in sorted(edges):
                if to not in seen:
                    seen.add(to)
                    following.append((text + bytes((byte,)), to))
        if len(seen) > _STATES:
            break
        level = following
    return found[:MOST]


def _wanted(look: Lookup, group: Group, unit: Unit, state: int) -> Iterator[int]:
    """The rules that match at a state and allow something that is missing."""
    for pattern in group.dfa.accept_ids_of(state):
        facts = unit.rule(group.rules[pattern]).facts
        mask = facts.owner if look.owner else facts.other
        if facts.effect == ALLOW and mask & look.missing:
            yield group.rules[pattern]
