"""The kernel's answers that were kept, and the parts of the comparison that need no kernel."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from lsmc import compile_text
from lsmc.modules.apparmor.operations import OPERATIONS
from tests.kernel.cases import ROOT, Group, made
from tests.kernel.coverage import PERFORMED, covered
from tests.kernel.expect import expect
from tests.kernel.known import KNOWN
from tests.kernel.machine import (
    HERE,
    _images,
    archive,
    features_text,
    read_answers,
    version_of,
)
from tests.kernel.policy import FAMILIES, groups
from tests.kernel.recorded import Performed, read, written
from tests.kernel.run import FEATURES, judge

CLASSES = {one.cls for one in OPERATIONS}
#: The kernel whose answers were kept.
KERNEL = (6, 1)
RECORDED = Path(__file__).resolve().parent / "recorded.jsonl"


@cache
def recorded() -> tuple[Performed, ...]:
    return tuple(read(RECORDED.read_text(encoding="ascii")))


def test_the_kept_answers_are_ours() -> None:
    """Error number, label, secure mode, audit records and their explanation of every case."""
    report = judge(recorded(), FEATURES, KERNEL)
    first = [f"{one.group.text}{one.case} {rest}" for one, rest in report.unexplained[:3]]
    assert not report.unexplained, "\n".join(first)
    assert report.cases.total() > 1500


def test_the_kept_answers_are_about_everything() -> None:
    """Every family is there, allowed and refused, in every mode, and with contexts."""
    kinds = Counter((one.group.kind, one.outcome.errno == 0) for one in recorded())
    assert {kind for kind, _ in kinds} == {name for name, _, _ in FAMILIES}
    assert all(kinds[name, True] and kinds[name, False] for name, _, _ in FAMILIES)
    records = "".join(line for one in recorded() for line in one.outcome.records)
    assert all(f'apparmor="{word}"' in records for word in ("DENIED", "ALLOWED", "AUDIT"))
    assert sum(one.case.ids != ROOT for one in recorded()) > 300
    assert any(one.outcome.secure for one in recorded())


def test_the_version_of_an_image() -> None:
    assert version_of(Path("/boot/vmlinuz-6.12.117+deb12-amd64")) == (6, 12, 117)
    assert version_of(Path("vmlinuz")) == ()


def test_the_kept_answers_are_about_every_operation() -> None:
    """What `lsmc ops` lists, but for what no kernel is asked."""
    missing = PERFORMED - covered(one.case for one in recorded())
    assert not missing, sorted((one.name, one.cls) for one in missing)


def test_the_document_lists_every_operation() -> None:
    """In the table of docs/kernel.md, once for each class."""
    text = (HERE.parents[1] / "docs" / "kernel.md").read_text()
    listed = [
        (operation, cells[0])
        for line in text.splitlines()
        if line.startswith("| ") and len(cells := [c.strip() for c in line[1:-1].split("|")]) == 4
        for operation in cells[1].replace("`", "").split()
    ]
    assert sorted(one for one in listed if one[1] in CLASSES) == sorted(
        (one.name, one.cls) for one in OPERATIONS
    )


def test_a_wrong_answer_is_noticed() -> None:
    """Each thing that is compared can fail."""
    one = next(p for p in recorded() if p.outcome.errno == 13 and p.outcome.records)
    right = one.outcome
    for wrong in (
        right._replace(errno=0),
        right._replace(secure=True),
        right._replace(label="other (enforce)"),
        right._replace(records=()),
        right._replace(records=(right.records[0].replace('_mask="', '_mask="k'),)),
        right._replace(records=right.records * 2),
    ):
        report = judge([one._replace(outcome=wrong)], FEATURES, KERNEL)
        assert report.unexplained, wrong


def test_what_is_written_is_read_again() -> None:
    text = RECORDED.read_text(encoding="ascii")
    assert written(recorded()) == text


def test_drawing_is_deterministic() -> None:
    first, second = (list(groups(11, 400, FEATURES)) for _ in range(2))
    assert first == second
    assert sum(len(group.cases) for group in first) == 400
    assert first != list(groups(12, 400, FEATURES))


def test_every_drawn_case_is_judged() -> None:
    """Whatever is drawn has an answer, and setups are well-formed."""
    for group in groups(13, 400, FEATURES):
        policy = compile_text(group.text, features=FEATURES, target="3.0")
        for case in group.cases:
            assert expect(policy, case).errno in (0, 1, 2, 10, 13)
            assert all(str(made(entry)) == entry for entry in case.setup)


def test_every_known_difference_has_a_name_and_a_reason() -> None:
    assert len({known.name for known in KNOWN}) == len(KNOWN)
    assert all(known.reason for known in KNOWN)


def test_what_the_guest_says_is_put_together() -> None:
    """A record belongs to the case of its process; a case without result is a fault."""
    line = 'type=1400 audit(1.0:2): apparmor="DENIED" operation="open" pid=7 comm="x"'
    said = ["F a/b yes", "R 0 7 13 0 0 p (enforce)", "R 1 8 -1 11 0 ", f"A {line}", "X odd", "E"]
    answers = read_answers(said, 3)
    assert answers.outcomes[0] == (13, False, "p (enforce)", (line,))
    assert answers.outcomes[1].errno is None
    assert answers.features == {"a/b": "yes"}
    assert answers.faults == ["odd", "no result of the cases [2]"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_the_probe_is_sound() -> None:
    command = ["gcc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", str(HERE / "probe.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("data", [b"", b"1234", b"12345"])
def test_archives_are_aligned(data: bytes) -> None:
    """Members of an initial file system start at multiples of four bytes."""
    packed = archive({"a/b": data})
    at = packed.index(b"a/b\0") + 4
    assert packed[at + -at % 4 :].startswith(data)
    assert packed.count(b"070701") == 3
    assert len(packed) % 4 == 0


def test_the_image_of_a_version_is_found(tmp_path: Path) -> None:
    for name in ("vmlinuz-6.1.0-9-amd64", "vmlinuz-6.12.1-amd64", "config-6.1.0-9-amd64"):
        (tmp_path / name).touch()
    assert [path.name for path in _images(tmp_path, "6.1")] == ["vmlinuz-6.1.0-9-amd64"]
    assert [path.name for path in _images(tmp_path, "6.12")] == ["vmlinuz-6.12.1-amd64"]


def test_features_are_nested() -> None:
    text = "a {\n    b {\n        c {x y}\n    }\n}\nd {z}\n"
    assert features_text({"a/b/c": "x y", "d": "z"}) == text


def test_cases_belong_to_their_group() -> None:
    """What is read keeps the cases of a policy together."""
    for one in recorded():
        assert isinstance(one.group, Group)
        assert one.case in one.group.cases
