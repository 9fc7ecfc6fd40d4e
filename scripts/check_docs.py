"""Checks the documents: links inside the repository lead somewhere, scripts and files of the code
that are named exist, every page is in the site, and the table of compilers is the one in the code.

    python scripts/check_docs.py            # one line a fault; exits with 1 when there is any
    python scripts/check_docs.py --write    # write the table of compilers anew
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lsmc.modules.apparmor.releases import DIFFERENCES, MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SCRIPT = re.compile(r"\bsh (scripts/[\w.-]+)")
#: A file or folder of the code, in backticks; `NAME` and `X` stand for a name.
CODE = re.compile(r"`((?:lsmc|tests|grammars)/[\w./*-]+)`")
NAVIGATION = ROOT / "mkdocs.yml"
COMPILERS = ROOT / "docs" / "compilers.md"
TABLE = re.compile(r"^\|.*?(?=^(?!\|)|\Z)", re.MULTILINE | re.DOTALL)
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
    for name in CODE.findall(text):
        if not re.search(r"\b(?:NAME|X)\b", name) and not any(ROOT.glob(name.rstrip("/"))):
            yield f"no such file: {name}"
    if path.is_relative_to(ROOT / "docs"):
        page = path.relative_to(ROOT / "docs").as_posix()
        if not re.search(rf"[ /]{re.escape(page)}$", NAVIGATION.read_text("utf-8"), re.MULTILINE):
            yield "in no line of the navigation, mkdocs.yml"


def compilers() -> str:
    """`docs/compilers.md` with its table made of the rows in the code."""
    heads = ["topic", *(release.version for release in MEASURED), "lsmc", "checked by"]
    rows = [heads, ["---"] * len(heads)]
    rows += [[row.topic, *row.does, row.lsmc, row.checked] for row in DIFFERENCES]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    text = COMPILERS.read_text(encoding="utf-8")
    return TABLE.sub(lambda _: table, text, count=1)


def main() -> int:
    """Check every document."""
    found = 0
    if sys.argv[1:] == ["--write"]:
        COMPILERS.write_text(compilers(), encoding="utf-8")
    elif COMPILERS.read_text(encoding="utf-8") != compilers():
        print("docs/compilers.md: not the table of the code; run: scripts/check_docs.py --write")
        found = 1
    for path in documents():
        for fault in faults(path):
            print(f"{path.relative_to(ROOT)}: {fault}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
