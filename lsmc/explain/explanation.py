"""Explanations as data: why a request is allowed or denied, and what would change that.

A verdict names the rules that decided.  An explanation adds, for each permission, the rules that
lost and to which rule; on a denial also the rules that nearly applied and the smallest rule that
would allow the request, with what that rule would open.  Nothing here is worded for people; that is
the task of `lsmc.output`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lsmc.engine.verdict import RuleRef, Verdict

if TYPE_CHECKING:
    from lsmc.stack.context import Context

EffectName = Literal["allow", "deny", "prompt", "none"]
By = Literal["priority", "deny", "exact", "allow", "later"]
MissKind = Literal[
    "overridden", "owner", "other", "prompt", "no-target", "permission", "side", "near", "label"
]


class Subject(NamedTuple):
    """A profile that judged the request: its mode, its ABI, and where it is written."""

    name: str
    mode: str
    abi: str
    file: str
    line: int


class Question(NamedTuple):
    """The request, with defaults filled in and names resolved.

    `about` says of a module without profiles who is judged by what, a sentence a line.
    """

    subject: str
    op: str
    object: str
    owner: bool
    fields: Mapping[str, str]
    cls: str
    permissions: tuple[str, ...]
    hook: str
    profiles: tuple[Subject, ...]
    context: Context | None = None
    about: tuple[str, ...] = ()


class Difference(NamedTuple):
    """Where a rule parts from the request in one field.

    `value` is the requested one, `matched` how much of it matches, `expected` the shortest text
    that the rule accepts from there, and `example` a value that matches.  Of a set, these are the
    words that are asked, those that the rule has as well, those that it asks for besides, and all
    of its words.
    """

    field: str = ""
    value: str = ""
    matched: str = ""
    expected: str = ""
    example: str = ""
    as_set: bool = False


class Miss(NamedTuple):
    """A rule that nearly applied.

    `permissions` are those the rule has for this object, `wanted` those the miss is about.  A
    `near` one differs as `Difference` says, and in `others` as well.  A `side` has `value` in the
    field `matched` in place of `field`; `example` is the rule that has it there.  A `label` would
    allow the request if what `field` says had the label `example` in place of `value`.
    """

    kind: MissKind
    rule: RuleRef
    permissions: tuple[str, ...]
    wanted: tuple[str, ...]
    field: str = ""
    value: str = ""
    matched: str = ""
    expected: str = ""
    example: str = ""
    as_set: bool = False
    others: tuple[Difference, ...] = ()


class Obstacle(NamedTuple):
    """One of several things that an access needs and does not have.

    Attributes:
        kind: the module's word for it.
        permissions: what is refused for its sake.
        says: what it is, in a sentence.
        details: more sentences, such as the values that were compared.
        rules: the rules that say so.
        settings: settings each of which would take it away: values by name.
    """

    kind: str
    permissions: tuple[str, ...]
    says: str
    details: tuple[str, ...] = ()
    rules: tuple[RuleRef, ...] = ()
    settings: tuple[Mapping[str, bool], ...] = ()


class Loser(NamedTuple):
    """A rule that matches and has the permission but is overridden, and what overrides it."""

    rule: RuleRef
    effect: EffectName
    by: By


class Reason(NamedTuple):
    """The rules that decided one permission in one profile."""

    profile: str
    cls: str
    permission: str
    effect: EffectName
    rules: tuple[RuleRef, ...]
    overridden: tuple[Loser, ...]


class Suggestion(NamedTuple):
    """A change that would allow the request, the profile to make it in, and what is at stake.

    `wish` is the access from which it was made.  The rule is added to the profile; of the kinds
    `deny` and `mend` it takes the place of the rule `replaces`, at `file` and `line`, and is empty
    when nothing of that is left.  `says` tells such a change in one line.  `overrides` are the
    rules that refuse it now and no longer would.  With `advice` nothing is written.
    """

    rule: str
    profile: str
    file: str
    line: int
    hazards: tuple[str, ...]
    says: str = ""
    overrides: tuple[RuleRef, ...] = ()
    kind: Literal["exact", "deny", "mend", "advice"] = "exact"
    replaces: RuleRef | None = None
    wish: Any = None


class Explanation(NamedTuple):
    """A verdict with its reasons.

    `attaches` is the profile that attaches to an executed file, whatever the rules say.
    `obstacles` are what stands in the way, of a module that asks for several things.
    """

    verdict: Verdict
    request: Question
    reasons: tuple[Reason, ...]
    misses: tuple[Miss, ...]
    suggestions: tuple[Suggestion, ...]
    attaches: str | None
    obstacles: tuple[Obstacle, ...] = ()
