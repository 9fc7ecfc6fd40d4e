"""What Smack gives to an editor: the labels, and the rows of each subject."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from lsmc.base.source import Source, Span, to_display
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.editing import Symbol
from lsmc.modules.policy_files import Parts, PlacedName, editing_of
from lsmc.modules.smack.files import RULES_FOLDER, claims, find_files, kind_of
from lsmc.modules.smack.read import rules_of


def _together(path: str, files: DiskFiles) -> Sequence[str]:
    """The files of the policy that a file belongs to; alone, where its directory is none."""
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) == RULES_FOLDER:
        folder = posixpath.dirname(folder)
    found = find_files([folder], files)[0] if claims([folder]) else []
    return found if path in found else [path]


def _names(source: Source) -> Iterator[PlacedName]:
    kind = kind_of(source.path)
    if kind in ("accesses", "change-rule"):
        rules, _ = rules_of(source, change=kind == "change-rule")
        for rule in rules:
            for word in rule.row.words[:2]:
                yield PlacedName(to_display(word.text), word.start, word.end)


def _symbols(source: Source) -> Iterator[Symbol]:
    """A part for each subject, at its first row, with all its rows in it."""
    kind = kind_of(source.path)
    if kind not in ("accesses", "change-rule"):
        return
    rules, _ = rules_of(source, change=kind == "change-rule")
    rows: dict[str, list[Symbol]] = {}
    for rule in rules:
        span = rule.row.span
        text = " ".join(to_display(span.text).split())
        entry = Symbol(text, "entry", span, span)
        rows.setdefault(to_display(rule.row.words[0].text), []).append(entry)
    for subject, some in rows.items():
        whole = Span(source, some[0].span.start, some[-1].span.end)
        yield Symbol(subject, "type", whole, some[0].name_span, "", tuple(some))


EDITING = editing_of(Parts(_together, _names, _symbols), comment="")
