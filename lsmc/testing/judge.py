"""Whether an answer is the one that a case expects, in words where it is not."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from lsmc.engine.verdict import LET_THROUGH, Verdict
from lsmc.testing.model import Case

#: The files of the rules at a place, by the text of the place.
Deciders = Mapping[str, tuple[frozenset[str], int]]


def outcome(verdict: Verdict) -> str:
    """An answer in the words of `expect`, as far as there is one for it."""
    if verdict.decision in LET_THROUGH:
        return "complain"
    if not verdict.allowed:
        return "deny"
    return "audit" if verdict.audited else "allow"


def failures(case: Case, verdict: Verdict, deciders: Deciders) -> tuple[str, ...]:
    """In which ways an answer is not the expected one; none when the case holds."""
    return tuple(_failures(case, verdict, deciders))


def _failures(case: Case, verdict: Verdict, deciders: Deciders) -> Iterator[str]:
    found = outcome(verdict)
    if found != case.expect and not (case.expect == "allow" and found == "audit"):
        yield f"expected {case.expect}, the answer is {found}"
    if case.by:
        files, line = deciders[case.by]
        if not any(rule.line == line and rule.file in files for rule in verdict.rules):
            places = [f"{rule.file}:{rule.line}" for rule in verdict.rules]
            yield f"expected to be decided by {case.by}, not by {' and '.join(places) or 'no rule'}"
    if case.transition:
        exec_ = verdict.transition
        target = exec_.target if exec_ is not None else None
        if target != case.transition:
            told = f"it leads to {target}" if target else "it leads to no subject"
            yield f"expected to lead to {case.transition}, {told}"


def decider(by: str, folder: str, files: Mapping[str, set[int]]) -> tuple[frozenset[str], int]:
    """The files that a place may mean, of those with rules, and its line.

    A place is relative to the folder of the test file, or the end of a path.
    """
    name, _, line = by.rpartition(":")
    near = posixpath.abspath(posixpath.join(folder, name))
    meant = [file for file in files if posixpath.abspath(file) == near]
    if not meant:
        tail = "/" + name.lstrip("/")
        meant = [file for file in files if file == name or file.endswith(tail)]
    return frozenset(meant), int(line)
