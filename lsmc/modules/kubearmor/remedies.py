"""What would allow the denials of a log, and the files of policy with these changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsmc.base.source import Source, from_display
from lsmc.compiler.inputs import Options, files_of
from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy
from lsmc.modules.kubearmor.syntax.nodes import Node, documents


def explained(diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
    """The remedies of each denial: the entries that were tried for its answers."""
    for one in diagnoses:
        found = (
            plain_remedy(suggestion) for answer in one.answers for suggestion in answer.suggestions
        )
        yield Explained(one, tuple(dict.fromkeys(found)))


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and the new text of each file that some remedies change, one character a byte.

    An entry more is written as a document of its own would be: in block style, into its list.
    """
    by_file: dict[str, dict[Remedy, None]] = {}
    for remedy in remedies:
        if remedy.file:
            by_file.setdefault(remedy.file, {})[remedy] = None
    files = files_of(options)
    found: dict[str, tuple[str, str]] = {}
    for path, some in by_file.items():
        source = Source.from_bytes(path, files.read(path))
        edits = [edit for one in some if (edit := _edit(source, one)) is not None]
        text = source.text
        for start, end, new in sorted(set(edits), reverse=True):
            text = text[:start] + new + text[end:]
        found[path] = source.text, text
    return found


def _edit(source: Source, remedy: Remedy) -> tuple[int, int, str] | None:
    """The place of a change, and its new text."""
    for document in documents(source):
        spec = document.get("spec")
        if spec is None:
            continue
        if remedy.replaces is not None:
            place = remedy.replaces.line, remedy.replaces.column
            if (entry := _entry_at(spec, place)) is not None:
                return _without(source, entry)
        elif source.position(document.span.start)[0] == remedy.line:
            return _added(source, spec, remedy.rule)
    return None


def _entry_at(spec: Node, place: tuple[int, int]) -> Node | None:
    for _, section in spec.members:
        for _, entries in section.members:
            for entry in entries.items:
                if entry.span.source.position(entry.span.start) == place:
                    return entry
    return None


def _without(source: Source, entry: Node) -> tuple[int, int, str]:
    """The lines of an entry, which go."""
    start = source.text.rfind("\n", 0, entry.span.start) + 1
    end = source.text.find("\n", entry.span.end)
    return start, len(source.text) if end < 0 else end + 1, ""


def _added(source: Source, spec: Node, rule: str) -> tuple[int, int, str] | None:
    """An entry behind the last of its list; None where there is no list in block style.

    `rule` is `SECTION: {LIST: [ENTRY]}`.
    """
    name, _, rest = rule.partition(": {")
    list_name, _, entry = rest.partition(": [")
    section = spec.get(name)
    entries = section.get(list_name) if section is not None else None
    if entries is None or not entries.items or entries.span.text.startswith("["):
        return None
    last = entries.items[-1]
    start = source.text.rfind("\n", 0, last.span.start) + 1
    head = source.text[start : last.span.start]
    at = source.text.find("\n", last.span.end)
    text = f"{head}{from_display(entry.removesuffix(']}'))}\n"
    return (len(source.text),) * 2 + ("\n" + text,) if at < 0 else (at + 1, at + 1, text)
