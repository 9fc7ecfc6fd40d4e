"""Killed and interrupted runs leave nothing half done, and the next run is right."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import (
    INTERRUPTED,
    compile_words,
    group,
    kill_group,
    left_behind,
    lsmc,
    start,
    until,
)


@pytest.mark.parametrize("after", [0.4, 1.0])
def test_a_killed_compile_leaves_nothing_half_done(place: Path, right: bytes, after: float) -> None:
    """Wherever SIGKILL hits, the final name holds nothing or all, and the next run succeeds."""
    child = start(*compile_words(place), cwd=place)
    time.sleep(after)
    kill_group(child.pid)
    child.communicate()
    if (place / "out.lsmb").exists():
        assert (place / "out.lsmb").read_bytes() == right
    done = lsmc(*compile_words(place), cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "out.lsmb").read_bytes() == right
    assert not group(child.pid)


def test_killed_while_the_cache_is_written(place: Path, right: bytes) -> None:
    """A cache entry that was not finished is as none; what it left behind goes away in time."""
    cache = place / "cache"
    hits = 0
    for _ in range(3):
        for path in cache.glob("*.lsmc-cache"):
            path.unlink()
        child = start(*compile_words(place), cwd=place)
        hits += until(lambda: left_behind(cache), child)
        kill_group(child.pid)
        child.communicate()
    if not hits:
        pytest.skip("no run was caught while it wrote")
    done = lsmc(*compile_words(place), cwd=place)
    assert (done.returncode, (place / "out.lsmb").read_bytes()) == (0, right)
    assert len(left_behind(cache)) <= 3


def test_abandoned_temporary_files_are_removed(place: Path) -> None:
    """What killed runs left in the cache a day ago goes when the cache is next written."""
    assert lsmc(*compile_words(place), cwd=place).returncode == 0
    (entry,) = (place / "cache").glob("*.lsmc-cache")
    old, new = (entry.with_name(f".{name}.lsmc-part") for name in ("old", "new"))
    for path, age in ((old, 2 * 86_400), (new, 0)):
        path.write_bytes(b"part")
        stamp = time.time() - age
        os.utime(path, (stamp, stamp))
    (place / "policy" / "p00").write_text("profile p0 { /x r, }\n")
    assert lsmc(*compile_words(place), cwd=place).returncode == 0
    assert left_behind(place / "cache") == [new.name]


@pytest.mark.parametrize("after", [0.4, 0.8])
def test_an_interrupted_compile_ends_quietly(place: Path, after: float) -> None:
    """Ctrl-C goes to the whole group: status 130, no message, no file, no worker left."""
    child = start(*compile_words(place), cwd=place)
    time.sleep(after)
    kill_group(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=60)
    if child.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert child.returncode in INTERRUPTED
    assert (out, err) == (b"", b"")
    assert not (place / "out.lsmb").exists()
    assert left_behind(place) == []
    assert left_behind(place / "cache") == []
    time.sleep(0.2)
    assert group(child.pid) == []


def test_an_interrupt_of_the_parent_alone_ends_the_workers(place: Path) -> None:
    """As `kill -INT PID` does."""
    child = start(*compile_words(place), cwd=place)
    if not until(lambda: len(group(child.pid)) > 2, child):
        pytest.skip("no workers were needed")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode in INTERRUPTED
    assert err == b""
    time.sleep(0.2)
    assert group(child.pid) == []


def test_two_compiles_share_a_cache(place: Path, right: bytes) -> None:
    """Both are right, whoever writes last, and so is who comes after them."""
    words = compile_words(place)
    both = [
        start(*words[:5], f"out{n}.lsmb", *words[6:], cwd=place, stdout=subprocess.DEVNULL)
        for n in range(2)
    ]
    assert [child.communicate()[1] for child in both] == [b"", b""]
    assert [(place / f"out{n}.lsmb").read_bytes() == right for n in range(2)] == [True, True]
    assert lsmc(*words, cwd=place).returncode == 0
    assert (place / "out.lsmb").read_bytes() == right
    assert left_behind(place / "cache") == []
