"""The files of logs: directories, and rotated sets in the order of time."""

from __future__ import annotations

import os
import random
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.logs.sets import files_of, in_time_order, log_files, rotated, set_of


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def names(root: Path, paths: list[str]) -> list[str]:
    return [os.path.relpath(path, root) for path in paths]


@pytest.mark.parametrize(
    "oldest_first",
    [
        ["kern.log.10.gz", "kern.log.2.gz", "kern.log.1", "kern.log"],
        ["messages-20251207.xz", "messages-20260101", "messages"],
        ["syslog-20260101-1767225600.gz", "syslog-20260102-1767312000.gz", "syslog"],
        ["audit.log.3", "audit.log.2", "audit.log.1", "audit.log"],
        # dateext was set between two rotations
        ["kern.log-20260101.gz", "kern.log.1", "kern.log"],
    ],
)
def test_a_set_is_read_oldest_first(oldest_first: list[str], tmp_path: Path) -> None:
    for order in permutations(oldest_first):
        assert in_time_order(order) == oldest_first
    make(tmp_path, *oldest_first, "other.log", "kern.log.bak", "messages.txt")
    assert names(tmp_path, rotated(tmp_path / oldest_first[-1])) == oldest_first


def test_sets_stay_in_the_order_in_which_they_were_given() -> None:
    given = ["b.log", "d/a.log", "a.log.1", "a.log", "d/a.log.1", "b.log", "-"]
    assert in_time_order(given) == ["b.log", "d/a.log.1", "d/a.log", "a.log.1", "a.log", "-"]


def test_of_copies_of_the_kernels_log_one_is_read(tmp_path: Path) -> None:
    make(tmp_path, "syslog", "syslog.1", "kern.log", "kern.log.1", "messages", "dpkg.log")
    assert names(tmp_path, files_of(str(tmp_path))) == ["kern.log.1", "kern.log"]
    make(tmp_path, "audit/audit.log", "audit/audit.log.1")
    audit = ["audit/audit.log.1", "audit/audit.log"]
    assert names(tmp_path, files_of(str(tmp_path))) == [*audit, "kern.log.1", "kern.log"]
    assert names(tmp_path, files_of(str(tmp_path / "audit"))) == audit


def test_of_a_directory_with_unknown_names_all_files_are_read(tmp_path: Path) -> None:
    make(tmp_path, "case-2.log", "case-1.log", ".hidden", "deeper/x.log")
    os.mkfifo(tmp_path / "fifo")
    assert names(tmp_path, log_files([str(tmp_path)])) == ["case-1.log", "case-2.log"]


def test_a_directory_without_logs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="without logs"):
        log_files([str(tmp_path)])


NAMES = st.from_regex(r"(a|b)\.log(\.[0-9]{1,2}|-2026[0-9]{4})?(\.gz|\.xz)?", fullmatch=True)


@given(st.lists(NAMES), st.randoms(use_true_random=False))
def test_every_path_stays_once_whatever_the_order(paths: list[str], rng: random.Random) -> None:
    found = in_time_order(paths)
    assert sorted(found) == sorted(set(paths))
    assert in_time_order(found) == found
    mixed = rng.sample(found, len(found))
    for one in {set_of(path) for path in paths}:
        same = [path for path in found if set_of(path) == one]
        ages = [path for path in in_time_order(mixed) if set_of(path) == one]
        assert [path.split(".gz")[0].split(".xz")[0] for path in ages] == [
            path.split(".gz")[0].split(".xz")[0] for path in same
        ]
