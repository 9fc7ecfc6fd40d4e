"""The smallest change that allows what a profile lacks for a request.

It is a rule for exactly this request.  Where rules refuse it, they have to give way, and a rule is
added if none is left that allows it; or, for compilers that have priorities, a rule above theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsmc.base.text import decode
from lsmc.engine.matcher import MatchedRule
from lsmc.explain.explanation import Suggestion
from lsmc.ir.decision import DENY
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.classes import FILE, LINK
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.explain.mount_sides import sides
from lsmc.modules.apparmor.requests.fields import fields_of
from lsmc.modules.apparmor.suggest.compilers import compiler_for, takes_priority
from lsmc.modules.apparmor.suggest.suggest import WITHOUT_PRIORITY, Wish, suggest

if TYPE_CHECKING:
    from lsmc.engine.answer import Lookup
    from lsmc.engine.verdict import RuleRef
    from lsmc.modules.apparmor.decide.engine import Engine
    from lsmc.tables.records import ProfileRecord


def smallest(
    engine: Engine,
    profile: ProfileRecord,
    lacking: list[Lookup],
    *,
    linking: bool,
    recorded: bool = False,
) -> Iterator[Suggestion]:
    """The smallest changes for what a profile lacks; the rule for a link's pair covers its `l`.

    `recorded` means that the kernel has asked it, so that it is known who owns a file.
    """
    classes = {look.cls for look in lacking}
    for look in lacking:
        if not look.missing or (look.cls is FILE and LINK in classes):
            continue
        if linking and look.missing & FILE.mask("x"):
            continue  # a link's target lacks the way in which the new name executes
        if look.cls.name == "change_profile" and "onexec" in {cls.name for cls in classes}:
            continue
        compiler = compiler_for(dict(profile.settings), cls=look.cls.name)
        wish = Wish(
            cls=look.cls.name,
            fields=fields_of(look.cls, b"\0".join(look.values)),
            permissions=look.cls.names(look.missing),
            owner=look.owner,
            recorded=recorded,
            exec_mode=_exec_mode(engine, look),
            compiler=compiler,
        )
        yield from _of(engine, profile, look, wish)


def _of(engine: Engine, profile: ProfileRecord, look: Lookup, wish: Wish) -> Iterator[Suggestion]:
    """The smallest changes for what one look-up lacks."""
    allowed = look.cls.names(look.decision.allow)
    risks = hazards(wish.cls, wish.fields, wish.permissions, allowed)
    place = engine.bundle.place(profile.place)
    for side in sides(engine.tables, look):
        if side.source == look.values[0]:
            yield Suggestion(
                kind="mend",
                rule=side.text,
                profile=profile.full_name,
                file=side.rule.file,
                line=side.rule.line,
                hazards=risks,
                says=f"write `->` before the path: `{side.text}`",
                wish=wish,
                replaces=side.rule,
            )
    refusing = _refusing(engine, look)
    refs: tuple[RuleRef, ...] = ()
    if refusing:
        refs = tuple(
            dict.fromkeys(engine.tables.ref(profile, m.rule.place, m.via) for m in refusing)
        )
        risks = ("overrides-deny", *risks)
        yield from _giving_way(wish, refs, risks)
        if takes_priority(wish.compiler) and look.cls.name not in WITHOUT_PRIORITY:
            wish = wish._replace(priority=max(m.rule.facts.priority for m in refusing) + 1)
        elif _allowed_without(engine, look, refusing):
            return
        else:
            refs = ()  # it overrides nothing: the others have to give way
    rule = suggest(wish)
    if rule is not None:
        yield Suggestion(
            rule=rule,
            profile=profile.full_name,
            file=place.file,
            line=place.line,
            hazards=risks,
            wish=wish,
            overrides=refs if wish.priority is not None else (),
        )


def _giving_way(
    wish: Wish, refs: tuple[RuleRef, ...], risks: tuple[str, ...]
) -> Iterator[Suggestion]:
    """The rules that refuse it without what is wanted."""
    from lsmc.modules.apparmor.suggest.denials import narrowings

    obj = decode(wish.fields.get("capability", b""))
    for ref, left, says in narrowings(refs, wish.cls, wish.permissions, obj):
        yield Suggestion(
            kind="deny",
            rule=left,
            profile=ref.profile,
            file=ref.file,
            line=ref.line,
            hazards=risks,
            says=says,
            wish=wish,
            replaces=ref,
            overrides=(ref,),
        )


def _refusing(engine: Engine, look: Lookup) -> list[MatchedRule]:
    """The deny rules that match, whichever of them decides, if one of them does."""
    denied = look.missing & look.decision.deny
    matched = engine.tables.matcher(look.profile).matched(look.node) if denied else ()
    return [
        one
        for one in matched
        if one.rule.facts.effect == DENY
        and (one.rule.facts.owner if look.owner else one.rule.facts.other) & denied
    ]


def _allowed_without(engine: Engine, look: Lookup, refusing: list[MatchedRule]) -> bool:
    """Whether the other rules allow it."""
    gone = {one.rule.facts.id for one in refusing}
    matched = engine.tables.matcher(look.profile).matched(look.node)
    facts = [one.rule.facts for one in matched if one.rule.facts.id not in gone]
    return not look.missing & ~decide(facts, look.cls, look.owner).allow


def _exec_mode(engine: Engine, look: Lookup) -> str:
    """`Px` for a file that has a profile of its own, else `ix`."""
    if look.cls is not FILE:
        return ""
    found, _ = engine.tables.attachments.find(look.values[0], namespace=look.profile.namespace)
    return "Px" if found is not None else "ix"
