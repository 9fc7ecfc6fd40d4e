"""A short run of each target, and everything that was ever found."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.engines import mutations
from tests.fuzz.guard import Guard, limited
from tests.fuzz.target import Target, regressions, targets
from tests.fuzz.targets import policy

#: Mutated inputs of each target beside its seeds: a few seconds.
SHORT = {
    "cache": 150,
    "policy": 150,
    "bundle": 400,
    "batch": 10_000,
    "log": 2_000,
    "kernel-cache": 100,
    "kernel-stream": 300,
    "kubearmor": 200,
    "kubearmor-log": 1_500,
    "selinux-log": 2_000,
    "cil": 400,
    "selinux-bundle": 20,
    "filecon": 3_000,
    "smack": 500,
    "smack-log": 1_000,
    "features": 300,
    "patch": 1_000,
    "config": 1_000,
    "baseline": 1_000,
    "test-file": 1_000,
    "tomoyo": 300,
    "tomoyo-log": 500,
}
ALL = targets()


@pytest.mark.parametrize("name", ALL)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path) -> None:
    """The same inputs in every run; `python -m tests.fuzz` goes on where this ends."""
    target = ALL[name]
    guard = Guard(target, tmp_path, deadline=0)
    for data in islice(mutations(target, seed=1), len(list(target.seeds())) + SHORT[name]):
        guard(data)
    assert guard.findings == {}


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name in ALL for path in regressions(name)]
)
def test_what_was_found_stays_away(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs that once failed, each named for its fault."""
    monkeypatch.setattr(policy, "LINTED", 1)
    limited(ALL[name].run, path.read_bytes())


def test_faults_are_found(tmp_path: Path) -> None:
    """What fails, hangs or takes too much memory is noticed, saved, and told apart by place."""

    def run(data: bytes) -> None:
        if data == b"loop":
            while True:
                pass
        if data == b"fail":
            raise KeyError(data)

    guard = Guard(Target("sample", run, list), tmp_path, deadline=0, slower=0.01)
    for data in (b"fine", b"fail", b"loop", b"fail"):
        guard(data)
    assert sorted(guard.findings.values()) == [1, 2]
    assert {place.split(" at ")[0] for place in guard.findings} == {"KeyError", "TooSlow"}
    saved = {path.read_bytes() for path in tmp_path.glob("*-????????????")}
    assert saved == {b"fail", b"loop"}
