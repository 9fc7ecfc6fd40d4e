"""What AppArmor's compiler grants to profiles that use hats or change_profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from lsmc.ir.model import Profile, Rule
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE

#: Access that the compiler grants for the sake of change_hat and change_profile: (path, letters).
#: Those for hats come first, those that both bring count once; each has its aliases behind it.
_READ_STATE = (
    ("/proc/*/attr/apparmor/", "r"),
    ("/sys/module/apparmor/parameters/enabled", "r"),
)
FOR_HATS = (("/proc/[0-9]*/attr/{apparmor/,}current", "w"), *_READ_STATE)
FOR_CHANGE = (("/proc/*/attr/{apparmor/,}{current,exec}", "w"), *_READ_STATE)
_READ = FILE.mask("r")

Rule_ = TypeVar("Rule_")


def brought(profile: Profile, rules: Sequence[Rule]) -> Sequence[Rule]:
    """The rules that a profile was given for the sake of some of its rules, which stand together.

    These are the grants for change_profile, if no other rule of the profile allows that.  A
    profile with hats has those for hats anyway.
    """
    if not any(rule.cls is CHANGE_PROFILE for rule in rules):
        return ()
    place = rules[0].origin
    every = list(profile.rules)
    if any(rule.cls is CHANGE_PROFILE and rule.origin != place for rule in every):
        return ()
    implied = [(rule, rule.owner) for rule in every if rule.origin == profile.origin]
    return [rule for rule, _ in for_change(implied)]


def for_change(implied: Sequence[tuple[Rule_, int]]) -> Sequence[tuple[Rule_, int]]:
    """Of the rules that a profile was given, with their permissions, those for change_profile.

    The others are for hats, and those that both bring.
    """
    after_reads = 1 + max((n for n, (_, perms) in enumerate(implied) if perms & _READ), default=-1)
    return implied[after_reads:] or implied
