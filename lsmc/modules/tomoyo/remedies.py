"""What would allow the denials of a log: a line each, and the files with these lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsmc.base.source import from_display
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy


def explained(diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
    """The smallest line for each denial."""
    for one in diagnoses:
        suggestions = (some for answer in one.answers for some in answer.suggestions)
        yield Explained(one, tuple(dict.fromkeys(map(plain_remedy, suggestions))))


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and the new text of each file that gets lines, one character a byte."""
    files = restricted(DiskFiles(), options.restrict)
    added: dict[str, dict[int, dict[str, None]]] = {}
    for remedy in remedies:
        if remedy.file and remedy.kind == "exact" and not remedy.says:
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
