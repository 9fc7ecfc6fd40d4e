"""What a changed policy would do to the accesses that a log tells of.

Each cause is put to the old and to the new policy.  Records have one cause here only when their
objects are the same, letter by letter, as policies may tell apart what a reader need not; where
that makes too many, causes are folded, and one that stands for several objects says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from lsmc.engine.verdict import RuleRef
from lsmc.explain.diagnosis import Diagnosis, Questions, diagnose
from lsmc.explain.log_groups import About, Cause, Grouping

Change = Literal["newly-denied", "newly-allowed", "same", "no-answer"]
#: The changes, those first that a person must look at.
CHANGES: tuple[Change, ...] = ("newly-denied", "newly-allowed", "no-answer", "same")


class Replayed(NamedTuple):
    """A cause with the answers of both policies.

    Attributes:
        cause: the records.
        old: the answer of the old policy; likewise `new`.
        change: how they differ.
        hazards: what is at stake where it is newly allowed, words of `lsmc.explain.hazards`.
    """

    cause: Cause
    old: Diagnosis
    new: Diagnosis
    change: Change
    hazards: tuple[str, ...]

    @property
    def sampled(self) -> bool:
        """Whether the records have several objects, of which the first was judged."""
        return self.cause.varied or bool(self.cause.width)

    @property
    def moved(self) -> tuple[str, str] | None:
        """The subjects that an execution leads to by each policy, where they differ."""
        targets = [_target(one) for one in (self.old, self.new)]
        if None in targets or targets[0] == targets[1]:
            return None
        return targets[0] or "", targets[1] or ""


def exact(grouping: Grouping) -> Grouping:
    """A grouping by which records have one cause only when their objects are the same."""

    def key(record: Any) -> tuple[object, object]:
        return grouping.key(record), grouping.names(record)

    def about(record: Any, width: int) -> About:
        found = grouping.about(record, max(0, width - 1))
        return found if width else found._replace(pattern=found.object)

    return grouping._replace(
        key=key,
        about=about,
        alike=lambda name, port: (name, port),
        wider=(lambda pair: pair[0], *grouping.wider),  # type: ignore[index]
    )


def replay(
    questions: Questions, old: Any, new: Any, causes: Iterable[Cause], *, enforce: bool = False
) -> Iterator[Replayed]:
    """The answers of two policies, which `questions` are put to, to each cause, in order."""
    listed = list(causes)
    answers = (diagnose(questions, one, listed, enforce=enforce) for one in (old, new))
    for cause, before, after in zip(listed, *answers, strict=True):
        change = _change(before, after)
        hazards = _at_stake(before) if change == "newly-allowed" else ()
        yield Replayed(cause, before, after, change, hazards)


def nowhere(cause: Cause) -> Replayed:
    """A cause of hosts for which there is no policy."""
    subject = cause.record.subject or ""
    none = Diagnosis(cause, subject, "no-profile", "", note="no policy of the map is for its host")
    return Replayed(cause, none, none, "no-answer", ())


class Tally(NamedTuple):
    """How many causes and records there are of each change, and why some have no answer.

    Attributes:
        causes: the causes of each change; likewise `records`.
        no_profile: records whose subject one of the policies does not have.
        unasked: records that no rule answers.
        let_through: records of accesses that were let through when they were logged.
    """

    causes: dict[Change, int]
    records: dict[Change, int]
    no_profile: int
    unasked: int
    let_through: int

    @property
    def judged(self) -> int:
        """Records that both policies answer."""
        return sum(self.records.values()) - self.records["no-answer"]


def tally(replayed: Iterable[Replayed]) -> Tally:
    """The counts of what was replayed."""
    causes: Counter[Change] = Counter()
    records: Counter[Change] = Counter()
    no_profile = unasked = let_through = 0
    for one in replayed:
        count = one.cause.count
        causes[one.change] += 1
        records[one.change] += count
        if one.cause.record.outcome in ("complained", "allowed"):
            let_through += count
        if one.change == "no-answer":
            lacking = "no-profile" in (one.old.status, one.new.status)
            no_profile += count if lacking else 0
            unasked += 0 if lacking else count
    return Tally(
        {change: causes[change] for change in CHANGES},
        {change: records[change] for change in CHANGES},
        no_profile,
        unasked,
        let_through,
    )


def deciding(one: Diagnosis) -> tuple[RuleRef, ...]:
    """The rules that decide by a policy."""
    verdict = one.verdict
    return verdict.rules if verdict is not None else ()


def _change(old: Diagnosis, new: Diagnosis) -> Change:
    before, after = old.verdict, new.verdict
    if before is None or after is None:
        return "no-answer"
    if before.allowed == after.allowed:
        return "same"
    return "newly-allowed" if after.allowed else "newly-denied"


def _at_stake(refused: Diagnosis) -> tuple[str, ...]:
    found = [
        word
        for answer in refused.answers
        for suggestion in answer.suggestions
        for word in suggestion.hazards
        if word != "overrides-deny"
    ]
    return tuple(dict.fromkeys(found))


def _target(one: Diagnosis) -> str | None:
    verdict = one.verdict
    if verdict is None or verdict.transition is None:
        return None
    return verdict.transition.target
