"""Entries at which the enforcers part, and the request that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.evaluate import Confinement
from lsmc.modules.kubearmor.lint.causes import NEW, asking, explained, in_force
from lsmc.modules.kubearmor.lint.tree import Tree
from lsmc.modules.kubearmor.policy import Rule
from lsmc.modules.kubearmor.questions import ENFORCERS, understood

_OPERATIONS = {"file": ("open", "write", "unlink", "exec"), "process": ("exec",)}
_WORDS = {True: "lets it through", False: "refuses it"}


def differences(tree: Tree) -> Iterator[tuple[Rule, Mapping[str, Any], str]]:
    """Each entry that takes part in a difference: the entry, a request, and what each answers."""
    seen = set(explained(tree))
    for subject, confinement in tree.workloads:
        if confinement.apparmor.refused:
            continue  # another check tells of it
        for rule in in_force(confinement):
            if id(rule.entry) in seen:
                continue
            for request in _requests(subject, rule):
                words = _parted(confinement, request, rule)
                if words:
                    seen.add(id(rule.entry))
                    yield rule, {**request, "enforcer": "bpf"}, words
                    break


def _requests(subject: str, rule: Rule) -> Iterator[dict[str, Any]]:
    """Requests about what an entry names."""
    entry = rule.entry
    owners = (True, False) if entry.owner_only else (True,)
    names = [entry.value]
    if entry.match == "dir":
        names = [f"{entry.value}{NEW}", f"{entry.value}{NEW}/{NEW}"]
    elif entry.match == "pattern":
        names = [entry.value.replace("*", NEW).replace("?", "x")]
    elif entry.match == "execname":
        names = [f"/usr/bin/{entry.value}"]
    for op in _OPERATIONS.get(entry.section, ()):
        for name in names:
            for owner in owners:
                yield asking(subject, rule, op, name, owner=owner)
    if entry.match == "protocol" and entry.value.lower() not in ("all", "dccp", "packet"):
        yield asking(subject, rule, "connect", entry.value.lower())
    elif entry.match == "capability":
        yield asking(subject, rule, "capable", entry.value)
    elif entry.match == "domain":
        yield asking(subject, rule, "resolve", entry.value)


def _parted(confinement: Confinement, request: Mapping[str, Any], rule: Rule) -> str:
    """What the enforcers answer, in words, if they part and the entry takes part in it."""
    try:
        asked = understood(request)
        verdicts = {one: confinement.answer(one, asked) for one in ENFORCERS}
    except (RequestError, LookupError):  # no kernel is asked so, as a name of another kind may be
        return ""
    allowed = {one: verdict.allowed for one, verdict in verdicts.items()}
    if len(set(allowed.values())) < 2:
        return ""
    if not any(rule.ref in verdict.rules for verdict in verdicts.values()):
        return ""
    what = f"{asked.operation.name} {request['object']}"
    return f"{what}: " + ", ".join(f"{one} {_WORDS[allowed[one]]}" for one in ENFORCERS)
