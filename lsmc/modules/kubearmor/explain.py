"""Explains a verdict: which entry decided, which it took the place of, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsmc.engine.verdict import RuleRef, Verdict
from lsmc.explain.explanation import EffectName, Explanation, Loser, Miss, Question, Reason, Subject
from lsmc.modules.kubearmor.bpf.maps import Key
from lsmc.modules.kubearmor.evaluate import Confinement, Confinements, judged
from lsmc.modules.kubearmor.idle import idle
from lsmc.modules.kubearmor.links import real
from lsmc.modules.kubearmor.policy import BLOCK, Entry, Rule, rules
from lsmc.modules.kubearmor.questions import ENFORCERS, Asked, understood
from lsmc.modules.kubearmor.suggest import suggestions


def explain(confinements: Confinements, request: Mapping[str, Any]) -> Explanation:
    """The verdict of a request with its reasons; raises as `evaluate.answer` does."""
    asked = understood(request)
    confinement = confinements.of(asked.workload, asked.posture)
    verdict = judged(confinement, asked)
    named = [rule for rule in rules(confinement.policies) if _names(rule.entry, asked)]
    linked = [rule for rule in rules(confinement.policies) if _leads(rule.entry, asked)]
    verdict = verdict._replace(note=_note(verdict, named, linked, asked))
    return Explanation(
        verdict,
        _question(confinement, asked),
        tuple(_reasons(confinement, asked, verdict)),
        tuple(_misses(named, verdict, asked)),
        () if verdict.allowed else tuple(suggestions(confinement, asked)),
        None,
    )


def _question(confinement: Confinement, asked: Asked) -> Question:
    fields: dict[str, str] = {"enforcer": asked.enforcer or "apparmor and bpf"}
    fields |= {"source": asked.source} if asked.source else {}
    fields["posture"] = confinement.posture.text
    if asked.socket is not None:
        words = {"family": asked.socket.family, "type": asked.socket.type_name}
        fields |= {**words, "protocol": str(asked.socket.protocol)}
    return Question(
        subject=asked.subject,
        op=asked.operation.name,
        object=asked.object,
        owner=asked.owner,
        fields=fields,
        cls=asked.operation.cls,
        permissions=asked.operation.perms,
        hook=asked.operation.hook,
        profiles=tuple(
            Subject(one.title, "enforce", "", one.file, one.place.line)
            for one in confinement.policies
        ),
    )


def _reasons(confinement: Confinement, asked: Asked, verdict: Verdict) -> Iterator[Reason]:
    if not verdict.rules:
        return
    effect: EffectName = "allow" if verdict.allowed else "deny"
    lost: list[Loser] = []
    if asked.enforcer != "apparmor":
        found = confinement.bpf.decide(asked).found
        lost += _overwritten(confinement, found.key if found is not None else None)
    for profile in dict.fromkeys(rule.profile for rule in verdict.rules):
        refs = tuple(rule for rule in verdict.rules if rule.profile == profile)
        losers = tuple(one for one in lost if one.rule not in refs)
        for perm in asked.operation.perms:
            yield Reason(profile, asked.operation.cls, perm, effect, refs, losers)
        lost = []


def _overwritten(confinement: Confinement, key: Key | None) -> Iterator[Loser]:
    """The rules whose place in the map the deciding one took."""
    for where, first, then in confinement.bpf.map.overwritten:
        if where == key and first.entry.action != then.entry.action:
            yield Loser(first.ref, "deny" if first.entry.action == BLOCK else "allow", "later")


def _names(entry: Entry, asked: Asked) -> bool:
    """Whether an entry names the object of a question as it is written."""
    section = {"capability": "capabilities", "domain": "network"}.get(
        asked.operation.cls, asked.operation.cls
    )
    if entry.section != section:
        return False
    if entry.match == "dir":
        return f"{asked.object}/".startswith(entry.value)
    if entry.match == "execname":
        return asked.object.endswith(f"/{entry.value}")
    if entry.match == "pattern":
        return _pattern(entry.value, asked.object)
    if asked.socket is not None:
        return entry.value.lower() in (asked.socket.type_name, asked.object.lower())
    return entry.value == asked.object


def _pattern(pattern: str, path: str) -> bool:
    """Whether a pattern may mean a path: the texts between its wildcards follow one another."""
    at = 0
    for part in pattern.replace("?", "*").split("*"):
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _misses(named: list[Rule], verdict: Verdict, asked: Asked) -> Iterator[Miss]:
    """Entries of the object that did not decide because they are for another program or owner."""
    if verdict.allowed:
        return
    for rule in named:
        entry, ref = rule.entry, rule.ref
        if ref in verdict.rules or entry.action == BLOCK:
            continue
        perms = asked.operation.perms
        if entry.sources and asked.source not in entry.sources:
            yield Miss(
                "side", ref, perms, perms, "source", asked.source, "source", "", entry.sources[0]
            )
        elif entry.owner_only and not asked.owner:
            yield Miss("owner", ref, perms, perms)


def _leads(entry: Entry, asked: Asked) -> bool:
    """Whether an entry names the object by a path through a link, which no kernel asks of."""
    named = entry.match in ("path", "dir") and real(entry.value) != entry.value
    return named and _names(entry._replace(value=real(entry.value)), asked)


def _note(verdict: Verdict, named: list[Rule], linked: list[Rule], asked: Asked) -> str:
    """The verdict's note, with entries that name the object but do nothing."""
    notes = [verdict.note] if verdict.note else []
    for enforcer in ENFORCERS if asked.enforcer is None else (asked.enforcer,):
        for rule in named:
            reason = idle(rule.entry, enforcer)
            if reason:
                notes.append(f"{_place(rule.ref)} does nothing under {enforcer}: {reason}")
    notes += [
        f"{_place(rule.ref)} names `{rule.entry.value}`: where that leads through a link the kernel"
        f" asks of `{real(rule.entry.value)}`"
        for rule in linked
    ]
    return "; ".join(dict.fromkeys(notes))


def _place(ref: RuleRef) -> str:
    return f"{ref.file}:{ref.line}"
