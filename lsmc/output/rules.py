"""The pages of codes, for people, documents and programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.lint.rule_docs import PARTS, Page
from lsmc.output.json import dumps
from lsmc.output.styled import Line, line

_TITLES = ("Bad:", "Bad, refused:", "Good:", "Settings, with their defaults:")


def lines(pages: Iterable[Page]) -> Iterator[Line]:
    """The pages one after the other."""
    for number, page in enumerate(pages):
        if number:
            yield line("")
        yield line((page.head, "head"))
        yield line("")
        yield line(page.summary)
        yield line("")
        yield from _text(page.text)


def _text(text: str) -> Iterator[Line]:
    inside = False
    for row in text.rstrip().split("\n"):
        if row.startswith("```"):
            inside = not inside
        elif inside:
            yield line((f"    {row}".rstrip(), "code" if "# found" in row else ""))
        elif row in _TITLES:
            yield line((row, "head"))
        else:
            part = next((f"{one}:" for one in PARTS if row.startswith(f"{one}:")), "")
            yield line((part, "head"), row.removeprefix(part))


def listing(pages: Iterable[Page]) -> Iterator[Line]:
    """One line a code."""
    found = list(pages)
    width = max(len(page.name) for page in found)
    roles = {"error": "bad", "warning": "warn", "info": "where"}
    for page in found:
        off = "" if page.default else " (only when selected)"
        yield line(
            (page.code, "code"),
            f"  {page.name.ljust(width)}  ",
            (page.severity.ljust(7), roles[page.severity]),
            f"  {page.summary}{off}",
        )


def markdown(pages: Iterable[Page]) -> str:
    """The pages as chapters of a document."""
    chapters = (f"## {page.head}\n\n{page.markdown}" for page in pages)
    return "\n".join(["# Codes of lsmc lint\n", *chapters])


def json(pages: Iterable[Page]) -> str:
    """The pages as an array of objects."""
    rows = [
        {
            "code": page.code,
            "name": page.name,
            "severity": page.severity,
            "default": page.default,
            "summary": page.summary,
            "what": page.part("What it does"),
            "why": page.part("Why is this bad"),
            "sure": page.part("How sure"),
            "fix": page.part("How to fix"),
            "examples": [
                {"found": example.found, "files": dict(example.files)}
                for example in page.examples()
            ],
        }
        for page in pages
    ]
    return dumps(rows, indent=2) + "\n"
