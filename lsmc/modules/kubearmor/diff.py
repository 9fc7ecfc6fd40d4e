"""What two policies of KubeArmor decide differently, on each workload and under each enforcer.

Of BPF, the maps are compared by requests that tell them apart (`probes.py`); of AppArmor, the
profiles by the AppArmor module, which compares all objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lsmc.analysis.change import Change, Direction, Side
from lsmc.engine.verdict import RequestError, RuleRef, Verdict
from lsmc.modules.kubearmor.apparmor.enforcer import AppArmorEnforcer
from lsmc.modules.kubearmor.engine import Engine
from lsmc.modules.kubearmor.evaluate import Confinement, Confinements
from lsmc.modules.kubearmor.probes import probes
from lsmc.modules.kubearmor.questions import Enforcer, understood
from lsmc.modules.kubearmor.selectors import read_subject, subject_of
from lsmc.modules.registry import module_named

#: Requests by which two maps are compared; a map of 256 keys needs a hundredth.
MAX_PROBES = 500_000
#: Operations that ask for letters of the AppArmor module's files.
_OPERATIONS = {"r": "open", "w": "write", "a": "append", "x": "exec"}


def diff(old: Engine, new: Engine) -> list[Change]:
    """The changes of each subject; none exactly if both decide and log alike.

    `RequestError` for policies that are too large to be compared.
    """
    return changes(old.confinements, new.confinements)


def changes(old: Confinements, new: Confinements) -> list[Change]:
    """The changes of each subject that either policy selects; raises as `diff` does."""
    found: list[Change] = []
    policies = (*old.policies.policies, *new.policies.policies)
    for subject in sorted({subject_of(one) for one in policies}):
        workload = read_subject(subject)
        before, after = old.of(workload), new.of(workload)
        if before.policies and after.policies:
            found += _bpf(subject, before, after)
            found += _apparmor(subject, before.apparmor, after.apparmor)
        elif before.policies:
            found.append(Change(subject, "removed", direction="wider"))
        else:
            found.append(Change(subject, "added", direction="narrower"))
    return found


def _bpf(subject: str, before: Confinement, after: Confinement) -> Iterator[Change]:
    old, new = before.bpf.map, after.bpf.map
    plain = [
        ({key: value[:2] for key, value in one.keys.items()}, one.postures, one.args)
        for one in (old, new)
    ]
    if plain[0] == plain[1]:
        return
    told: dict[object, Change] = {}
    found = probes((old, new))
    for probe in islice(found, MAX_PROBES):
        request = {"subject": subject, **probe, "enforcer": "bpf"}
        asked = understood(request)
        answers = [before.bpf.answer(asked), after.bpf.answer(asked)]
        if _same(*answers):
            continue
        key = (asked.operation.cls, *((one.allowed, one.audited, one.rules) for one in answers))
        change = _change(subject, "bpf", asked.operation.cls, request, *answers)
        first = told.get(key)
        told[key] = change if first is None else _together(first, change)
    yield from told.values()
    if next(found, None) is not None:
        raise RequestError(f"the policies of {subject} are too large to be compared")


def _same(old: Verdict, new: Verdict) -> bool:
    return (old.allowed, old.audited) == (new.allowed, new.audited)


def _change(
    subject: str,
    enforcer: Enforcer,
    cls: str,
    request: Mapping[str, Any],
    old: Verdict,
    new: Verdict,
) -> Change:
    direction: Direction = "other"
    if old.allowed != new.allowed:
        direction = "wider" if new.allowed else "narrower"
    rule = next((one for one in new.rules if one not in old.rules), None)
    rule = rule or next((one for one in old.rules if one not in new.rules), None)
    return Change(
        subject,
        "decision",
        cls=cls,
        what=enforcer,
        before=_side(old),
        after=_side(new),
        rule=rule,
        witness=request,
        permissions=old.granted or old.missing,
        direction=direction,
    )


def _together(first: Change, other: Change) -> Change:
    """Two changes of other permissions by the same rules as one, with the witness of the first."""
    if set(other.permissions) <= set(first.permissions):
        return first
    return first._replace(
        permissions=first.permissions + other.permissions,
        before=_joined(first.before, other.before),
        after=_joined(first.after, other.after),
    )


def _joined(one: Side, other: Side) -> Side:
    return one._replace(allow=one.allow + other.allow, audit=one.audit + other.audit)


def _side(verdict: Verdict) -> Side:
    perms = verdict.granted or verdict.missing
    return Side(
        allow=verdict.granted,
        audit=perms if verdict.audited else (),
        rules=verdict.rules,
    )


def _apparmor(subject: str, old: AppArmorEnforcer, new: AppArmorEnforcer) -> Iterator[Change]:
    loads = [_loads(one) for one in (old, new)]
    if old.refused or new.refused:
        if loads[0] != loads[1]:
            yield Change(
                subject, "setting", what="AppArmor profile", before=loads[0], after=loads[1]
            )
        return
    if (old.profile.text, old.texts) == (new.profile.text, new.texts):
        return
    for change in module_named("apparmor").diff(old.engine, new.engine):
        yield _translated(subject, change, old, new)


def _loads(enforcer: AppArmorEnforcer) -> str:
    if not enforcer.refused:
        return "loads"
    first = enforcer.refused[0]
    return f"does not load: {first.message}"


def _translated(
    subject: str, change: Change, old: AppArmorEnforcer, new: AppArmorEnforcer
) -> Change:
    """A change of the profile as one of policy: entries for rules, a request for the witness."""
    rule = None
    if change.rule is not None:
        known = change.after.rules if isinstance(change.after, Side) else ()
        side = new if change.rule in known else old
        rule = next(iter(side.refs([change.rule])), None)
    witness = _request(subject, change, new if change.profile in _names(new) else old)
    if witness is not None:
        answers = [one.answer(understood(witness)) for one in (old, new)]
        witness = None if _same(*answers) else witness
    return change._replace(
        profile=subject,
        what=change.what or "apparmor",
        before=_entries(change.before, old),
        after=_entries(change.after, new),
        rule=rule,
        witness=witness,
        shows=change.shows and witness is not None,
    )


def _names(enforcer: AppArmorEnforcer) -> tuple[str, ...]:
    return (enforcer.name, *enforcer.profile.sources.values())


def _entries(side: Any, enforcer: AppArmorEnforcer) -> Any:
    if not isinstance(side, Side):
        return side
    refs: tuple[RuleRef, ...] = tuple(enforcer.refs(side.rules))
    return side._replace(rules=refs)


def _request(subject: str, change: Change, enforcer: AppArmorEnforcer) -> dict[str, Any] | None:
    """The witness of a change of a profile as a question of KubeArmor; None where it has none."""
    asked = change.witness
    if asked is None:
        return None
    request: dict[str, Any] = {"subject": subject, "enforcer": "apparmor"}
    by_profile = {name: source for source, name in enforcer.profile.sources.items()}
    if change.profile in by_profile:
        request["source"] = by_profile[change.profile]
    elif change.profile != enforcer.name:
        return None  # a nested profile: no program is known to run in it
    if change.cls == "file":
        ops = [op for letter, op in _OPERATIONS.items() if letter in change.permissions]
        if not ops:
            return None
        obj = str(asked["object"])
        slash = obj.endswith("/") and obj != "/"
        more = {"op": ops[0], "object": obj, "owner": bool(asked.get("owner", True))}
        return {**request, **more, **({"is_dir": True} if slash else {})}
    if change.cls == "capability":
        return {**request, "op": "capable", "object": asked["object"]}
    if change.cls == "network" and asked.get("type"):
        fields = {"family": asked["object"], "type": asked["type"]}
        protocol = str(asked.get("protocol", "") or "0")
        return {**request, "op": "connect", "object": "", **fields, "protocol": protocol}
    return None
