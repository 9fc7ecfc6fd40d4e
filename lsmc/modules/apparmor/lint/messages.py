"""How checks word what they found: the rule, the includes that brought it in, the request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsmc.analysis.profile_view import Held, ProfileView
from lsmc.base.diagnostics import Label
from lsmc.base.source import Span, to_display
from lsmc.ir.model import MediationClass
from lsmc.lint.model import rule_text
from lsmc.modules.apparmor.requests import request_of


def quoted(span: Span) -> str:
    """A rule in backticks."""
    return f"`{rule_text(span)}`"


def chain(view: ProfileView, held: Held) -> list[Label]:
    """The includes that brought a rule into a profile, outermost first."""
    return [Label(span, "included here") for span in view.via(held.facts.id)]


def witness(
    view: ProfileView, cls: MediationClass, key: bytes, owner: bool, perms: int
) -> dict[str, Any]:
    """The request about an object."""
    return request_of(view.name, cls, key, owner, cls.names(perms))


def shown(path: bytes) -> str:
    """An object in backticks."""
    return f"`{to_display(path.decode('latin-1'))}`"


def listing(words: Iterable[str]) -> str:
    """Words as `a, b and c`."""
    found: Sequence[str] = list(dict.fromkeys(words))
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"
