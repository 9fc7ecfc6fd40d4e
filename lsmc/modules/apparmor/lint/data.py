"""The lists and rankings that checks go by: TOML files in `data/`, each with its sources."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def facts(name: str) -> dict[str, Any]:
    """The content of a data file, by its name without the ending."""
    text = resources.files(__package__).joinpath(f"data/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
