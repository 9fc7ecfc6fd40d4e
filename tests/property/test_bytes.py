"""Bundles as bytes: the same policy gives the same ones, and damaged ones are refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.engine.policy import Policy
from lsmc.tables.errors import BundleError
from tests.strategies import Text, compile_both, policies

ROOT = Path(__file__).resolve().parents[2]
RULES = (
    "/a/** rw,",
    "deny /a/b w,",
    "/a/x px -> q,",
    "/{b,c}* ix,",
    "owner @{V}/** k,",
    "link /l/* -> /a/*,",
    "capability kill,",
    "network inet stream,",
    "signal send peer=**b,",
    "include <inc/one>",
)
REQUESTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("read", "/a/b", {}),
    ("write", "/a/b", {}),
    ("exec", "/a/x", {}),
    ("exec", "/b1", {}),
    ("lock", "/v/z", {}),
    ("link", "/l/1", {"target": "/a/1"}),
    ("capable", "kill", {}),
    ("socket_create", "inet", {"type": "stream"}),
    ("signal_send", "ab", {"signal": "kill"}),
)
SUBJECTS = ("p", "/bin/px", "/bin/abc", "p//kid", "q")


@cache
def bundle_bytes() -> bytes:
    """A small bundle with something in every section."""
    return compile_both(Text(RULES))[1]


def answers(data: bytes) -> list[object]:
    """Everything that is asked of a bundle; raises `BundleError`."""
    policy = Policy(data)
    found: list[object] = [policy.profiles]
    for subject in SUBJECTS:
        for operation, obj, fields in REQUESTS:
            found.append(policy.query(subject, operation, obj, owner=True, **fields))
    return found


@cache
def intact() -> list[object]:
    """What the intact bundle answers."""
    return answers(bundle_bytes())


def refused_or_same(data: bytes) -> None:
    """A damaged bundle is refused, or its damage lies where nothing is read."""
    try:
        found = answers(data)
    except BundleError:
        return
    assert found == intact()


@settings(max_examples=250)
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_truncated_bundle_is_refused(at: float) -> None:
    """Wherever a bundle is cut, it says so."""
    data = bundle_bytes()
    refused_or_same(data[: int(at * len(data))])


@settings(max_examples=500)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(at: float, bit: int) -> None:
    """A changed bit gives an error or no change, never another answer or another exception."""
    data = bytearray(bundle_bytes())
    data[int(at * len(data))] ^= 1 << bit
    refused_or_same(bytes(data))


@settings(max_examples=200)
@given(
    at=st.floats(0, 1, exclude_max=True),
    garbage=st.binary(min_size=1, max_size=16),
)
def test_overwritten_bytes_are_noticed(at: float, garbage: bytes) -> None:
    """The same for several bytes, and for bytes that are added."""
    data = bundle_bytes()
    start = int(at * len(data))
    refused_or_same(data[:start] + garbage + data[start + len(garbage) :])
    refused_or_same(data[:start] + garbage + data[start:])


@given(st.binary(max_size=300))
def test_no_bundle_at_all(data: bytes) -> None:
    """Any other file is refused."""
    with pytest.raises(BundleError):
        answers(data)


@settings(max_examples=20)
@given(text=policies())
def test_compiling_again_gives_the_same_bytes(text: Text) -> None:
    """Nothing of a run but its input is in a bundle."""
    assert compile_both(text)[1] == compile_both(text)[1]


COMPILE = """
import hashlib, sys
from lsmc.driver import compile_files
from lsmc.inputs import Options
paths = ["profiles"]
options = Options.of("profiles", (), None, None)
data = compile_files(paths, options, jobs=int(sys.argv[1]))[0]
print(hashlib.sha256(data).hexdigest())
"""


def test_bytes_do_not_depend_on_jobs_or_hash_seed() -> None:
    """One process or two, whatever the order of sets: the sample policy has one bundle."""
    digests = set()
    for jobs, seed in (("1", "1"), ("2", "2")):
        done = subprocess.run(
            [sys.executable, "-c", COMPILE, jobs],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1
    assert len(digests.pop()) == hashlib.sha256().digest_size * 2
