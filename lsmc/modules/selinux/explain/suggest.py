"""What would allow a refused access: booleans, the smallest rule, an attribute, another label.

A rule is suggested only where it is enough: where constraints, roles and bounds let the access
through.  What those lack is suggested else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lsmc.base.text import listing
from lsmc.explain.explanation import Obstacle, Suggestion
from lsmc.modules.selinux.decide.constraints import Operand, Operator, fields
from lsmc.modules.selinux.explain.asked import Asked, ungranted
from lsmc.modules.selinux.explain.failing import failing
from lsmc.modules.selinux.explain.rule import AllowRule
from lsmc.modules.selinux.explain.switches import settings
from lsmc.modules.selinux.made_names import is_made
from lsmc.modules.selinux.tables.rows import Entry
from lsmc.modules.selinux.verdicts import Judged

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_ALLOW = 0
#: Attributes and settings that are suggested.
_FEW = 2
#: Permissions of an example that are told.
_WORDS = 4
#: Obstacles that a rule for the pair takes away.
_BY_RULE = frozenset(("no-rule", "boolean", "dontaudit", "label", "optional"))


def suggestions(engine: Engine, asked: Asked, found: tuple[Obstacle, ...]) -> Iterator[Suggestion]:
    """What would allow an access with these obstacles, the least first."""
    judged, cls = asked.judged, asked.access.cls
    if judged is None or cls is None or not found:
        return
    others = [one for one in found if one.kind not in _BY_RULE]
    if not others:
        yield from _booleans(engine, judged)
        lacking = ungranted(judged)
        if lacking:
            yield _rule(engine, judged, cls, lacking)
            yield from _attributes(engine, judged, cls, lacking)
    elif all(one.kind == "number" for one in others) and not ungranted(judged):
        yield _number(engine, judged, asked.number or 0)
    elif len(others) == 1 and not ungranted(judged) and others[0].kind == "role":
        yield _role(engine, judged)
    elif len(others) == 1 and not ungranted(judged) and others[0].kind == "constraint":
        yield from _exempt(engine, judged)


def _booleans(engine: Engine, judged: Judged) -> Iterator[Suggestion]:
    """The settings that are enough by themselves."""
    for way in settings(engine, judged, judged.access.mask)[:_FEW]:
        words = " ".join(f"{name}={'on' if value else 'off'}" for name, value in way.items())
        yield _advice(f"setsebool -P {words}")


def _advice(says: str) -> Suggestion:
    return Suggestion("", "", "", 0, (), says=says, kind="advice")


def _rule(engine: Engine, judged: Judged, cls: int, mask: int) -> Suggestion:
    names = engine.tables.names
    source, target = names.types[judged.source.type], names.types[judged.target.type]
    target = "self" if source == target else target
    rule = AllowRule(source, target, judged.access.name, names.permission_names(cls, mask))
    return Suggestion(
        *(rule.cil, source, "", 0, rule.hazards),
        says=f"{rule.cil}, in a `.te` file `{rule.te}`",
        wish=rule,
    )


def _attributes(engine: Engine, judged: Judged, cls: int, lacking: int) -> Iterator[Suggestion]:
    """The attributes of subjects with which it would be allowed, that give the least besides."""
    tables = engine.tables
    types, labels = len(tables.names.types), len(tables.names.labels)
    own = frozenset(tables.memberships.labels_of(judged.source.type))
    targets = judged.state.targets(judged.source.type, judged.target.type)
    found: list[tuple[int, int, list[Entry]]] = []
    for attribute in range(types, labels):
        name = tables.names.labels[attribute]
        if attribute in own or is_made(name) or not tables.rows.has(attribute, cls):
            continue
        mask = 0
        for target in targets:
            for entry in tables.rows.entries_for(attribute, cls, target):
                mask |= entry.mask if entry.kind == _ALLOW else 0
        if not lacking & ~mask and tables.memberships.members(attribute):
            given = [
                one
                for one in _given(engine, attribute, own)
                if one.cls != cls or one.target != judged.target.type or one.mask & ~lacking
            ]
            found.append((len(given), attribute, given))
    source = tables.names.types[judged.source.type]
    for _, attribute, given in sorted(found, key=lambda one: one[:2])[:_FEW]:
        name = tables.names.labels[attribute]
        rule = f"(typeattributeset {name} ({source}))"
        says = f"{rule}, which gives {_besides(engine, given)}"
        yield Suggestion(rule, source, "", 0, (), says=says)


def _given(engine: Engine, attribute: int, own: frozenset[int]) -> Iterator[Entry]:
    """What the rules of an attribute would newly give to a type with some labels."""
    rows = engine.tables.rows
    for cls in range(len(engine.tables.names.classes)):
        for entry in rows.entries(attribute, cls) if rows.has(attribute, cls) else ():
            if entry.kind == _ALLOW:
                held = 0
                for label in own:
                    for other in rows.entries_for(label, cls, entry.target):
                        held |= other.mask if other.kind == _ALLOW else 0
                if entry.mask & ~held:
                    yield entry._replace(mask=entry.mask & ~held)


def _besides(engine: Engine, given: Sequence[Entry]) -> str:
    """What comes with an attribute, in words: how much, and the largest of it."""
    if not given:
        return "nothing else"
    names = engine.tables.names
    largest = sorted(given, key=lambda one: -one.mask.bit_count())[:_FEW]
    shown = listing(
        f"{' '.join(names.permission_names(one.cls, one.mask)[:_WORDS])} of"
        f" {engine.tables.label_name(one.target)}:{names.classes[one.cls]}"
        for one in largest
    )
    rest = len(given) - len(largest)
    return f"{shown} besides" if not rest else f"{shown} besides, and {rest} more"


def _number(engine: Engine, judged: Judged, number: int) -> Suggestion:
    names = engine.tables.names
    source, target = names.types[judged.source.type], names.types[judged.target.type]
    target = "self" if source == target else target
    rule = f"(allowx {source} {target} (ioctl {judged.access.name} ({number:#x})))"
    return Suggestion(rule, source, "", 0, ())


def _exempt(engine: Engine, judged: Judged) -> Iterator[Suggestion]:
    """The attributes with which the one constraint that fails would hold."""
    source, target, cls = judged.source.context, judged.target.context, judged.access.cls
    if source is None or target is None or cls is None:
        return
    tables = engine.tables
    for number, mask, test in engine.vectors.constraints(cls):
        if not mask & judged.access.mask or test(fields(source, target)):
            continue
        for one in failing(tables, tables.constraints[number], source, target):
            if not one.alone or one.leaf.operator is not Operator.IN:
                continue
            party = {Operand.T1: source.type, Operand.T2: target.type}.get(one.leaf.left)
            members = tables.name_sets[one.leaf.right]
            attribute = tables.memberships.named(members)
            if party is None or attribute is None or len(members) < 2:  # a type may be named
                continue
            name, type_ = tables.names.labels[attribute], tables.names.types[party]
            rule = f"(typeattributeset {name} ({type_}))"
            yield Suggestion(rule, "", "", 0, (), says=f"{rule}, which exempts `{type_}`")


def _role(engine: Engine, judged: Judged) -> Suggestion:
    one, other = judged.source.context, judged.target.context
    assert one is not None
    assert other is not None
    roles = engine.tables.names.roles
    rule = f"(roleallow {roles[one.role]} {roles[other.role]})"
    return Suggestion(rule, engine.tables.names.types[judged.source.type], "", 0, ())
