"""All that a subject may do, for people: what a security module tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from lsmc.engine.verdict import RuleRef


class Ability(NamedTuple):
    """What one rule lets a subject do.

    Attributes:
        cls: the class, in the module's words.
        rule: the rule as written.
        permissions: what it grants on some object.
        asks: whether the user is asked first.
        who: whether the subject must own the object, or must not.
        example: a request of `Policy.query_many` that the rule allows, or asks the user about.
        transition: under which profile a program runs that the rule lets be executed, in words.
        lost: what the rule names and other rules refuse everywhere.
        but: a rule that refuses a part of it, and an object where it does.
        hazards: what is at stake, words of `lsmc.explain.hazards`.
    """

    cls: str
    rule: RuleRef
    permissions: tuple[str, ...]
    who: Literal["all", "owner", "other"]
    example: Mapping[str, Any]
    transition: str = ""
    lost: tuple[str, ...] = ()
    but: tuple[RuleRef, str] | None = None
    hazards: tuple[str, ...] = ()
    asks: bool = False


class Section(NamedTuple):
    """Abilities of one kind, under the title that people look for."""

    title: str
    abilities: tuple[Ability, ...]


class Abilities(NamedTuple):
    """All that a subject may do.

    Attributes:
        subject: its name.
        mode: the mode of its profile.
        free: whether no rule is asked, so that it may do anything.
        unruled: classes of which no rule is asked, so that all of them is allowed.
        sections: what the rules allow; an ability stands in one section.
    """

    subject: str
    mode: str
    free: bool
    unruled: tuple[str, ...]
    sections: tuple[Section, ...]
