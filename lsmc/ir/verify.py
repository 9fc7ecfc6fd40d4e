"""The invariants of the policy IR, as a list of faults.

Every front end must give a policy for which the list is empty: the stages behind it rely on that
and do not look again.  Tests verify all that they compile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lsmc.ir.model import Effect, Policy, Profile, Rule

#: What records of `lsmc.tables.layout` have room for: priorities (with a bias), codes, permissions.
MAX_PRIORITY = (1 << 16) - 1
MAX_CODE = 255
MAX_PERMISSIONS = 32


def verify(policy: Policy) -> list[str]:
    """What is wrong with a policy, a sentence each; nothing for one that keeps the invariants."""
    names = Counter(profile.full_name for profile in policy.profiles)
    found = [f"profile `{name}` stands {count} times" for name, count in names.items() if count > 1]
    seen: set[int] = set()
    for profile in policy.profiles:
        found += _profile(profile)
        for use in profile.uses:
            if id(use.unit) not in seen:
                seen.add(id(use.unit))
                for number, rule in enumerate(use.unit.rules):
                    where = f"profile `{profile.full_name}`, rule {number} of a unit"
                    found += (f"{where}: {fault}" for fault in _rule(rule))
    return found


def _profile(profile: Profile) -> Iterator[str]:
    where = f"profile `{profile.full_name}`"
    if not profile.name:
        yield "a profile has no name"
    if profile.is_hat and not profile.parent:
        yield f"{where} is a hat without a parent"
    if profile.parent and not profile.name.startswith(f"{profile.parent}//"):
        yield f"{where} does not begin with its parent `{profile.parent}`"
    if profile.attachment is not None and not profile.attachment.patterns:
        yield f"{where} has an attachment without a pattern"


def _rule(rule: Rule) -> Iterator[str]:
    cls = rule.cls
    if len(rule.fields) != len(cls.fields):
        yield f"{len(rule.fields)} fields, where class {cls.name} has {len(cls.fields)}"
    if not 0 < cls.code <= MAX_CODE or len(cls.permissions) > MAX_PERMISSIONS:
        yield f"class {cls.name} does not fit into a table"
    if (rule.owner | rule.other) & ~cls.all:
        yield f"it speaks of a permission that class {cls.name} does not have"
    if abs(rule.priority) > MAX_PRIORITY:
        yield f"priority {rule.priority} does not fit into a table"
    if rule.transition is not None and rule.effect is Effect.DENY:
        yield "a deny rule has a transition"
