"""Trying a rule before it is offered: it must compile, and allow what it was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsmc.base.text import encode
from lsmc.engine.matcher import Matcher
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.decide.exec_transition import transition_text
from lsmc.modules.apparmor.requests.fields import values_of
from lsmc.tables.groups import make_key

if TYPE_CHECKING:
    from lsmc.explain.explanation import Suggestion
    from lsmc.modules.apparmor.suggest.suggest import Wish


def grants(suggestion: Suggestion) -> bool:
    """Whether a suggested rule, alone in a profile of the same name, allows what it is to allow."""
    from lsmc.base.diagnostics import PolicyError
    from lsmc.compiler.inputs import Options
    from lsmc.modules.apparmor.build.driver import compile_source
    from lsmc.modules.apparmor.decide.engine import Engine
    from lsmc.modules.apparmor.suggest.suggest import word

    if suggestion.wish is None:
        return False
    if suggestion.kind == "deny":  # the rule is there already
        return True
    name = word(encode(suggestion.profile))
    text = f"profile {name} {{\n{suggestion.rule}\n}}\n"
    try:
        data, _ = compile_source(text, "<suggestion>", Options())
    except PolicyError:
        return False
    tables = Engine(data).tables
    profile = tables.find(tables.subjects[0])
    return profile is not None and allows(tables.matcher(profile), suggestion.wish)


def allows(matcher: Matcher, wish: Wish) -> bool:
    """Whether tried rules allow a wish, and execute what it executes in no other way."""
    cls = BY_NAME[wish.cls]
    decision = matcher.decide(matcher.walk(key_of(cls, wish)), cls, wish.owner)
    if cls is FILE and "x" in wish.permissions:
        transition = decision.transition
        if transition is None or transition_text(transition) != wish.exec_mode:
            return False
    return not cls.mask(wish.permissions) & ~decision.allow


def key_of(cls: MediationClass, wish: Wish) -> bytes:
    """The key that a wish is about, with the code of its class."""
    return make_key(cls.code, values_of(cls, wish.fields))
