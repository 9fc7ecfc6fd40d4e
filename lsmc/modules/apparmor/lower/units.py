"""From fragments of syntax to units of IR rules.

A fragment is lowered once for each set of values of the variables that it uses: the files that many
profiles include give the same unit to all of them.  Rules that speak of the profile itself (through
`@{profile_name}` and its like) are lowered for each profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source
from lsmc.ir.model import Rule, Unit
from lsmc.modules.apparmor.classes import UNIX
from lsmc.modules.apparmor.lower.context import Altered, ExecNote, Lowering, RuleHead
from lsmc.modules.apparmor.lower.rules.all import lower_all
from lsmc.modules.apparmor.lower.rules.capability import lower_capability
from lsmc.modules.apparmor.lower.rules.change_profile import lower_change_profile
from lsmc.modules.apparmor.lower.rules.dbus import lower_dbus
from lsmc.modules.apparmor.lower.rules.file import lower_file, lower_link
from lsmc.modules.apparmor.lower.rules.ipc import lower_io_uring, lower_mqueue, lower_userns
from lsmc.modules.apparmor.lower.rules.mount import lower_mount, lower_pivot_root
from lsmc.modules.apparmor.lower.rules.network import lower_network, lower_unix
from lsmc.modules.apparmor.lower.rules.peer import lower_ptrace, lower_signal
from lsmc.modules.apparmor.releases import RULES_IN_CONDITION, Release
from lsmc.modules.apparmor.resolve.aliases import Aliases
from lsmc.modules.apparmor.resolve.body import (
    Fragment,
    FragmentKey,
    conflicting_block,
    is_network,
    merge,
)
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.resolve.variables import ExpansionError, Variables
from lsmc.modules.apparmor.syntax import ast

#: Variables that every profile sets for itself.
BUILTIN = frozenset(("profile_name", "attach_path", "exec_path"))

Lower = Callable[[Any, RuleHead, Lowering], Iterator[Rule]]

_BY_KIND: dict[str, Lower] = {
    "network": lower_network,
    "unix": lower_unix,
    "dbus": lower_dbus,
    "signal": lower_signal,
    "ptrace": lower_ptrace,
    "userns": lower_userns,
    "io_uring": lower_io_uring,
    "mqueue": lower_mqueue,
    "file": lower_file,
    "link": lower_link,
    "capability": lower_capability,
    **dict.fromkeys(("mount", "remount", "umount"), lower_mount),
    "pivot_root": lower_pivot_root,
    "change_profile": lower_change_profile,
    "all": lower_all,
}
_OWNED = (ast.FileRule, ast.LinkRule)
#: The rules that the compiler keeps from a `{ }` block; it drops all others without a word.
KEPT_IN_BLOCKS = (ast.FileRule, ast.LinkRule, ast.ChangeProfileRule)
#: The rules that the first release keeps from the branches of a condition.
_KEPT_IN_CONDITIONS = (*KEPT_IN_BLOCKS, ast.CapabilityRule)
#: Errors that the compiler finds when it makes a rule's language: not in a rule that it drops.
AFTER_EXPANSION = frozenset(
    (
        "undeclared-variable",
        "recursive-variable",
        "boolean-as-set",
        "too-complex",
        "bad-alternation",
        "bad-class",
        "trailing-backslash",
        "empty-mount-rule",
    )
)


def lower_rule(rule: ast.Rule, prefix: ast.Prefix | None, context: Lowering) -> tuple[Rule, ...]:
    """The IR of one rule under the prefix of the blocks around it; raises `Refused`."""
    body = rule.body
    _check_prefix(rule)
    lower = _BY_KIND[body.kind]
    context.written = rule.prefix
    rules = tuple(lower(body, RuleHead.of(rule.prefix, rule.span), context))
    if prefix is None:
        return rules
    context.forget()
    if prefix.effect and rule.prefix.effect and prefix.effect != rule.prefix.effect:
        raise conflicting_block(rule.span, prefix.effect, rule.prefix.effect)
    if not isinstance(body, KEPT_IN_BLOCKS):
        return ()
    if {prefix.owner, rule.prefix.owner} == {"owner", "other"}:
        context.alter("grants nothing: `owner` and `other` exclude each other", "drop one of them")
    context.written = combined = merge(prefix, rule.prefix)
    if not isinstance(body, _OWNED):
        combined = combined._replace(owner="")
    return tuple(lower(body, RuleHead.of(combined, rule.span), context))


def _check_prefix(rule: ast.Rule) -> None:
    prefix, body = rule.prefix, rule.body
    if prefix.priority is not None:
        if not -1000 <= prefix.priority <= 1000:
            raise refusal(
                "priority-range",
                rule.span,
                f"priority {prefix.priority} is out of range",
                "priorities go from -1000 to 1000",
            )
        if body.kind in ("network", "all"):
            raise refusal(
                "priority-not-allowed",
                rule.span,
                f"{'`all`' if body.kind == 'all' else 'a network rule'} takes no priority",
            )
    if prefix.owner and not isinstance(body, _OWNED):
        raise refusal(
            "owner-not-allowed",
            rule.span,
            f"`{prefix.owner}` belongs to file and link rules",
            "only files have an owner: drop it",
        )


class Environment(NamedTuple):
    """What the meaning of rules depends on besides their text."""

    variables: Variables
    features: Features
    aliases: Aliases
    release: Release


class Lowered(NamedTuple):
    """A fragment's rules: those that any profile can share, and those of this profile alone.

    `altered` is what becomes of them as far as no variable decides it.
    """

    shared: Unit
    own: tuple[Rule, ...]
    notes: tuple[ExecNote, ...]
    diagnostics: tuple[Diagnostic, ...]
    altered: tuple[Altered, ...] = ()


_EMPTY = Unit(())


class FragmentPlan(NamedTuple):
    """How a fragment divides: the rules to share, the rules to lower for each profile, and the
    variables that the shared rules use.  `altered` is what becomes of all of them."""

    shared: tuple[ast.Rule, ...]
    own: tuple[ast.Rule, ...]
    used: tuple[str, ...]
    altered: tuple[Altered, ...]


_PlanKey = tuple[FragmentKey, str]
_UnitKey = tuple[FragmentKey, str, Aliases, tuple[object, ...]]


class Lowerer:
    """Lowers fragments and remembers the units; one for each compilation."""

    def __init__(self) -> None:
        self._plans: dict[_PlanKey, FragmentPlan] = {}
        self._units: dict[_UnitKey, tuple[Unit, tuple[ExecNote, ...]]] = {}

    def of(self, sources: Iterable[Source]) -> Lowerer:
        """What is remembered of the fragments in some texts.

        Units under aliases are made anew, so that it is known which aliases match.
        """
        known = set(sources)
        found = Lowerer()
        found._plans = {key: plan for key, plan in self._plans.items() if key[0][0] in known}
        found._units = {
            key: unit
            for key, unit in self._units.items()
            if key[0][0] in known and not key[2].pairs
        }
        return found

    def lower(self, fragment: Fragment, under: Environment) -> Lowered:
        """The rules of a fragment under the variables of a profile."""
        plan = self.plan(fragment, under.features)
        if plan is None:
            return self._first(fragment, under)
        try:
            shared = self.shared(fragment, plan, under)
        except ExpansionError:
            return self._first(fragment, under)
        if not plan.own:
            return shared
        own = self.own(fragment, plan, under)
        return Lowered(
            shared=shared.shared,
            own=own.own,
            notes=(*shared.notes, *own.notes),
            diagnostics=(*shared.diagnostics, *own.diagnostics),
            altered=plan.altered,
        )

    def plan(self, fragment: Fragment, features: Features) -> FragmentPlan | None:
        """How a fragment divides, once it was lowered without a fault."""
        return self._plans.get((fragment.key, features.name))

    def shared(self, fragment: Fragment, plan: FragmentPlan, under: Environment) -> Lowered:
        """The rules that any profile can share; raises `ExpansionError`."""
        values = tuple(under.variables.signature(name) for name in plan.used)
        key = (fragment.key, under.features.name, under.aliases, values)
        known = self._units.get(key)
        faults: list[Diagnostic] = []
        if known is None:
            found = _lower(plan.shared, fragment, under)
            faults = found.faults
            known = (Unit(found.rules), found.notes)
            if not faults:
                self._units[key] = known
        return Lowered(known[0], (), known[1], tuple(faults), plan.altered)

    def own(self, fragment: Fragment, plan: FragmentPlan, under: Environment) -> Lowered:
        """The rules that speak of the profile itself."""
        found = _lower(plan.own, fragment, under)
        return Lowered(_EMPTY, found.rules, found.notes, tuple(found.faults))

    def _first(self, fragment: Fragment, under: Environment) -> Lowered:
        """Lower a fragment for the first time, and learn how it divides."""
        shared: list[ast.Rule] = []
        own: list[ast.Rule] = []
        used: set[str] = set()
        results: tuple[list[Rule], list[Rule]] = ([], [])
        notes: tuple[list[ExecNote], list[ExecNote]] = ([], [])
        altered: list[Altered] = []
        faults: list[Diagnostic] = []
        for rule in fragment.rules:
            lowered = _lower((rule,), fragment, under)
            altered += lowered.altered
            if not _kept(rule, fragment, under.release):
                faults += lowered.faults
                continue
            mine = bool(lowered.used & BUILTIN)
            (own if mine else shared).append(rule)
            results[mine].extend(lowered.rules)
            notes[mine].extend(lowered.notes)
            faults += lowered.faults
            if not mine:
                used |= lowered.used
        if not fragment.taken:
            return Lowered(_EMPTY, (), (), tuple(faults))
        unit = Unit(tuple(results[0]))
        if not faults:
            names = tuple(sorted(used))
            self._plans[fragment.key, under.features.name] = FragmentPlan(
                tuple(shared), tuple(own), names, tuple(altered)
            )
            values = tuple(under.variables.signature(name) for name in names)
            key = (fragment.key, under.features.name, under.aliases, values)
            self._units[key] = (unit, tuple(notes[0]))
        return Lowered(
            shared=unit,
            own=tuple(results[1]),
            notes=(*notes[0], *notes[1]),
            diagnostics=tuple(faults),
            altered=tuple(altered),
        )


class _Result(NamedTuple):
    rules: tuple[Rule, ...]
    notes: tuple[ExecNote, ...]
    altered: tuple[Altered, ...]
    used: frozenset[str]
    faults: list[Diagnostic]


def _lower(rules: Sequence[ast.Rule], fragment: Fragment, under: Environment) -> _Result:
    """Lower some rules of a fragment, going on after those that are refused.

    Of a rule that is dropped only the errors are used that show before its language is made.
    """
    context = Lowering(*under)
    notes: list[ExecNote] = []
    lowered: list[Rule] = []
    faults: list[Diagnostic] = []
    lost = fragment.conditional and RULES_IN_CONDITION.older(under.release)
    for rule in rules:
        kept = _kept(rule, fragment, under.release)
        context.begin(rule.span)
        try:
            found = lower_rule(rule, fragment.prefix, context)
            if kept:
                lowered += _without_unix(found) if lost else found
                notes += context.notes
        except Refused as refused:
            context.forget()
            if kept or refused.diagnostic.name not in AFTER_EXPANSION:
                faults.append(refused.diagnostic)
                continue
        if fragment.prefix is not None and not isinstance(rule.body, KEPT_IN_BLOCKS):
            context.alter(
                "is dropped: of a `{ }` block only file, link and change_profile rules are kept",
                "write the prefix on the rule and move it out of the block",
            )
    return _Result(
        rules=tuple(lowered),
        notes=tuple(notes),
        altered=tuple(context.altered),
        used=frozenset(context.used),
        faults=faults,
    )


def _kept(rule: ast.Rule, fragment: Fragment, release: Release) -> bool:
    """Whether the compiler uses a rule where it stands."""
    if fragment.prefix is not None and not isinstance(rule.body, KEPT_IN_BLOCKS):
        return False
    if fragment.conditional and RULES_IN_CONDITION.older(release):
        joined = fragment.joined and is_network(rule)
        return fragment.taken and (joined or isinstance(rule.body, _KEPT_IN_CONDITIONS))
    return fragment.taken


def _without_unix(rules: Sequence[Rule]) -> list[Rule]:
    """The rules without those that a network rule gives for unix sockets."""
    return [rule for rule in rules if rule.cls is not UNIX]
