"""Why a request is allowed or denied, and what would change that: reasons as data.

A verdict names the rules that decided.  An explanation adds, for each permission, the rules that
lost and to what; on a denial also the rules that nearly applied and the smallest rule that would
allow the request, with what that rule would open.  Nothing here is worded for people: that is the
business of `lsmc.output`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lsmc.engine.verdict import RuleRef, Verdict

if TYPE_CHECKING:
    from lsmc.stack.context import Context

EffectName = Literal["allow", "deny", "prompt", "none"]
By = Literal["priority", "deny", "exact", "allow"]
MissKind = Literal["overridden", "owner", "other", "prompt", "no-target", "permission", "near"]


class Subject(NamedTuple):
    """A profile that judged the request: its mode, its ABI, and where it is written."""

    name: str
    mode: str
    abi: str
    file: str
    line: int


class Question(NamedTuple):
    """The request as it was understood."""

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


class Miss(NamedTuple):
    """A rule that nearly applied.

    `permissions` are those the rule has for this object, `wanted` those the miss is about.  For
    `near`, `field` is the one that parted, `value` what was asked, `matched` how far it came,
    `expected` the shortest text that the rule would have accepted from there, and `example` a value
    that matches.
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


class Loser(NamedTuple):
    """A rule that matches and has the permission, but gives way to others, and to what."""

    rule: RuleRef
    effect: EffectName
    by: By


class Reason(NamedTuple):
    """What decided one permission in one profile."""

    profile: str
    cls: str
    permission: str
    effect: EffectName
    rules: tuple[RuleRef, ...]
    overridden: tuple[Loser, ...]


class Suggestion(NamedTuple):
    """A rule that would allow the request, the profile it belongs into, and what is at stake.

    `wish` is what the rule was made from.
    """

    rule: str
    profile: str
    file: str
    line: int
    hazards: tuple[str, ...]
    wish: Any = None


class Explanation(NamedTuple):
    """A verdict with its reasons.

    `attaches` is the profile that an executed file would get by attachment, whatever the rules say.
    With `stays` a rule refuses the request that no added rule beats.
    """

    verdict: Verdict
    request: Question
    reasons: tuple[Reason, ...]
    misses: tuple[Miss, ...]
    suggestions: tuple[Suggestion, ...]
    attaches: str | None
    stays: bool = False
