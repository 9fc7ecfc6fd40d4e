"""Real log records: their fields, and the rule that each asks for.

`logs/` has NAME.in (a record), NAME.out (its fields, as libapparmor's `test_multi` prints them) and
NAME.profile (the rule it asks for, as AppArmor's own tools write it).  Three figures: records whose
fields are exactly those; questions that the profile answers with yes; questions that it answers
with no once its rules are gone.  Both are asked as `query` and as `explain --log` do.  A profile
without a rule must come from a record without a question.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import lsmc
from lsmc.engine.verdict import UnknownName
from lsmc.explain.diagnosis import diagnose
from lsmc.explain.log_groups import Causes
from lsmc.logs.reader import LogReader
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.grouping import GROUPING
from lsmc.modules.apparmor.log.questions import QUESTIONS
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked
from lsmc.policy import Policy
from tests.conformance.result import Result

_NUMBERS = frozenset(
    (
        *("fsuid", "ouid", "task", "parent", "token", "errorcode", "pid", "peer_pid"),
        *("local_port", "foreign_port", "epoch", "audit_subid"),
    )
)
_RULE = re.compile(r"^\s+[^\s}^].*,\s*$", re.MULTILINE)


class Figures(NamedTuple):
    """What was found: hits and cases of each of the three, and the misses in words."""

    fields: tuple[int, int]
    allowed: tuple[int, int]
    denied: tuple[int, int]
    misses: list[str]


def read(path: Path) -> list[Record]:
    """Every record of a file, broken and foreign ones as the fields that were found."""
    reader = LogReader([str(path)], FORMAT)
    found = list(reader)
    return found or [fault.record for fault in reader.faults] or reader.foreign[:1]


def expected(path: Path) -> dict[str, object]:
    """The fields of an .out file."""
    found: dict[str, object] = {}
    for line in path.read_text("utf-8", "surrogateescape").split("\n"):
        label, mark, value = line.partition(": ")
        if mark and label != "File":
            name = label.lower().replace(" ", "_")
            found[name] = int(value) if name in _NUMBERS else value
    return found


#: The feature files of the suite lack these; a kernel that logs a class mediates it.
_NEWER = """
ipc {posix_mqueue {create read write open delete setattr getattr
}
}
namespaces {mask {userns_create
}
}
io_uring {sqpoll {yes
}
override_creds {yes
}
}
"""


def run(conformance: Path) -> Result:
    """Judge every record of `logs/`: its fields, the answer with its rule and without it."""
    figures = _figures(conformance / "logs", conformance / "features" / "features.all")
    pairs = (figures.fields, figures.allowed, figures.denied)
    result = Result("logs", sum(right for right, _ in pairs), list(figures.misses))
    missing = sum(total for _, total in pairs) - result.total
    result.wrong += ["a case was not judged"] * missing
    return result


def _figures(folder: Path, base: Path) -> Figures:
    """The figures of a folder, under a feature set and the newer classes."""
    with tempfile.TemporaryDirectory() as temporary:
        features = Path(temporary) / "features"
        features.write_text(base.read_text() + _NEWER)
        return _run(folder, features)


def _run(folder: Path, features: Path) -> Figures:
    fields: list[bool] = []
    allowed: list[bool] = []
    denied: list[bool] = []
    misses: list[str] = []
    for path in sorted(folder.glob("*.in")):
        records = read(path)
        want = expected(path.with_suffix(".out"))
        got = [_without_source(record) for record in records]
        fields.append(got == [want])
        if got != [want]:
            misses.append(f"{path.stem}: fields {got} instead of {want}")
        profile = path.with_suffix(".profile")
        if not profile.exists():
            continue
        text = profile.read_text("utf-8", "surrogateescape")
        for record in records:
            for label, hits, ok in _judge(record, text, features, allowed, denied):
                hits.append(ok)
                if not ok:
                    misses.append(f"{path.stem}: {label}: {asked(record)}")
    return Figures(_share(fields), _share(allowed), _share(denied), misses)


def _share(hits: list[bool]) -> tuple[int, int]:
    return sum(hits), len(hits)


def _without_source(record: Record) -> dict[str, object]:
    return record._replace(source=None).to_json()


def _judge(
    record: Record, text: str, features: Path, allowed: list[bool], denied: list[bool]
) -> Iterator[tuple[str, list[bool], bool]]:
    question = asked(record)
    bare = _RULE.sub("", text)
    if bare == text:
        yield "a question where there is no rule", allowed, not question.requests
        return
    yield "not allowed by the rule", allowed, _answer(record, text, features) == [True]
    yield "not denied without the rule", denied, _answer(record, bare, features) == [False]


def _answer(record: Record, text: str, features: Path) -> list[bool]:
    policy = lsmc.compile_text(text, features=str(features))
    requests = asked(record).put_to(lambda name: _knows(policy, name))
    found = {policy.engine.answer(request).verdict.allowed for request in requests}
    return sorted(found | _explained(record, text))


def _explained(record: Record, text: str) -> set[bool]:
    """What `explain --log` finds, without features: a record proves that its class is mediated."""
    causes = Causes(GROUPING)
    causes.add(record)
    policy = lsmc.compile_text(text)
    return {
        found.status == "allowed" for found in diagnose(QUESTIONS, policy.engine, causes.sorted())
    }


def _knows(policy: Policy, subject: str) -> bool:
    try:
        return policy.permissions(subject, "file", "/").mediated
    except UnknownName:
        return False
