"""Policies that one side alone refuses, where that is meant, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lsmc.modules.apparmor.build.compile import FlatProfile
from lsmc.modules.apparmor.lower.rules.old_mount import shapes
from lsmc.modules.apparmor.mount_flags import CLEARS, SETS
from lsmc.modules.apparmor.syntax import ast

Bodies = Sequence[FlatProfile]


class Refusal(NamedTuple):
    """A refusal that is meant: `applies` is asked with our bodies and both messages.

    The bodies are empty where we refuse; the message of a side that accepts is empty.
    """

    name: str
    reason: str
    applies: Callable[[Bodies, str, str], bool]


def _contrary_options(_: Bodies, ours: str, theirs: str) -> bool:
    return not theirs and ours.endswith("these options contradict each other")


def _mount_without_kind(bodies: Bodies, ours: str, theirs: str) -> bool:
    return (
        not ours
        and theirs.startswith("ERROR processing policydb rules for profile")
        and any(not any(_old_shapes(rule)) for rule in _mounts(bodies))
    )


def _mounts(bodies: Bodies) -> Iterator[ast.MountRule]:
    """The mount and remount rules that the first release keeps."""
    for profile in bodies:
        for fragment in profile.body.fragments:
            if fragment.prefix is None and not fragment.conditional:
                found = (rule.body for rule in fragment.rules)
                yield from (
                    body
                    for body in found
                    if isinstance(body, ast.MountRule) and body.kind != "umount"
                )


def _old_shapes(rule: ast.MountRule) -> Iterator[object]:
    words = [
        (condition.op, SETS.get(word.text, 0), CLEARS.get(word.text, 0))
        for condition in rule.conditions
        if condition.name.text in ("options", "option")
        for word in condition.values
    ]
    typed = any(condition.name.text in ("fstype", "vfstype") for condition in rule.conditions)
    return shapes(rule, words, typed)


def _network_before_condition(bodies: Bodies, ours: str, theirs: str) -> bool:
    return not ours and theirs == "exit status 10" and any(map(_has_network_first, bodies))


def _has_network_first(profile: FlatProfile) -> bool:
    """Whether an `if` stands behind a network rule in a body."""
    seen = False
    for item in profile.ast.body:
        if isinstance(item, ast.If) and seen:
            return True
        if isinstance(item, ast.Rule) and isinstance(item.body, ast.ClassRule):
            seen = seen or item.body.kind == "network"
    return False


def _endless(bodies: Bodies, ours: str, theirs: str) -> bool:
    rules = (
        rule.body for one in bodies for fragment in one.body.fragments for rule in fragment.rules
    )
    changes = any(isinstance(body, ast.ChangeProfileRule) for body in rules)
    return not ours and theirs.startswith("still at work after") and changes


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "contrary-options",
        "3.0.8 takes mount options that contradict each other",
        _contrary_options,
    ),
    Refusal(
        "mount-without-kind",
        "3.0.8 makes no new mount of the flag of a kind that is named behind `in`",
        _mount_without_kind,
    ),
    Refusal(
        "network-before-condition",
        "3.0.8 crashes where `if` stands behind a network rule and has none itself",
        _network_before_condition,
    ),
    Refusal(
        "endless-merging",
        "some sets of change_profile rules make 3.0.8 loop",
        _endless,
    ),
)


def explain(bodies: Bodies, ours: str, theirs: str) -> Refusal | None:
    """The meant refusal that a disagreement is an instance of."""
    return next((one for one in REFUSALS if one.applies(bodies, ours, theirs)), None)
