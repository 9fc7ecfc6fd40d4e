"""Compare what lsmc says of accesses with what a real kernel does.

    python -m tests.kernel [--cases N] [--seed S] [--kernel VERSION | --image FILE]
                           [--compiler lsmc]

Policies and accesses are drawn from the seed, the policies compiled by apparmor_parser (or by lsmc)
and loaded into a kernel in a virtual machine, the accesses performed there, and every error number,
label and audit record held against `Policy.query`; the records are given back to the explainer.
Exit status: 0 when all agree or differ in a known way, 1 for disagreements, 2 when something that
the machine needs is missing.  See docs/kernel.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.kernel.coverage import PERFORMED, covered
from tests.kernel.known import KNOWN
from tests.kernel.machine import MachineError, boot, features_text, kernel_image, version_of
from tests.kernel.policy import groups
from tests.kernel.recorded import written
from tests.kernel.run import COMPILERS, FEATURES, Report, judge, perform


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    options = argparse.ArgumentParser(
        prog="python -m tests.kernel",
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("--cases", type=int, default=2000, help="how many accesses")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kernel", default="6.1", help="version of Debian's kernel package")
    options.add_argument("--image", type=Path, help="a kernel of another package, in its place")
    options.add_argument(
        "--compiler", choices=COMPILERS, default="apparmor_parser", help="of the policies"
    )
    options.add_argument("--features", type=Path, default=FEATURES, help="of that kernel")
    options.add_argument("--write-features", action="store_true", help="write that file only")
    options.add_argument("--record", type=Path, help="keep the kernel's answers in a file")
    options.add_argument("--show", type=int, default=20, help="disagreements to print")
    return options.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the comparison and print what came of it."""
    args = arguments(argv)
    try:
        image = args.image or kernel_image(args.kernel)
        if args.write_features:
            args.features.write_text(features_text(boot(image, [], []).features))
            return 0
        drawn = list(groups(args.seed, args.cases, args.features))
        start = time.monotonic()
        performed, refused, faults = perform(drawn, image, args.features, args.compiler)
    except MachineError as fault:
        print(fault, file=sys.stderr)
        return 2
    took = time.monotonic() - start
    if args.record:
        args.record.write_text(written(performed), encoding="ascii")
    report = judge(performed, args.features, version_of(image))
    report.refused, report.faults = refused, faults
    print(f"{image.name}, seed {args.seed}: {len(drawn)} policies, {took:.0f} s in the machine")
    status = summarize(report, args.show, args.compiler)
    asked = covered(one.case for one in performed)
    missing = ", ".join(sorted(f"{one.cls} {one.name}" for one in PERFORMED - asked)) or "none"
    print(f"{len(asked)} of {len(PERFORMED)} operations asked, missing: {missing}")
    return status


def summarize(report: Report, limit: int, compiler: str) -> int:
    """Print the totals; the exit status."""
    for one, differences in report.unexplained[:limit]:
        print(f"\n{one.group.text}{one.case}")
        for difference in differences:
            print(f"    {difference}")
        for line in one.outcome.records:
            print(f"    {line}")
    print(f"{report.cases.total()} cases, {report.records} audit records")
    for counts in (report.cases, report.acts):
        print("  " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print(f"{report.refused} policies that {compiler} refuses")
    for known in KNOWN:
        print(f"known difference {known.name}: {report.known[known.name]} ({known.reason})")
    for fault in report.faults:
        print(f"fault: {fault}")
    print(f"{len(report.unexplained)} cases with unexplained differences")
    return 1 if report.unexplained or report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
