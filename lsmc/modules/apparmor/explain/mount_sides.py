"""Mount rules that name the path of a request on the wrong side.

The one path of `mount options=(ro,remount) /a,` is the source of the mount: without `->` before it
nothing is said of where it is mounted (apparmor.d(5), "Mount Rules").  A remount and a change of
propagation have no source at all, so that such a rule never allows what it seems to speak of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lsmc.base.source import to_display
from lsmc.engine.verdict import RuleRef
from lsmc.ir.decision import ALLOW
from lsmc.modules.apparmor.classes import MOUNT
from lsmc.modules.apparmor.explain.near_fields import closest
from lsmc.modules.apparmor.mount_flags import SETS, flag_string

if TYPE_CHECKING:
    from lsmc.engine.answer import Lookup
    from lsmc.modules.apparmor.decide.subjects import Profiles


class WrongSide(NamedTuple):
    """A rule on the wrong side: a source that it has, and the rule with `->` before it."""

    rule: RuleRef
    source: bytes
    text: str


def sides(tables: Profiles, look: Lookup) -> list[WrongSide]:
    """The rules with the flags and the path of a mount, but as its source; those with the flags
    alone where none has the path."""
    if look.cls is not MOUNT or not look.missing:
        return []
    where, _, fstype, options = look.values
    found: dict[RuleRef, WrongSide] = {}
    for group, unit, via in tables.matcher(look.profile).groups():
        for state, close in closest(group.dfa, MOUNT, (where, where, fstype, options)):
            if (close.values[0], close.values[2]) != (where, fstype):
                continue
            for pattern in group.dfa.accept_ids_of(state):
                rule = unit.rule(group.rules[pattern])
                ref = tables.ref(look.profile, rule.place, via)
                text = _mended(ref.text, options) if rule.facts.effect == ALLOW else ""
                if text and (ref not in found or close.values[1] == where):
                    found[ref] = WrongSide(ref, close.values[1], text)
    exact = [side for side in found.values() if side.source == where]
    return exact or list(found.values())


def _mended(text: str, options: bytes) -> str:
    """A rule with `->` before its path, if its flags are those of the request; else nothing."""
    from lsmc.modules.apparmor.suggest.denials import parsed
    from lsmc.modules.apparmor.syntax import ast

    rule = parsed(text)
    body = rule.body if isinstance(rule, ast.Rule) else None
    if not isinstance(body, ast.MountRule) or body.source is None or body.mountpoint is not None:
        return ""
    flags = 0
    for condition in body.conditions:
        if condition.name.text in ("options", "option"):
            for word in condition.values:
                flags |= SETS.get(word.text, 0)
    if body.kind != "mount" or flag_string(flags) != options:
        return ""
    assert rule is not None
    at = body.source.span.start - rule.span.start
    whole = rule.span.text
    return to_display(f"{whole[:at]}-> {whole[at:]}")
