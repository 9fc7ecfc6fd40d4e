"""The LALR grammar: its fragments joined and built once per process.

The frame comes first and the fragments of the rule classes follow in name order, joined as text,
so that adding a rule class is adding a file.  Lark's `%import` was rejected: it renames what it
imports, and the names of terminals are what error messages are made from.  A pickled table was
rejected too: the build takes a tenth of a second, and a cache is a file to trust.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from lsmc.modules.apparmor.syntax.builder import TreeBuilder
from lsmc.modules.apparmor.syntax.lexer import ModeLexer

_FRAME = "profile.lark"


def _fragments() -> dict[str, str]:
    """Name and text of each grammar file: of the installed package, else beside the source tree."""
    try:
        shipped = resources.files("lsmc.grammars").joinpath("apparmor")
        found = {f.name: f.read_text() for f in shipped.iterdir() if f.name.endswith(".lark")}
    except (ModuleNotFoundError, FileNotFoundError, NotADirectoryError):
        found = {}
    if not found:
        beside = Path(__file__).resolve().parents[4] / "grammars" / "apparmor"
        found = {path.name: path.read_text() for path in beside.glob("*.lark")}
    return found


@cache
def grammar() -> Lark:
    """The parser of AppArmor files, whose callbacks build the syntax tree as they reduce."""
    fragments = _fragments()
    texts = [fragments.pop(_FRAME), *(fragments[name] for name in sorted(fragments))]
    return Lark(
        "\n".join(texts),
        parser="lalr",
        lexer=ModeLexer,
        transformer=TreeBuilder(),
        start="file",
        keep_all_tokens=True,
        maybe_placeholders=False,
        propagate_positions=False,
    )


class Reduction(NamedTuple):
    """A production that is complete: its children, what makes a node of them, and its name."""

    size: int
    make: Callable[[list[Any]], Any]
    name: str


class Steps(NamedTuple):
    """Lark's tables by state, made ready for the loop over the tokens.

    A terminal is shifted, or completes a production; a production's name leads on.
    """

    shifts: dict[int, dict[str, int]]
    reductions: dict[int, dict[str, Reduction]]


@cache
def steps() -> Steps:
    """What to do in each state of the parser at each terminal or name of a production."""
    conf = grammar().parse_interactive().parser_state.parse_conf
    shifts: dict[int, dict[str, int]] = {}
    reductions: dict[int, dict[str, Reduction]] = {}
    for state, row in conf.states.items():
        shifts[state] = {kind: arg for kind, (action, arg) in row.items() if action is Shift}
        reductions[state] = {
            kind: Reduction(len(arg.expansion), conf.callbacks[arg], arg.origin.name)
            for kind, (action, arg) in row.items()
            if action is not Shift
        }
    return Steps(shifts, reductions)
