"""The content of a bundle: profiles, units, groups, states and sizes; rules and tables as text.

The text of rules and tables is stable, so that tests can compare it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.automata.algebra import Table
from lsmc.automata.text import bytes_text
from lsmc.base.source import to_display
from lsmc.engine.verdict import UnknownName
from lsmc.ir.pprint import policy_lines, rule_text
from lsmc.output.styled import Line, line, safe
from lsmc.output.table import columns
from lsmc.tables.layout import GROUP_WORDS, RULE_WORDS, UNIT_WORDS, Section

if TYPE_CHECKING:
    from lsmc.ir.model import Policy as IrPolicy
    from lsmc.policy import Policy
    from lsmc.tables.bundle import Unit
    from lsmc.tables.records import ProfileRecord


class ProfileSizes(NamedTuple):
    """The sizes of a profile, shared units included."""

    units: int
    rules: int
    groups: int
    states: int
    size: int


def profile_counts(policy: Policy, profile: ProfileRecord) -> ProfileSizes:
    """The sizes of a profile; raises `BundleError`."""
    units = [unit for unit, _ in policy.bundle.uses(profile)]
    counts = [_unit_counts(unit) for unit in units]
    return ProfileSizes(
        len(units), *(sum(column) for column in zip((0,) * 4, *counts, strict=True))
    )


def _unit_counts(unit: Unit) -> tuple[int, int, int, int]:
    groups = [unit.group(index) for index in range(unit.groups)]
    states = sum(group.dfa.n_states for group in groups)
    return unit.rules, unit.groups, states, sum(group.size for group in groups)


def _chosen(policy: Policy, name: str | None) -> list[ProfileRecord]:
    """The profiles of a policy of tables, or the one of a name."""
    bundle = policy.bundle
    if name is None:
        return [bundle.profile(number) for number in range(bundle.profiles)]
    return [_named(policy, name)]


def _named(policy: Policy, name: str) -> Any:
    """What a policy has of a subject."""
    found = policy.engine.find(name)
    if found is None:
        raise UnknownName("profile", name, policy.profiles)
    return found


def summary(policy: Policy, width: int | None) -> Iterator[Line]:
    """A row a profile, then the totals and the sections; only names without tables.

    No line is longer than `width`.
    """
    bundle = policy.bundle
    if policy.module.semantics is None:
        yield from (line(safe(name)) for name in policy.profiles)
        yield line()
        yield line(f"{len(policy)} subjects, {len(bundle.data)} bytes")
    else:
        heads = ("profile", "mode", "units", "rules", "groups", "states", "bytes")
        rows = []
        for profile in _chosen(policy, None):
            counts = profile_counts(policy, profile)
            rows.append((safe(profile.full_name), profile.mode, *map(str, counts)))
        yield from columns(heads, rows, frozenset(range(2, 7)), width=width)
        yield line()
        yield line(
            f"{bundle.profiles} profiles, "
            f"{bundle.count(Section.UNITS, UNIT_WORDS)} distinct units, "
            f"{bundle.count(Section.RULES, RULE_WORDS)} rules, "
            f"{bundle.count(Section.GROUPS, GROUP_WORDS)} groups, "
            f"{len(bundle.data)} bytes"
        )
    yield line()
    sizes = [(name.replace("_", " "), str(size)) for name, size in _sections(policy).items()]
    yield from columns(("section", "bytes"), sizes, frozenset((1,)), width=width)


def _sections(policy: Policy) -> dict[str, int]:
    """The size of each section, by its name."""
    bundle = policy.bundle
    return {section.name.lower(): bundle.section_size(section) for section in bundle.sections}


def details(policy: Policy, name: str, width: int | None) -> Iterator[Line]:
    """One profile: its facts, and a row a unit; only its name without tables.

    Rows are at most `width` long.
    """
    profile = _named(policy, name)
    if policy.module.semantics is None:
        yield line((safe(name), "head"))
        return
    place = policy.bundle.place(profile.place)
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
    for unit, via in policy.bundle.uses(profile):
        rules, groups, states, size = _unit_counts(unit)
        origin = safe(policy.bundle.place(unit.rule(0).place).file) if rules else ""
        chain = " < ".join(
            f"{safe(p.file)}:{p.line}" for p in map(policy.bundle.place, reversed(via))
        )
        rows.append((str(rules), str(groups), str(states), str(size), origin, chain))
    heads = ("rules", "groups", "states", "bytes", "unit", "included at")
    yield from columns(heads, rows, frozenset(range(4)), width=width, spare=(1, 2))


def as_json(policy: Policy, name: str | None) -> dict[str, Any]:
    """The same as data."""
    size = len(policy.bundle.data)
    if policy.module.semantics is None:
        if name is not None:
            _named(policy, name)
        names = policy.profiles if name is None else (name,)
        return {"subjects": list(names), "sections": _sections(policy), "size": size}
    profiles = []
    for profile in _chosen(policy, name):
        place = policy.bundle.place(profile.place)
        profiles.append(
            {
                "name": profile.full_name,
                "mode": profile.mode,
                "file": place.file,
                "line": place.line,
                "mediated": sorted(profile.mediated),
                "settings": dict(profile.settings),
                "rlimits": dict(profile.rlimits),
                **profile_counts(policy, profile)._asdict(),
            }
        )
    return {
        "profiles": profiles,
        "units": policy.bundle.count(Section.UNITS, UNIT_WORDS),
        "sections": _sections(policy),
        "size": size,
    }


# --- stages


def policy_text(policy: IrPolicy, name: str | None) -> Iterator[Line]:
    """The profiles of a policy that is not compiled yet, or the one of a name."""
    profiles = policy.profiles
    if name is not None:
        known = {to_display(profile.full_name): profile for profile in profiles}
        if name not in known:
            raise UnknownName("profile", name, known)
        profiles = (known[name],)
    return (line(safe(text)) for text in policy_lines(profiles))


def rules_text(policy: Policy, name: str | None) -> Iterator[Line]:
    """The rules of profiles, as the tables hold them."""
    assert policy.module.semantics is not None
    classes = policy.module.semantics().classes
    for profile in _chosen(policy, name):
        yield line(f"profile {safe(profile.full_name)} {profile.mode}")
        for unit, _ in policy.bundle.uses(profile):
            for index in range(unit.rules):
                rule = unit.rule(index)
                place = policy.bundle.place(rule.place)
                where = f"{safe(place.file)}:{place.line}: {safe(place.text)}"
                yield line(f"  {safe(rule_text(classes[rule.cls], rule.facts))} <- {where}")


def table_text(policy: Policy, name: str | None) -> Iterator[Line]:
    """The automata of profiles: each state with its edges, and the rules that match there."""
    for profile in _chosen(policy, name):
        yield line(f"profile {safe(profile.full_name)} {profile.mode}")
        for unit, _ in policy.bundle.uses(profile):
            for index in range(unit.groups):
                group = unit.group(index)
                table = Table(group.dfa)
                yield line(f"  group of {group.dfa.n_states} states")
                for state in range(1, group.dfa.n_states):
                    places = [
                        policy.bundle.place(unit.rule(group.rules[i]).place)
                        for i in group.dfa.accept_ids_of(state)
                    ]
                    rules = " ".join(f"{safe(p.file)}:{p.line}" for p in places)
                    yield line(f"    {state}:{f' [{rules}]' if rules else ''}")
                    yield from _edges(table, state)


def _edges(table: Table, state: int) -> Iterator[Line]:
    for mask, target in sorted(table.edges(state), key=lambda edge: edge[1]):
        yield line(f"      {bytes_text(mask)} -> {target}")
