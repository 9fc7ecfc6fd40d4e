"""What two SELinux policies decide differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsmc.analysis.change import Change, Direction, Side, toward
from lsmc.engine.verdict import RuleRef
from lsmc.modules.selinux.diff import assignments, constraints, extended, settings
from lsmc.modules.selinux.diff.bdd import FALSE, TRUE
from lsmc.modules.selinux.diff.grants import Difference, differences
from lsmc.modules.selinux.diff.sides import Common
from lsmc.modules.selinux.diff.sides import Side as Policy
from lsmc.modules.selinux.diff.witnesses import differing
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.explain.hazards import hazards
from lsmc.modules.selinux.tables.layout import ALLOW

#: Names of types that are listed.
_LISTED = 3


def diff(old: Engine, new: Engine) -> list[Change]:
    """The changes from one policy to another; none where both decide alike.

    A rule that is only written otherwise is no change, nor is an attribute that only rules name.
    """
    return list(_changes(old, new))


def _changes(old: Engine, new: Engine) -> Iterator[Change]:
    common = Common(old, new)
    one, other = Policy(old, common), Policy(new, common)
    names, others = set(old.subjects), set(new.subjects)
    for name in sorted(names - others):
        rule = _declared(old, name)
        yield Change(name, "removed", cls="type", rule=rule, direction="narrower")
    for name in sorted(others - names):
        yield Change(name, "added", cls="type", rule=_declared(new, name), direction="wider")
    found = [_decision(common, one, other, each) for each in differences(common, one, other)]
    yield from sorted(found, key=lambda change: (change.profile, change.cls, change.what))
    for each in assignments.reassignments(one, other):
        yield _reassigned(one, other, each)
    for pair, was, now in extended.differences(one, other):
        yield Change(
            common.types[pair.source],
            "setting",
            what=f"numbers of {pair.cls}:{pair.what} on {common.types[pair.target]}",
            before=was,
            after=now,
        )
    yield from settings.changes(old.tables, new.tables)
    yield from constraints.changes(one, other)


def _declared(engine: Engine, name: str) -> RuleRef | None:
    """The declaration of a type."""
    word = engine.tables.declarations[engine.tables.names.type_numbers[name]]
    return next(engine.references.refs(name, f"(type {name})", word), None)


def _decision(common: Common, one: Policy, other: Policy, found: Difference) -> Change:
    subject, obj = (common.types[bit] for bit in found.example)
    booleans = _booleans(common, one, other, found)
    before = _side(one, subject, obj, found, booleans)
    after = _side(other, subject, obj, found, booleans)
    if before._replace(rules=()) == after._replace(rules=()):
        words = differing(one, other, [(subject, obj)], found.cls, found.permissions)
        if words is not None:
            subject, obj, _ = words
            before = _side(one, subject, obj, found, booleans)
            after = _side(other, subject, obj, found, booleans)
    direction: Direction = _direction(common, one, found) if found.kind == ALLOW else "other"
    witness: dict[str, Any] = {
        "subject": subject,
        "class": found.cls,
        "perms": " ".join(found.permissions),
        "object": obj,
    }
    if booleans:
        witness["booleans"] = dict(booleans)
    return Change(
        _named(common, one, other, found.sources),
        "decision",
        cls=found.cls,
        what=_objects(common, one, other, found),
        before=before,
        after=after,
        witness=witness,
        permissions=found.permissions,
        shows=before._replace(rules=()) != after._replace(rules=()),
        direction=direction,
        hazards=_hazards(found, obj) if direction == "wider" else (),
    )


def _hazards(found: Difference, obj: str) -> tuple[str, ...]:
    """What is at stake where more is granted."""
    return hazards(found.cls, found.permissions, obj.split(":")[2] if ":" in obj else obj)


def _objects(common: Common, one: Policy, other: Policy, found: Difference) -> str:
    if found.targets is None:
        return "on itself"
    text = f"on {_named(common, one, other, found.targets)}"
    if found.pairs < found.sources.bit_count() * found.targets.bit_count():
        text += f" ({found.pairs} pairs of them)"
    when = {
        common.diagrams.text(node)
        for node in (found.before, found.after)
        if node not in (FALSE, TRUE)
    }
    return f"{text} if {' / '.join(sorted(when))}" if when else text


def _booleans(common: Common, one: Policy, other: Policy, found: Difference) -> Mapping[str, bool]:
    """Booleans for which the policies differ; none where they do by their defaults."""
    if one.by_default(found.before) != other.by_default(found.after):
        return {}
    diagrams = common.diagrams
    example = diagrams.example(diagrams.differ(found.before, found.after))
    return {
        name: value
        for name, value in example.items()
        if name in one.defaults and name in other.defaults
    }


def _direction(common: Common, one: Policy, found: Difference) -> Direction:
    diagrams = common.diagrams
    if found.before == found.after:
        return "narrower" if one.by_default(found.before) else "wider"
    shared = diagrams.both(found.before, found.after)
    more = shared != found.after
    less = shared != found.before
    return toward([float(more), -float(less)])


def _side(
    side: Policy, subject: str, obj: str, found: Difference, booleans: Mapping[str, bool]
) -> Side:
    engine = side.engine
    names = engine.tables.names
    state = engine.state({names.boolean_numbers[name]: on for name, on in booleans.items()})
    cls = names.class_numbers[found.cls]
    source, target = engine.party(subject), engine.party(obj)
    vector = engine.vector(state, source, target, cls)
    mask = sum(
        1 << bit for bit, name in enumerate(names.permissions(cls)) if name in found.permissions
    )
    return Side(
        allow=names.permission_names(cls, vector.allow & mask),
        audit=names.permission_names(cls, vector.audit & mask),
        quiet=names.permission_names(cls, vector.quiet & mask),
        rules=engine.references.grants(state, source.type, target.type, cls, found.kind, mask),
    )


def _reassigned(one: Policy, other: Policy, found: assignments.Reassignment) -> Change:
    common = one.common
    group = found.group
    name = f' "{group.name}"' if group.name else ""
    subject = _named(common, one, other, found.sources)
    if group.keyword == "roletransition":
        subject, name = group.name, ""
    target = found.targets & -found.targets
    objects = _named(common, one, other, found.targets)
    return Change(
        subject,
        "setting",
        what=f"{group.keyword} {objects} {group.cls}{name}",
        before=found.before,
        after=found.after,
        witness={"object": common.types[target.bit_length() - 1]},
    )


def _named(common: Common, one: Policy, other: Policy, bits: int) -> str:
    """Some types in words: by name, or as the attribute that has just these."""
    names = common.types_of(bits)
    if len(names) == 1:
        return names[0]
    for side in (other, one):
        attribute = side.attribute_of(bits)
        if attribute is not None:
            return attribute
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
