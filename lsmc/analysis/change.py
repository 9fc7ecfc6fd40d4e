"""One difference of two policies: what both decide, and whether that is more or less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from lsmc.engine.verdict import RuleRef

Kind = Literal[
    "added", "removed", "renamed", "setting", "attachment", "program", "mediation", "decision"
]
#: Whether NEW lets a subject do more than OLD, less, or neither.
Direction = Literal["wider", "narrower", "other"]
#: Whom a change concerns: the owner of the object, those who are not, or both.
Who = Literal["all", "owner", "other"]


class Side(NamedTuple):
    """What one policy decides at the witness; permission names, and the rules behind them."""

    allow: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    exec: str = ""
    rules: tuple[RuleRef, ...] = ()


class Change(NamedTuple):
    """One difference of a profile.

    Of the kind `program` the profile now has programs of the profile `before`, such as `what`; then
    an example is one of what they may do more, or less.

    For kinds `decision` and `mediation`, `witness` is a request of `Policy.query_many` that asks
    for the `permissions` of which the change tells; `who` are the subjects whom it concerns, and
    `rule` is a rule that only one policy has and whose objects are concerned; where an execution
    leads elsewhere by the same rules, the one by which it goes.

    `shows` tells whether the policies answer the witness differently, as they do wherever there is
    such a request.  Where there is none, only the tables differ: no kernel asks about the object,
    or an execution is refused alike because the profile that it names is not there.  `before` and
    `after` are then what the tables say of the object.
    """

    profile: str
    kind: Kind
    cls: str = ""
    what: str = ""
    before: Any = None
    after: Any = None
    rule: RuleRef | None = None
    witness: Mapping[str, Any] | None = None
    permissions: tuple[str, ...] = ()
    who: Who = "all"
    shows: bool = True
    direction: Direction = "other"
    hazards: tuple[str, ...] = ()


def toward(steps: Iterable[float]) -> Direction:
    """The direction of steps, each above 0 where NEW gives more, below 0 where it gives less."""
    signs = {(step > 0) - (step < 0) for step in steps} - {0}
    if len(signs) != 1:
        return "other"
    return "wider" if 1 in signs else "narrower"
