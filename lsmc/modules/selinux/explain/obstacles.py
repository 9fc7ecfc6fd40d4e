"""What stands in the way of an access: rules, booleans, constraints, roles, bounds, numbers.

All of it is told, also what would refuse the access if the rules allowed it.  The order is that in
which the kernel takes permissions away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsmc.base.text import listing
from lsmc.engine.verdict import RuleRef
from lsmc.explain.explanation import Obstacle
from lsmc.modules.selinux.decide.constraints import fields
from lsmc.modules.selinux.explain.asked import ungranted
from lsmc.modules.selinux.explain.failing import failing
from lsmc.modules.selinux.explain.switches import conditional, settings
from lsmc.modules.selinux.tables.layout import EXTENDED_KINDS, UNKNOWN_HANDLING, DisabledRule
from lsmc.modules.selinux.verdicts import Judged

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_QUIET = 2
_CHANGES_ROLE = ("transition", "dyntransition")
#: Sets of booleans that are told in words.
_FEW = 3


def obstacles(engine: Engine, judged: Judged) -> Iterator[Obstacle]:
    """What a refused access lacks."""
    if judged.access.unknown and not judged.unknown:
        yield _unknown(engine, judged)
    cls = judged.access.cls
    if cls is None:
        return
    lacking = ungranted(judged)
    switched = 0
    for entry in conditional(engine, judged, lacking):
        switched |= entry.mask & lacking
    if lacking & ~switched:
        yield _no_rule(engine, judged, lacking & ~switched)
    if switched:
        yield _boolean(engine, judged, switched, judged.access.mask & ~(lacking & ~switched))
    yield from _optionals(engine, judged, lacking)
    if judged.refused & judged.vector.quiet:
        yield _quiet(engine, judged)
    if judged.numbered is not None and judged.numbered.allow is None:
        yield _number(engine, judged)
    yield from _constraints(engine, judged)
    yield from _role(engine, judged)
    yield from _bounds(engine, judged)


def _words(engine: Engine, judged: Judged, mask: int) -> tuple[str, ...]:
    assert judged.access.cls is not None
    return engine.tables.names.permission_names(judged.access.cls, mask)


def _pair(engine: Engine, judged: Judged) -> str:
    types = engine.tables.names.types
    return f"`{types[judged.source.type]}` on `{types[judged.target.type]}`"


def _quoted(names: tuple[str, ...]) -> str:
    return listing(f"`{name}`" for name in names)


def _unknown(engine: Engine, judged: Judged) -> Obstacle:
    names = judged.access.unknown
    handling = UNKNOWN_HANDLING[engine.tables.head.unknown]
    what = f"permission {_quoted(names)} of class `{judged.access.name}`"
    if judged.access.cls is None:
        what = f"class `{judged.access.name}`"
    return Obstacle(
        "unknown", names, f"the policy does not know {what}, and `handleunknown` is {handling}"
    )


def _no_rule(engine: Engine, judged: Judged, mask: int) -> Obstacle:
    names = _words(engine, judged, mask)
    return Obstacle(
        "no-rule",
        names,
        f"no rule allows {_pair(engine, judged)} {_quoted(names)} of class `{judged.access.name}`,"
        " whatever the booleans",
    )


def _boolean(engine: Engine, judged: Judged, mask: int, whole: int) -> Obstacle:
    """The rules that are off, and the booleans that turn them on and leave the rest as it is."""
    names = _words(engine, judged, mask)
    ways = settings(engine, judged, whole)
    rules: list[RuleRef] = []
    for entry in conditional(engine, judged, mask):
        if entry.truth is not None and not judged.state.holds(entry.truth):
            rules += engine.references.entry(entry, judged.source.type, judged.target.type)
    if not ways:
        says = f"rules allow {_quoted(names)} under conditions that never hold together"
    else:
        shown = " or ".join(switch_words(way) for way in ways[:_FEW])
        says = f"rules for {_quoted(names)} are off: they hold with {shown}"
    return Obstacle("boolean", names, says, rules=tuple(rules), settings=tuple(ways))


def switch_words(way: dict[str, bool]) -> str:
    """Values of booleans for people."""
    return listing(f"`{name}` {'on' if value else 'off'}" for name, value in way.items())


def _optionals(engine: Engine, judged: Judged, lacking: int) -> Iterator[Obstacle]:
    """The optionals that would allow some of what no rule allows, but are off."""
    tables = engine.tables
    if not lacking or not tables.disabled_rules:
        return
    sources = tables.memberships.labels_of(judged.source.type)
    targets = judged.state.targets(judged.source.type, judged.target.type)
    found: dict[int, list[DisabledRule]] = {}
    for rule in tables.disabled_rules:
        if (
            rule.cls == judged.access.cls
            and rule.permissions & lacking
            and rule.source in sources
            and rule.target in targets
        ):
            found.setdefault(rule.optional, []).append(rule)
    for number, rules in found.items():
        name, kind, missing, place, named = tables.disabled[number]
        mask = 0
        for rule in rules:
            mask |= rule.permissions & lacking
        names = _words(engine, judged, mask)
        places = engine.references
        profile = tables.names.types[judged.source.type]
        yield Obstacle(
            "optional",
            names,
            f"the optional `{name}` would allow {_quoted(names)}, but it is off: nothing declares"
            f" the {kind} `{missing}`",
            rules=(
                *places.refs(profile, f"(optional {name} ...)", place),
                *places.refs(profile, f"{missing} is named here", named),
            ),
        )


def _quiet(engine: Engine, judged: Judged) -> Obstacle:
    mask = judged.refused & judged.vector.quiet
    assert judged.access.cls is not None
    pair = (judged.source.type, judged.target.type)
    rules = engine.references.grants(judged.state, *pair, judged.access.cls, _QUIET, mask)
    names = _words(engine, judged, mask)
    return Obstacle(
        "dontaudit",
        names,
        f"the denial of {_quoted(names)} is not logged (`semodule -DB` logs all)",
        rules=rules,
    )


def _number(engine: Engine, judged: Judged) -> Obstacle:
    pair = (judged.source.type, judged.target.type)
    rules = [
        ref
        for rule in judged.extended
        if EXTENDED_KINDS[rule.kind] == "allowx"
        for ref in engine.references.extended(rule, *pair)
    ]
    says = "rules about numbers of calls exist for this pair, and none of them allows this number"
    return Obstacle("number", ("ioctl",), says, rules=tuple(rules))


def _constraints(engine: Engine, judged: Judged) -> Iterator[Obstacle]:
    """The constraints that would take away some of what is asked, each with what fails in it."""
    source, target, cls = judged.source.context, judged.target.context, judged.access.cls
    if source is None or target is None or cls is None:
        return
    values = fields(source, target)
    profile = engine.tables.names.types[source.type]
    for number, mask, test in engine.vectors.constraints(cls):
        lost = mask & judged.access.mask
        if not lost or test(values):
            continue
        rule = engine.tables.constraints[number]
        names = _words(engine, judged, lost)
        leaves = failing(engine.tables, rule, source, target)
        alone = [one for one in leaves if one.alone]
        yield Obstacle(
            "constraint",
            names,
            f"a constraint forbids {_quoted(names)}"
            + (": one of these would have to be otherwise" if len(alone) > 1 else ""),
            details=tuple(f"{one.text}: {one.says}" for one in leaves),
            rules=tuple(engine.references.constraint(rule, profile)),
        )


def _role(engine: Engine, judged: Judged) -> Iterator[Obstacle]:
    source, target = judged.source.context, judged.target.context
    if source is None or target is None or judged.access.name != "process":
        return
    names = tuple(name for name in judged.access.wanted if name in _CHANGES_ROLE)
    if not names or source.role == target.role:
        return
    if (source.role, target.role) not in engine.tables.role_allows:
        roles = engine.tables.names.roles
        yield Obstacle(
            "role",
            names,
            f"no `roleallow` lets role `{roles[source.role]}` become `{roles[target.role]}`",
        )


def _bounds(engine: Engine, judged: Judged) -> Iterator[Obstacle]:
    """The types that bound the source and may not do it themselves."""
    cls, types = judged.access.cls, engine.tables.names.types
    assert cls is not None
    child = judged.source.type
    for parent, target in engine.vectors.bounding(child, judged.target.type):
        lost = judged.access.mask & ~judged.state.grant(parent, target, cls)
        if lost:
            names = _words(engine, judged, lost)
            yield Obstacle(
                "bounds",
                names,
                f"`{types[parent]}` bounds `{types[child]}` and is not allowed"
                f" {_quoted(names)} on `{types[target]}`",
                rules=tuple(engine.references.bound(child)),
            )
        child = parent
