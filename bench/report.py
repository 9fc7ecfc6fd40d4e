"""The report of a run: a page of tables, and a picture of the curves."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.model import Curve, Section


def write(folder: Path, sections: Sequence[Section], load: tuple[float, float]) -> Path:
    """Write `results.md`, and `curves.png` where matplotlib is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Measurements", "", *_machine(load), ""]
    for section in sections:
        lines += [
            f"## {section.title}",
            "",
            "| what | seen | beside | ratio |",
            "|---|---|---|---|",
        ]
        lines += [f"| {r.what} | {r.seen} | {r.peer} | {r.ratio} |" for r in section.rows]
        lines += ["", *(f"- {note}" for note in section.notes), *([""] if section.notes else [])]
    curves = [curve for section in sections for curve in section.curves]
    if curves and _draw(folder / "curves.png", curves):
        lines += ["![curves](curves.png)", ""]
    path = folder / "results.md"
    path.write_text("\n".join(lines), "utf-8")
    return path


def _machine(load: tuple[float, float]) -> list[str]:
    today = datetime.now(tz=UTC).date().isoformat()
    return [
        f"- {today}, commit {_output('git', 'rev-parse', '--short', 'HEAD')}",
        f"- {_processor()}, {os.cpu_count()} processors, Linux {platform.release()}",
        f"- Python {platform.python_version()}, {_output('lsmc', '--version')}",
        f"- {_output('apparmor_parser', '--version') or 'no apparmor_parser'}",
        f"- load average {load[0]:.1f} before and {load[1]:.1f} after; figures are medians",
    ]


def _output(*command: str) -> str:
    program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/sbin")
    if program is None:
        return ""
    found = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return (found.stdout.splitlines() or [""])[0].strip()


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _draw(path: Path, curves: Sequence[Curve]) -> bool:
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    columns = 2
    rows = (len(curves) + columns - 1) // columns
    figure, axes = plt.subplots(rows, columns, figsize=(10, 3.2 * rows), squeeze=False)
    for place, axis in enumerate(axes.flat):
        if place >= len(curves):
            axis.axis("off")
            continue
        curve = curves[place]
        sizes, costs = zip(*curve.points, strict=True)
        axis.plot(sizes, costs, marker="o", color="#20639b")
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(curve.name, fontsize=10)
        axis.set_xlabel("size")
        axis.set_ylabel("processor seconds")
        axis.grid(visible=True, which="both", alpha=0.25)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return True
