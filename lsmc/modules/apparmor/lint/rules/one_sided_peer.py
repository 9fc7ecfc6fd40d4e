"""An interaction that only one of both sides allows.

What it does: finds signal, ptrace, unix and dbus rules that name another profile of the tree, while
that profile has no rule that allows its side: what this one sends, the other may not receive.

Why is this bad: the kernel (for D-Bus the message bus) asks both profiles, so the access is denied
although one of them allows it.

Bad:

```apparmor
profile bad /bin/bad {
  signal send set=term peer=worker,  # found
  ptrace read peer=worker,  # found
}

profile worker /bin/worker {
  /x r,
}
```

Good:

```apparmor
profile good /bin/good {
  signal send set=term peer=worker,
}

profile worker /bin/worker {
  signal receive set=(term kill) peer=good,
}
```

How sure: exact about what it says: no rule of the other profile allows the answer to a subject of
this name, whatever its other conditions.  Only rules with a handful of peers are looked at, those
of free modes and complain mode are left out, and so are classes that the other profile's abi does
not mediate.  It is `info`: a rule may be there for versions of the other program that are yet to
come.  The witness is the request on the other side.

How to fix: add the rule to the other profile, or drop this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.objects import real_member
from lsmc.automata.algebra import Lazy
from lsmc.automata.facts import overlap
from lsmc.automata.pattern import Literal, Pattern, example, literals
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.text import displayed, encode, listing
from lsmc.ir import model as ir
from lsmc.ir.mediation import Effect, MediationClass
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import DBUS, SIGNAL, UNIX
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.peers import PeerRule, granted, peer_rules
from lsmc.modules.apparmor.lint.references import ProfileNames
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.peers import ANSWER, PEER
from lsmc.tables.groups import key_pattern

_FEW = 8
_ENFORCED = ("enforce", "kill")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each permission of a rule that the peer's profile does not answer."""
    sides = _Sides(tree)
    for one in tree.shared(peer_rules):
        wanted = ANSWER.get(one.rule.cls.name)
        listed = literals(one.peer, _FEW)
        if wanted is None or listed is None or one.rule.effect == Effect.DENY:
            continue
        for name in listed:
            peer = tree.by_name.get(displayed(name))
            if peer is not None and _judged(peer, one.rule.cls):
                yield from _one_sided(sides, one, peer)


def _judged(peer: LinkedProfile, cls: MediationClass) -> bool:
    return peer.record.mode in _ENFORCED and mediates(peer.record, cls)


def _one_sided(sides: _Sides, one: PeerRule, peer: LinkedProfile) -> Iterator[Diagnostic]:
    cls = one.rule.cls
    profiles = [other for other in one.profiles if other is not peer and _judged(other, cls)]
    if not profiles:
        return
    wanted = [
        ANSWER[cls.name][perm] for perm in cls.names(one.rule.owner) if perm in ANSWER[cls.name]
    ]
    answers = {perm: sides.answers(peer, one.rule, perm) for perm in wanted}
    for profile in profiles:
        lacking = [perm for perm in wanted if not sides.allow(answers[perm], profile.name)]
        if not lacking:
            continue
        words = listing(f"`{perm}`" for perm in lacking)
        origin = one.rule.origin
        yield CHECK.finding(
            origin,
            f"`{rule_text(origin)}`: `{peer.name}` does not allow {words} in return",
            help=f"add the {cls.name} rule to `{peer.name}`, or drop this one",
            profile=profile.name,
            witness=_witness(peer, profile, one.rule, lacking[0]),
            related=[Label(peer.ir.origin, "the other side")],
        )


class _Sides:
    """What profiles answer to whom."""

    def __init__(self, tree: Tree) -> None:
        self._names = tree.shared(ProfileNames)
        self._rules: dict[tuple[str, str], list[ir.Rule]] = {}
        self._answers: dict[tuple[object, ...], list[Pattern]] = {}
        self._met: dict[tuple[int, str], bool] = {}

    def allow(self, answers: Sequence[Pattern], name: str) -> bool:
        """Whether some of the answers are for a subject of a name."""
        return any(self._matches(label, name) for label in answers)

    def answers(self, peer: LinkedProfile, rule: ir.Rule, perm: str) -> list[Pattern]:
        """To whom the rules of a peer allow a permission that answers a rule."""
        key = (peer.name, rule.cls.name, _shared(rule), perm)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._answers_of(peer, rule, perm)
        return known

    def _answers_of(self, peer: LinkedProfile, rule: ir.Rule, perm: str) -> list[Pattern]:
        cls = rule.cls
        key = (peer.name, cls.name)
        if key not in self._rules:
            self._rules[key] = list(granted(peer, cls))
        mask = cls.mask((perm,))
        mine = _shared(rule)
        fit: dict[tuple[Pattern, ...], bool] = {mine: True}
        found = []
        for other in self._rules[key]:
            if other.owner & mask:
                theirs = _shared(other)
                if theirs not in fit:
                    fit[theirs] = all(map(overlap, mine, theirs))
                if fit[theirs]:
                    found.append(other.fields[PEER[cls.name]])
        return found

    def _matches(self, pattern: Pattern, name: str) -> bool:
        key = (id(pattern), name)
        if key not in self._met:
            self._met[key] = self._names.fits(pattern, encode(name))
        return self._met[key]


#: The fields that both sides have, by class.
_SHARED = {SIGNAL: ("signal",), UNIX: ("type",), DBUS: ("bus", "path", "interface", "member")}


def _shared(rule: ir.Rule) -> tuple[Pattern, ...]:
    names = _SHARED.get(rule.cls, ())
    return tuple([rule.fields[rule.cls.fields.index(name)] for name in names])


def _witness(
    peer: LinkedProfile, profile: LinkedProfile, rule: ir.Rule, perm: str
) -> dict[str, Any] | None:
    """The answer that is not allowed, as a request to the other side; None if nobody asks it."""
    cls = rule.cls
    fields = [*rule.fields]
    fields[PEER[cls.name]] = Literal(encode(profile.name))
    if cls is UNIX:
        here, there = UNIX.fields.index("addr"), UNIX.fields.index("peer_addr")
        fields[here], fields[there] = fields[there], fields[here]
    if cls is DBUS:
        fields[DBUS.fields.index("name")] = Literal(b":1.1")
    key = b"\0".join(example(pattern) or b"" for pattern in fields)
    if not is_requestable(cls, key):  # a name that no kernel knows, say
        mirrored = Lazy(key_pattern(replace(rule, fields=tuple(fields))))
        found = real_member(SEMANTICS, cls, [mirrored])
        if found is None:
            return None
        key = found
    return SEMANTICS.request_of(peer.name, cls, key, True, (perm,))


CHECK = Check("LSM204", "one-sided-peer", "info", run, confidence="medium")
