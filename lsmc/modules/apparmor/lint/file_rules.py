"""The permissions of files that checks ask about, and the rules that grant them."""

from __future__ import annotations

from lsmc.analysis.profile_view import UnitRule, UnitView
from lsmc.ir.decision import ALLOW
from lsmc.modules.apparmor.classes import FILE

WRITE = FILE.mask("w")
READ = FILE.mask("r")
EXECUTE = FILE.mask("x")
MAP = FILE.mask("m")


def speaking_of(unit: UnitView, perms: int, effect: int) -> list[UnitRule]:
    """The rules of a unit that have an effect on some of the permissions."""
    return [
        held
        for held in unit.of(FILE)
        if held.facts.effect == effect and (held.facts.owner | held.facts.other) & perms
    ]


def granting(unit: UnitView, perms: int) -> list[UnitRule]:
    """The rules of a unit that grant some of the permissions."""
    return speaking_of(unit, perms, ALLOW)
