"""change_profile rules (apparmor.d(5), "change_profile rules"; aa_change_profile(2))."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.pattern import NOT_NUL, Chars, Literal, Star, concat, mask_of
from lsmc.base.source import to_display
from lsmc.ir.model import Effect, Rule, Transition
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, ONEXEC
from lsmc.modules.apparmor.lower.aare import Glob
from lsmc.modules.apparmor.lower.context import Lowering, RuleHead
from lsmc.modules.apparmor.releases import CHANGE_PRIORITY
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

_ANY_PROFILE = Glob(Star(NOT_NUL), False)
_ANY_EXEC = Glob(concat((Literal(b"/"), Chars(NOT_NUL & ~mask_of(b"/")), Star(NOT_NUL))), False)


def lower_change_profile(
    rule: ast.ChangeProfileRule, head: RuleHead, context: Lowering
) -> Iterator[Rule]:
    """The IR of a change_profile rule; raises `Refused`."""
    if rule.safety and rule.exec is None:
        raise refusal(
            "bad-change-profile",
            head.origin,
            f"`{rule.safety}` needs the path of an executable",
            "it speaks of the environment at the next exec",
        )
    if rule.exec is not None and not rule.exec.text.startswith(("/", "@{")):
        raise refusal(
            "bad-change-profile",
            rule.exec.span,
            f"the executable `{rule.exec.text}` is not an absolute path",
            "a target is written after `->`",
        )
    target = _ANY_PROFILE
    if rule.target is not None:
        if rule.target.text.startswith("&") and "domain/stack" not in context.features:
            raise refusal(
                "stacking-not-supported",
                rule.target.span,
                f"`{rule.target.text}` stacks a profile, which this abi does not have",
            )
        target = context.label(rule.target)
    # the compiled form has no audit and quiet bits for these: grants are silent, refusals logged
    head = head._replace(audit=head.effect is Effect.DENY)
    if CHANGE_PRIORITY.older(context.release):
        head = head._replace(priority=0)
    yield head.rule(CHANGE_PROFILE, (target,), CHANGE_PROFILE.all)
    executable = _ANY_EXEC
    transition = None
    if rule.exec is not None:
        # the only path whose runs of slashes stay: no compiler makes them one here
        executable = context.label(rule.exec)
        if head.effect is not Effect.DENY:
            transition = Transition("profile", unsafe=rule.safety == "unsafe")
            to = f" to `{to_display(rule.target.text)}`" if rule.target is not None else ""
            context.alter(
                f"allows the direct change{to} too, not only at the execution",
                "nothing forbids the direct change: be sure that it may be",
            )
    yield head.rule(ONEXEC, (executable, target), ONEXEC.all, transition=transition)
    if head.effect is Effect.DENY:
        # executables and names of profiles share an automaton: denied is, for the next exec, each
        # profile that is named like an executable of the rule
        yield head.rule(CHANGE_PROFILE, (executable,), CHANGE_PROFILE.mask(("onexec",)))
