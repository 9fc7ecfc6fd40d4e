"""Questions as people and programs put them, checked, and made into what an engine is asked.

What the kernel wrote into a record, or lsmc made itself, goes to the engine
directly.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lsmc.engine.verdict import FieldTypeError, RequestError
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.decide.engine import NO_FIELDS, Engine, operation_named
from lsmc.modules.apparmor.requests.checks import check

Fields = Mapping[str, str]
#: The field of a class that a question may leave out.
_OPTIONAL = {"network": "type", "unix": "type", "dbus": "bus"}


class CheckedQuestion(NamedTuple):
    """A question that was checked: the arguments of `Engine.ask`."""

    subject: str
    operation: Operation
    object: str
    owner: bool
    fields: Fields
    mediated: bool


def asked(
    engine: Engine,
    subject: str,
    op: str,
    obj: str,
    owner: bool,
    fields: Mapping[str, object],
    mediated: bool = False,
) -> CheckedQuestion:
    """One question; raises `UnknownName`, `RequestError`, and TypeError for wrong types."""
    text("subject", subject), text("op", op), text("object", obj)
    truth("owner", owner), truth("mediated", mediated)
    words = texts(fields)
    operation = operation_named(op, {**words, "object": obj})
    return _settled(
        engine,
        CheckedQuestion(
            subject=subject,
            operation=operation,
            object=obj,
            owner=owner,
            fields=words,
            mediated=mediated,
        ),
    )


def asked_by(engine: Engine, request: Mapping[str, Any]) -> CheckedQuestion:
    """The question of a request; raises as `asked` does."""
    return _settled(engine, written(engine, request))


def written(engine: Engine, request: Mapping[str, Any]) -> CheckedQuestion:
    """The question of a request as it is written, before the check; raises as `asked` does."""
    if not isinstance(request, Mapping):
        raise TypeError(f"a request is an object (a mapping), not {type(request).__name__}")
    subject, obj = (
        text("subject", request.get("subject")),
        text("object", request.get("object", "")),
    )
    for name in ("op", "class"):
        text(name, request.get(name, ""))
    owner = truth("owner", request.get("owner", True))
    mediated = truth("mediated", request.get("mediated", False))
    # beside an operation, a class says which of the classes is meant that share its name
    left = [name for name in NO_FIELDS if name != "class" or "op" not in request]
    words = texts({name: value for name, value in request.items() if name not in left})
    return CheckedQuestion(
        subject=subject,
        operation=engine.operation(request),
        object=obj,
        owner=owner,
        fields=words,
        mediated=mediated,
    )


def _settled(engine: Engine, question: CheckedQuestion) -> CheckedQuestion:
    """A question after the check, with all that the answer depends on; raises `RequestError`.

    A kernel always names the type of a socket and the bus of a message.  A question may leave them
    out where the answer is the same for all.
    """
    check(question.operation, question.object, question.fields)
    each = alternatives(question)
    if each == (question,):
        return question
    name = _OPTIONAL[question.operation.cls]
    words = tuple(one.fields[name] for one in each)
    answers = [_answer(engine, one) for one in each]
    if len(set(answers)) > 1:
        yes = [word for word, (allowed, *_) in zip(words, answers, strict=True) if allowed]
        said = f"allowed for {' '.join(yes)}" if 0 < len(yes) < len(words) else "not one for all"
        raise RequestError(f"`{name}=` is missing: the answer is {said}", "", words)
    return question if _answer(engine, question) == answers[0] else each[0]


def alternatives(question: CheckedQuestion) -> tuple[CheckedQuestion, ...]:
    """The questions that a kernel may ask in place of one that leaves a choice out."""
    operation, fields = question.operation, question.fields
    name = _OPTIONAL.get(operation.cls)
    if name is None or fields.get(name):
        return (question,)
    from lsmc.modules.apparmor.names import BUSES, PROTOCOLS, SOCKET_TYPES

    if operation.cls == "network" and fields.get("protocol") in PROTOCOLS:
        return (question,)  # it implies the type
    words = BUSES if name == "bus" else SOCKET_TYPES
    return tuple(question._replace(fields={**fields, name: word}) for word in words)


def _answer(engine: Engine, question: CheckedQuestion) -> tuple[object, ...]:
    verdict = engine.ask(*question).verdict
    return verdict.allowed, verdict.decision, verdict.missing, verdict.audited


def text(name: str, value: object) -> str:
    """A value that must be a text; raises TypeError."""
    if not isinstance(value, str):
        raise FieldTypeError(name, "a text (str)", value)
    return value


def texts(fields: Mapping[str, object]) -> dict[str, str]:
    """Fields that must be texts, or whole numbers, as texts; raises TypeError."""
    return {
        name: str(value) if type(value) is int else text(name, value)
        for name, value in fields.items()
    }


def truth(name: str, value: object) -> bool:
    """A value that must be true or false; raises TypeError."""
    if not isinstance(value, bool):
        raise FieldTypeError(name, "true or false (bool)", value)
    return value
