"""Learns rules from the records of a log: a file of CIL with what they lack.

Only what rules alone can allow becomes a rule.  Where a boolean or the right label would do, that
is told instead, as it is the smaller change; `--interactive` asks.  Of one pair of types and class
the permissions of all records are one rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from lsmc.explain.diagnosis import Diagnosis, diagnose
from lsmc.explain.explanation import Suggestion
from lsmc.explain.learning import (
    CannotLearn,
    Choice,
    Choose,
    LearningRequest,
    Learnt,
    LearntFile,
    Left,
)
from lsmc.explain.log_groups import Cause, Causes
from lsmc.modules.selinux.explain.rule import AllowRule
from lsmc.modules.selinux.log.grouping import GROUPING
from lsmc.modules.selinux.log.questions import QUESTIONS
from lsmc.modules.selinux.log.record import Record
from lsmc.modules.selinux.log.remedies import LOCAL

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_HEAD = "; What a log asked for and the policy did not allow.\n"
_RULE, _OTHER, _NOTHING = "rule", "other", "nothing"


class RuleLearner:
    """Gathers the causes of denials, and drafts rules that allow them."""

    def __init__(self, engine: Engine, wanted: LearningRequest) -> None:
        if wanted.executable:
            raise CannotLearn("--exec has no meaning for SELinux: name the type with --name")
        self._engine = engine
        self._wanted = wanted
        self._causes = Causes(GROUPING)

    def add(self, record: Record) -> None:
        """Take a record in, if it is about the type that is wanted."""
        if not self._wanted.name or self._fits(record.scontext or ""):
            self._causes.add(record)

    def _fits(self, context: str) -> bool:
        name = self._wanted.name
        return any(fnmatchcase(one, name) for one in (context, *context.split(":", 3)[2:3]))

    def learnt(self, choose: Choose) -> Learnt:
        """The rules, what else would help, and what no rule mends."""
        rules: dict[tuple[str, str, str], dict[str, None]] = {}
        others: dict[str, None] = {}
        remarks: dict[str, None] = {}
        left: list[Left] = []
        for one in diagnose(QUESTIONS, self._engine, self._causes.sorted(), enforce=True):
            if one.status == "allowed":
                continue
            chosen = _chosen(one, choose)
            if isinstance(chosen, Left):
                left.append(chosen)
            elif chosen.kind == "advice":
                remarks[f"{chosen.says} allows {_asked(one.cause)}"] = None
            elif isinstance(chosen.wish, AllowRule):
                source, target, cls, permissions = chosen.wish
                rules.setdefault((source, target, cls), {}).update(dict.fromkeys(permissions))
            else:
                others[chosen.rule] = None
        allows = [AllowRule(*key, tuple(found)) for key, found in sorted(rules.items())]
        return Learnt(
            files=tuple(self._files([*(rule.cil for rule in allows), *others])),
            remarks=tuple(remarks),
            hazards=tuple((rule.cil, word) for rule in allows for word in rule.hazards),
            left=tuple(left),
        )

    def _files(self, lines: list[str]) -> Iterator[LearntFile]:
        """The file of the rules, behind what stands there already."""
        if not lines:
            return
        path = Path(self._wanted.folder, LOCAL)
        old: str | None = None
        if path.exists():
            try:
                old = path.read_bytes().decode("latin-1")
            except OSError as fault:
                raise CannotLearn(f"cannot read `{path}`: {fault.strerror}") from None
        known = set((old or "").split("\n"))
        new = "".join(f"{line}\n" for line in lines if line not in known)
        if new:
            head = _HEAD if old is None else old if not old or old.endswith("\n") else f"{old}\n"
            yield LearntFile(str(path), old, head + new)


def _chosen(one: Diagnosis, choose: Choose) -> Suggestion | Left:
    """What is done about a denial, or why nothing is."""
    found = [suggestion for answer in one.answers for suggestion in answer.suggestions]
    advice = next((some for some in found if some.kind == "advice"), None)
    rule = next((some for some in found if some.kind == "exact" and not some.says), None)
    rule = next((some for some in found if isinstance(some.wish, AllowRule)), rule)
    if one.cause.width or (advice is None and rule is None):
        return Left(one.cause.record.source, one.cause.count, _why(one))
    if advice is None or rule is None:
        chosen = rule or advice
        assert chosen is not None
        return chosen
    answers = (
        (_OTHER, advice.says),
        (_RULE, rule.rule),
        (_NOTHING, "leave it refused"),
    )
    answer = choose(Choice(f"{_asked(one.cause)} is refused", answers, _OTHER))
    if answer == _NOTHING:
        return Left(one.cause.record.source, one.cause.count, "left refused")
    return rule if answer == _RULE else advice


def _asked(cause: Cause) -> str:
    """What was asked for, in a few words."""
    return f"`{cause.record.operation}` of {cause.record.subject} on {cause.object}"


def _why(one: Diagnosis) -> str:
    """Why no rule allows it."""
    if one.cause.width:
        return "too many different accesses: choose a type with --name"
    obstacles = [obstacle.says for answer in one.answers for obstacle in answer.obstacles]
    return "; ".join(obstacles) or one.note or "no rule is known"
