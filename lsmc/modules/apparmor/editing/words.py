"""What the words of the language mean: the texts of `words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Kind = Literal["keyword", "condition", "permission", "execute", "flag", "capability"]


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    data = files("lsmc.modules.apparmor.editing").joinpath("words.toml").read_text("utf-8")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(data)
    return found


def words(kind: Kind) -> Mapping[str, str]:
    """The words of a kind with their meanings."""
    return _texts()[kind]


def execute_text(mode: str) -> str:
    """The meaning of a way to execute, as it is written; empty for none."""
    text = words("execute").get(mode.lower())
    if text is None:
        return words("permission")["x"] if mode in ("x", "X") else ""
    if mode.lower() == "ix":
        return text
    kept = "scrubbed" if mode[0].isupper() else "kept"
    return f"{text}; the environment is {kept}"
