"""A request to the layers, the finding of one layer, and capabilities that override a refusal.

A capability counts when the process holds it and the profile's rules let it be used: the kernel
checks its own set first (security/commoncap.c `cap_capable`) and asks the modules afterwards, so a
capability that is not held leaves no record, and a rule never grants one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lsmc.stack.context import Context


@dataclass(frozen=True, slots=True)
class CapabilityAnswer:
    """The profile's answer to the use of a capability, and whether it logs that."""

    allowed: bool
    logged: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """An operation in its context; `rule` gives the profile's answer to a capability."""

    context: Context
    op: str
    permissions: tuple[str, ...]
    object: str
    fields: Mapping[str, str]
    rule: Callable[[str], CapabilityAnswer]


@dataclass(frozen=True, slots=True)
class Tried:
    """One test of a capability.

    Args:
        capability: its name.
        held: whether the process holds it, None when that is not known.
        ruled: whether the profile lets it be used, None where its rules are not reached.
        logged: whether the profile's answer is logged.
    """

    capability: str
    held: bool | None
    ruled: bool | None
    logged: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one test: None when the context does not decide it; `errno` of a refusal."""

    allowed: bool | None
    reason: str
    errno: str = ""
    tried: tuple[Tried, ...] = ()


def cap(name: str) -> str:
    """A capability as the kernel writes it."""
    return f"CAP_{name.upper()}"


def overridden(
    asking: Asking, found: bool | None, reason: str, capabilities: Sequence[str], errno: str
) -> Finding:
    """The finding of a test; on a refusal the capabilities are tried, in the kernel's order."""
    if found:
        return Finding(True, reason)
    tried: list[Tried] = []
    passes: bool | None = False
    held_set = asking.context.capabilities
    for name in capabilities:
        held = None if held_set is None else name in held_set
        if held is False:
            tried.append(Tried(name, held, None, False))
            continue
        rule = asking.rule(name)
        tried.append(Tried(name, held, rule.allowed, rule.logged and bool(held)))
        if held and rule.allowed:
            passes = True
            break
        if rule.allowed:
            passes = None
    if found is None:  # perhaps none of them is asked
        tried = [replace(one, logged=False) for one in tried]
    words = "; ".join(part for part in (reason, *map(_words, tried)) if part)
    if passes:
        return Finding(True, words, "", tuple(tried))
    if found is None or passes is None:
        return Finding(None, words, "", tuple(tried))
    return Finding(False, words, errno, tuple(tried))


def _words(tried: Tried) -> str:
    name = cap(tried.capability)
    if tried.held is False:
        return f"{name} is not held"
    if tried.ruled is False:
        start = f"{name} is held, but " if tried.held else f"{name}: "
        return f"{start}the profile does not allow its use"
    return f"{name} is held" if tried.held else f"whether {name} is held is not known"


def both(first: Finding, second: Finding) -> Finding:
    """The result of two tests: the first refusal counts, and an unknown result leaves it open."""
    if first.allowed is False:
        return first
    tried = (*first.tried, *second.tried)
    if second.allowed is False:
        return replace(second, tried=tried)
    reason = "; ".join(part for part in (first.reason, second.reason) if part)
    return Finding(None if None in (first.allowed, second.allowed) else True, reason, "", tried)
