"""Measure lsmc: compiling, growth, decisions, starting, logs, and their peers in the same run."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench import policies
from bench.compiling import corpus, debian
from bench.decisions import decisions
from bench.fleet import fleet
from bench.growth import explosions, growth
from bench.kernel import kernel_corpus, kernel_format, kernel_growth
from bench.logs import logs
from bench.model import Section
from bench.process import run
from bench.report import write
from bench.selinux import selinux
from bench.starting import starting

SUITES = (
    "debian",
    "corpus",
    "growth",
    "explosions",
    "decisions",
    "starting",
    "logs",
    "fleet",
    "selinux",
    "kernel",
)


def main() -> int:
    """Run the suites that were asked for and write the report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a directory of profiles, its own base")
    parser.add_argument("--cil", type=Path, help="a directory of SELinux policy in CIL")
    parser.add_argument("--parser", type=Path, help="another apparmor_parser, for kernel")
    parser.add_argument("--parser-profiles", type=Path, help="a directory of profiles for it")
    parser.add_argument("--only", nargs="+", choices=SUITES, default=SUITES)
    parser.add_argument("--times", type=int, default=5, help="runs of each command (default 5)")
    parser.add_argument("--quick", action="store_true", help="leave out the largest sizes")
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    given = parser.parse_args()
    lsmc = shutil.which("lsmc")
    if lsmc is None:
        parser.error("`lsmc` is not on the PATH: install it first")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        sections = _sections(given, lsmc, Path(folder))
    path = write(given.out, sections, (before, os.getloadavg()[0]))
    print(path.read_text("utf-8"))
    return 0


def _sections(given: argparse.Namespace, lsmc: str, work: Path) -> list[Section]:
    found: list[Section | None] = []
    bundle = work / "sample.lsmb"
    tree = policies.tree(work / "sample", 1500, 20)
    run([lsmc, "compile", str(tree), "--base", str(tree), "--no-cache", "-o", str(bundle)])
    on_corpus = None
    if "debian" in given.only:
        found.append(debian(lsmc, given.times, work))
    if given.corpus is not None and {"corpus", "decisions", "starting"} & set(given.only):
        section, bundle = corpus(lsmc, given.corpus, given.times, work)
        on_corpus = bundle
        found.append(section)
    if "growth" in given.only:
        found.append(growth(lsmc, work, quick=given.quick))
    if "explosions" in given.only:
        found.append(explosions(lsmc, work, quick=given.quick))
    if "decisions" in given.only:
        found.append(decisions(on_corpus))
    if "starting" in given.only:
        found.append(starting(lsmc, bundle, max(given.times, 15)))
    if "logs" in given.only:
        found.append(logs(lsmc, work, given.times, quick=given.quick))
    if "selinux" in given.only and given.cil is not None:
        found.append(selinux(lsmc, given.cil, given.times, work))
    if "kernel" in given.only:
        others = (given.parser, given.parser_profiles)
        found.append(kernel_format(lsmc, given.times, work, *others))
        if given.corpus is not None:
            found.append(kernel_corpus(lsmc, given.corpus, given.times, work))
        found.append(kernel_growth(lsmc, work, quick=given.quick))
    if "fleet" in given.only:
        found.append(fleet(work, quick=given.quick))
    return [section for section in found if section is not None]


if __name__ == "__main__":
    sys.exit(main())
