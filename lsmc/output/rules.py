"""The pages of codes, for people, documents and programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import fill, wrap

from lsmc.lint.rule_docs import PARTS, Page
from lsmc.output.json import dumps
from lsmc.output.styled import Line, line
from lsmc.output.table import columns

#: The characters in a line of prose where no screen has a width.
_WIDTH = 100
_LIST = re.compile(r"^ *(?:[-*|]|\d+\.) ", re.MULTILINE)
_TITLES = ("Bad:", "Bad, refused:", "Good:", "Settings, with their defaults:")


def lines(pages: Iterable[Page], width: int | None) -> Iterator[Line]:
    """The pages one after the other; prose is folded to `width`."""
    for number, page in enumerate(pages):
        if number:
            yield line("")
        yield line((page.head, "head"))
        yield line("")
        yield from map(line, wrap(page.summary, width or _WIDTH))
        yield line("")
        yield from _text(page.text, width or _WIDTH)


def _text(text: str, width: int) -> Iterator[Line]:
    for number, block in enumerate(text.rstrip().split("\n\n")):
        if number:
            yield line("")
        if block.startswith("```"):
            for row in block.split("\n")[1:-1]:
                yield line((f"    {row}".rstrip(), "code" if "# found" in row else ""))
        elif block in _TITLES:
            yield line((block, "head"))
        else:
            yield from _paragraph(block, width)


def _paragraph(block: str, width: int) -> Iterator[Line]:
    """A paragraph with its head, if it has one; lists keep their rows."""
    part = next((f"{one}:" for one in PARTS if block.startswith(f"{one}:")), "")
    text = block if _LIST.search(block) else fill(block, width, break_on_hyphens=False)
    for number, row in enumerate(text.split("\n")):
        head = part if not number else ""
        yield line((head, "head"), row.removeprefix(head))


def listing(pages: Iterable[Page], width: int | None) -> Iterator[Line]:
    """A row a code; lines are at most `width` long."""
    roles = {"error": "bad", "warning": "warn", "info": "where"}
    rows = [
        (
            *((page.code, "code"), page.name, (page.severity, roles[page.severity])),
            page.summary + ("" if page.default else " (only when selected)"),
        )
        for page in pages
    ]
    return columns(("", "", "", ""), rows, width=width)


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
            "confidence": page.confidence,
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
