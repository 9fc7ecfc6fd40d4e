"""Killed and interrupted runs leave nothing half done, and the next run is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import (
    INTERRUPTED,
    PATIENCE,
    compile_words,
    group,
    kill_group,
    left_behind,
    lsmc,
    start,
    stopped_in_write,
    until,
    working,
)

#: The files that a compilation writes, in order.
WRITES = {"the cache": 1, "the bundle": 2}


@pytest.fixture
def before(place: Path) -> bytes:
    """A bundle of an earlier time that stands where the next one goes."""
    (place / "out.lsmb").write_bytes(b"before")
    return b"before"


def test_a_killed_compile_leaves_all_as_it_was(place: Path, right: bytes, before: bytes) -> None:
    """SIGKILL hits it and its workers at work; the next run succeeds."""
    child = working(*compile_words(place), cwd=place)
    kill_group(child.pid)
    child.communicate()
    assert (place / "out.lsmb").read_bytes() == before
    assert left_behind(place) + left_behind(place / "cache") == []
    done = lsmc(*compile_words(place), cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert (place / "out.lsmb").read_bytes() == right


@pytest.mark.parametrize("number", WRITES.values(), ids=WRITES)
def test_killed_in_a_write(place: Path, right: bytes, before: bytes, number: int) -> None:
    """The half that was written has no name that anybody looks for; it goes away in time."""
    child = stopped_in_write(number, *compile_words(place), cwd=place)
    kill_group(child.pid)
    child.communicate()
    cache = place / "cache"
    assert (place / "out.lsmb").read_bytes() == before
    assert len(list(cache.glob("*.lsmc-cache"))) == number - 1
    assert (len(left_behind(cache)), len(left_behind(place))) == (2 - number, number - 1)
    done = lsmc(*compile_words(place), cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert (place / "out.lsmb").read_bytes() == right
    assert (len(left_behind(cache)), len(left_behind(place))) == (2 - number, number - 1)


def test_workers_end_when_their_parent_is_killed(place: Path) -> None:
    """As the system does when memory is short: nobody tells them."""
    child = working(*compile_words(place), cwd=place)
    child.kill()
    child.wait()
    try:
        assert until(lambda: not group(child.pid))
    finally:
        kill_group(child.pid)
        child.communicate()


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


@pytest.mark.parametrize("whom", [os.killpg, os.kill], ids=["all", "the parent"])
def test_an_interrupted_compile_ends_quietly(
    place: Path, before: bytes, whom: Callable[[int, int], None]
) -> None:
    """Ctrl-C goes to the whole group, `kill -INT PID` to one: no message, no worker left."""
    child = working(*compile_words(place), cwd=place)
    whom(child.pid, signal.SIGINT)
    assert child.communicate(timeout=PATIENCE) == (b"", b"")
    assert child.returncode in INTERRUPTED
    assert group(child.pid) == []
    assert (place / "out.lsmb").read_bytes() == before
    assert left_behind(place) + left_behind(place / "cache") == []


@pytest.mark.parametrize("number", WRITES.values(), ids=WRITES)
def test_interrupted_in_a_write(place: Path, before: bytes, number: int) -> None:
    """What was written of the file is removed."""
    child = stopped_in_write(number, *compile_words(place), cwd=place)
    kill_group(child.pid, signal.SIGINT)
    kill_group(child.pid, signal.SIGCONT)
    assert child.communicate(timeout=PATIENCE) == (b"", b"")
    assert child.returncode in INTERRUPTED
    assert (place / "out.lsmb").read_bytes() == before
    assert left_behind(place) + left_behind(place / "cache") == []


def test_an_interrupt_of_a_worker_that_begins(place: Path, right: bytes) -> None:
    """Interrupts are not for workers, from their first moment on."""
    code = (
        "import os, signal\n"
        "interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "os.register_at_fork(after_in_child=interrupt)\n"
        "from lsmc.cli import main\n"
        "main()\n"
    )
    child = start(*compile_words(place), cwd=place, command=(sys.executable, "-c", code))
    _, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (0, b"")
    assert (place / "out.lsmb").read_bytes() == right


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
