"""Explains verdicts on accesses: what decides, what stands in the way, what would allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.engine.verdict import Verdict
from lsmc.explain.explanation import Explanation, Obstacle, Question, Reason, Suggestion
from lsmc.modules.selinux.context.context import format_context
from lsmc.modules.selinux.explain.asked import Asked, asked_by
from lsmc.modules.selinux.explain.near import misses
from lsmc.modules.selinux.explain.obstacles import obstacles
from lsmc.modules.selinux.explain.suggest import suggestions
from lsmc.modules.selinux.explain.wrong_label import wrong_label
from lsmc.modules.selinux.made_names import is_made
from lsmc.modules.selinux.verdicts import verdict

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine
    from lsmc.modules.selinux.questions import Party

_ALLOW = 0
#: What decides an access in the kernel.
_HOOK = "avc_has_perm"
#: Attributes of a type that are told.
_FEW = 6


def explain(engine: Engine, request: Mapping[str, Any]) -> Explanation:
    """The verdict of a request with its reasons; raises as `Engine.answer`."""
    asked = asked_by(engine, request)
    judged = asked.judged
    if judged is None:
        return _invalid(engine, request, asked)
    found = () if judged.allowed else tuple(obstacles(engine, judged))
    advice: list[Suggestion] = []
    wrong = None if judged.allowed else wrong_label(engine, asked)
    if wrong is not None:
        helps = "with that it would be allowed" if wrong.helps else "that would not help"
        says = f"`{wrong.path}` has type `{wrong.type}`; its path has type `{wrong.right}`: {helps}"
        found = (Obstacle("label", (), says, rules=wrong.rules), *found)
        if wrong.helps:
            advice.append(
                Suggestion("", "", "", 0, (), says=f"restorecon -v {wrong.path}", kind="advice")
            )
    return Explanation(
        verdict=verdict(engine, judged),
        request=_question(engine, request, asked),
        reasons=tuple(_reasons(engine, asked)),
        misses=() if judged.allowed else tuple(misses(engine, judged)),
        suggestions=(*advice, *suggestions(engine, asked, found)),
        attaches=None,
        obstacles=found,
    )


def _invalid(engine: Engine, request: Mapping[str, Any], asked: Asked) -> Explanation:
    """The explanation of a question about a context that is not one of the policy."""
    party, reason = asked.invalid or ("", "")
    denied = Verdict.deny(asked.access.wanted, explicit=False, audited=True, note=reason)
    return Explanation(
        verdict=denied._replace(decision="invalid-context"),
        request=_question(engine, request, asked),
        reasons=(),
        misses=(),
        suggestions=(),
        attaches=None,
        obstacles=(Obstacle(f"invalid-{party}", asked.access.wanted, f"the {party}: {reason}"),),
    )


def _question(engine: Engine, request: Mapping[str, Any], asked: Asked) -> Question:
    fields: dict[str, str] = {}
    for name, value in request.items():
        if name == "booleans" and isinstance(value, Mapping):
            fields |= {one: "on" if state else "off" for one, state in value.items()}
        elif name in ("ioctl", "nlmsg", "path"):
            fields[name] = str(value)
    access = asked.access
    return Question(
        subject=str(request.get("subject", "")),
        op=str(request.get("op", "")) or f"{access.name}:{','.join(access.wanted)}",
        object=str(request.get("object", "")),
        owner=True,
        fields=fields,
        cls=access.name,
        permissions=access.wanted,
        hook=_HOOK,
        profiles=(),
        about=tuple(_about(engine, asked)),
    )


def _about(engine: Engine, asked: Asked) -> Iterator[str]:
    """Who asks for what, as the policy knows them."""
    judged = asked.judged
    if judged is None:
        yield "a context that this policy does not know may do nothing"
        return
    yield f"subject: {_party(engine, judged.source)}"
    if judged.target != judged.source:
        yield f"object: {_party(engine, judged.target)}"
    changed = [
        f"{name} {'on' if now else 'off'}"
        for name, now, value in zip(
            engine.tables.names.booleans,
            judged.state.values,
            engine.tables.defaults_of_booleans,
            strict=True,
        )
        if now != value
    ]
    if changed:
        yield f"booleans otherwise than the policy sets them: {', '.join(changed)}"


def _party(engine: Engine, party: Party) -> str:
    """A context or type, with the attributes that it has."""
    names = engine.tables.names
    shown = names.types[party.type]
    if party.context is not None:
        shown = format_context(party.context, engine.tables.grammar)
    labels = engine.tables.memberships.labels_of(party.type)
    attributes = [names.labels[one] for one in labels if one >= len(names.types)]
    attributes = [name for name in attributes if not is_made(name)]
    more = len(attributes) - _FEW
    rest = f" and {more} more" if more > 0 else ""
    inside = f", in {', '.join(attributes[:_FEW])}{rest}" if attributes else ""
    return f"{party.note or shown}{inside}"


def _reasons(engine: Engine, asked: Asked) -> Iterator[Reason]:
    """The rules that grant each permission that is granted."""
    judged = asked.judged
    if judged is None or judged.access.cls is None:
        return
    cls, source = judged.access.cls, judged.source.type
    for name, bit in zip(judged.access.wanted, judged.access.bits, strict=True):
        if judged.granted & bit:
            pair = (source, judged.target.type)
            rules = engine.references.grants(judged.state, *pair, cls, _ALLOW, bit)
            profile = engine.tables.names.types[source]
            yield Reason(profile, judged.access.name, name, "allow", rules, ())
