"""All that a workload may do by its entries, and the written entries of a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.modules.kubearmor.engine import Engine
from lsmc.modules.kubearmor.evaluate import Confinement
from lsmc.modules.kubearmor.operations import CLASSES, OPERATIONS
from lsmc.modules.kubearmor.policy import ALLOW, Rule, rules
from lsmc.modules.kubearmor.questions import ENFORCERS, understood
from lsmc.modules.kubearmor.selectors import read_subject
from lsmc.tables.records import Place

_TITLES = {
    "file": "files",
    "process": "programs",
    "network": "network",
    "capability": "capabilities",
    "domain": "names of hosts",
}
_SECTIONS = {"capabilities": "capability"}
#: The section whose Allow entries make all other accesses of a class a matter of the posture.
_LISTS = {"file": "file", "process": "process", "network": "network", "capability": "capabilities"}
#: A name in a directory.
_NEW = "name"


def abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    """What the Allow entries let a workload do; raises `UnknownName`, `RequestError`."""
    for cls in classes:
        if cls not in CLASSES:
            raise UnknownName("class", cls, CLASSES)
    confinement = engine.confinements.of(read_subject(subject))
    wanted = [cls for cls in _TITLES if not classes or cls in classes]
    listed = {rule.entry.section for rule in _allowed(confinement)}
    return Abilities(
        subject=subject,
        mode="",
        free=not confinement.policies,
        unruled=tuple(cls for cls in wanted if cls in _LISTS and _LISTS[cls] not in listed),
        sections=tuple(_sections(subject, confinement, wanted)),
    )


def _allowed(confinement: Confinement) -> list[Rule]:
    return [rule for rule in rules(confinement.policies) if rule.entry.action == ALLOW]


def _sections(subject: str, confinement: Confinement, wanted: Sequence[str]) -> Iterator[Section]:
    found: dict[str, list[Ability]] = {cls: [] for cls in wanted}
    for rule in _allowed(confinement):
        ability = _ability(subject, confinement, rule)
        if ability is not None and ability.cls in found:
            found[ability.cls].append(ability)
    for cls, some in found.items():
        if some:
            yield Section(_TITLES[cls], tuple(some))


def _ability(subject: str, confinement: Confinement, rule: Rule) -> Ability | None:
    """What an Allow entry gives under some enforcer; None where it gives nothing."""
    entry = rule.entry
    cls = "domain" if entry.match == "domain" else _SECTIONS.get(entry.section, entry.section)
    ops = [one for one in OPERATIONS if one.cls == cls]
    obj = f"{entry.value}{_NEW}" if entry.match == "dir" else entry.value
    if entry.match == "execname":
        obj = f"/usr/bin/{entry.value}"
    source = {"source": entry.sources[0]} if entry.sources else {}
    permissions: dict[str, None] = {}
    example: dict[str, Any] | None = None
    for op in ops:
        request = {"subject": subject, "op": op.name, "object": obj, **source}
        enforcers = _giving(confinement, request, rule)
        if enforcers:
            permissions |= dict.fromkeys(op.perms)
            one = {} if len(enforcers) == len(ENFORCERS) else {"enforcer": enforcers[0]}
            example = example or {**request, **one}
    if example is None:
        return None
    who: Literal["all", "owner"] = "owner" if entry.owner_only else "all"
    return Ability(cls, rule.ref, tuple(permissions), who, example)


def _giving(confinement: Confinement, request: dict[str, Any], rule: Rule) -> list[str]:
    """The enforcers under which an entry lets a request through; all or none if both do alike."""
    found: list[str] = []
    for enforcer in ENFORCERS:
        try:
            verdict = confinement.answer(enforcer, understood(request))
        except (RequestError, UnknownName):
            continue
        if verdict.allowed:
            found.append(enforcer)
        if rule.ref not in verdict.rules and enforcer == "bpf":
            return []
    return found


def written(engine: Engine) -> Iterator[Place]:
    """The written entries of a bundle."""
    for rule in rules(engine.policies.policies):
        place = rule.entry.place
        yield Place(rule.policy.file, *place[:4], rule.entry.text)
