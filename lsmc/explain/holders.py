"""Who may do something: a question put to every subject of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from lsmc.engine.verdict import RequestError, Verdict


class Holder(NamedTuple):
    """A subject that may, as the verdict says why; `who` tells whether it must own the object."""

    subject: str
    verdict: Verdict
    who: Literal["all", "owner", "other"]


def holders(subjects: Iterable[str], ask: Callable[[str, bool], Verdict]) -> list[Holder]:
    """The subjects that may do something, in order.

    Raises what `ask` raises; but `RequestError` only where no subject can be asked.

    Args:
        subjects: the names of the subjects.
        ask: the verdict for a subject, as an owner of the object or not.
    """
    found: list[Holder] = []
    fault: RequestError | None = None
    asked = 0
    for subject in subjects:
        try:
            found += _holder(subject, ask(subject, True), ask(subject, False))
            asked += 1
        except RequestError as error:
            fault = fault or error
    if fault is not None and not asked:
        raise fault
    return found


def _holder(subject: str, own: Verdict, others: Verdict) -> Iterator[Holder]:
    if own.allowed and others.allowed and own.decision != others.decision:
        # the rules speak of the one, and the mode lets the other through
        yield Holder(subject, own, "owner")
        yield Holder(subject, others, "other")
    elif own.allowed:
        yield Holder(subject, own, "all" if others.allowed else "owner")
    elif others.allowed:
        yield Holder(subject, others, "other")
