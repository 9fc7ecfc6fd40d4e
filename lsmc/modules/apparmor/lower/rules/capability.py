"""Capability rules (apparmor.d(5), "Capability rules"; names from capabilities(7))."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.text import listing
from lsmc.ir.model import Effect, Rule
from lsmc.modules.apparmor.classes import CAPABILITY
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.context import SOME, Lowering, RuleHead, one_of
from lsmc.modules.apparmor.names import CAPABILITIES
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

#: Capabilities split off from sys_admin: where the abi lacks them, a rule speaks of sys_admin.
_SPLIT_OFF = ("perfmon", "bpf", "checkpoint_restore")
_USE = CAPABILITY.mask(("use",))


def lower_capability(rule: ast.CapabilityRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a capability rule; raises `Refused` for an unknown name."""
    listed = context.features.words("caps/mask")
    names: list[str] = []
    lost: list[str] = []
    for word in rule.names:
        if word.text not in CAPABILITIES and word.text not in listed:
            raise refusal(
                "unknown-capability",
                word.span,
                f"unknown capability `{word.text}`",
                did_you_mean(word.text.lower().removeprefix("cap_"), [*CAPABILITIES, *listed]),
            )
        missing = word.text in _SPLIT_OFF and word.text not in listed
        names.append("sys_admin" if missing else word.text)
        if missing:
            lost.append(word.text)
    if lost:
        without = listing(f"`{name}`" for name in lost)
        context.lose(f"speaks of `sys_admin` in place of {without}", f"caps/mask/{lost[0]}")
    if context.written.priority is not None:
        context.alter("has no priority: capability rules take none", "drop `priority=`")
    if head.effect is Effect.PROMPT:
        context.alter("grants the capability without asking", "drop the rule, or write `allow`")
    effect = Effect.ALLOW if head.effect is Effect.PROMPT else head.effect
    head = head._replace(priority=0, effect=effect)
    yield head.rule(CAPABILITY, (one_of(names) if names else SOME,), _USE)
