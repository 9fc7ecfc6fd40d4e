"""Compare compiled policy with what apparmor_parser's own automata grant.

    python -m tests.differential [FILE...] [--profiles DIR] [--base DIR] [--samples N] [--seed S]
    python -m tests.differential --walk [FILE...] [--cases N] [--seed S] [--parser PATH]

Each profile file is compiled by both; objects are made from the profile's own patterns and asked of
both.  With --walk every reachable pair of states of both is compared instead, of the files or else
of random policies; of each kind of difference the first are printed, made small.

Exit status: 0 when all answers agree or differ in a known way, 1 for disagreements, 2 when the
compiler is missing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from lsmc.compiler.linking import policy_files
from tests.differential import walking
from tests.differential.compare import Report, compare_file
from tests.differential.known import KNOWN
from tests.differential.oracle import parser

#: What Debian 12 compiles for.
DEFAULT_FEATURES = Path("/etc/apparmor.d/abi/3.0")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    options = argparse.ArgumentParser(
        prog="python -m tests.differential",
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("files", nargs="*", type=Path, help="profile files")
    options.add_argument("--profiles", type=Path, action="append", default=[], help="directory")
    options.add_argument("--base", type=Path, default=Path("/etc/apparmor.d"), help="of includes")
    options.add_argument("-I", "--include", type=Path, action="append", default=[])
    options.add_argument("--features", type=Path, help="for both compilers; of the release")
    options.add_argument("--parser", help="the compiler, apparmor_parser of PATH unless told")
    options.add_argument("--walk", action="store_true", help="compare all pairs of states")
    options.add_argument("--cases", type=int, default=300, help="random policies to walk")
    options.add_argument("--samples", type=int, default=2000, help="paths of a profile")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1))
    options.add_argument(
        "--show", type=int, default=1, help="disagreements to print, of a file or of a kind"
    )
    return options.parse_args(argv)


def work(path: str, args: argparse.Namespace) -> Report:
    """The report on one file."""
    return compare_file(
        Path(path).resolve(),
        args.base.resolve(),
        (args.features or DEFAULT_FEATURES).resolve(),
        samples=args.samples,
        seed=args.seed,
        include=tuple(directory.resolve() for directory in args.include),
        program=args.parser,
    )


def main(argv: list[str] | None = None) -> int:
    """Run the comparison and print what came of it."""
    args = arguments(argv)
    program = parser(args.parser)
    if program is None:
        print(f"skipped: {args.parser or 'apparmor_parser'} is not there", file=sys.stderr)
        return 2
    if args.walk:
        return walking.main(args, program)
    files, faults = policy_files([*args.files, *(args.profiles or [])])
    for fault in faults:
        print(fault.message, file=sys.stderr)
    reports: list[Report] = []
    with multiprocessing.get_context("fork").Pool(args.jobs) as pool:
        for report in pool.imap(partial(work, args=args), files):
            reports.append(report)
            announce(report, args.show)
    return summarize(reports)


def announce(report: Report, limit: int) -> None:
    """Print what is remarkable about a file."""
    if report.skipped:
        ours = f"; refused here too: {report.refused_by_us}" if report.refused_by_us else ""
        print(f"{report.path}: not compiled by apparmor_parser: {report.skipped}{ours}")
    elif report.refused_by_us:
        print(f"{report.path}: REFUSED HERE ONLY: {report.refused_by_us}")
    for disagreement in report.disagreements[:limit]:
        print(f"{report.path}: {disagreement}")
    if len(report.disagreements) > limit:
        print(f"{report.path}: {len(report.disagreements) - limit} more disagreements")


def summarize(reports: list[Report]) -> int:
    """Print the totals; the exit status."""
    questions: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for report in reports:
        questions.update(report.questions)
        known.update(report.known)
    compared = [r for r in reports if not r.skipped and not r.refused_by_us]
    wrong = sum(len(r.disagreements) for r in reports)
    refused = sum(1 for r in reports if r.refused_by_us and not r.skipped)
    print(
        f"{len(reports)} files, {len(compared)} compared, "
        f"{sum(1 for r in reports if r.skipped)} not compiled by apparmor_parser, "
        f"{refused} refused here only"
    )
    print(f"{sum(r.profiles for r in reports)} profiles, {sum(questions.values())} comparisons")
    for cls, count in sorted(questions.items()):
        print(f"  {cls:16} {count}")
    reasons = {entry.name: entry.reason for entry in KNOWN}
    for name, count in sorted(known.items()):
        print(f"known difference {name}: {count} ({reasons[name]})")
    print(f"{wrong} disagreements")
    return 1 if wrong or refused else 0


if __name__ == "__main__":
    sys.exit(main())
