"""The IR of the rules that the compiler adds to profiles that use hats or change_profile."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.source import Span
from lsmc.ir.model import Effect, Rule, Unit
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE
from lsmc.modules.apparmor.lower.context import Lowering, glob
from lsmc.modules.apparmor.lower.implied import FOR_CHANGE, FOR_HATS
from lsmc.modules.apparmor.syntax import ast


def lower_implied(head: Span, rules: Iterable[Rule], hats: bool, context: Lowering) -> Unit:
    """What the compiler grants to profiles that use hats or change_profile; raises `Refused`."""
    paths: dict[str, str] = {}
    if hats:
        paths.update(FOR_HATS)
    if any(rule.cls is CHANGE_PROFILE for rule in rules):
        paths.update(FOR_CHANGE)
    implied = []
    for path, letters in paths.items():
        for (text,) in context.paths(ast.Word(path, head)):
            pattern, exact = glob(text, head)
            mask = FILE.mask(letters)
            implied.append(Rule(FILE, (pattern,), mask, 0, Effect.ALLOW, head, exact=exact))
    return Unit(tuple(implied))
