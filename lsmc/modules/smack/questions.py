"""What a question asks: labels, access letters of each, and what the task brings.

Names are checked: an operation or a field that does not exist is an error, never a denial.  Any
label is one, whether a rule names it or not, as files have labels of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lsmc.base.numbers import natural
from lsmc.base.source import Source, from_display
from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName
from lsmc.modules.smack.decision import Rule, Task
from lsmc.modules.smack.labels import READ, WRITE, read_access, read_label
from lsmc.modules.smack.model import pairs_of
from lsmc.modules.smack.operations import (
    ACCESS,
    ASKS,
    CLASSES,
    DIRECTORY,
    NEW_DIRECTORY,
    TARGET,
    Asks,
    by_letters,
    named,
)
from lsmc.modules.smack.read import rules_of
from lsmc.stack.capabilities import capability_set
from lsmc.stack.capabilities import named as named_capabilities

OVERRIDE = "mac_override"
#: Fields of every question, and those that give a label.
_COMMON = ("self_rules", "capabilities")
_LABELS = (DIRECTORY, NEW_DIRECTORY, TARGET, "exec_label")
#: What a question carries beside fields; whether the subject owns the object means nothing here.
_NO_FIELDS = frozenset(("subject", "op", "class", "perms", "object", "owner", "mediated"))
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Ask(NamedTuple):
    """One access that is asked for; `field` is what gave the label, `object` for the object."""

    subject: str
    object: str
    bits: int
    field: str


class Question(NamedTuple):
    """A question as it was understood.

    Attributes:
        subject: the label of the task.
        object: the label of the object.
        asks: what the operation asks, and of which fields.
        accesses: the accesses in the order in which they are asked.
        own: the task's own rules; None for none.
        capabilities: the capabilities of the task.
        fields: the fields as they were given.
        notes: what is to be known of the question.
    """

    subject: str
    object: str
    asks: Asks
    accesses: tuple[Ask, ...]
    own: Rule | None
    capabilities: frozenset[str]
    fields: Mapping[str, Any]
    notes: tuple[str, ...]

    def task(self, onlycap: frozenset[str]) -> Task:
        """What the task brings, where CAP_MAC_OVERRIDE is limited to some labels."""
        override = OVERRIDE in self.capabilities and (not onlycap or self.subject in onlycap)
        return Task(None if self.asks.by_sockets else self.own, override)


def question(request: Mapping[str, Any]) -> Question:
    """The question of a request; raises `UnknownName`, `RequestError`, TypeError."""
    notes: list[str] = []
    fields = {name: value for name, value in request.items() if name not in _NO_FIELDS}
    asks = _asks(request)
    _check_fields(asks, fields)
    subject = _label(request.get("subject", ""), "subject", notes)
    obj = _label(request.get("object", ""), "object", notes)
    labels = {name: _label(fields[name], name, notes) for name in _LABELS if name in fields}
    accesses = [Ask(subject, obj, bits, "object") for bits in _requests(asks, fields)]
    for check in asks.also:
        if check.field in labels:
            access = read_access(check.letters).bits
            accesses.append(Ask(subject, labels[check.field], access, check.field))
    if asks.mutual:
        accesses.append(Ask(obj, subject, WRITE, "the other way"))
    return Question(
        subject,
        obj,
        asks,
        tuple(accesses),
        _own_rules(fields.get("self_rules", "")),
        _capabilities(fields.get("capabilities", "")),
        {**fields, **labels},
        tuple(notes),
    )


def access_request(subject: str, letters: str, obj: str) -> dict[str, str]:
    """The request that asks letters of a label, of `Policy.query_many`."""
    return {"subject": subject, "class": ACCESS, "perms": letters, "object": obj}


def operation(word: str) -> Asks:
    """What an operation, or letters, ask; raises `UnknownName`."""
    found = named(word)
    if found is None:
        note = "" if set(word) - set("rwxatlbRWXATLB-") else "letters are `rwxatlb`"
        raise UnknownName("operation", word, (one.operation.name for one in ASKS), note)
    return found


def _asks(request: Mapping[str, Any]) -> Asks:
    """What the operation of a request asks, or its class and letters."""
    op = request.get("op")
    if op is not None:
        return operation(_text(op, "op"))
    cls = request.get("class", ACCESS)
    if cls not in CLASSES:
        raise UnknownName("class", str(cls), CLASSES)
    perms = request.get("perms", "")
    letters = perms if isinstance(perms, str) else "".join(perms)
    found = by_letters(letters or "-")
    if found is None:
        raise UnknownName("access", letters, ("r", "w", "x", "a", "t", "l", "b"))
    return found._replace(operation=found.operation._replace(cls=cls))


def _check_fields(asks: Asks, fields: Mapping[str, Any]) -> None:
    known = (*_COMMON, *(check.field for check in asks.also), *asks.fields)
    if "context" in fields:
        instead = "lsmc query --policy smack=PATH --object smack=LABEL"
        raise RequestError(f"users, modes and other modules are judged by `{instead}`")
    for name in fields:
        if name not in known:
            words = " ".join(known)
            message = f"`{name}` is not a field of `{asks.operation.name}`; its fields are {words}"
            raise RequestError(message)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise FieldTypeError(name, "a text (str)", value)
    return value


def _label(value: object, name: str, notes: list[str]) -> str:
    """The label of a text as the kernel takes it, cut where it must be."""
    text = _text(value, name)
    if not text:
        raise RequestError(f"`{name}` is not given: it is a label")
    found = read_label(from_display(text))
    if found.refused:
        raise RequestError(f"`{text}` is no label: {found.refused}", text)
    if found.cut:
        notes.append(f"`{text}` is no label: the kernel reads `{found.name}`")
    return found.name


def label_of(text: str, name: str) -> str:
    """The label of a text that must be one whole; raises `RequestError`."""
    notes: list[str] = []
    found = _label(text, name, notes)
    if notes:
        raise RequestError(notes[0], text)
    return found


def _requests(asks: Asks, fields: Mapping[str, Any]) -> tuple[int, ...]:
    """The access that each request to the object asks; none where nothing is asked."""
    name = asks.operation.name
    signal = str(fields.get("signal", "")).removeprefix("SIG")
    if name == "mmap_exec" or (name == "signal_send" and signal in ("0", "exists")):
        return ()
    if name == "ipc_get":
        return (_mode_bits(str(fields.get("mode", ""))),)
    each = asks.apart or ("".join(asks.operation.perms),)
    return tuple(read_access(letters).bits for letters in each)


def _mode_bits(text: str) -> int:
    """The access that the mode of a request for a shared object asks (`smack_flags_to_may`)."""
    if natural(text) is None or set(text) - set("01234567"):
        raise RequestError("`mode` is missing or no number in octal: mode=0666")
    mode = int(text, 8)
    return (READ if mode & 0o444 else 0) | (WRITE if mode & 0o222 else 0)


def _own_rules(value: object) -> Rule | None:
    """The rules of a task, from the text that is written to load-self2."""
    text = _text(value, "self_rules")
    if not text.strip():
        return None
    rules, faults = rules_of(Source("self_rules", from_display(text)), change=False)
    if faults:
        raise RequestError(f"`self_rules`: {faults[0].message}")
    access = {pair: found.access for pair, found in pairs_of(rules).items()}

    def own(subject: str, obj: str) -> int | None:
        return access.get((subject, obj))

    return own


def _capabilities(value: object) -> frozenset[str]:
    try:
        if isinstance(value, str):
            return capability_set(value) if value.strip() else frozenset()
        if isinstance(value, Iterable):
            return named_capabilities([_text(one, "capabilities") for one in value])
    except ValueError as fault:
        raise RequestError(f"`capabilities`: {fault}") from None
    raise FieldTypeError("capabilities", "a text or a list of names", value)


def truth(value: object, name: str) -> bool:
    """A field that is true or not; raises `RequestError`."""
    found = value if isinstance(value, bool) else _YES.get(str(value))
    if found is None:
        raise RequestError(f"`{name}` is yes or no, not `{value}`")
    return found
