"""Known causes for which the enforcers differ, and the entries that they concern.

Each function gives the entries of one cause, with a request that shows it; a check tells of each,
and the check of all other differences leaves these entries out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.apparmor.rules import bodies
from lsmc.modules.kubearmor.bpf.lookup import MAX_SCANNED
from lsmc.modules.kubearmor.bpf.maps import MAX_NAME, Key, capability_number
from lsmc.modules.kubearmor.evaluate import Confinement
from lsmc.modules.kubearmor.idle import idle
from lsmc.modules.kubearmor.lint.tree import Tree
from lsmc.modules.kubearmor.policy import ACTIONS, ALLOW, AUDIT, BLOCK, Rule
from lsmc.modules.kubearmor.questions import ENFORCERS, Enforcer, understood

#: A name that no policy has.
NEW = "new-name"
#: The socket of another family that a blocked protocol stands for as well.
_SOCKETS = {
    "tcp": ("unix", "stream"),
    "udp": ("unix", "dgram"),
    "stream": ("unix", "stream"),
    "dgram": ("unix", "dgram"),
    "raw": ("netlink", "raw"),
}


class Cause(NamedTuple):
    """An entry, another that takes part, words, and a request that shows it."""

    rule: Rule
    other: Rule | None
    words: str
    witness: Mapping[str, Any] | None


def once(causes: Iterable[Cause]) -> Iterator[Cause]:
    """The first cause of each entry: workloads that one policy selects have it in common."""
    seen: set[int] = set()
    for cause in causes:
        if id(cause.rule.entry) not in seen:
            seen.add(id(cause.rule.entry))
            yield cause


def answers(confinement: Confinement, request: Mapping[str, Any]) -> dict[Enforcer, bool]:
    """What each enforcer answers; an enforcer that cannot answer is left out."""
    asked = understood(request)
    found: dict[Enforcer, bool] = {}
    for enforcer in ENFORCERS:
        try:
            found[enforcer] = confinement.answer(enforcer, asked).allowed
        except RequestError:
            continue
    return found


def differ(confinement: Confinement, request: Mapping[str, Any]) -> bool:
    """Whether the enforcers answer a request differently."""
    return len(set(answers(confinement, request).values())) > 1


def asking(subject: str, rule: Rule, op: str, obj: str, **fields: Any) -> dict[str, Any]:
    """A request on an object by the first program of an entry."""
    sources = rule.entry.sources
    source = {"source": sources[0]} if sources else {}
    return {"subject": subject, "op": op, "object": obj, **source, **fields}


def in_force(confinement: Confinement) -> Iterator[Rule]:
    """The entries of a workload that some enforcer acts on."""
    for policy in confinement.policies:
        for entry in policy.entries:
            if entry.action in ACTIONS and entry.action != AUDIT:
                yield Rule(policy, entry)


def not_enforced(tree: Tree) -> Iterator[tuple[Rule, dict[Enforcer, str]]]:
    """Entries to allow or block that an enforcer passes over, with its reason."""
    for rule in tree.rules:
        if rule.entry.action in (ALLOW, BLOCK):
            reasons = {one: reason for one in ENFORCERS if (reason := idle(rule.entry, one))}
            if reasons:
                yield rule, reasons


def replaced(tree: Tree) -> Iterator[Cause]:
    """Entries whose key another of the contrary action takes in the map."""
    for subject, confinement in tree.workloads:
        for key, first, then in confinement.bpf.map.overwritten:
            if first.entry.action != then.entry.action:
                yield Cause(then, first, _key_words(key), _key_request(subject, key, then))


def _key_words(key: Key) -> str:
    name, source = key
    words = name if isinstance(name, str) else "the same protocol or capability"
    return f"{words} from {source}" if source else words


def _key_request(subject: str, key: Key, rule: Rule) -> dict[str, Any] | None:
    name, source = key
    if not isinstance(name, str) or not name.startswith("/"):
        return None
    op = "exec" if rule.entry.section == "process" else "open"
    obj = f"{name}{NEW}" if name.endswith("/") else name
    fields = {"source": source} if source else {}
    return {"subject": subject, "op": op, "object": obj, **fields, "enforcer": "bpf"}


def above_child(tree: Tree) -> Iterator[Cause]:
    """Directories that decide nothing of what is in them, since a recursive one above does."""
    for subject, confinement in tree.workloads:
        for rule in in_force(confinement):
            entry = rule.entry
            if entry.match != "dir" or entry.recursive or len(entry.value) > MAX_SCANNED:
                continue
            op = "exec" if entry.section == "process" else "open"
            witness = asking(subject, rule, op, f"{entry.value}{NEW}", enforcer="bpf")
            found = confinement.bpf.decide(understood(witness)).found
            if found is None or found.rule is None or not found.hint:
                continue
            if found.rule.entry.action != entry.action and found.key[0] != entry.value:
                yield Cause(rule, found.rule, str(found.key[0]), witness)


def other_sockets(tree: Tree) -> Iterator[Cause]:
    """Blocked protocols that block sockets of another family under BPF."""
    for subject, confinement in tree.workloads:
        for rule in in_force(confinement):
            entry = rule.entry
            if entry.match != "protocol" or entry.action != BLOCK:
                continue
            family, kind = _SOCKETS.get(entry.value.lower(), ("", ""))
            if not family:
                continue
            witness = asking(subject, rule, "connect", "", family=family, type=kind)
            found = answers(confinement, witness)
            if not found["bpf"] and found.get("apparmor") is not False:
                words = f"{family} sockets of type {kind}"
                yield Cause(rule, None, words, {**witness, "enforcer": "bpf"})


def read_only(tree: Tree) -> Iterator[Cause]:
    """Allow entries with `readOnly` at which the enforcers let different changes through."""
    for subject, confinement in tree.workloads:
        for rule in in_force(confinement):
            entry = rule.entry
            if not entry.read_only or entry.action != ALLOW or entry.match == "pattern":
                continue
            obj = f"{entry.value}{NEW}" if entry.match == "dir" else entry.value
            for op in ("write", "unlink", "truncate"):
                witness = asking(subject, rule, op, obj)
                if differ(confinement, witness):
                    lets = answers(confinement, witness)
                    by = next(one for one in ENFORCERS if lets[one])
                    words = f"{op} is let through by {by} alone"
                    yield Cause(rule, None, words, {**witness, "enforcer": by})
                    break


def long_names(tree: Tree) -> Iterator[Cause]:
    """Names that BPF does not look at in full."""
    for subject, confinement in tree.workloads:
        for rule in in_force(confinement):
            entry = rule.entry
            length = len(entry.value.encode("utf-8", "surrogateescape"))
            op = "exec" if entry.section == "process" else "open"
            if entry.match == "dir" and length > MAX_SCANNED:
                words = f"{length} bytes; directories are sought in the first {MAX_SCANNED} bytes"
                witness = asking(subject, rule, op, f"{entry.value}{NEW}", enforcer="bpf")
                yield Cause(rule, None, words, witness)
            elif entry.match == "path" and length > MAX_NAME:
                words = f"{length} bytes; a name has {MAX_NAME}"
                yield Cause(
                    rule, None, words, asking(subject, rule, op, entry.value, enforcer="bpf")
                )


def unknown_capabilities(tree: Tree) -> Iterator[Cause]:
    """Capabilities that BPF takes for `chown`."""
    for subject, confinement in tree.workloads:
        for rule in in_force(confinement):
            entry = rule.entry
            if entry.match != "capability" or capability_number(entry.value) != 0:
                continue
            if entry.value.lower().removeprefix("cap_") != "chown":
                witness = asking(subject, rule, "capable", "chown", enforcer="bpf")
                yield Cause(rule, None, entry.value, witness)


def without_profile(tree: Tree) -> Iterator[Cause]:
    """Programs that a source may execute, in an AppArmor profile that there is not."""
    for subject, confinement in tree.workloads:
        if confinement.apparmor.refused:
            continue
        found = bodies(confinement.policies, confinement.posture)
        for source, body in found.sources.items():
            for path, access in body.rules["process"].items():
                if not access.allow or access.directory:
                    continue
                if path in found.sources or access.owner_only:
                    request = {"subject": subject, "op": "exec", "object": path, "source": source}
                    rule = access.rules[-1]
                    yield Cause(rule, None, source, {**request, "enforcer": "apparmor"})


def explained(tree: Tree) -> frozenset[int]:
    """The entries, by identity, that another check tells of."""
    causes: Iterable[Cause] = (
        cause
        for one in (
            replaced,
            above_child,
            other_sockets,
            read_only,
            long_names,
            unknown_capabilities,
            without_profile,
        )
        for cause in one(tree)
    )
    known = {id(cause.rule.entry) for cause in causes}
    return frozenset(known | {id(rule.entry) for rule, _ in not_enforced(tree)})
