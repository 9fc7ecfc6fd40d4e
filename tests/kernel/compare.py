"""Holds what the kernel did in a case against what lsmc says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.explain.diagnosis import diagnose
from lsmc.explain.log_groups import Causes
from lsmc.modules.apparmor.log.grouping import GROUPING
from lsmc.modules.apparmor.log.parse import parse
from lsmc.modules.apparmor.log.questions import QUESTIONS
from lsmc.policy import Policy
from tests.kernel.cases import Case
from tests.kernel.expect import Answer, Expected, Record
from tests.kernel.machine import Outcome

_FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')
_HEXED = frozenset(("name", "profile", "target", "peer", "srcname"))
#: What was denied, or only asked for; 7.3 has other names for it in records of sockets.
_MASKS = ("denied_mask", "denied", "requested_mask", "requested")
#: The kernel tells creating and deleting from writing, the language does not.
_LETTERS = {"c": "w", "d": "w"}


class Difference(NamedTuple):
    """One thing that the kernel and lsmc say differently; `what` is `errno`, `record`, ..."""

    what: str
    kernel: str
    ours: str

    def __str__(self) -> str:
        return f"{self.what}: kernel {self.kernel or '-'} | lsmc {self.ours or '-'}"


def fields_of(line: str) -> dict[str, str]:
    """The fields of an audit record, read apart from lsmc's own reader."""
    found = {}
    for name, value in _FIELD.findall(line):
        if value.startswith('"'):
            found[name] = value[1:-1]
        elif name in _HEXED and re.fullmatch(r"(?:[0-9A-F]{2})+", value):
            found[name] = bytes.fromhex(value).decode("utf-8", "surrogateescape")
        else:
            found[name] = value
    return found


def record(line: str) -> Record:
    """What an audit record of the kernel says."""
    found = fields_of(line)
    operation = found.get("operation", "")
    mask = next((found[name] for name in _MASKS if name in found), "")
    letters = mask.split() if operation in _WORDS or "family" in found else list(mask)
    about = found.get("name", "")
    match operation:
        case "link":
            about = f"{about} -> {found.get('target', '')}"
        case "signal":
            about = f"{found.get('signal', '')} {found.get('peer', '')}"
        case "ptrace":
            about = found.get("peer", "")
        case "capable":
            about = found.get("capname", "")
        case "setrlimit":
            about = found.get("rlimit", "")
        case _ if "family" in found:
            about = found["family"]
    masked = frozenset(_LETTERS.get(c, c) for c in letters)
    return Record(found.get("apparmor", ""), operation, found.get("profile", ""), about, masked)


_PARTLY = frozenset(
    (
        *("open", "rename_src", "rename_dest", "file_mmap", "file_mprotect", "file_lock"),
        *("file_perm", "file_receive", "file_inherit"),
    )
)
_WORDS = frozenset(("signal", "ptrace"))


def compare(policy: Policy, case: Case, expected: Expected, outcome: Outcome) -> list[Difference]:
    """All differences in a case."""
    del case
    found = []
    if outcome.errno != expected.errno:
        found.append(Difference("errno", str(outcome.errno), str(expected.errno)))
    elif outcome.label != expected.label:
        found.append(Difference("label", outcome.label, expected.label))
    if expected.secure != outcome.secure:
        found.append(Difference("secure", str(outcome.secure), str(expected.secure)))
    theirs = [record(line) for line in outcome.records]
    found += _records(theirs, list(expected.records))
    for line, read in zip(outcome.records, theirs, strict=True):
        answer = next((a for a in expected.answers if a.record == read), None)
        if answer is not None:
            found += _explained(policy, line, read, answer)
    return found


def _records(theirs: Sequence[Record], ours: Sequence[Record]) -> Iterator[Difference]:
    """Records that only one side has, or has in another order."""
    rest = list(ours)
    for one in theirs:
        if one in rest:
            rest.remove(one)
        else:
            yield Difference("record", words(one), "")
    for one in rest:
        yield Difference("record", "", words(one))


def words(one: Record) -> str:
    """A record in a line."""
    return " ".join([one.kind, one.operation, one.profile, one.about, ",".join(sorted(one.mask))])


def _explained(policy: Policy, line: str, read: Record, answer: Answer) -> Iterator[Difference]:
    """What `lsmc explain` makes of an audit record against what it says of the access itself."""
    if not read.about:
        return  # it does not say of what it speaks
    parsed = parse(line)
    assert parsed is not None, line
    causes = Causes(GROUPING)
    causes.add(parsed)
    (diagnosis,) = diagnose(QUESTIONS, policy.engine, causes.sorted())
    verdict = diagnosis.verdict
    if verdict is None:
        yield Difference("explain", line, diagnosis.note)
        return
    status = "denied"
    if answer.verdict.allowed:
        status = "complain" if answer.verdict.decision == "complain" else "allowed"
    if diagnosis.status != status:
        yield Difference("explain", status, diagnosis.status)
    if diagnosis.subject != read.profile:
        yield Difference("explain", read.profile, diagnosis.subject)
    missing = frozenset("l" if name == "link" else name for name in verdict.missing)
    if read.mask and missing and missing != read.mask:
        yield Difference("explain", ",".join(sorted(read.mask)), ",".join(sorted(missing)))
    ours = answer.verdict
    ask = answer.ask
    if read.mask and read.operation in _PARTLY and "family" not in ask.fields:
        # what is quiet, or not to be audited, is not part of the record
        ours = policy.query(ask.subject, "".join(read.mask), ask.object, owner=ask.owner)
    if set(verdict.rules) != set(ours.rules):
        named = (" ".join(rule.text for rule in v.rules) for v in (verdict, ours))
        yield Difference("explain rules", *named)
