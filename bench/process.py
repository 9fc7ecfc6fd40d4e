"""Whole processes, measured from outside by the operating system's own account."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What a run took: seconds of wall time, of processors, and the peak of one process in KiB."""

    wall: float
    cpu: float
    peak: int
    code: int


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end, its output thrown away."""
    quiet = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    # as an installed program runs: from compiled modules
    given = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], list(command), {**given, **(env or {})}, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    cpu = usage.ru_utime + usage.ru_stime
    return Usage(wall, cpu, usage.ru_maxrss, os.waitstatus_to_exitcode(status))


def median(runs: Sequence[Usage]) -> Usage:
    """The median of each figure; the worst exit code."""
    return Usage(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        int(statistics.median(one.peak for one in runs)),
        max((one.code for one in runs), key=abs),
    )


def in_turn(commands: Mapping[str, Sequence[str]], times: int) -> dict[str, Usage]:
    """The medians of several commands, run in turn so that a change of the machine meets all."""
    runs: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command))
    return {name: median(found) for name, found in runs.items()}
