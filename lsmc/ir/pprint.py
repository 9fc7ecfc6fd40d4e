"""The policy IR as stable text: what `lsmc show --stage ir` prints, and what tests compare.

A unit is printed once, where it is first used; later uses name it by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.automata.pattern import NOT_NUL, Star
from lsmc.automata.text import pattern_text
from lsmc.base.source import Span, to_display
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import Effect, MediationClass, Transition
from lsmc.ir.model import Policy, Profile, Rule, Unit

_ANYTHING = Star(NOT_NUL)


def pprint(policy: Policy) -> str:
    """The text of a policy, each line ended."""
    return "".join(f"{line}\n" for line in policy_lines(policy.profiles))


def policy_lines(profiles: Iterable[Profile]) -> Iterator[str]:
    """The lines of some profiles, without their ends."""
    numbers: dict[int, int] = {}
    for profile in profiles:
        yield from _profile(profile, numbers)


def _profile(profile: Profile, numbers: dict[int, int]) -> Iterator[str]:
    """A profile; `numbers` are those of the units that were printed, by identity."""
    yield f"profile {to_display(profile.full_name)} {profile.mode} <- {_place(profile.origin)}"
    if profile.parent:
        kind = "hat" if profile.is_hat else "child"
        yield f"  {kind} of {to_display(profile.parent)}"
    if profile.audit:
        yield "  audit"
    if profile.attachment is not None:
        for pattern in profile.attachment.patterns:
            yield f"  attach {pattern_text(pattern)}"
        for name, pattern in profile.attachment.xattrs:
            yield f"  xattr {to_display(name)}={pattern_text(pattern)}"
    yield f"  mediates {' '.join(sorted(profile.mediated))}".rstrip()
    for name, value in profile.settings:
        yield f"  {to_display(name)}{f': {to_display(value)}' if value else ''}"
    for name, limit in profile.rlimits:
        yield f"  rlimit {name} <= {'infinity' if limit is None else limit}"
    for use in profile.uses:
        known = numbers.get(id(use.unit))
        number = numbers.setdefault(id(use.unit), len(numbers) + 1)
        via = "".join(f" < {_place(span)}" for span in reversed(use.via))
        yield f"  unit {number}{via}"
        if known is None:
            yield from _unit(use.unit)


def _unit(unit: Unit) -> Iterator[str]:
    for rule in unit.rules:
        fields = [
            f"{name}={pattern_text(pattern)}"
            for name, pattern in zip(rule.cls.fields, rule.fields, strict=True)
            if pattern != _ANYTHING
        ]
        yield f"    {to_display(rule_text(rule.cls, rule, fields))} <- {_place(rule.origin)}"


def rule_text(cls: MediationClass, rule: Rule | Facts, fields: Iterable[str] = ()) -> str:
    """A rule without its place: effect, class, the fields as they are given, permissions, flags."""
    effect = Effect(rule.effect).name.lower()
    return " ".join((effect, cls.name, *fields, *_permissions(cls, rule), *_flags(rule)))


def _permissions(cls: MediationClass, rule: Rule | Facts) -> Iterator[str]:
    both = rule.owner & rule.other
    for prefix, mask in (
        ("", both),
        ("owner:", rule.owner & ~both),
        ("other:", rule.other & ~both),
    ):
        if mask:
            yield prefix + ",".join(cls.names(mask))


def _flags(rule: Rule | Facts) -> Iterator[str]:
    if rule.priority:
        yield f"priority={rule.priority}"
    if rule.audit:
        yield "audit"
    if rule.exact:
        yield "exact"
    if rule.adds_log:
        yield "adds_log"
    if rule.weak:
        yield "weak"
    if rule.transition is not None:
        yield transition_text(rule.transition)


def transition_text(transition: Transition) -> str:
    """A transition: its kind, the profile that it names, and its flags."""
    flags = [
        f" +{flag}"
        for flag in ("inherit", "unconfined", "unsafe")
        if getattr(transition, flag) and flag != transition.kind
    ]
    name = f" {transition.name}" if transition.name else ""
    return f"-> {transition.kind}{name}{''.join(flags)}"


def _place(span: Span) -> str:
    place = span.location()
    return f"{place.file}:{place.line}"
