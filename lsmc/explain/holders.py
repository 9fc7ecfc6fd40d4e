"""Who may do something: a question put to every subject of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from lsmc.analysis.access_search import Witness
from lsmc.engine.verdict import RequestError, Verdict


class Holder(NamedTuple):
    """A subject that may.

    Attributes:
        subject: its name.
        verdict: the answer that lets it, with the reason.
        who: whether it must own the object, or must not.
        example: where many objects were asked about, the request that is allowed.
    """

    subject: str
    verdict: Verdict
    who: Literal["all", "owner", "other"]
    example: Mapping[str, Any] | None = None


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


def paired(own: Mapping[str, Witness], others: Mapping[str, Witness]) -> list[Holder]:
    """The subjects of witnesses, found as owner of the object and as somebody else, in order."""
    found: list[Holder] = []
    for subject in sorted({*own, *others}):
        one, other = own.get(subject), others.get(subject)
        if one is not None and other is not None and _alike(one, other):
            found.append(Holder(subject, other.verdict, "all", other.request))
            continue
        if one is not None:
            found.append(Holder(subject, one.verdict, "owner", one.request))
        if other is not None:
            found.append(Holder(subject, other.verdict, "other", other.request))
    return found


def _alike(one: Witness, other: Witness) -> bool:
    return one.verdict.decision == other.verdict.decision


def _holder(subject: str, own: Verdict, others: Verdict) -> Iterator[Holder]:
    if own.allowed and others.allowed and own.decision != others.decision:
        # the rules speak of the one, and the mode lets the other through
        yield Holder(subject, own, "owner")
        yield Holder(subject, others, "other")
    elif own.allowed:
        yield Holder(subject, own, "all" if others.allowed else "owner")
    elif others.allowed:
        yield Holder(subject, others, "other")
