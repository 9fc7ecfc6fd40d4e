"""What would allow the denials of a log: one row a pair of labels, and the files with these rows.

The last row of a pair replaces those before, so that several denials of a pair need one row that
gives all that they lack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lsmc.base.source import Source, from_display
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy
from lsmc.explain.explanation import Suggestion
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.decision import decide, granted_by
from lsmc.modules.smack.explain import suggestions
from lsmc.modules.smack.labels import names
from lsmc.modules.smack.questions import Ask
from lsmc.modules.smack.syntax import rows

#: Words of a row that is no change.
_COLUMNS = 3


def explained(engine: Engine) -> Callable[[Sequence[Diagnosis]], Iterator[Explained]]:
    """The function that finds what would allow the denials of a log."""

    def found(diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
        wanted: dict[tuple[str, str], int] = {}
        for one in diagnoses:
            for ask in _refused(one):
                pair = ask.subject, ask.object
                wanted[pair] = wanted.get(pair, 0) | ask.bits
        for one in diagnoses:
            pairs = dict.fromkeys((ask.subject, ask.object) for ask in _refused(one))
            remedies = (
                _remedy(engine, Ask(*pair, wanted[pair], "object"), row)
                for pair in pairs
                for row in _rows(engine, Ask(*pair, wanted[pair], "object"))
            )
            yield Explained(one, tuple(remedies))

    return found


def _refused(diagnosis: Diagnosis) -> Iterator[Ask]:
    """The accesses that the policy refuses, and that a row can allow."""
    for answer in diagnosis.answers:
        for suggestion in answer.suggestions:
            if isinstance(suggestion.wish, Ask):
                yield suggestion.wish


def _rows(engine: Engine, ask: Ask) -> Iterator[Suggestion]:
    """The smallest row that allows an access."""
    decision = decide(ask.subject, ask.object, ask.bits, engine.access)
    return suggestions(engine, ask, decision)


def _remedy(engine: Engine, ask: Ask, row: Suggestion) -> Remedy:
    """A row as a remedy, with what it opens besides: who may write may lock."""
    had = granted_by(engine.access(ask.subject, ask.object) or 0)
    besides = names(granted_by(had | ask.bits) & ~had & ~ask.bits)
    opens = tuple(f"{letter} {ask.object}" for letter in besides)
    return plain_remedy(row)._replace(opens=opens)


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and the new text of each file that some remedies change, one character a byte."""
    files = restricted(DiskFiles(), options.restrict)
    by_file: dict[str, dict[Remedy, None]] = {}
    for remedy in remedies:
        if remedy.file:
            by_file.setdefault(remedy.file, {})[remedy] = None
    found: dict[str, tuple[str, str]] = {}
    for path, some in by_file.items():
        text = files.read(path).decode("latin-1")
        found[path] = text, _edited(text, list(some))
    return found


def _edited(text: str, remedies: Sequence[Remedy]) -> str:
    """A text with rows replaced, and with new rows at its end."""
    source = Source("", text)
    edits = [edit for one in remedies for edit in _replacements(source, one)]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    added = [from_display(one.rule) for one in remedies if one.replaces is None]
    if added and text and not text.endswith("\n"):
        text += "\n"
    return text + "".join(f"{row}\n" for row in added)


def _replacements(source: Source, remedy: Remedy) -> Iterator[tuple[int, int, str]]:
    """Where a row stands that a remedy replaces, and its new text."""
    if remedy.replaces is None:
        return
    place = remedy.replaces.line, remedy.replaces.column
    for row in rows(source, changes=len(remedy.replaces.text.split(" ")) > _COLUMNS)[0]:
        if source.position(row.span.start) == place:
            yield row.span.start, row.span.end, from_display(remedy.rule)
