"""Documents of the repository that lie outside of docs/, and links between all of them.

A document links to others as files of the repository, so that links work where it is read as a
file.  In the site some have another name, and some are missing: of a link to those the words stay.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DOCS = "docs"
#: Documents by their name in the repository, and their name in the site.
OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "bench/results/results.md": "measurements.md",
    "bench/results/growth.md": "growth.md",
}
#: Documents that are pages of their own in the site.
_SPLIT = {"docs/rules.md": "rules/index.md", "README.md": "index.md"}
_NAMES = {**OUTSIDE, **_SPLIT}
_SOURCES = {name: source for source, name in OUTSIDE.items()}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def pages() -> Iterator[tuple[str, str]]:
    """The documents from outside of docs/, by their names in the site."""
    for source, name in OUTSIDE.items():
        yield name, (ROOT / source).read_text(encoding="utf-8")


def relinked(text: str, name: str) -> str:
    """A page's Markdown with its links as they are in the site."""
    source = _SOURCES.get(name, f"{DOCS}/{name}")
    parts = _FENCE.split(text)
    parts[::2] = [_LINK.sub(lambda m: _link(m, name, source), part) for part in parts[::2]]
    return "".join(parts)


def _link(match: re.Match[str], name: str, source: str) -> str:
    picture, words, target = match.groups()
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", target):
        return match[0]
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    there = _NAMES.get(meant)
    if there is None and meant.startswith(f"{DOCS}/"):
        there = meant.removeprefix(f"{DOCS}/")
    if there is None:
        return "" if picture else words
    return f"{picture}[{words}]({posixpath.relpath(there, posixpath.dirname(name))}{mark}{anchor})"
