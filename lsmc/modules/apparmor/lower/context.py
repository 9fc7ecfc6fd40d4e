"""What the lowering of every rule class needs: expansion, globs, prefixes, and the making of IR
rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.automata.pattern import (
    NOT_NUL,
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    union,
)
from lsmc.base.diagnostics import Fix
from lsmc.base.source import Span, to_display
from lsmc.ir.model import Effect, MediationClass, Rule, Transition
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.aare import Glob, GlobError, parse_glob
from lsmc.modules.apparmor.releases import CLASS_IS_EXACT, NEWEST, SINGLE_VALUE, Release
from lsmc.modules.apparmor.resolve.aliases import NO_ALIASES, Aliases
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.resolve.variables import (
    MAX_TEXT,
    SHARE,
    ExpansionError,
    Variables,
    filter_slashes,
    references,
)
from lsmc.modules.apparmor.syntax import ast

#: Any field, and any field that is not empty.
ANY = Glob(Star(NOT_NUL), False)
SOME = Glob(concat((Chars(NOT_NUL), Star(NOT_NUL))), False)

#: The characters that a copy of a rule counts for besides its own.
_COPY = 100

_EFFECTS = {"": Effect.ALLOW, "allow": Effect.ALLOW, "deny": Effect.DENY, "prompt": Effect.PROMPT}


def literal(text: str) -> Glob:
    """Just this text."""
    return Glob(Literal(text.encode("latin-1")), True)


def one_of(texts: Iterable[str]) -> Glob:
    """Any of some texts."""
    return Glob(union(Literal(t.encode("latin-1")) for t in texts), True)


class ExecNote(NamedTuple):
    """What the check for conflicting exec modes needs of a rule besides its IR."""

    rule: Rule
    path: str
    target: str
    effect: ast.Effect
    subset: bool


class Altered(NamedTuple):
    """A rule of which the compiler makes something else than it says, without a word.

    `rule` is the rule and `span` the part of it that is meant.  `becomes` goes on after the rule's
    text in a sentence, and `help` says what to write instead.  A feature set with one of `needs`
    would keep the rule; without any, the rule is altered under each.
    """

    rule: Span
    span: Span
    becomes: str
    help: str
    needs: tuple[str, ...] = ()
    fix: Fix | None = None


@dataclass(slots=True)
class Lowering:
    """The context in which the rules of one fragment are lowered.

    `rule` is the rule being lowered: the text that its variables and aliases produce is counted.
    `used` collects the names of the variables that were expanded: with their values and the
    features they decide what the fragment means.  `notes` collects the rules with an exec
    permission, under the prefix as `written`, and `altered` what else a rule becomes than it says.
    """

    variables: Variables
    features: Features
    aliases: Aliases = NO_ALIASES
    release: Release = NEWEST
    used: set[str] = field(default_factory=set)
    notes: list[ExecNote] = field(default_factory=list)
    altered: list[Altered] = field(default_factory=list)
    written: ast.Prefix = ast.NO_PREFIX
    rule: Span | None = None
    _made: int = 0

    def begin(self, rule: Span) -> None:
        """Start another rule."""
        self.rule = rule
        self._made = 0
        self.notes.clear()

    def forget(self) -> None:
        """Drop what was noted about the rule."""
        self.notes.clear()
        while self.altered and self.altered[-1].rule is self.rule:
            self.altered.pop()

    def alter(
        self, becomes: str, help_: str, span: Span | None = None, fix: Fix | None = None
    ) -> None:
        """Note what becomes of the rule, or of the part of it at `span`."""
        assert self.rule is not None
        self.altered.append(Altered(self.rule, span or self.rule, becomes, help_, fix=fix))

    def lose(self, becomes: str, *needs: str) -> None:
        """Note what becomes of the rule under features that have none of `needs`."""
        assert self.rule is not None
        self.altered.append(
            Altered(self.rule, self.rule, becomes, "write what is left of it", needs)
        )

    def _count(self, size: int, kind: str, by: str) -> None:
        """Count the characters that a variable or an alias makes of the rule; raises `Refused`."""
        assert self.rule is not None
        self._made += size
        over = min(size, self._made - SHARE * (self.rule.end - self.rule.start))
        if over > 0 and not self.variables.pool.take(over, 0):
            raise refusal(
                "too-complex",
                self.rule,
                f"{kind}`{to_display(by)}` makes more text than a run may",
                f"all may give {SHARE} characters for each one written, "
                f"and {MAX_TEXT:,} more together",
            )

    def text(self, word: ast.Word) -> str:
        """The word with its variables expanded; raises `Refused`."""
        text = word.text
        if "@{" not in text:
            return text
        self.used.update(references(text))
        try:
            single = not SINGLE_VALUE.older(self.release)
            expanded = self.variables.expand(text, single=single)
        except ExpansionError as fault:
            close = (
                did_you_mean(fault.name, self.variables.names())
                if fault.kind == "undeclared-variable"
                else ""
            )
            raise refusal(fault.kind, word.span, str(fault), close) from None
        self._count(len(expanded), "", text)
        return expanded

    def paths(self, *words: ast.Word) -> list[tuple[str, ...]]:
        """The words as paths, then each copy that an alias makes of them; raises `Refused`.

        Aliases rewrite a text before its runs of slashes become one.
        """
        found = self.aliased(*map(self.text, words))
        return [tuple(map(filter_slashes, texts)) for texts in found]

    def path(self, word: ast.Word) -> str:
        """The word expanded, with runs of slashes as one; raises `Refused`."""
        return filter_slashes(self.text(word))

    def glob(self, text: str, word: ast.Word, null: bool = False) -> Glob:
        """The language of an expanded text that came from `word`; raises `Refused`."""
        found = glob(text, word.span, null)
        if found.exact and CLASS_IS_EXACT.older(self.release) and _has_class(found.pattern):
            return Glob(found.pattern, False)
        return found

    def label(self, word: ast.Word) -> Glob:
        """A glob over labels, or any other value without slash filtering; raises `Refused`."""
        return self.glob(self.text(word), word)

    def aliased(self, *texts: str) -> list[tuple[str, ...]]:
        """The texts, then each copy that an alias makes of them; raises `Refused`."""
        found = [texts]
        for old, new in self.aliases.matching(texts):
            copies = tuple(new + t[len(old) :] if t.startswith(old) else t for t in texts)
            self._count(_COPY + sum(map(len, copies)), "the alias of ", old)
            found.append(copies)
        return found


def _has_class(pattern: Pattern) -> bool:
    match pattern:
        case Chars():
            return True
        case Concat(parts) | Union(parts):
            return any(map(_has_class, parts))
    return False


def glob(text: str, span: Span, null: bool = False) -> Glob:
    """The language of a glob; raises `Refused` with the place it came from."""
    try:
        return parse_glob(text, null)
    except GlobError as fault:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise refusal(fault.kind, span, f"bad glob `{shown}`: {fault}") from None


class RuleHead(NamedTuple):
    """A rule's prefix with that of the blocks around it, and where the rule stands."""

    origin: Span
    effect: Effect = Effect.ALLOW
    audit: bool = False
    priority: int = 0
    owner: ast.Owner = ""

    @classmethod
    def of(cls, prefix: ast.Prefix, origin: Span) -> RuleHead:
        """The head for a combined prefix."""
        return cls(
            origin, _EFFECTS[prefix.effect], prefix.audit, prefix.priority or 0, prefix.owner
        )

    def rule(
        self,
        cls: MediationClass,
        fields: Sequence[Glob | Pattern],
        mask: int,
        *,
        other: int | None = None,
        transition: Transition | None = None,
    ) -> Rule:
        """An IR rule under this head; `other` is the mask for others where it differs."""
        owner_mask = 0 if self.owner in ("other", "nobody") else mask
        other_mask = 0 if self.owner in ("owner", "nobody") else mask if other is None else other
        return Rule(
            cls,
            tuple(f.pattern if isinstance(f, Glob) else f for f in fields),
            owner_mask,
            other_mask,
            self.effect,
            self.origin,
            self.audit,
            self.priority,
            all(f.exact for f in fields if isinstance(f, Glob)),
            transition,
        )


#: Other words for the permissions of messages.
SEND_RECEIVE = {
    "write": ("send",),
    "w": ("send",),
    "read": ("receive",),
    "r": ("receive",),
    "rw": ("send", "receive"),
    "wr": ("send", "receive"),
}


def words_to_mask(
    cls: MediationClass,
    words: Iterable[ast.Word],
    synonyms: dict[str, tuple[str, ...]],
    what: str,
) -> int:
    """The bits of permission words; raises `Refused` for an unknown one."""
    mask = 0
    for word in words:
        names = synonyms.get(word.text, (word.text,))
        try:
            mask |= cls.mask(names)
        except KeyError:
            known = sorted({*cls.permissions, *synonyms})
            raise refusal(
                "unknown-rule-permission",
                word.span,
                f"`{word.text}` is not a permission of a {what} rule",
                did_you_mean(word.text, known) or "known: " + " ".join(known),
            ) from None
    return mask


class Conditions:
    """The conditions of one rule by name, each at most once."""

    def __init__(
        self,
        conditions: Iterable[ast.Condition],
        allowed: Iterable[str],
        what: str,
        *,
        repeatable: Iterable[str] = (),
        operators: Iterable[str] = ("=",),
    ) -> None:
        allowed = tuple(allowed)
        self._found: dict[str, list[ast.Condition]] = {}
        for condition in conditions:
            name = condition.name.text
            if name not in allowed:
                raise refusal(
                    "unknown-condition",
                    condition.span,
                    f"`{name}` is not a condition of {what}",
                    did_you_mean(name, allowed)
                    or ("known: " + " ".join(allowed) if allowed else ""),
                )
            if condition.op not in operators:
                raise refusal(
                    "bad-operator", condition.span, f"`{name}` takes `=`, not `{condition.op}`"
                )
            if name in self._found and name not in repeatable:
                raise refusal("repeated-condition", condition.span, f"`{name}` is given twice")
            self._found.setdefault(name, []).append(condition)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __bool__(self) -> bool:
        return bool(self._found)

    def get(self, name: str) -> list[ast.Condition]:
        """All conditions of a name, in order."""
        return self._found.get(name, [])

    def words(self, name: str) -> tuple[ast.Word, ...]:
        """The values of all conditions of a name."""
        return tuple(word for c in self.get(name) for word in c.values)

    def single(self, name: str) -> ast.Word | None:
        """The one value of a condition, or None when it is not given; raises `Refused`."""
        found = self.get(name)
        if not found:
            return None
        if len(found[0].values) != 1:
            raise refusal("repeated-condition", found[0].span, f"`{name}` takes exactly one value")
        return found[0].values[0]
