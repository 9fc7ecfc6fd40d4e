"""Rules about other subjects, with the profiles that have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.automata.pattern import Literal, Pattern, Star
from lsmc.ir import model as ir
from lsmc.ir.mediation import Effect, MediationClass
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lower.context import SOME
from lsmc.modules.apparmor.peers import PEER


@dataclass(slots=True)
class PeerRule:
    """A rule that names its peer, with the profiles that have it."""

    rule: ir.Rule
    profiles: list[LinkedProfile] = field(default_factory=list)

    @property
    def peer(self) -> Pattern:
        """The pattern of the peer's label."""
        return self.rule.fields[PEER[self.rule.cls.name]]


def peer_rules(tree: Tree) -> tuple[PeerRule, ...]:
    """Every rule with a label that is not just any; ask `tree.shared` for them."""
    found: dict[int, PeerRule] = {}
    for profile in tree.profiles:
        for rule in profile.ir.rules:
            if rule.cls.name in PEER and not is_any(rule.fields[PEER[rule.cls.name]]):
                found.setdefault(id(rule), PeerRule(rule)).profiles.append(profile)
    return tuple(found.values())


def is_any(pattern: Pattern) -> bool:
    """Whether a pattern is that of a label that was not written: any, any but empty, or none."""
    return isinstance(pattern, Star) or pattern in (SOME.pattern, Literal(b""))


def granted(profile: LinkedProfile, cls: MediationClass) -> Iterator[ir.Rule]:
    """The rules of a class that allow something."""
    return (rule for rule in profile.ir.rules if rule.cls is cls and rule.effect != Effect.DENY)
