"""The pages of what the compiler refuses, which no check finds: made from `refused.toml`."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from lsmc.lint.rule_docs import Page
from lsmc.modules.apparmor.errors import CODES

#: The names of the errors by code.
ERRORS = {f"LSM{number:03d}": name for name, number in CODES.items()}


@cache
def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    data = importlib.resources.files(__package__).joinpath("refused.toml").read_bytes()
    table = tomllib.loads(data.decode("utf-8"))
    return {code: _page(code, name, table[name]) for code, name in ERRORS.items()}


def _page(code: str, name: str, row: Mapping[str, Any]) -> Page:
    parts = [f"What it does: reports {row['what']}"]
    parts.append(f"Why is this bad: {row.get('why', 'the policy is refused as a whole.')}")
    for title, key in (("Bad, refused", "bad"), ("Good", "good")):
        text = row.get(key, "").strip()
        if f"{key}-rule" in row:
            text = f"profile example {{\n  {row[f'{key}-rule'].strip()}\n}}"
        if text:
            parts += [f"{title}:", f"```apparmor\n{text}\n```"]
    sure = row.get("sure", "exact: `apparmor_parser` does not load such a file.")
    parts += [f"How sure: {sure}", f"How to fix: {row['fix']}"]
    return Page(
        code=code,
        name=name,
        severity="error",
        default=True,
        summary=row["title"],
        text="\n\n".join(parts),
    )
