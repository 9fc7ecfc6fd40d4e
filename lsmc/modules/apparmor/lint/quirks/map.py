"""Executions of which AppArmor 4.1.0 keeps or drops `m`, from one of its runs to the next.

Its compiler goes through the rules of a path in the order of their addresses in memory.  A rule
with `ix` gives its `m` only where no rule that wins the execution came before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.redundancy.overlaps import Loss
from lsmc.analysis.redundancy.overridden import partial_overrides
from lsmc.base.source import Span
from lsmc.ir.decision import ALLOW
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.releases import MAP_BESIDE_EXACT, release_named
from lsmc.tables.groups import make_key

_EXECUTE, _MAP = FILE.mask("x"), FILE.mask("m")


class Unsure(NamedTuple):
    """A rule with `ix`, the rule that wins the execution, and a path of both."""

    profile: LinkedProfile
    loser: Span
    winner: Span
    path: bytes


def unsure_maps(tree: Tree) -> Iterator[Unsure]:
    """Each rule whose `m` may be there or not, once for each rule that wins."""
    seen: set[tuple[str, Span, Span]] = set()
    for cut in tree.shared(partial_overrides):
        profile = cut.written.scope.profile
        release = release_named(dict(profile.record.settings)["target"])
        if not MAP_BESIDE_EXACT.unsure(release):
            continue
        for loss in cut.losses:
            if loss.bits & _EXECUTE and loss.cls is FILE and _is_unsure(tree, profile, loss):
                found = Unsure(profile, tree.origin(loss.loser), tree.origin(loss.winner), loss.key)
                key = (profile.name, found.loser, found.winner)
                if key not in seen:
                    seen.add(key)
                    yield found


def _is_unsure(tree: Tree, profile: LinkedProfile, loss: Loss) -> bool:
    loser, winner = tree.rules[loss.loser], tree.rules[loss.winner]
    keeps = loser.transition is not None and loser.transition.inherit
    kept = winner.transition is not None and winner.transition.inherit
    if loss.why not in ("exact", "priority") or not keeps or kept or winner.effect != ALLOW:
        return False
    matcher = profile.matcher
    node = matcher.walk(make_key(FILE.code, (loss.key,)))
    if not matcher.decide(node, FILE, loss.owner).allow & _MAP:
        return False
    rules = (match.rule.facts for match in matcher.matched(node))
    return not any(
        rule.effect == ALLOW
        and (rule.owner if loss.owner else rule.other) & _MAP
        and not (rule.transition is not None and rule.transition.inherit)
        for rule in rules
    )
