"""Rules that come closest to a refused access: of the same pair, and of other types."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import TYPE_CHECKING

from lsmc.explain.explanation import Miss
from lsmc.modules.selinux.explain.asked import ungranted
from lsmc.modules.selinux.tables.layout import MASK_BITS
from lsmc.modules.selinux.tables.rows import Entry
from lsmc.modules.selinux.verdicts import Judged

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_ALLOW = 0
_ALL = (1 << MASK_BITS) - 1
#: Rules of each kind that are told.
_FEW = 3
#: Types that are compared by their names.
_COMPARED = 2_000


def misses(engine: Engine, judged: Judged) -> Iterator[Miss]:
    """Rules that would allow an access that no rule allows, if something were otherwise."""
    lacking, cls = ungranted(judged), judged.access.cls
    if not lacking or cls is None:
        return
    wanted = engine.tables.names.permission_names(cls, lacking)
    pair = (judged.source.type, judged.target.type)
    for entry in _few(judged.state.entries(*pair, cls, _ALL)):
        names = engine.tables.names.permission_names(cls, entry.mask)
        for ref in list(engine.references.entry(entry, *pair))[:1]:
            yield Miss("permission", ref, names, wanted)
    yield from _other_objects(engine, judged, cls, lacking, wanted)
    yield from _other_subjects(engine, judged, cls, lacking, wanted)


def _few(entries: Iterator[Entry]) -> list[Entry]:
    """The entries with the most permissions."""
    allows = [entry for entry in entries if entry.kind == _ALLOW]
    return sorted(allows, key=lambda one: -one.mask.bit_count())[:_FEW]


def _other_objects(
    engine: Engine, judged: Judged, cls: int, lacking: int, wanted: tuple[str, ...]
) -> Iterator[Miss]:
    """Types of objects with which the subject may do what is asked, by likeness of their names."""
    types = engine.tables.names.types
    rows = engine.tables.rows
    found: dict[int, Entry] = {}
    for label in engine.tables.memberships.labels_of(judged.source.type):
        if rows.has(label, cls):
            for entry in rows.entries(label, cls):
                plain = entry.kind == _ALLOW and entry.target < len(types)
                if plain and not lacking & ~entry.mask and len(found) < _COMPARED:
                    found.setdefault(entry.target, entry)
    value = types[judged.target.type]
    for number in _alike(value, {types[one]: one for one in found}):
        for ref in list(engine.references.entry(found[number], judged.source.type, number))[:1]:
            names = engine.tables.names.permission_names(cls, found[number].mask)
            yield Miss(
                "label", ref, names, wanted, field="object", value=value, example=types[number]
            )


def _other_subjects(
    engine: Engine, judged: Judged, cls: int, lacking: int, wanted: tuple[str, ...]
) -> Iterator[Miss]:
    """Types of subjects that may do it with the object."""
    types = engine.tables.names.types
    rows = engine.tables.rows
    targets = engine.tables.memberships.labels_of(judged.target.type)
    found: dict[int, Entry] = {}
    for source, of in rows.rows():
        if of != cls or source >= len(types):
            continue
        for target in targets:
            for entry in rows.entries_for(source, cls, target):
                if entry.kind == _ALLOW and not lacking & ~entry.mask and len(found) < _COMPARED:
                    found.setdefault(source, entry)
    value = types[judged.source.type]
    for number in _alike(value, {types[one]: one for one in found}):
        for ref in list(engine.references.entry(found[number], number, judged.target.type))[:1]:
            names = engine.tables.names.permission_names(cls, found[number].mask)
            yield Miss(
                "label", ref, names, wanted, field="subject", value=value, example=types[number]
            )


def _alike(name: str, known: dict[str, int]) -> list[int]:
    """The numbers of the few names most like a name, those that share a beginning first."""
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(name)

    def likeness(one: str) -> tuple[int, float, str]:
        matcher.set_seq1(one)
        shared = len(commonprefix((one, name)))  # noqa: RUF071 - letters are meant
        return -shared, -matcher.quick_ratio(), one

    return [known[one] for one in sorted(known, key=likeness)[:_FEW]]
