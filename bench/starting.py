"""What a process costs before it answers."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.compiling import seconds, times_of
from bench.model import Row, Section
from bench.process import in_turn


def starting(lsmc: str, bundle: Path, times: int) -> Section:
    """`lsmc query` and `lsmc --version` beside an interpreter that does nothing."""
    from lsmc import load

    policy = load(bundle)
    name = policy.profiles[len(policy.profiles) // 2]
    path = f"/usr/bin/{name.rpartition('/')[2]}"
    commands = {
        "python3 -c pass": [sys.executable, "-c", "pass"],
        "lsmc --version": [lsmc, "--version"],
        "lsmc query, by profile": [lsmc, "query", str(bundle), name, "read", "/etc/passwd"],
        "lsmc query, by executable": [lsmc, "query", str(bundle), path, "read", "/etc/passwd"],
    }
    found = in_turn(commands, times)
    base = found.pop("python3 -c pass")
    rows = [
        Row(what, seconds(one.cpu), seconds(base.cpu), times_of(one.cpu, base.cpu))
        for what, one in found.items()
    ]
    return Section("One process, processor time (beside: python3 -c pass)", tuple(rows))
