"""The comparison: every question put to a compiled policy and to the compiler's own automata."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from lsmc.base.diagnostics import PolicyError
from tests.differential.answers import Answer, Question
from tests.differential.known import Rules, explain
from tests.differential.oracle import (
    Oracle,
    RefusedError,
    compile_with_parser,
    oracles,
    parser,
    target,
)
from tests.differential.ours import Ours, compile_here
from tests.differential.questions import Questions, attachments


class Compared(NamedTuple):
    """A question with both answers, and the rules of the profile that it is about."""

    question: Question
    ours: Answer
    theirs: Answer
    rules: Rules | None = None

    def __str__(self) -> str:
        return f"{self.question}\n    ours   {self.ours}\n    theirs {self.theirs}"


@dataclass
class Report:
    """What came of one file."""

    path: str
    profiles: int = 0
    questions: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    disagreements: list[Compared] = field(default_factory=list)
    skipped: str = ""
    refused_by_us: str = ""


def compare_file(
    path: Path,
    base: Path,
    features: Path,
    *,
    samples: int = 2000,
    seed: int = 0,
    include: tuple[Path, ...] = (),
    program: str | None = None,
) -> Report:
    """Compare all profiles of a file."""
    report = Report(str(path))
    ours = None
    try:
        ours = compile_here(path, base, features, include, target(program or parser() or ""))
    except PolicyError as fault:
        report.refused_by_us = fault.diagnostics[0].message
    try:
        theirs = oracles(compile_with_parser(path, base, features, include, program))
    except RefusedError as refused:
        report.skipped = str(refused)
        return report
    if ours is not None:
        report.profiles = len(ours.profiles)
        for compared in ask(ours, theirs, samples, seed):
            note(compared, report)
    return report


def note(compared: Compared, report: Report) -> None:
    """Count a question, and keep it when the answers differ."""
    cls = compared.question.cls
    report.questions[cls] = report.questions.get(cls, 0) + 1
    if compared.ours == compared.theirs:
        return
    known = explain(compared.rules or {}, compared.question, compared.ours, compared.theirs)
    if known is None:
        report.disagreements.append(compared._replace(rules=None))
    else:
        report.known[known.name] = report.known.get(known.name, 0) + 1


def ask(ours: Ours, theirs: Mapping[str, Oracle], samples: int, seed: int) -> Iterator[Compared]:
    """All questions about the profiles of a file with both answers."""
    for name in sorted(ours.profiles.keys() | theirs.keys()):
        there = Answer(extra=name in ours.profiles), Answer(extra=name in theirs)
        yield Compared(Question(name, "profile", "exists"), *there)
        if name not in ours.profiles or name not in theirs:
            continue
        rng = random.Random(f"{seed}:{name}")
        questions = Questions(ours.profiles[name], rng, samples)
        settled = False
        for question in questions:
            if question.cls in {"exec", "link test"} and not settled:
                continue  # it follows from a question that was just answered in two ways
            mine, other = ours.answer(question), theirs[name].answer(question)
            yield Compared(question, mine, other, questions.rules)
            if question.cls == "file":
                settled = mine == other and "x" in mine.allow
            elif question.cls == "link":
                settled = mine == other
    for question in attachments(ours.profiles.values(), random.Random(seed)):
        some = next(iter(theirs.values()))
        yield Compared(question, ours.answer(question), some.answer(question))
