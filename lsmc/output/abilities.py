"""All that a subject may do, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.engine.verdict import RuleRef
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.explain.hazards import HAZARDS
from lsmc.output.json import Object
from lsmc.output.json import rule as rule_json
from lsmc.output.styled import Line, line, safe
from lsmc.output.table import blocks, fold


def ability_lines(found: Abilities, width: int | None) -> Iterator[Line]:
    """The sections, each a table that `width` columns of text hold."""
    mode = f" ({found.mode} mode)" if found.mode else ""
    yield line((safe(found.subject), "head"), mode)
    if found.free:
        yield line(("it may do anything: no rule is asked", "warn"))
        return
    if found.mode == "complain":
        yield line(("what no rule denies is let through as well, and logged", "warn"))
    for section in found.sections:
        yield line()
        yield from _section(section, width)
    if found.unruled:
        yield line()
        classes = ", ".join(found.unruled)
        yield line(("no rule is asked, so all is allowed: ", "warn"), classes)


def _section(section: Section, width: int | None) -> Iterator[Line]:
    """A rule a row with its place, and below it what a reader must know beside.

    What a rule gives in several classes is told together.
    """
    yield line((section.title, "head"))
    notes: dict[RuleRef, dict[tuple[str, str], None]] = {}
    for one in section.abilities:
        notes.setdefault(one.rule, {}).update(dict.fromkeys(_notes(one)))
    rules = [
        ((safe(rule.text), "code"), (f"{safe(rule.file)}:{rule.line}", "where")) for rule in notes
    ]
    inner = None if width is None else width - 2
    tables = blocks(("", ""), rules, width=inner)
    for some, rows in zip(notes.values(), tables, strict=True):
        for row in rows:
            yield (("  ", ""), *row)
        for note, role in some:
            for text in fold(note, None if width is None else width - 6):
                yield line("      ", (text, role))


def _notes(one: Ability) -> Iterator[tuple[str, str]]:
    for hazard in one.hazards:
        yield HAZARDS[hazard], "warn"
    if one.transition:
        yield f"it runs {safe(one.transition)}", "dim"
    if one.who == "owner":
        yield "only what it owns", "dim"
    elif one.who == "other":
        yield "only what it does not own", "dim"
    if one.lost:
        yield f"never {' '.join(one.lost)}: other rules refuse it everywhere", "dim"
    if one.but is not None:
        ref, example = one.but
        place = f"{safe(ref.file)}:{ref.line}"
        yield f"not {safe(example)}, for one: {safe(ref.text)} at {place}", "dim"


def to_json(found: Abilities) -> Object:
    """The same as data; fields are only ever added."""
    return {
        "subject": found.subject,
        "mode": found.mode or None,
        "free": found.free,
        "unruled": list(found.unruled),
        "sections": [
            {"title": section.title, "abilities": [_json(one) for one in section.abilities]}
            for section in found.sections
        ],
    }


def _json(one: Ability) -> Object:
    but = None
    if one.but is not None:
        but = {"rule": rule_json(one.but[0]), "object": one.but[1]}
    return {
        "class": one.cls,
        "permissions": list(one.permissions),
        "who": one.who,
        "rule": rule_json(one.rule),
        "example": dict(one.example),
        "transition": one.transition or None,
        "lost": list(one.lost),
        "but": but,
        "hazards": list(one.hazards),
        "asks": one.asks,
    }
