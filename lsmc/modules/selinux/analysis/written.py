"""The written rules of a policy that decide: those that tests of it can need."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.modules.selinux.engine import Engine
from lsmc.tables.records import Place


def written_rules(engine: Engine) -> Iterator[Place]:
    """Where each access rule is written, with its text."""
    references = engine.references
    for rows in (engine.tables.rows, engine.tables.conditional):
        for entry in rows:
            text = references.entry_text(entry)
            for (file, line, column), _ in references.places(entry.place):
                yield Place(file, line, column, line, column, text)
