"""The pages of what the kernel refuses, which no check finds.

Files that cannot be read are errors of every module, and have their pages elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from lsmc.lint.rule_docs import Page
from lsmc.modules.smack.errors import ERRORS


class _Words(NamedTuple):
    """What a page says: its first line, what is reported, a text that is refused, a good one."""

    summary: str
    what: str
    bad: str
    good: str
    cure: str


_PAGES = {
    "refused-label": _Words(
        summary="A label that the kernel refuses.",
        what="reports labels that begin with `-`, are empty once cut, or have more than 255 bytes.",
        bad="-App System r",
        good="App System r",
        cure="write the label without what is not allowed in it.",
    ),
    "incomplete-row": _Words(
        summary="A row with too few words, or text that is no row.",
        what="""reports a last row that is short of words, lines of more than a page, NUL bytes, and
text of spaces alone.  A row is the next three words, four of a change, whatever lines they stand
on.""",
        bad="App System r\nApp User",
        good="App System r\nApp User -",
        cure="complete the row; `-` stands for no access.",
    ),
    "refused-value": _Words(
        summary="A level, category or address that the kernel refuses.",
        what="reports rows of `cipso` and `netlabel` with numbers or addresses that cannot be.",
        bad="# file: accesses\nApp System r\n# file: cipso\nApp 300 1",
        good="# file: accesses\nApp System r\n# file: cipso\nApp 250 1",
        cure="write a level up to 255, categories up to 184, an address in full.",
    ),
}


def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    return {code: _page(code, name) for code, name in ERRORS.items() if name in _PAGES}


def _page(code: str, name: str) -> Page:
    words = _PAGES[name]
    parts = [
        f"What it does: {words.what}",
        "Why is this bad: the kernel answers EINVAL, and loads no row of the file from there on.",
        f"Bad, refused:\n\n```smack\n{words.bad}\n```",
        f"Good:\n\n```smack\n{words.good}\n```",
        "How sure: exact.",
        f"How to fix: {words.cure}",
    ]
    return Page(
        code=code,
        name=name,
        severity="error",
        default=True,
        summary=words.summary,
        text="\n\n".join(parts),
    )
