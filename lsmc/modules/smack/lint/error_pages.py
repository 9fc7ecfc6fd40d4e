"""The pages of what the kernel refuses, which no check finds.

Files that cannot be read are errors of every module, and have their pages elsewhere.
"""

from __future__ import annotations

from lsmc.lint.error_pages import ErrorPage, pages_of
from lsmc.lint.rule_docs import Page
from lsmc.modules.smack.errors import ERRORS

_WHY = "the kernel answers EINVAL, and loads no row of the file from there on."
_PAGES = {
    "refused-label": ErrorPage(
        summary="A label that the kernel refuses.",
        what="labels that begin with `-`, are empty once cut, or have more than 255 bytes.",
        why=_WHY,
        bad="-App System r",
        good="App System r",
        cure="write the label without what is not allowed in it.",
    ),
    "incomplete-row": ErrorPage(
        summary="A row with too few words, or text that is no row.",
        what="""a last row that is short of words, lines of more than a page, NUL bytes, and
text of spaces alone.  A row is the next three words, four of a change, whatever lines they stand
on.""",
        why=_WHY,
        bad="App System r\nApp User",
        good="App System r\nApp User -",
        cure="complete the row; `-` stands for no access.",
    ),
    "refused-value": ErrorPage(
        summary="A level, category or address that the kernel refuses.",
        what="rows of `cipso` and `netlabel` with numbers or addresses that cannot be.",
        why=_WHY,
        bad="# file: accesses\nApp System r\n# file: cipso\nApp 300 1",
        good="# file: accesses\nApp System r\n# file: cipso\nApp 250 1",
        cure="write a level up to 255, categories up to 184, an address in full.",
    ),
}


def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    return pages_of(ERRORS, _PAGES, "smack")
