"""What a bundle holds: profiles, units, groups, states and sizes; rules and tables as text.

The text of rules and tables is stable, so that tests can compare it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.automata.algebra import Table
from lsmc.automata.alphabet import bytes_of
from lsmc.engine.verdict import UnknownName
from lsmc.modules.apparmor.classes import BY_CODE
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.exec_transition import exec_mode
from lsmc.output.styled import Line, line, safe
from lsmc.output.table import columns
from lsmc.tables.layout import GROUP_WORDS, RULE_WORDS, UNIT_WORDS, Section

if TYPE_CHECKING:
    from lsmc.ir.decision import Facts
    from lsmc.tables.bundle import Unit
    from lsmc.tables.records import ProfileRecord, RuleRecord

_EFFECTS = ("prompt", "allow", "deny")


class Counts(NamedTuple):
    """The sizes of a profile, shared units included."""

    units: int
    rules: int
    groups: int
    states: int
    size: int


def profile_counts(engine: Engine, profile: ProfileRecord) -> Counts:
    """The sizes of a profile; raises `BundleError`."""
    units = [unit for unit, _ in engine.bundle.uses(profile)]
    counts = [_unit_counts(unit) for unit in units]
    return Counts(len(units), *(sum(column) for column in zip((0,) * 4, *counts, strict=True)))


def _unit_counts(unit: Unit) -> tuple[int, int, int, int]:
    groups = [unit.group(index) for index in range(unit.groups)]
    states = sum(group.dfa.n_states for group in groups)
    return unit.rules, unit.groups, states, sum(group.size for group in groups)


def _chosen(engine: Engine, name: str | None) -> list[ProfileRecord]:
    if name is None:
        return [engine.bundle.profile(number) for number in range(engine.bundle.profiles)]
    profile = engine.tables.find(name)
    if profile is None:
        raise UnknownName("profile", name, engine.subjects)
    return [profile]


def summary(engine: Engine) -> Iterator[Line]:
    """A line a profile, then the totals and the sections."""
    heads = ("profile", "mode", "units", "rules", "groups", "states", "bytes")
    rows = []
    for profile in _chosen(engine, None):
        counts = profile_counts(engine, profile)
        rows.append((safe(profile.full_name), profile.mode, *map(str, counts)))
    yield from columns(heads, rows, frozenset(range(2, 7)))
    yield line()
    bundle = engine.bundle
    yield line(
        f"{bundle.profiles} profiles, "
        f"{bundle.count(Section.UNITS, UNIT_WORDS)} distinct units, "
        f"{bundle.count(Section.RULES, RULE_WORDS)} rules, "
        f"{bundle.count(Section.GROUPS, GROUP_WORDS)} groups, "
        f"{len(bundle.data)} bytes"
    )
    yield line()
    sizes = [
        (section.name.lower().replace("_", " "), str(bundle.section_size(section)))
        for section in Section
    ]
    yield from columns(("section", "bytes"), sizes, frozenset((1,)))


def details(engine: Engine, name: str) -> Iterator[Line]:
    """One profile: its facts, and a line a unit."""
    (profile,) = _chosen(engine, name)
    place = engine.bundle.place(profile.place)
    yield line((safe(profile.full_name), "head"), f" at {safe(place.file)}:{place.line}")
    yield line(f"  {safe(place.text)}")
    yield line(f"  mode: {profile.mode}{', audit' if profile.audit else ''}")
    yield line(f"  mediated: {' '.join(sorted(profile.mediated))}")
    for key, value in profile.settings:
        yield line(f"  {safe(key)}{f': {safe(value)}' if value else ''}")
    for key, value in profile.rlimits:
        yield line(f"  rlimit {safe(key)} <= {safe(value)}")
    yield line()
    rows = []
    for unit, via in engine.bundle.uses(profile):
        rules, groups, states, size = _unit_counts(unit)
        origin = safe(engine.bundle.place(unit.rule(0).place).file) if rules else ""
        chain = " < ".join(
            f"{safe(p.file)}:{p.line}" for p in map(engine.bundle.place, reversed(via))
        )
        rows.append((str(rules), str(groups), str(states), str(size), origin, chain))
    heads = ("rules", "groups", "states", "bytes", "unit", "included at")
    yield from columns(heads, rows, frozenset(range(4)))


def as_json(engine: Engine, name: str | None) -> dict[str, Any]:
    """The same as data."""
    profiles = []
    for profile in _chosen(engine, name):
        place = engine.bundle.place(profile.place)
        profiles.append(
            {
                "name": profile.full_name,
                "mode": profile.mode,
                "file": place.file,
                "line": place.line,
                "mediated": sorted(profile.mediated),
                "settings": dict(profile.settings),
                "rlimits": dict(profile.rlimits),
                **profile_counts(engine, profile)._asdict(),
            }
        )
    return {
        "profiles": profiles,
        "units": engine.bundle.count(Section.UNITS, UNIT_WORDS),
        "sections": {s.name.lower(): engine.bundle.section_size(s) for s in Section},
        "size": len(engine.bundle.data),
    }


# --- stages


def rules_text(engine: Engine, name: str | None) -> Iterator[Line]:
    """The rules of profiles, as the tables hold them."""
    for profile in _chosen(engine, name):
        yield line(f"profile {safe(profile.full_name)} {profile.mode}")
        for unit, _ in engine.bundle.uses(profile):
            for index in range(unit.rules):
                yield line(f"  {_rule_text(engine, unit.rule(index))}")


def _rule_text(engine: Engine, rule: RuleRecord) -> str:
    facts, cls = rule.facts, BY_CODE[rule.cls]
    place = engine.bundle.place(rule.place)
    both = facts.owner & facts.other
    parts = [_EFFECTS[facts.effect], cls.name]
    for prefix, mask in (
        ("", both),
        ("owner:", facts.owner & ~both),
        ("other:", facts.other & ~both),
    ):
        if mask:
            parts.append(prefix + ",".join(cls.names(mask)))
    parts += _flags(facts)
    return f"{' '.join(parts)} <- {safe(place.file)}:{place.line}: {safe(place.text)}"


def _flags(facts: Facts) -> list[str]:
    parts = []
    if facts.priority:
        parts.append(f"priority={facts.priority}")
    if facts.audit:
        parts.append("audit")
    if facts.exact:
        parts.append("exact")
    if facts.transition is not None:
        target = f"->{safe(facts.transition.name)}" if facts.transition.name else ""
        parts.append(exec_mode(facts.transition) + target)
    return parts


def table_text(engine: Engine, name: str | None) -> Iterator[Line]:
    """The automata of profiles: each state with its edges, and the rules that match there."""
    for profile in _chosen(engine, name):
        yield line(f"profile {safe(profile.full_name)} {profile.mode}")
        for unit, _ in engine.bundle.uses(profile):
            for index in range(unit.groups):
                group = unit.group(index)
                table = Table(group.dfa)
                yield line(f"  group of {group.dfa.n_states} states")
                for state in range(1, group.dfa.n_states):
                    places = [
                        engine.bundle.place(unit.rule(group.rules[i]).place)
                        for i in group.dfa.accept_ids_of(state)
                    ]
                    rules = " ".join(f"{safe(p.file)}:{p.line}" for p in places)
                    yield line(f"    {state}:{f' [{rules}]' if rules else ''}")
                    yield from _edges(table, state)


def _edges(table: Table, state: int) -> Iterator[Line]:
    for mask, target in sorted(table.edges(state), key=lambda edge: edge[1]):
        yield line(f"      {_bytes_text(mask)} -> {target}")


def _bytes_text(mask: int) -> str:
    """A set of bytes as ranges."""
    members = bytes_of(mask)
    ranges: list[list[int]] = []
    for byte in members:
        if ranges and byte == ranges[-1][1] + 1:
            ranges[-1][1] = byte
        else:
            ranges.append([byte, byte])
    return " ".join(
        _byte(low) if low == high else f"{_byte(low)}-{_byte(high)}" for low, high in ranges
    )


def _byte(value: int) -> str:
    return chr(value) if 0x20 < value < 0x7F and value != 0x2D else f"\\x{value:02x}"
