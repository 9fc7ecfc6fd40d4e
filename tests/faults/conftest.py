"""Running lsmc as a process, and a policy that takes it long enough to be disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.places import ROOT

LSMC = (sys.executable, "-m", "lsmc.cli")
#: Far more seconds than anything here takes, on a busy machine too.
PATIENCE = 300
#: How an interrupted run ends.  Python kills itself in the end when the interrupt came while it
#: executed code out of a string, as named tuples do when they are made; a shell shows 130 for both.
INTERRUPTED = (130, -signal.SIGINT)
Words = str | Path


def environment(**more: str) -> dict[str, str]:
    """The environment of a run: this source tree, and nothing of the user's."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


def lsmc(*words: Words, cwd: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Run lsmc to its end."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [*LSMC, *map(str, words)],
        cwd=cwd,
        env=environment(),
        text=True,
        check=False,
        timeout=PATIENCE,
        **{"stdin": subprocess.DEVNULL, "capture_output": True, **more},
    )


def start(
    *words: Words, cwd: Path, command: tuple[str, ...] = LSMC, **more: object
) -> subprocess.Popen[bytes]:
    """Start lsmc in a process group of its own, so that its workers can be found."""
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [*command, *map(str, words)],
        cwd=cwd,
        env=environment(),
        start_new_session=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
    )


#: lsmc, but it stops where its N-th file is half written: `os.fsync` comes before the final name.
_STOPPING = """
import os, signal
from itertools import count

def stop(handle, writes=count(1)):
    if next(writes) == {number}:
        os.ftruncate(handle, os.fstat(handle).st_size // 2)
        os.kill(os.getpid(), signal.SIGSTOP)

os.fsync = stop
from lsmc.cli import main
main()
"""


def stopped_in_write(number: int, *words: Words, cwd: Path) -> subprocess.Popen[bytes]:
    """Start lsmc, and wait until it has stopped in the middle of the N-th file that it writes."""
    child = start(*words, cwd=cwd, command=(sys.executable, "-c", _STOPPING.format(number=number)))
    assert until(lambda: state(child.pid)[0] == "T", child)
    return child


def working(*words: Words, cwd: Path) -> subprocess.Popen[bytes]:
    """Start lsmc, and wait until the worker beside it is there."""
    child = start(*words, cwd=cwd)
    assert until(lambda: len(group(child.pid)) > 1, child)
    return child


def state(process: int) -> list[str]:
    """What the system says of a process: its state, its parent, its group and so on; OSError."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def group(leader: int) -> list[int]:
    """The processes of a group that are running."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = state(int(entry.name))
            except OSError:
                continue
            if fields[2] == str(leader) and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def until(happens: Callable[[], object], child: subprocess.Popen[bytes] | None = None) -> bool:
    """Wait until something is so; False when the process ended before."""
    end = time.monotonic() + PATIENCE
    while not happens():
        if child is not None and child.poll() is not None:
            return False
        assert time.monotonic() < end
        time.sleep(0.002)
    return True


def kill_group(leader: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to what is left of a group."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def write_policy(folder: Path) -> None:
    """A policy whose units are many enough for workers."""
    policy = folder / "policy"
    policy.mkdir()
    for number in range(80):
        rules = "".join(f"  /srv/{number}/{n}/{{a,[c-f]*}}/**.{{x,y{n}}} r,\n" for n in range(12))
        (policy / f"p{number:02}").write_text(f"profile p{number} {{\n{rules}}}\n")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the policy."""
    write_policy(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def right(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bundle of an undisturbed run, in one process and without a cache."""
    folder = tmp_path_factory.mktemp("right")
    write_policy(folder)
    words = ("compile", "policy", "--base", "policy", "-o", "out.lsmb", "--no-cache", "-j", "1")
    done = lsmc(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return (folder / "out.lsmb").read_bytes()


def compile_words(place: Path, *more: Words) -> tuple[Words, ...]:
    """The words that compile the policy of `place` through its cache."""
    return (
        *("compile", "policy", "--base", "policy", "-o", "out.lsmb"),
        *("--cache-dir", place / "cache", "-j", "2", *more),
    )


def left_behind(folder: Path) -> list[str]:
    """Temporary files in a directory."""
    return sorted(path.name for path in folder.glob("*.lsmc-part")) if folder.is_dir() else []
