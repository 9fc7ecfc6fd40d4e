"""What TOMOYO gives to an editor: domains with their lines, and names of groups."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from lsmc.base.source import Source, Span, to_display
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.editing import Symbol
from lsmc.modules.policy_files import Parts, PlacedName, editing_of
from lsmc.modules.tomoyo.files import claims, find_files
from lsmc.modules.tomoyo.syntax.reader import Written, written_lines

_GROUPS = ("path_group", "number_group", "address_group")


def _together(path: str, files: DiskFiles) -> Sequence[str]:
    """The files of the policy that a file belongs to; alone, where its directory is none."""
    folder = posixpath.dirname(path)
    found = find_files([folder], files)[0] if claims([folder]) else []
    return found if path in found else [path]


def _is_head(written: Written) -> bool:
    first = written.words[0].text
    return first.startswith("<") and all(word.text.startswith("/") for word in written.words[1:])


def _names(source: Source) -> Iterator[PlacedName]:
    """The heads of domains, and groups where they are filled and where they are used."""
    for written in written_lines(source, []):
        words = written.words
        if _is_head(written):
            text = to_display(written.text)
            yield PlacedName(text, words[0].start, words[-1].end, defines=True)
            continue
        for before, word in zip(("", *(one.text for one in words)), words, strict=False):
            if before in _GROUPS:
                yield PlacedName(f"@{to_display(word.text)}", word.start, word.end, defines=True)
            elif word.text.startswith("@"):
                yield PlacedName(to_display(word.text), word.start, word.end)


def _symbols(source: Source) -> Iterator[Symbol]:
    """Domains with the lines below them, and other lines."""
    head: Span | None = None
    lines: list[Symbol] = []
    for written in written_lines(source, []):
        span = Span(source, written.words[0].start, written.words[-1].end)
        if _is_head(written):
            if head is not None:
                yield _domain(head, lines)
            head, lines = span, []
            continue
        entry = Symbol(to_display(written.text), "entry", span, span)
        if head is None:
            yield entry
        else:
            lines.append(entry)
    if head is not None:
        yield _domain(head, lines)


def _domain(head: Span, lines: Sequence[Symbol]) -> Symbol:
    whole = head.to(lines[-1].span) if lines else head
    return Symbol(to_display(head.text), "profile", whole, head, "", tuple(lines))


EDITING = editing_of(Parts(_together, _names, _symbols), behind=False)
