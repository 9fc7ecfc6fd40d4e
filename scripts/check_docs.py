"""Checks the documents: links inside the repository lead somewhere, commands name real scripts.

    python scripts/check_docs.py

Prints one line a fault, and exits with 1 when there is any.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SCRIPT = re.compile(r"\bsh (scripts/[\w.-]+)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def documents() -> list[Path]:
    """The Markdown files of the repository that are written for readers."""
    top = [path for path in ROOT.glob("*.md") if path.is_file()]
    return sorted([*top, *(ROOT / "docs").rglob("*.md")])


def anchors(text: str) -> set[str]:
    """The names by which a page's headings can be linked to, as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        unique = name
        while unique in found:
            number += 1
            unique = f"{name}-{number}"
        found.add(unique)
    return found


def faults(path: Path) -> Iterator[str]:
    """What is wrong in one document."""
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = path.parent / name if name else path
        if not page.exists():
            yield f"broken link: {target}"
        elif (
            anchor
            and page.suffix == ".md"
            and anchor not in anchors(page.read_text(encoding="utf-8"))
        ):
            yield f"no such heading: {target}"
    for script in SCRIPT.findall(text):
        if not (ROOT / script).is_file():
            yield f"no such script: {script}"


def main() -> int:
    """Check every document."""
    found = 0
    for path in documents():
        for fault in faults(path):
            print(f"{path.relative_to(ROOT)}: {fault}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
