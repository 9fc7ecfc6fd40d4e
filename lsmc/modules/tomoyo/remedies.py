"""What would allow the denials of a log: a line each, and the files with these lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from lsmc.base.source import from_display
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy
from lsmc.explain.varying import STAR
from lsmc.modules.tomoyo.log.record import Record
from lsmc.modules.tomoyo.syntax.acl import read_acl
from lsmc.modules.tomoyo.syntax.reader import Refused, Word, Words
from lsmc.modules.tomoyo.vocabulary import INET

#: The ports that a system gives out by itself; those that differ from run to run are among them.
_PORTS: Final = "1024-65535"


def explained(diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
    """The smallest line for each denial, and a pattern for names that differ from run to run."""
    for one in diagnoses:
        suggestions = (some for answer in one.answers for some in answer.suggestions)
        exact = tuple(dict.fromkeys(map(plain_remedy, suggestions)))
        yield Explained(one, (*exact, *(_general(one, exact))))


def _general(diagnosis: Diagnosis, exact: Sequence[Remedy]) -> Iterator[Remedy]:
    """The line for all records of a cause, where their names differ in numbers."""
    cause, record = diagnosis.cause, diagnosis.cause.record
    assert isinstance(record, Record)
    if not cause.varied or STAR not in cause.pattern or STAR in record.object or not exact:
        return
    ports = record.operation == INET.head
    pattern = cause.pattern.replace(STAR, _PORTS if ports else "\\*")
    words = f"{record.operation} {pattern}".split(" ")
    try:
        line = read_acl(Words([Word(word, 0) for word in words], 0))
    except Refused:  # a part that differs is no pattern
        return
    yield exact[0]._replace(kind="general", rule=str(line), opens=(pattern,), more=True)


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and the new text of each file that gets lines, one character a byte."""
    files = restricted(DiskFiles(), options.restrict)
    added: dict[str, dict[int, dict[str, None]]] = {}
    for remedy in remedies:
        if remedy.file and remedy.kind in ("exact", "general") and not remedy.says:
            at = added.setdefault(remedy.file, {}).setdefault(remedy.line, {})
            at[from_display(remedy.rule)] = None
    found: dict[str, tuple[str, str]] = {}
    for path, places in added.items():
        text = files.read(path).decode("latin-1")
        lines = text.split("\n")
        for number in sorted(places, reverse=True):
            lines[number:number] = places[number]
        found[path] = text, "\n".join(lines)
    return found
