"""Which lines of lsmc the inputs of a run reach, counted by `coverage` when it is installed."""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import subprocess
import sys
from pathlib import Path

from tests.fuzz.engines import mutations
from tests.fuzz.guard import TooSlow, limited
from tests.fuzz.target import targets
from tests.places import ROOT

#: Inputs of the blind engine, which keeps none, that are run again to count lines.
SOME = 3_000


def lines_reached(name: str, folder: Path, wish: argparse.Namespace) -> str:
    """How many lines the kept inputs reach, and of how many in the modules that they load."""
    if importlib.util.find_spec("coverage") is None:
        return ""
    report = folder / "coverage.json"
    words = [sys.executable, "-m", "tests.fuzz.reach", name, str(folder), str(wish.seed)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return f", coverage failed: {done.stderr.strip().splitlines()[-1:]}"
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    return f", {totals['covered_lines']} of {totals['num_statements']} lines"


def main() -> None:
    """Run the inputs of a target under `coverage`: NAME FOLDER SEED."""
    import coverage

    name, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    meter = coverage.Coverage(data_file=None, include=[f"{ROOT}/lsmc/*"])
    meter.start()
    target = targets()[name]
    kept = folder / "corpus"
    inputs = (
        (path.read_bytes() for path in sorted(kept.iterdir()))
        if kept.is_dir()
        else itertools.islice(mutations(target, seed), SOME)
    )
    for data in inputs:
        try:
            limited(target.run, data)
        except (Exception, TooSlow):  # noqa: BLE001 - counted as a finding in the run itself
            continue
    meter.stop()
    meter.json_report(outfile=str(folder / "coverage.json"))


if __name__ == "__main__":
    main()
