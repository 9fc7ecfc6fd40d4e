"""All permissions of a class on one object: what `Policy.permissions` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsmc.base.text import encode
from lsmc.engine.answer import Answer
from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import Exec, RuleRef
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.classes import EXECUTE, FILE
from lsmc.modules.apparmor.decide.engine import Engine, class_named
from lsmc.modules.apparmor.decide.exec_transition import execution
from lsmc.modules.apparmor.decide.questions import text, texts, truth


def permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    """What the rules of a subject grant on an object; raises `UnknownName`, `RequestError`.

    A permission is allowed where the look-ups of a query for the class and this permission lack
    nothing, whatever the mode of the profile and whether `exec` leads anywhere.  What the object is
    called is not checked as for a query: it may be anything that rules match.  Raises TypeError for
    an argument of another type.
    """
    more = dict(fields)
    owner = truth("owner", more.pop("owner", True))
    text("subject", subject), text("object", obj)
    mediation, words = class_named(text("cls", cls)), texts(more)
    asked = {
        name: engine.ask(subject, Operation("", cls, (name,), ""), obj, owner, words)
        for name in mediation.permissions
    }
    found: dict[str, set[str]] = {
        kind: set() for kind in ("allow", "deny", "audit", "quiet", "prompt")
    }
    rules: dict[str, tuple[RuleRef, ...]] = {}
    for name, answer in asked.items():
        refused = [look for look in answer.lookups if look.missing]
        for kind in _kinds(answer):
            found[kind].add(name)
        refs = [
            ref
            for look in refused or answer.lookups
            for ref in engine.tables.refs(look.profile, look.node, look.decision, look.part.wanted)
        ]
        if refs:
            rules[name] = tuple(dict.fromkeys(refs))
    return Permissions(
        **{kind: frozenset(names) for kind, names in found.items()},
        exec=_exec(engine, asked["x"], obj) if mediation is FILE else None,
        rules=rules,
        mediated=any(answer.lookups for answer in asked.values()),
    )


def _exec(engine: Engine, answer: Answer, path: str) -> Exec | None:
    """What executing does in the first profile of a subject."""
    look = next(iter(answer.lookups), None)
    if look is None or not look.decision.allow & EXECUTE:
        return None
    return execution(engine.tables, look.profile, look.decision, encode(path))


def _kinds(answer: Answer) -> Iterator[str]:
    """In which of the sets of `Permissions` the permission of an answer belongs."""
    refused = [look for look in answer.lookups if look.missing]
    if not refused:
        yield "allow"
    if any(look.missing & look.decision.deny for look in refused):
        yield "deny"
    elif any(look.missing & look.decision.prompt for look in refused):
        yield "prompt"
    if not refused and any(look.decision.audit & look.part.wanted for look in answer.lookups):
        yield "audit"
    if refused and not answer.verdict.audited:
        yield "quiet"
