"""Looks for inputs that lsmc does not stand.

    python -m tests.fuzz [TARGET...] [--seconds N] [--seed S] [--engine guided|blind] [--out DIR]

Each target runs in a process of its own, one after the other.  Inputs that fail are saved with
their tracebacks below DIR (build/fuzz unless given) and named in the report; the exit status is 1
when there are any.  `--run FILE` runs a target on one saved input, without any bound.

The guided engine needs `pip install atheris`, the lines reached `pip install coverage`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.fuzz import engines
from tests.fuzz.guard import MEMORY, SECONDS, current
from tests.fuzz.reach import lines_reached
from tests.fuzz.target import targets
from tests.places import ROOT

#: How long a process may be silent before it is taken to hang.
_SILENCE = 20 * SECONDS


def main() -> int:
    """The command line."""
    known = targets()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(known))
    parser.add_argument("--seconds", type=float, default=60, help="for each target [60]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("guided", "blind"), default=_best_engine())
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--run", type=Path, metavar="FILE", help="run one target on this input")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    wish = parser.parse_args()
    unknown = [name for name in wish.targets if name not in known]
    if unknown:
        parser.error(f"no target {unknown[0]}; there are {', '.join(known)}")
    if wish.run is not None:
        for name in wish.targets:
            known[name].run(wish.run.read_bytes())
        return 0
    if wish.child:
        (name,) = wish.targets
        run = engines.guided if wish.engine == "guided" else engines.blind
        run(name, wish.out / name, time.monotonic() + wish.seconds, wish.seed)
        return 0
    print(f"engine {wish.engine}, seed {wish.seed}, {MEMORY >> 20} MiB, {SECONDS:.0f} s an input")
    found = [_target(name, wish) for name in wish.targets or known]
    return 1 if any(found) else 0


def _best_engine() -> str:
    return "guided" if importlib.util.find_spec("atheris") else "blind"


def _target(name: str, wish: argparse.Namespace) -> int:
    """Run a target in a process until its time is up, anew when it dies; how much was found."""
    folder = wish.out / name
    end = time.monotonic() + wish.seconds
    executions, findings, seconds = 0, dict[str, int](), 0.0
    seed = wish.seed
    while (left := end - time.monotonic()) > 0:
        died = _child(name, folder, left, seed, wish)
        state = _state(folder)
        executions += state["executions"]
        seconds += state["seconds"]
        for place, count in state["findings"].items():
            findings[place] = findings.get(place, 0) + count
        if died:
            findings[died] = findings.get(died, 0) + 1
            (folder / f"died-{seed}").write_bytes(current(folder))
        elif state["executions"] == 0:
            findings["the process does not start"] = 1
            break
        else:
            break
        seed += 1
    rate = executions / seconds if seconds else 0
    reached = lines_reached(name, folder, wish)
    print(f"{name}: {executions} executions in {seconds:.0f} s, {rate:.0f}/s{reached}; ", end="")
    print(f"{len(findings)} findings" if findings else "nothing found", flush=True)
    for place, count in sorted(findings.items()):
        print(f"    {count} x {place}", flush=True)
    return len(findings)


def _child(name: str, folder: Path, seconds: float, seed: int, wish: argparse.Namespace) -> str:
    """Run a process; how it died, or nothing when it ended as it should."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.json").unlink(missing_ok=True)
    options = [f"--seconds={seconds}", f"--seed={seed}", f"--engine={wish.engine}"]
    words = [sys.executable, "-m", "tests.fuzz", "--child", *options, f"--out={wish.out}", name]
    with (
        (folder / "output").open("ab") as output,
        subprocess.Popen(words, stdout=output, stderr=output, cwd=ROOT) as child,
    ):
        while True:
            try:
                code = child.wait(_SILENCE)
            except subprocess.TimeoutExpired:
                if time.time() - _changed(folder / "state.json") < _SILENCE:
                    continue
                child.kill()
                return "killed: it hangs where no signal is looked at"
            return "" if code == 0 else f"ended with status {code}, see {folder / 'output'}"


def _state(folder: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except OSError:
        return {"executions": 0, "seconds": 0.0, "findings": {}}
    return state


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


if __name__ == "__main__":
    sys.exit(main())
