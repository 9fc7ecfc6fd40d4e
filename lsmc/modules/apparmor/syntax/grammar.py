"""The tables that drive the parser.

The frame of the grammar comes first and the fragments of the rule classes follow in name order,
joined as text, so that adding a rule class is adding a file.  Lark makes the tables of that text.
It takes as long as all else of a small compilation, so tables made ahead stand beside the grammar
(`scripts/grammar_tables.py`); where they are those of another text, Lark is asked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lsmc.modules.apparmor.syntax.builder import TreeBuilder

FRAME = "profile.lark"
TABLES = "tables.json"


class Reduction(NamedTuple):
    """A production that is complete: its children, what makes a node of them, and its name."""

    size: int
    make: Callable[[list[Any]], Any]
    name: str


class Steps(NamedTuple):
    """What comes of a symbol in each state, of which the first is that before a file.

    A number is the state to go to; a negative one is a reduction that comes before, `~number`.
    """

    states: list[dict[str, int]]
    reductions: list[Reduction]


@cache
def steps() -> Steps:
    """The steps of the parser, whose reductions build the syntax tree."""
    text = grammar_text()
    tables = _made_ahead()
    if tables.get("grammar") != digest(text):
        from lsmc.modules.apparmor.syntax.lalr import make_tables

        tables = make_tables(text)._asdict()
    builder = TreeBuilder()
    reductions = [
        Reduction(size, getattr(builder, callback), name)
        for name, size, callback in tables["productions"]
    ]
    return Steps(tables["states"], reductions)


@cache
def folder() -> str:
    """The folder of the grammar: of the installed package, else beside the source tree."""
    package = os.path.abspath(__file__)
    for _ in range(4):
        package = os.path.dirname(package)
    shipped = os.path.join(package, "grammars", "apparmor")
    if os.path.isdir(shipped):
        return shipped
    return os.path.join(os.path.dirname(package), "grammars", "apparmor")


def grammar_text() -> str:
    """The grammar as one text."""
    names = [name for name in os.listdir(folder()) if name.endswith(".lark")]
    texts = []
    for name in sorted(names, key=lambda name: (name != FRAME, name)):
        with open(os.path.join(folder(), name), encoding="utf-8") as file:
            texts.append(file.read())
    return "\n".join(texts)


def digest(text: str) -> str:
    """By what tables know their grammar."""
    return hashlib.sha256(text.encode()).hexdigest()


def _made_ahead() -> dict[str, Any]:
    try:
        with open(os.path.join(folder(), TABLES), encoding="utf-8") as file:
            tables: dict[str, Any] = json.load(file)
            return tables
    except FileNotFoundError:
        return {}
