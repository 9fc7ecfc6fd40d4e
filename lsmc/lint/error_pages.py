"""The pages of errors, which no check finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lsmc.lint.rule_docs import Page


class ErrorPage(NamedTuple):
    """What a page says.

    Attributes:
        summary: its first line.
        what: what is reported.
        why: why that is bad.
        bad: a text that is refused; empty for none.
        good: one that is not; empty for none.
        cure: how to fix it.
        sure: how sure the report is.
    """

    summary: str
    what: str
    why: str
    bad: str
    good: str
    cure: str
    sure: str = "exact."


def pages_of(
    errors: Mapping[str, str], words: Mapping[str, ErrorPage], language: str
) -> dict[str, Page]:
    """The pages by code.

    Args:
        errors: the names of errors by code.
        words: what their pages say, by name; an error without has its page elsewhere.
        language: the language of the examples.
    """
    return {
        code: _page(code, name, words[name], language)
        for code, name in errors.items()
        if name in words
    }


def _page(code: str, name: str, words: ErrorPage, language: str) -> Page:
    parts = [f"What it does: reports {words.what}", f"Why is this bad: {words.why}"]
    for title, text in (("Bad, refused", words.bad), ("Good", words.good)):
        if text:
            parts.append(f"{title}:\n\n```{language}\n{text}\n```")
    parts += [f"How sure: {words.sure}", f"How to fix: {words.cure}"]
    return Page(
        code=code,
        name=name,
        severity="error",
        default=True,
        summary=words.summary,
        text="\n\n".join(parts),
    )
