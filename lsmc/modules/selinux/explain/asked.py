"""A question about an access, made ready to be explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.modules.selinux.questions import (
    InvalidContext,
    booleans_of,
    check_fields,
    number_of,
    text_of,
)
from lsmc.modules.selinux.tables.layout import MASK_BITS
from lsmc.modules.selinux.verdicts import Judged, judge

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine
    from lsmc.modules.selinux.questions import Access

_MASK = (1 << MASK_BITS) - 1


class Asked(NamedTuple):
    """A question and the decision on it.

    Attributes:
        access: the class and the permissions.
        judged: the decision; None where a context is not one of the policy.
        number: the number of the call, if one is asked about.
        path: where the object is, as the question says; empty where it does not.
        invalid: the party whose context is not one of the policy, and why.
    """

    access: Access
    judged: Judged | None
    number: int | None = None
    path: str = ""
    invalid: tuple[str, str] | None = None


def asked_by(engine: Engine, request: Mapping[str, Any]) -> Asked:
    """The question that a request puts; raises as `Engine.answer`.

    A request for an explanation may have `path`, the place of the object.
    """
    path = text_of(request, "path")
    request = {name: value for name, value in request.items() if name != "path"}
    check_fields(request)
    access = engine.access(request)
    booleans = booleans_of(request.get("booleans"), engine.tables.names)
    state = engine.state(booleans) if booleans else engine.default_state
    number = number_of(request)
    party = "subject"
    try:
        source = engine.party(text_of(request, party))
        party = "object"
        target = engine.object_party(text_of(request, party), source, access.name)
    except InvalidContext as fault:
        return Asked(access, None, invalid=(party, str(fault)))
    judged = judge(engine, state, source, target, access, number)
    return Asked(access, judged, None if number is None else number[1], path)


def ungranted(judged: Judged) -> int:
    """The permissions asked for that no rule grants the types in this state of the booleans."""
    return judged.access.mask & ~judged.vector.types & _MASK
