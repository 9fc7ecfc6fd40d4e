"""Reads the sources of a Smack policy, in the order in which they are loaded."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.smack import values
from lsmc.modules.smack.errors import error
from lsmc.modules.smack.files import kind_of
from lsmc.modules.smack.labels import LETTERS, read_access, read_label
from lsmc.modules.smack.model import Policy, Rule
from lsmc.modules.smack.syntax import rows

_ALL = (1 << len(LETTERS)) - 1


def read(sources: Sequence[Source]) -> tuple[Policy, list[Diagnostic]]:
    """The policy of some sources, and what the kernel refuses of it."""
    rules: list[Rule] = []
    faults: list[Diagnostic] = []
    unconfined: values.Named | None = None
    onlycap: list[values.Named] = []
    outside: dict[str, int] = {}
    for source in sources:
        kind = kind_of(source.path)
        if kind == "unconfined":
            unconfined = values.unconfined(source)
        elif kind == "onlycap":
            onlycap, wrong = values.onlycap(source)
            faults += wrong
        elif kind in ("cipso", "netlabel"):
            found = list((values.cipso if kind == "cipso" else values.netlabel)(source))
            faults += (one for one in found if isinstance(one, Diagnostic))
            named = sum(isinstance(one, values.Named) for one in found)
            outside[kind] = outside.get(kind, 0) + named
        else:
            some, wrong = rules_of(source, change=kind == "change-rule")
            rules += some
            faults += wrong
    return Policy(tuple(rules), unconfined, tuple(onlycap), outside), faults


def rules_of(source: Source, *, change: bool) -> tuple[list[Rule], list[Diagnostic]]:
    """The rules of a source, or its changes, and what the kernel refuses of it.

    The kernel stops at the first row that it refuses; those after it are read for their faults.
    """
    found, faults = rows(source, change)
    if "\0" in source.text:  # no text, so there is no more to say
        return [], faults
    rules: list[Rule] = []
    wrong: list[Diagnostic] = []
    for row in found:
        subject, obj = (read_label(word.text) for word in row.words[:2])
        refused = [
            _refused(word, label.refused)
            for word, label in zip(row.words, (subject, obj), strict=False)
            if label.refused
        ]
        if refused:
            wrong += refused
            continue
        sets = read_access(row.words[2].text).bits
        clears = read_access(row.words[3].text).bits if change else _ALL & ~sets
        rules.append(Rule(subject.name, obj.name, sets, clears, row, change))
    return rules, [*wrong, *faults]


def _refused(word: Span, reason: str) -> Diagnostic:
    return error("label", word, reason, "the kernel loads no row from this one on")
