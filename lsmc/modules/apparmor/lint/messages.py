"""How checks word what they found: the rule, the includes that brought it in, the request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.profile_view import ProfileView, UnitRule
from lsmc.analysis.redundancy.scopes import Scope
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span, to_display
from lsmc.base.text import displayed
from lsmc.ir.model import MediationClass
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import FILE, LINK
from lsmc.modules.apparmor.requests.fields import fields_of

_MANY = 5
_MANY_LETTERS = 100
#: What applies to no directory.
_OF_FILES = FILE.mask("axml")


class Named(Protocol):
    """A profile in one of its forms."""

    @property
    def name(self) -> str:
        """The profile's name for people."""


def rule_text(span: Span) -> str:
    """A rule as it is quoted in messages: on one line, without its comma."""
    text = to_display(" ".join(span.text.split())).removesuffix(",")
    return text if len(text) <= _MANY_LETTERS else text[: _MANY_LETTERS - 1] + "…"


def quoted(span: Span) -> str:
    """A rule in backticks."""
    return f"`{rule_text(span)}`"


def quoted_text(span: Span) -> str:
    """Any text of a policy in backticks, on one line."""
    return f"`{to_display(' '.join(span.text.split()))}`"


def chain(view: ProfileView, held: UnitRule) -> list[Label]:
    """The includes that brought a rule into a profile, outermost first."""
    return [Label(span, "included here") for span in view.via(held.facts.id)]


def rule_finding(
    check: Check[Any],
    view: ProfileView,
    held: UnitRule,
    what: str,
    *,
    help: str,
    witness: Mapping[str, Any] | None = None,
) -> Diagnostic:
    """The finding that a rule of a profile does something; `what` follows the quoted rule."""
    span = held.rule.origin
    return check.finding(
        span,
        f"{quoted(span)} {what}",
        help=help,
        profile=view.name,
        witness=witness,
        related=chain(view, held),
    )


def labels(
    scope: Scope, spans: Sequence[Span], message: str | Callable[[Span], str]
) -> list[Label]:
    """The places of rules, each followed by the includes that brought it into the scope."""
    found: list[Label] = []
    for span in spans[:_MANY]:
        said = message if isinstance(message, str) else message(span)
        found.append(Label(span, f"{quoted(span)} {said}"))
        chain = scope.via_of(span)[len(scope.via) :]
        found += [Label(step, "included here") for step in chain]
    if len(spans) > _MANY:
        found.append(Label(spans[_MANY], f"and {len(spans) - _MANY} more"))
    return found


def where(profiles: Sequence[LinkedProfile], span: Span) -> str:
    """For a rule of an included file: how many profiles it is part of."""
    if len(profiles) == 1 and profiles[0].ir.origin.source is span.source:
        return ""
    return f"{len(profiles)} profile{'s include' if len(profiles) > 1 else ' includes'} this rule"


def help_text(*parts: str) -> str:
    """Sentences of help as one text."""
    return "; ".join(part for part in parts if part)


def witness(
    holder: Named, cls: MediationClass, key: bytes, owner: bool, bits: int
) -> dict[str, Any]:
    """A request of a profile for a key; of a link only `link` can be asked for."""
    names: Iterable[str] = ("link",) if cls is LINK else cls.names(bits)
    return SEMANTICS.request_of(holder.name, cls, key, owner, names)


def shown(path: bytes) -> str:
    """An object in backticks."""
    return f"`{to_display(path.decode('latin-1'))}`"


def shown_object(cls: MediationClass, key: bytes) -> str:
    """The object of a key for people: its fields that say something."""
    fields = fields_of(cls, key)
    texts = {name: displayed(value) for name, value in fields.items()}
    main = cls.fields[0] if cls.fields else ""
    if len(cls.fields) < 2:
        return f"`{texts.get(main, cls.name)}`"
    said = " ".join(f"{name}={text}" for name, text in texts.items() if text)
    return f"`{said or cls.name}`"


def shown_access(cls: MediationClass, key: bytes, bits: int) -> str:
    """Permissions on the object of a key, for people; of a directory those that it can have."""
    if cls is FILE and key.endswith(b"/"):
        bits = bits & ~_OF_FILES or bits
    names = cls.names(bits)
    joined = "".join(names) if cls is FILE else ", ".join(names)
    return f"`{joined}` on {shown_object(cls, key)}"
