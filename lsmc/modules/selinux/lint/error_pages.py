"""The pages of what is refused, which no check finds: made from `refused.toml`."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from lsmc.lint.rule_docs import Page
from lsmc.modules.selinux.errors import CODES

#: The names of the errors by code.
ERRORS = {f"LSM{number:03d}": name for name, number in CODES.items()}


@cache
def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    data = importlib.resources.files(__package__).joinpath("refused.toml").read_bytes()
    table = tomllib.loads(data.decode("utf-8"))
    return {code: _page(code, name, table[name]) for code, name in ERRORS.items()}


def _page(code: str, name: str, row: Mapping[str, Any]) -> Page:
    parts = [
        f"What it does: reports {row['what']}",
        f"Why is this bad: {row.get('why', 'the policy is refused as a whole.')}",
    ]
    for title, key in (("Bad, refused", "bad"), ("Good", "good")):
        if key in row:
            parts += [f"{title}:", f"```cil\n{row[key].strip()}\n```"]
    parts += ["How sure: exact: `secilc` does not compile such a policy."]
    parts += [f"How to fix: {row['fix']}"]
    return Page(
        code=code,
        name=name,
        severity="error",
        default=True,
        summary=row["title"],
        text="\n\n".join(parts),
    )
