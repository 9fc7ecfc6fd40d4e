"""The difference of two policies, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lsmc.analysis.change import Change, Side
from lsmc.explain.hazards import HAZARDS
from lsmc.output.json import dumps, rule
from lsmc.output.styled import Line, Piece, line, plain, safe
from lsmc.output.verdict import rule_lines

_FILE_WORDS: Mapping[str, str] = {
    "r": "read",
    "w": "write",
    "a": "append to",
    "x": "execute",
    "m": "map as executable",
    "k": "lock",
    "l": "link",
}


def difference_lines(changes: Sequence[Change]) -> Iterator[Line]:
    """The changes in order, each with an example and the rules on both sides; last, how many."""
    for change in changes:
        yield from _change(change)
        for hazard in change.hazards:
            yield line(("  warning: ", "warn"), HAZARDS[hazard])
    if changes:
        yield line(counted(changes))


def counted(changes: Sequence[Change]) -> str:
    """How many changes go in which direction."""
    number = len(changes)
    ways = Counter(change.direction for change in changes)
    parts = ", ".join(f"{ways[way]} {way}" for way in ("wider", "narrower", "other") if ways[way])
    return f"{number} change{'s' * (number != 1)}: {parts}"


def headline(change: Change) -> str:
    """What a change is, in one line for people."""
    return plain(list(_change(change))[:1]).rstrip("\n")


def _change(change: Change) -> Iterator[Line]:
    name = safe(change.profile)
    if change.kind in ("added", "removed"):
        role = "warn" if change.kind == "removed" else "good"
        yield line((f"{name}: ", "head"), (f"{change.cls or 'profile'} {change.kind}", role))
        if change.rule is not None:
            yield from rule_lines(change.rule, "  ")
        return
    if change.kind == "renamed":
        yield line((f"{name}: ", "head"), f"profile renamed, was {safe(change.before)}")
        return
    if change.kind in ("decision", "mediation"):
        yield from _decision(change)
        return
    if change.kind == "program":
        yield from _program(change)
        return
    what = change.what or change.kind
    yield line(
        (f"{name}: ", "head"), f"{safe(what)}: {_value(change.before)} → {_value(change.after)}"
    )
    if change.witness:
        yield line(f"  example: {safe(str(change.witness['object']))}")


_MAY = {"wider": "which may then do more", "narrower": "which may then do less"}


def _program(change: Change) -> Iterator[Line]:
    before = safe(change.before)
    way = _MAY.get(change.direction, "which may then do the same")
    role = "good" if change.direction == "wider" else "bad"
    yield line(
        (f"{safe(change.profile)}: ", "head"), f"now has programs of {before}, ", (way, role)
    )
    yield line(f"  program: {safe(change.what)}")
    if change.witness is not None:
        yield line(f"  example: {example(change)}")
    if change.rule is not None:
        yield from rule_lines(change.rule, "    ")


def _decision(change: Change) -> Iterator[Line]:
    before, after = change.before, change.after
    about = f" {safe(change.rule.text)}" if change.rule is not None else ""
    for words, role in _effects(change):
        yield line((f"{safe(change.profile)}: ", "head"), (words, role), about)
    if change.witness is not None:
        yield line(f"  example: {example(change)}")
    if not change.shows:
        yield line(("  only the rules differ: no request is answered differently", "dim"))
    for side, word in ((before, "before"), (after, "after")):
        if not side.rules:
            yield line((f"  {word}: no rule", "dim"))
        else:
            yield line((f"  {word}:", "dim"))
        for ref in side.rules:
            yield from rule_lines(ref, "    ")


def _effects(change: Change) -> Iterator[Piece]:
    """What changed at the example, in words; at least one."""
    cls, before, after = change.cls, change.before, change.after
    gained = [p for p in change.permissions if p in after.allow and p not in before.allow]
    lost = [p for p in change.permissions if p in before.allow and p not in after.allow]
    if gained:
        yield f"now may {_verbs(cls, gained)} (was denied):", "good"
    if lost:
        yield f"may no longer {_verbs(cls, lost)}:", "bad"
    executes = "x" in change.permissions
    if executes and before.exec != after.exec and before.exec and after.exec:
        yield f"execution changes from {safe(before.exec)} to {safe(after.exec)}:", "warn"
    kept = [p for p in change.permissions if p in after.allow and p in before.allow]
    for word, more, less in (
        ("is now logged", after.audit, before.audit),
        ("is no longer logged", before.audit, after.audit),
    ):
        changed = [p for p in kept if p in more and p not in less]
        if changed:
            yield f"{word} when it may {_verbs(cls, changed)}:", "warn"
    for word, more, less in (
        ("a refusal is now silent", after.quiet, before.quiet),
        ("a refusal is now logged", before.quiet, after.quiet),
    ):
        told = (p for p in change.permissions if p not in (*gained, *lost))
        changed = [p for p in told if p in more and p not in less]
        if changed:
            yield f"{word} ({_verbs(cls, changed)}):", "warn"
    if any((p in before.prompt) != (p in after.prompt) for p in change.permissions):
        yield "what is asked of the user changes:", "warn"


def _verbs(cls: str, perms: Iterable[str]) -> str:
    if cls == "capability":
        return "use the capability"
    if cls == "file":
        return ", ".join(_FILE_WORDS.get(p, p) for p in perms)
    return f"{cls} " + ", ".join(perms) if cls not in perms else cls


def example(change: Change) -> str:
    """The object that shows a change, and whom it concerns; empty without one."""
    witness: Mapping[str, Any] = change.witness or {}
    rest = {
        key: value
        for key, value in witness.items()
        if key not in ("subject", "class", "perms", "object", "owner") and value
    }
    words = [str(witness.get("object", "")), *(f"{key}={value}" for key, value in rest.items())]
    text = " ".join(safe(word) for word in words if word)
    whose = {"all": "", "owner": "(the owner only)", "other": "(not the owner)"}[change.who]
    return f"{text} {whose}".strip()


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe(str(value)) or "set"


def to_json(change: Change) -> dict[str, Any]:
    """A change: its fields."""
    return {
        "profile": change.profile,
        "kind": change.kind,
        "class": change.cls or None,
        "what": change.what or None,
        "who": change.who if change.cls else None,
        "permissions": list(change.permissions) if change.cls else None,
        "before": _side(change.before),
        "after": _side(change.after),
        "rule": rule(change.rule) if change.rule is not None else None,
        "witness": dict(change.witness) if change.witness is not None else None,
        "shows": change.shows if change.cls else None,
        "direction": change.direction,
        "hazards": list(change.hazards),
    }


def json(changes: Sequence[Change]) -> str:
    """The changes as an array of objects."""
    return dumps([to_json(change) for change in changes], indent=2) + "\n"


def _side(value: object) -> object:
    if not isinstance(value, Side):
        return list(value) if isinstance(value, tuple) else value
    return {**value._asdict(), "rules": [rule(ref) for ref in value.rules]}
