"""Rules about other subjects: which field holds the peer, what the other side must allow.

The kernel (for D-Bus the message bus) asks both sides: what one side sends, the other must be
allowed to receive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star
from lsmc.ir import model as ir
from lsmc.ir.mediation import Effect, MediationClass
from lsmc.modules.apparmor.classes import DBUS, IO_URING, MQUEUE, PTRACE, SIGNAL, UNIX
from lsmc.modules.apparmor.lint.tree import Tree

#: The field that holds the label of the other side.
PEER: Mapping[str, int] = {
    SIGNAL.name: SIGNAL.fields.index("peer"),
    PTRACE.name: PTRACE.fields.index("peer"),
    UNIX.name: UNIX.fields.index("peer_label"),
    DBUS.name: DBUS.fields.index("label"),
    IO_URING.name: IO_URING.fields.index("label"),
    MQUEUE.name: MQUEUE.fields.index("label"),
}
#: What the other side needs for a permission of this side.
ANSWER: Mapping[str, Mapping[str, str]] = {
    SIGNAL.name: {"send": "receive", "receive": "send"},
    PTRACE.name: {
        "trace": "tracedby",
        "read": "readby",
        "tracedby": "trace",
        "readby": "read",
    },
    UNIX.name: {"send": "receive", "receive": "send", "connect": "accept", "accept": "connect"},
    DBUS.name: {"send": "receive", "receive": "send"},
}


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
        for use in profile.ir.uses:
            for rule in use.unit.rules:
                if rule.cls.name in PEER and not is_any(rule.fields[PEER[rule.cls.name]]):
                    found.setdefault(id(rule), PeerRule(rule)).profiles.append(profile)
    return tuple(found.values())


def is_any(pattern: Pattern) -> bool:
    """Whether a pattern is that of a label that was not written: any, any but empty, or none."""
    if isinstance(pattern, Star) or pattern == Literal(b""):
        return True
    return (
        isinstance(pattern, Concat)
        and len(pattern.parts) == 2
        and isinstance(pattern.parts[0], Chars)
        and isinstance(pattern.parts[1], Star)
    )


def granted(profile: LinkedProfile, cls: MediationClass) -> Iterator[ir.Rule]:
    """The rules of a class that allow something."""
    for use in profile.ir.uses:
        for rule in use.unit.rules:
            if rule.cls is cls and rule.effect != Effect.DENY:
                yield rule
