"""Pairs of policies that decide alike, or must not."""

from __future__ import annotations

import json
from pathlib import Path

from lsmc.api import compile_text, diff
from lsmc.base.diagnostics import PolicyError
from tests.conformance.result import Result


def run(conformance: Path) -> Result:
    """Compare each pair of `equality.jsonl`."""
    features = conformance / "features" / "features.all"
    result = Result("equality")
    for line in (conformance / "equality.jsonl").read_text().splitlines():
        row = json.loads(line)
        try:
            a, b = (compile_text(row[side], features=features) for side in "ab")
        except PolicyError as fault:
            result.add(False, f"{row['desc']}: {fault}")
            continue
        changes = diff(a, b)
        right = bool(changes) == (row["type"] == "inequality")
        found = f"{changes[0]}" if changes else "no change"
        result.add(
            right, f"{row['desc']} ({row['type']}):\n  a: {row['a']}\n  b: {row['b']}\n  {found}"
        )
    return result
