"""Replaying logs in parts: one worker beside two, and what a worker needs as the log grows."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import NamedTuple

from bench import log_lines
from bench.model import Row, Section
from lsmc.fleet.cluster import connected, summarised
from lsmc.fleet.parts import all_parts
from lsmc.fleet.work import Wanted

_WANTED = Wanted("apparmor")
_MEBIBYTE = 1 << 10  # of the KiB that the system counts in


class _Run(NamedTuple):
    """Seconds of wall time without the start of the workers, the peak of a worker, the summary."""

    start: float
    wall: float
    peak: int
    summary: str


def fleet(work: Path, *, quick: bool) -> Section:
    """`lsmc replay --engine dask`, as far as the log is concerned."""
    count = 1_000_000 if quick else 10_000_000
    whole = log_lines.write(work / "fleet.log", count, 1.0)
    tenth = log_lines.write(work / "tenth.log", count // 10, 1.0)
    runs = {number: _run(whole, number) for number in (1, 2)}
    small = _run(tenth, 1)
    same = "the same summary" if runs[1].summary == runs[2].summary else "ANOTHER SUMMARY"
    rows = (
        Row("one worker", f"{runs[1].wall:.1f} s, {count / runs[1].wall:,.0f} lines/s"),
        Row(
            "two workers",
            f"{runs[2].wall:.1f} s, {count / runs[2].wall:,.0f} lines/s, {same}",
            "one worker",
            f"{runs[1].wall / runs[2].wall:.2f} x",
        ),
        Row("the cluster is up", f"{runs[1].start:.1f} s"),
        Row(
            "peak of a worker",
            f"{runs[1].peak // _MEBIBYTE} MiB",
            f"{small.peak // _MEBIBYTE} MiB for a tenth of the log",
        ),
    )
    size = whole.stat().st_size // 10**6
    return Section(f"Replay of {count:,} lines, {size} MB, on Dask", rows)


def _run(log: Path, workers: int) -> _Run:
    begin = time.perf_counter()
    with connected(None, workers) as client:
        up = time.perf_counter()
        found = summarised(client, all_parts([str(log)]), _WANTED)
        done = time.perf_counter()
        peaks = client.run(_peak)
    return _Run(up - begin, done - up, max(peaks.values()), json.dumps(found.to_json()))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
