"""Runs the tests of a file on its policy.

Names are checked by the policy: what it does not know is a fault of the test at its place, never an
answer.  All faults of a file are told at once, and then nothing is judged.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from lsmc.analysis.permitted import Undecided
from lsmc.automata.dfa import StateLimit
from lsmc.base.errors import NoMeaning, did_you_mean
from lsmc.base.source import Span
from lsmc.base.toml import Path
from lsmc.engine.verdict import RequestError, UnknownName, Verdict
from lsmc.policy import Policy
from lsmc.testing.coverage import written_rules
from lsmc.testing.judge import Deciders, decider, failures
from lsmc.testing.load import CASE_KEYS, NEVER_KEYS
from lsmc.testing.model import Case, Mistake, Never, TestFault, TestFile
from lsmc.testing.nevers import Prepared, prepare, result
from lsmc.testing.peers import unknown_peers
from lsmc.testing.results import CaseResult, FileResult, NeverResult

UNCONFINED = "unconfined"


class Checked(NamedTuple):
    """A test file whose names are known to its policy."""

    file: TestFile
    policy: Policy
    deciders: Deciders
    nevers: tuple[Prepared, ...]


def run(file: TestFile, policy: Policy) -> tuple[Checked, FileResult]:
    """The results of a file; raises `TestFault`."""
    faults: list[Mistake] = []
    deciders = _deciders(file, policy, faults)
    _check_transitions(file, policy, faults)
    nevers = _prepared(file, policy, faults)
    verdicts = _verdicts(file, policy, faults)
    checked = Checked(file, policy, deciders, nevers)
    searched = () if faults else _searched(checked)
    if not faults:
        faults += unknown_peers(file, policy, verdicts, searched)
    if faults:
        raise TestFault(sorted(faults, key=lambda fault: fault.span.start))
    cases = tuple(
        CaseResult(case, verdict, failures(case, verdict, deciders))
        for case, verdict in zip(file.cases, verdicts, strict=True)
    )
    return checked, FileResult(file, policy, cases, searched)


def _verdicts(file: TestFile, policy: Policy, faults: list[Mistake]) -> list[Verdict]:
    """The answers to all cases, fast; one by one where a question cannot be answered."""
    try:
        return list(policy.query_many(case.request for case in file.cases))
    except (UnknownName, RequestError, TypeError):
        pass
    found: list[Verdict] = []
    for case in file.cases:
        try:
            found.append(policy.answer(case.request))
        except (UnknownName, RequestError, TypeError) as fault:
            faults.append(_fault(file, case, case.request, fault, CASE_KEYS))
    return found


def _prepared(file: TestFile, policy: Policy, faults: list[Mistake]) -> tuple[Prepared, ...]:
    found: list[Prepared] = []
    for never in file.nevers:
        try:
            search = policy.module.search(policy.engine, "`never`")
            found.append(prepare(policy, search, never))
        except (UnknownName, RequestError) as fault:
            words = {"subject": never.subject, "op": never.op, **never.fields}
            words |= {"object": never.objects, "except": never.excepted}
            faults.append(_fault(file, never, words, fault, NEVER_KEYS))
        except NoMeaning as fault:
            faults.append(Mistake(file.places.key(never.path), str(fault)))
        except StateLimit:
            faults.append(_too_complex(file, never))
    return tuple(found)


def _searched(checked: Checked) -> tuple[NeverResult, ...]:
    """What came of the searches; raises `TestFault` for one that grows too large."""
    if not checked.nevers:
        return ()
    policy = checked.policy
    search = policy.module.search(policy.engine, "`never`")
    found: list[NeverResult] = []
    faults: list[Mistake] = []
    for prepared in checked.nevers:
        try:
            found.append(result(search, prepared))
        except (StateLimit, Undecided):
            faults.append(_too_complex(checked.file, prepared.never))
    if faults:
        raise TestFault(faults)
    return tuple(found)


def _too_complex(file: TestFile, never: Never) -> Mistake:
    message = "this is too complex to be decided exactly"
    return Mistake(file.places.key(never.path), message, "narrow its subjects or its objects")


# --- names


def _fault(
    file: TestFile,
    test: Case | Never,
    words: Mapping[str, Any],
    fault: UnknownName | RequestError | TypeError,
    keys: Iterable[str],
) -> Mistake:
    """A fault of a question at the key or the value that it is about, else at the test."""
    word = fault.name if isinstance(fault, UnknownName) else getattr(fault, "word", "")
    message = str(fault)
    if word and word in words and word not in keys:
        place = (*test.path[:2], word)
        return Mistake(file.places.key(place), message, did_you_mean(word, keys))
    values = [
        (key, number, str(value))
        for key, some in words.items()
        for number, value in enumerate(some if isinstance(some, tuple) else (some,))
        if value not in ("", True, False)
    ]
    about = [one for one in values if one[2] == word] or [
        one for one in values if f"`{one[2]}`" in message
    ]
    if not about:
        return Mistake(file.places.key(test.path[:2]), message)
    key, number, _ = about[0]
    return Mistake(file.places.value(_place(test, key, number)), message)


def _place(test: Case | Never, key: str, number: int) -> Path:
    """Where a value of a test stands."""
    if key == "object" and len(test.path) > 2:
        return test.path
    return (*test.path[:2], key, number)


def _check_transitions(file: TestFile, policy: Policy, faults: list[Mistake]) -> None:
    for case in file.cases:
        for part in case.transition.split("//&") if case.transition else ():
            if part != UNCONFINED and part not in policy:
                close = did_you_mean(part, policy.profiles)
                span = file.places.value((*case.path[:2], "transition"))
                faults.append(Mistake(span, f"no subject `{part}`", close))


def _deciders(file: TestFile, policy: Policy, faults: list[Mistake]) -> Deciders:
    """The rules that cases name as those that decide."""
    wanted = [case for case in file.cases if case.by]
    if not wanted:
        return {}
    try:
        rules = written_rules(policy)
    except NoMeaning as fault:
        place = file.places.key((*wanted[0].path[:2], "by"))
        faults.append(Mistake(place, f"`by`: {fault}"))
        return {}
    lines: dict[str, set[int]] = {}
    for name, line, _ in rules:
        lines.setdefault(name, set()).add(line)
    found: dict[str, tuple[frozenset[str], int]] = {}
    for case in wanted:
        if case.by not in found:
            found[case.by] = decider(case.by, posixpath.dirname(file.path), lines)
        files, line = found[case.by]
        if not any(line in lines[name] for name in files):
            span = file.places.value((*case.path[:2], "by"))
            faults.append(_no_rule(span, case.by, found[case.by], lines))
    return found


def _no_rule(
    span: Span, by: str, meant: tuple[frozenset[str], int], lines: Mapping[str, set[int]]
) -> Mistake:
    """The fault of a place at which no rule begins."""
    files, line = meant
    if not files:
        name = by.rpartition(":")[0]
        ends = {posixpath.basename(file): file for file in sorted(lines, key=len, reverse=True)}
        close = get_close_matches(posixpath.basename(name), ends, n=1)
        question = f"did you mean `{ends[close[0]]}:{line}`?" if close else ""
        return Mistake(span, f"no rule of the policy stands in `{name}`", question)
    near = sorted((abs(one - line), file, one) for file in files for one in lines[file])[:2]
    places = " and ".join(f"`{file}:{one}`" for _, file, one in sorted(near, key=lambda n: n[1:]))
    return Mistake(span, f"no rule begins at `{by}`", f"the nearest begin at {places}")
