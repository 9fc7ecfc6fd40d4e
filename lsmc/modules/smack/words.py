"""Decisions of Smack in words."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.modules.smack.answer import Answer, Engine, new_label
from lsmc.modules.smack.decision import BUILT_IN, Decision
from lsmc.modules.smack.labels import letters
from lsmc.modules.smack.questions import Ask

_BUILT_IN = {
    "star-subject": "a subject with the label `*` may do nothing",
    "web": "whoever or whatever has the label `@` is not checked",
    "star-object": "everybody may do anything to an object with the label `*`",
    "same": "subject and object have the same label",
    "floor-object": "everybody may read, execute or lock an object with the label `_`",
    "hat-subject": "a subject with the label `^` may read, execute or lock anything",
}


def note_of(engine: Engine, found: Answer) -> str:
    """What decided, where the rows do not say it, and what is to be known besides."""
    refused = found.refused
    told = [refused] if refused is not None else list(found.pairs)
    parts = [_with_place(found, ask, decided(ask, one)) for ask, one in told]
    parts += _besides(engine, found) if refused is None else ()
    parts += found.question.notes
    return "; ".join(dict.fromkeys(filter(None, parts)))


def _with_place(found: Answer, ask: Ask, text: str) -> str:
    """A text with the field that it is about, where there are several."""
    if not text or len(found.question.accesses) < 2 or ask.field == "object":
        return text
    return f"{ask.field} `{ask.object}`: {text}"


def decided(ask: Ask, decision: Decision) -> str:
    """What decided an access; empty where the rows say it."""
    text = _by(ask, decision)
    if decision.unconfined:
        return f"{text}; let through and reported, as `{decision.unconfined}` is unconfined"
    if decision.bringup:
        return "reported as `Smack Bringup`, as the rule has `b`"
    return text


def _by(ask: Ask, decision: Decision) -> str:
    if decision.by in BUILT_IN:
        return f"built in: {_BUILT_IN[decision.by]}"
    wanted, missing = letters(ask.bits), letters(decision.missing)
    match decision.by:
        case "no-row":
            return f"no rule for `{ask.subject}` and `{ask.object}`, of which `{wanted}` is asked"
        case "own-rules":
            return f"the task's own rules take away `{missing}`"
        case "override":
            return "CAP_MAC_OVERRIDE: whoever has it may do what the rules refuse"
        case "reported":
            return "a success that is reported, by `b` or an unconfined label, makes ptrace fail"
        case "row" if not decision.allowed or decision.unconfined:
            if not decision.missing:
                return "the rule gives no access at all, so that even an empty request is refused"
            return f"the rule does not give `{missing}`"
    return ""


def _besides(engine: Engine, found: Answer) -> Iterator[str]:
    """What follows from an allowed question, and what it leaves open."""
    asked = found.question
    name = asked.asks.operation.name
    if not asked.accesses:
        yield "Smack asks nothing here"
    if "transmute" in asked.asks.fields:
        yield f"what is made gets the label `{new_label(engine, asked)}`"
    open_fields = [check.field for check in asked.asks.also if check.field not in asked.fields]
    if "directory" in open_fields:
        yield f"the directory is judged when its label is given: `{name}` asks wx of `directory=`"
