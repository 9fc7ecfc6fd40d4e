"""What one run of a target may cost, and what becomes of an input that costs more or fails.

The bounds are generous constants and linear in the size of the input: what hits them grows faster,
or does not end.  They are processor time, so that a busy machine finds nothing.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from tests.fuzz.target import Target
from tests.places import ROOT

SECONDS = 10.0
SECONDS_PER_BYTE = 0.002
#: What a process may take beyond what it has when the target is loaded.
MEMORY = 1 << 30
#: How often the state of a run is written down, in seconds.
_EVERY = 1.0
_LSMC = str(ROOT / "lsmc")


class TooSlow(BaseException):
    """A run took longer than it may; no handler for `Exception` keeps it."""


def limit_memory() -> None:
    """Bound the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound the processor time of what is done within; raises `TooSlow`."""
    signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, seconds, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def limited(run: Callable[[bytes], None], data: bytes, slower: float = 1.0) -> None:
    """Run a target on an input; raises `TooSlow`."""
    with within((SECONDS + SECONDS_PER_BYTE * len(data)) * slower):
        run(data)


def _too_slow(_: int, __: FrameType | None) -> None:
    raise TooSlow


class Guard:
    """Runs a target on one input after the other; keeps count, and the inputs that fail.

    A finding is an exception: its kind and the innermost place in lsmc tell it from others, and
    the first input of each is saved with its traceback.  The input that is being run can be read
    from the file `current` after the process died.
    """

    def __init__(self, target: Target, folder: Path, deadline: float, slower: float = 1.0) -> None:
        self.target = target
        self.folder = folder
        self.deadline = deadline
        self.slower = slower
        self.executions = 0
        self.findings: dict[str, int] = {}
        self._started = time.monotonic()
        self._next = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self._current = os.open(folder / "current", os.O_RDWR | os.O_CREAT, 0o600)

    def __call__(self, data: bytes) -> None:
        """Run the target; whatever it raises is written down."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EVERY
            self.write_state()
        os.pwrite(self._current, len(data).to_bytes(8, "little") + data, 0)
        self.executions += 1
        try:
            limited(self.target.run, data, self.slower)
        except (Exception, TooSlow) as fault:  # noqa: BLE001 - this is what is looked for
            self._found(data, fault)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.deadline

    def _found(self, data: bytes, fault: BaseException) -> None:
        place = f"{type(fault).__name__} at {_place(fault.__traceback__)}"
        if isinstance(fault, AssertionError):  # of a target: its text says which
            place += f": {str(fault)[:100]}"
        if place not in self.findings:
            name = f"{type(fault).__name__}-{sha256(data).hexdigest()[:12]}"
            (self.folder / name).write_bytes(data)
            text = "".join(traceback.format_exception(fault))
            (self.folder / f"{name}.txt").write_text(text[:20_000], encoding="utf-8")
        self.findings[place] = self.findings.get(place, 0) + 1
        self.write_state()

    def write_state(self) -> None:
        """Write down how far the run is."""
        state: dict[str, Any] = {
            "executions": self.executions,
            "seconds": round(time.monotonic() - self._started, 1),
            "findings": self.findings,
        }
        part = self.folder / "state.part"
        part.write_text(json.dumps(state), encoding="utf-8")
        part.replace(self.folder / "state.json")


def _place(trace: TracebackType | None) -> str:
    """The innermost frame in lsmc, or in what was called when there is none."""
    found = "?"
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(_LSMC) or not found.startswith("lsmc"):
            name = code.co_filename.removeprefix(f"{ROOT}/")
            found = f"{name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return found


def current(folder: Path) -> bytes:
    """The input that a process was running when it died."""
    data = (folder / "current").read_bytes()
    return data[8 : 8 + int.from_bytes(data[:8], "little")]
