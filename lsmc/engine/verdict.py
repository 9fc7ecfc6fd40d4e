"""Verdicts: the decision on a request, and the rules behind it.

A verdict is data; output formats put it into words.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from lsmc.base.errors import Error, close_words, hint

if TYPE_CHECKING:
    from lsmc.stack.chain import Layer

DecisionName = Literal[
    "allow",
    "deny-explicit",
    "deny-implicit",
    "invalid-context",
    "unconfined",
    "disabled",
    "complain",
    "permissive",
    "learning",
]
#: Decisions of subjects that are only logged where their rules would refuse them.
LET_THROUGH = frozenset(("complain", "permissive", "learning"))
UNCONFINED = "unconfined"


class UnknownName(Error, LookupError):
    """A request names a profile, operation, class or permission that does not exist.

    `note` says more about that name.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], note: str = "") -> None:
        words = tuple(known)
        self.what = what
        self.name = name
        self.close = close_words(name, words)
        about = f": {note}" if note else hint(name, words)
        super().__init__(f"unknown {what} `{name}`{about}")


class RequestError(Error, ValueError):
    """A request cannot be answered: it names something that does not exist, or lacks something.

    `word` is the wrong text and `known` are the words that are allowed in its place; the message
    suggests the similar ones.
    """

    def __init__(self, message: str, word: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message + hint(word, known))
        self.word = word
        self.known = known


class FieldTypeError(Error, TypeError):
    """The value of a field of a request is of another type than the field takes."""

    def __init__(self, name: str, takes: str, value: object) -> None:
        super().__init__(f"`{name}` is {takes}, not {type(value).__name__}")


class RuleRef(NamedTuple):
    """A rule that took part: its place, its text, and the includes that lead to it."""

    profile: str
    file: str
    line: int
    column: int
    text: str
    via: tuple[str, ...]


class Exec(NamedTuple):
    """The effect of an execution: the mode as written (`Px`), the next profile, the fallback.

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


class Verdict(NamedTuple):
    """The decision on one request, with the rules behind it; `note` is for people.

    With a context, `chain` is the answer of each layer of the kernel, in its order; `allowed` and
    `audited` then concern the whole chain, and the other fields the profile alone.
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

    @classmethod
    def allow(
        cls,
        granted: tuple[str, ...],
        *,
        audited: bool = False,
        transition: Exec | None = None,
        rules: tuple[RuleRef, ...] = (),
        note: str = "",
    ) -> "Verdict":
        """The rules grant everything that was asked for."""
        return cls(
            allowed=True,
            decision="allow",
            granted=granted,
            missing=(),
            audited=audited,
            transition=transition,
            rules=rules,
            note=note,
        )

    @classmethod
    def unconfined(
        cls, granted: tuple[str, ...], *, transition: Exec | None = None, note: str = ""
    ) -> "Verdict":
        """Allowed, because no rules apply."""
        return cls.allow(granted, transition=transition, note=note)._replace(decision="unconfined")

    @classmethod
    def deny(
        cls,
        missing: tuple[str, ...],
        *,
        explicit: bool,
        audited: bool,
        granted: tuple[str, ...] = (),
        rules: tuple[RuleRef, ...] = (),
        note: str = "",
    ) -> "Verdict":
        """Some permissions are missing; `explicit` says that a `deny` rule removes one of them."""
        return cls(
            allowed=False,
            decision="deny-explicit" if explicit else "deny-implicit",
            granted=granted,
            missing=missing,
            audited=audited,
            transition=None,
            rules=rules,
            note=note,
        )

    def complain(self, note: str) -> "Verdict":
        """This denial in complain mode: reported, but allowed."""
        return self._replace(allowed=True, decision="complain", note=note)

    def __bool__(self) -> bool:
        """Whether it is allowed."""
        return self.allowed

    @property
    def refusal(self) -> "Layer | None":
        """The layer that refuses; None when no layer does or there is no context."""
        return next((layer for layer in self.chain if layer.verdict == "deny"), None)


def stack(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a stack: every component must allow."""
    allowed = all(v.allowed for v in verdicts)
    deciding = next((v for v in verdicts if not v.allowed), verdicts[0])
    missing = tuple(dict.fromkeys(m for v in verdicts for m in v.missing))
    granted = tuple(g for g in verdicts[0].granted if all(g in v.granted for v in verdicts))
    steps = [v.transition for v in verdicts if v.transition is not None]
    return Verdict(
        allowed=allowed,
        decision=deciding.decision,
        granted=granted,
        missing=missing,
        audited=any(v.audited for v in verdicts),
        transition=_together(steps) if len(steps) == len(verdicts) else None,
        rules=tuple(dict.fromkeys(r for v in verdicts for r in v.rules)),
        note=deciding.note,
    )


def _together(steps: list[Exec]) -> Exec:
    """Where a stack goes: each component makes its own transition; one that scrubs is enough."""
    target: str | None = None
    if all(step.target is not None for step in steps):
        names = "//&".join(step.target or "" for step in steps).split("//&")
        target = "//&".join(dict.fromkeys(names))
    return next((step for step in steps if step.scrubs), steps[0])._replace(target=target)


def both(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of an operation that consists of two requests: both must be allowed."""
    deciding = second if first.allowed and first.decision not in LET_THROUGH else first
    return Verdict(
        allowed=first.allowed and second.allowed,
        decision=deciding.decision,
        granted=tuple(dict.fromkeys((*first.granted, *second.granted))),
        missing=tuple(dict.fromkeys((*first.missing, *second.missing))),
        audited=first.audited or second.audited,
        transition=first.transition or second.transition,
        rules=tuple(dict.fromkeys((*first.rules, *second.rules)))
        if (first.decision == "allow") == (second.decision == "allow")
        else deciding.rules,
        note=deciding.note,
    )
