"""The pages of what is refused, which no check finds: made from `refused.toml`."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from functools import cache

from lsmc.lint.error_pages import ErrorPage, pages_of
from lsmc.lint.rule_docs import Page
from lsmc.modules.selinux.errors import CODES

#: The names of the errors by code.
ERRORS = {f"LSM{number:03d}": name for name, number in CODES.items()}


@cache
def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    data = importlib.resources.files(__package__).joinpath("refused.toml").read_bytes()
    rows: Mapping[str, Mapping[str, str]] = tomllib.loads(data.decode("utf-8"))
    return pages_of(ERRORS, {name: _words(rows[name]) for name in CODES}, "cil")


def _words(row: Mapping[str, str]) -> ErrorPage:
    return ErrorPage(
        summary=row["title"],
        what=row["what"],
        why=row.get("why", "the policy is refused as a whole."),
        bad=row.get("bad", "").strip(),
        good=row.get("good", "").strip(),
        cure=row["fix"],
        sure="exact: `secilc` does not compile such a policy.",
    )
