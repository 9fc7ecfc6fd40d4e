"""Policy that is made to take long: it is refused, or answered in time."""

from __future__ import annotations

import time

import pytest

import lsmc
from tests.modules.kubearmor.policies import WEB, compiled, reading, text


def test_a_name_that_no_kernel_has_is_refused() -> None:
    spec = f"file: {{matchDirectories: [{{dir: {'/a' * 3000}/}}]}}"
    (one,) = reading(text(spec)).diagnostics
    assert str(one).startswith("0.yaml:10:35: error: `dir` has more than 4096 bytes [LSM805]")


def test_a_long_name_is_cut_once() -> None:
    start = time.monotonic()
    policy = compiled(f"file: {{matchDirectories: [{{dir: {'/a' * 2000}/, recursive: true}}]}}")
    assert policy.query(WEB, "open", "/a" * 5000, enforcer="bpf").allowed
    assert time.monotonic() - start < 5


def test_too_many_lines_are_not_made() -> None:
    sources = ", ".join(f"{{path: /bin/s{number}}}" for number in range(300))
    entries = ", ".join(f"{{path: /a/{number}, action: Allow}}" for number in range(300))
    spec = (
        f"process: {{matchPaths: [{{path: /bin/x, fromSource: [{sources}]}}, {entries}]}}\n"
        f"file: {{matchPaths: [{entries}]}}"
    )
    start = time.monotonic()
    policy = compiled(spec)
    with pytest.raises(lsmc.RequestError, match="may have more than 400000 lines"):
        policy.query(WEB, "open", "/a/1", enforcer="apparmor")
    assert policy.query(WEB, "open", "/a/1", enforcer="bpf").allowed
    assert lsmc.diff(policy, compiled(spec)) == []
    assert time.monotonic() - start < 20
