"""Decisions against those of AppArmor's own compiler: kept answers, and live where it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lsmc.compiler.linking import policy_files
from tests.differential.answers import Question
from tests.differential.compare import compare_file
from tests.differential.golden import FEATURES, GOLDEN, PROFILES, encoded, sample
from tests.differential.known import KNOWN
from tests.differential.oracle import parser

DEBIAN = Path("/etc/apparmor.d")
EXTRA = Path("/usr/share/apparmor/extra-profiles")
#: Policy of our own that has a bit of everything, and where the known differences show.
OWN = Path(__file__).resolve().parent / "cases.aa"
#: The features without network_v8: a table of families, and unix rules in a class of their own.
OLD_NETWORK = Path(__file__).resolve().parent / "features-v7"


@cache
def golden() -> dict[str, list[Any]]:
    """The kept answers by file."""
    found: dict[str, list[Any]] = json.loads(GOLDEN.read_text(encoding="ascii"))
    return found


@pytest.mark.parametrize("name", sorted(golden()))
def test_kept_answers(name: str) -> None:
    """Every kept answer of the compiler is ours too."""
    ours = sample(PROFILES / name)
    for profile, cls, obj, owner, fields, expected in golden()[name]:
        question = Question(profile, cls, obj, owner, tuple(fields.items()))
        assert encoded(ours.answer(question)) == expected, str(question)


def test_kept_answers_speak_of_every_class() -> None:
    """No class of question is missing, and each has something granted."""
    granted = {entry[1] for entries in golden().values() for entry in entries if entry[5][0]}
    classes = {entry[1] for entries in golden().values() for entry in entries}
    assert classes >= {"exec", "link test", "attach", "profile"}
    assert granted >= {
        "file",
        "link",
        "capability",
        "network",
        "unix",
        "dbus",
        "signal",
        "ptrace",
        "mount",
        "umount",
        "change_profile",
        "onexec",
    }


live = pytest.mark.skipif(
    parser() is None,
    reason="apparmor_parser is not there",
)


def several(folder: Path, step: int) -> Iterator[Path]:
    """Some of the profile files of a folder."""
    if folder.is_dir():
        yield from map(Path, policy_files([folder])[0][::step])


@live
@pytest.mark.parametrize("features", [FEATURES, OLD_NETWORK])
def test_our_own_cases(features: Path) -> None:
    """All classes and both layouts of network rules, with no difference that is not known."""
    report = compare_file(OWN, OWN.parent, features, samples=200)
    assert not report.skipped
    assert not report.refused_by_us
    assert not report.disagreements, "\n".join(map(str, report.disagreements[:5]))
    assert report.known.keys() <= {known.name for known in KNOWN}


@live
@pytest.mark.parametrize("path", [*several(DEBIAN, 6), *several(EXTRA, 12)], ids=str)
def test_distributed_profiles(path: Path) -> None:
    """A choice of Debian's profiles; `python -m tests.differential` compares them all."""
    report = compare_file(path, DEBIAN, FEATURES, samples=100)
    if report.skipped:
        pytest.skip(report.skipped)
    assert not report.refused_by_us
    assert not report.disagreements, "\n".join(map(str, report.disagreements[:5]))
