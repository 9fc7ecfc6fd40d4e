"""Answers: what is said of one request, and the rules behind it.

An answer is data; wording it is the business of the output formats.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from lsmc.layers.chain import Layer

DecisionName = Literal["allow", "deny-explicit", "deny-implicit", "unconfined", "complain"]
UNCONFINED = "unconfined"


class UnknownName(LookupError):
    """A question names a profile, operation, class or field that does not exist."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches

        self.what = what
        self.name = name
        self.close = tuple(get_close_matches(name, list(known), n=3, cutoff=0.6))
        hint = f"; did you mean {' or '.join(f'`{c}`' for c in self.close)}?" if self.close else ""
        super().__init__(f"unknown {what} `{name}`{hint}")


class RuleRef(NamedTuple):
    """A rule that took part: where it stands, its text, and the includes that lead to it."""

    profile: str
    file: str
    line: int
    column: int
    text: str
    via: tuple[str, ...]


class Exec(NamedTuple):
    """What an execution does: the mode as written (`Px`), the profile that follows, the fallback.

    `target` is the resulting subject, None when no profile is found and there is no fallback.
    `unsafe` is what the rule says.
    """

    mode: str
    target: str | None
    unsafe: bool
    fallback: Literal["inherit", "unconfined"] | None

    @property
    def scrubs(self) -> bool:
        """Whether the program runs in secure mode (`AT_SECURE`)."""
        return not self.unsafe


class Stay(Exec):
    """An execution that stays in its profile, by `ix` or as the fallback, whatever is unsafe."""

    __slots__ = ()

    @property
    def scrubs(self) -> bool:
        """Whether the program runs in secure mode (`AT_SECURE`)."""
        return False


class Permissions(NamedTuple):
    """What the rules grant on one object; `rules` are those behind each permission."""

    allow: frozenset[str]
    deny: frozenset[str]
    audit: frozenset[str]
    quiet: frozenset[str]
    prompt: frozenset[str]
    exec: Exec | None
    rules: Mapping[str, tuple[RuleRef, ...]]
    mediated: bool = True


class Verdict(NamedTuple):
    """The answer to one request, with the rules that decided it; `note` is for people.

    With a context, `chain` is what each layer of the kernel says, in its order; `allowed` and
    `audited` are those of the whole chain, and the other fields are the profile's own.
    """

    allowed: bool
    decision: DecisionName
    granted: tuple[str, ...]
    missing: tuple[str, ...]
    audited: bool
    transition: Exec | None
    rules: tuple[RuleRef, ...]
    note: str = ""
    chain: tuple["Layer", ...] = ()

    @property
    def refusal(self) -> "Layer | None":
        """The layer that refuses, None when none does or there is no context."""
        return next((layer for layer in self.chain if layer.verdict == "deny"), None)


def stack(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a stack: every component must allow."""
    allowed = all(v.allowed for v in verdicts)
    deciding = next((v for v in verdicts if not v.allowed), verdicts[0])
    missing = tuple(dict.fromkeys(m for v in verdicts for m in v.missing))
    granted = tuple(g for g in verdicts[0].granted if all(g in v.granted for v in verdicts))
    steps = [v.transition for v in verdicts if v.transition is not None]
    return Verdict(
        allowed,
        deciding.decision,
        granted,
        missing,
        any(v.audited for v in verdicts),
        _together(steps) if len(steps) == len(verdicts) else None,
        tuple(dict.fromkeys(r for v in verdicts for r in v.rules)),
        deciding.note,
    )


def _together(steps: list[Exec]) -> Exec:
    """Where a stack goes: its components go their own ways, and one that scrubs is enough."""
    target: str | None = None
    if all(step.target is not None for step in steps):
        names = "//&".join(step.target or "" for step in steps).split("//&")
        target = "//&".join(dict.fromkeys(names))
    return next((step for step in steps if step.scrubs), steps[0])._replace(target=target)


def both(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of an operation that asks twice: both must allow."""
    deciding = second if first.allowed and first.decision != "complain" else first
    return Verdict(
        first.allowed and second.allowed,
        deciding.decision,
        tuple(dict.fromkeys((*first.granted, *second.granted))),
        tuple(dict.fromkeys((*first.missing, *second.missing))),
        first.audited or second.audited,
        first.transition or second.transition,
        tuple(dict.fromkeys((*first.rules, *second.rules)))
        if (first.decision == "allow") == (second.decision == "allow")
        else deciding.rules,
        deciding.note,
    )
