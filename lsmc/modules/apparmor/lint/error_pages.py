"""The pages of what the compiler refuses, which no check finds: made from `refused.toml`."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from functools import cache

from lsmc.lint.error_pages import ErrorPage, pages_of
from lsmc.lint.rule_docs import Page
from lsmc.modules.apparmor.errors import CODES

#: The names of the errors by code.
ERRORS = {f"LSM{number:03d}": name for name, number in CODES.items()}


@cache
def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    data = importlib.resources.files(__package__).joinpath("refused.toml").read_bytes()
    rows: Mapping[str, Mapping[str, str]] = tomllib.loads(data.decode("utf-8"))
    return pages_of(ERRORS, {name: _words(rows[name]) for name in CODES}, "apparmor")


def _words(row: Mapping[str, str]) -> ErrorPage:
    return ErrorPage(
        summary=row["title"],
        what=row["what"],
        why=row.get("why", "the policy is refused as a whole."),
        bad=_example(row, "bad"),
        good=_example(row, "good"),
        cure=row["fix"],
        sure=row.get("sure", "exact: `apparmor_parser` does not load such a file."),
    )


def _example(row: Mapping[str, str], key: str) -> str:
    """A text of a row, or its rule in a profile; empty for none."""
    rule = row.get(f"{key}-rule")
    if rule is not None:
        return f"profile example {{\n  {rule.strip()}\n}}"
    return row.get(key, "").strip()
