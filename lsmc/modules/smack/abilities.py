"""All that a label may do, by its rules and by what is built in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import RequestError, RuleRef, UnknownName
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.modules.smack.answer import Engine, deciding
from lsmc.modules.smack.bundle import StoredRow
from lsmc.modules.smack.decision import decide, granted_by
from lsmc.modules.smack.labels import BUILT_IN, HAT, LETTERS, STAR, WEB, letters, names
from lsmc.modules.smack.operations import ACCESS, CLASSES
from lsmc.modules.smack.questions import label_of, operation
from lsmc.tables.records import Place

_WRITES, _READS = frozenset("wat"), frozenset("rxl")
_TITLES = ("writes", "executes", "reads", "other access")


def abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    """What a label may do; raises `UnknownName` for a label that no rule names."""
    for cls in classes:
        if cls != ACCESS:
            raise UnknownName("class", cls, (ACCESS,))
    if engine.find(subject) is None:
        raise UnknownName("label", subject, engine.subjects)
    if subject == STAR:
        return Abilities(subject, "", False, (), ())
    mode = "unconfined" if subject == engine.unconfined else ""
    free = "rx or l of any object" if subject == HAT else "rx or l of _"
    built_in = (f"any access to {subject}, * and @", free)
    return Abilities(subject, mode, subject == WEB, built_in, tuple(_sections(engine, subject)))


def _sections(engine: Engine, subject: str) -> Iterator[Section]:
    by_title: dict[str, list[Ability]] = {title: [] for title in _TITLES}
    for obj, rows in _objects(engine, subject):
        found = _ability(engine, subject, obj, rows)
        if found is not None:
            by_title[_title(found)].append(found)
    yield from (Section(title, tuple(some)) for title, some in by_title.items() if some)


def _objects(engine: Engine, subject: str) -> Iterator[tuple[str, list[StoredRow]]]:
    tables = engine.tables
    for at in tables.pairs_of_subjects.get(tables.number.get(subject, -1), []):
        yield tables.labels[tables.object_numbers[at]], deciding(tables.rows(at))


def _ability(engine: Engine, subject: str, obj: str, rows: list[StoredRow]) -> Ability | None:
    """What the rule of a pair gives; None for nothing, or where a built-in rule decides it all."""
    given = granted_by(engine.access(subject, obj) or 0)
    if not given or decide(subject, obj, (1 << len(LETTERS)) - 1, lambda *_: None).allowed:
        return None
    return Ability(
        cls=ACCESS,
        rule=rows[-1].ref._replace(text=f"{subject} {obj} {letters(given)}"),
        permissions=names(given),
        who="all",
        example={
            "subject": subject,
            "class": ACCESS,
            "perms": "".join(names(given)),
            "object": obj,
        },
    )


def _title(ability: Ability) -> str:
    letters = set(ability.permissions)
    if letters & _WRITES:
        return _TITLES[0]
    if "x" in letters:
        return _TITLES[1]
    return _TITLES[2] if letters & _READS else _TITLES[3]


def permissions(engine: Engine, subject: str, cls: str, obj: str, fields: Any) -> Permissions:
    """What a label may do to another, letter by letter; raises `UnknownName`, `RequestError`.

    A request for several letters may be refused though each of them is given: of the object `_`
    and to the subject `^` built-in rules give `l`, or some of `rx`, and nothing together.
    """
    if cls not in CLASSES:
        raise UnknownName("class", cls, CLASSES)
    for name in fields:
        if name != "owner":
            raise RequestError(f"`{name}` is no field here")
    one, other = label_of(subject, "subject"), label_of(obj, "object")
    allow: list[str] = []
    audit: list[str] = []
    rules: dict[str, tuple[RuleRef, ...]] = {}
    for at, letter in enumerate(LETTERS):
        found = decide(one, other, 1 << at, engine.access, unconfined=engine.unconfined)
        if found.allowed:
            allow.append(letter)
        if found.bringup or found.unconfined:
            audit.append(letter)
        if found.by == "row":
            rules[letter] = tuple(row.ref for row in deciding(engine.rows(one, other)))
    return Permissions(
        allow=frozenset(allow),
        deny=frozenset(),
        audit=frozenset(audit),
        quiet=frozenset(),
        prompt=frozenset(),
        exec=None,
        rules=rules,
    )


def objects(engine: Engine, op: str) -> Sequence[str]:
    """The labels that an object of an operation may have; raises `UnknownName`."""
    operation(op)
    return sorted({*engine.tables.labels, *BUILT_IN})


def rules(engine: Engine) -> Iterable[Place]:
    """The places of all rows."""
    for at in range(len(engine.tables.access)):
        yield from (row.place for row in engine.tables.rows(at))
