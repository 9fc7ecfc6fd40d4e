"""Compare what lsmc says of SELinux policies with what a real kernel says.

    python -m tests.selinux_kernel [--cases N] [--seed S] [--kernel VERSION]

Policies and questions are drawn from the seed, the policies compiled by secilc and loaded into a
kernel in a virtual machine, and every access vector, new label, context and change of a label held
against `Policy.permissions`, `query`, `label` and `validate_transition`.
Exit status: 0 when all agree or differ in a known way, 1 for disagreements, 2 when something that
the machine needs is missing.  See docs/kernel.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.kernel.machine import MachineError, kernel_image
from tests.selinux_kernel.guest import perform
from tests.selinux_kernel.known import NAME, REASON
from tests.selinux_kernel.recorded import written
from tests.selinux_kernel.run import Report, compiled, groups, judge


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    options = argparse.ArgumentParser(
        prog="python -m tests.selinux_kernel",
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("--cases", type=int, default=2000, help="how many questions")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kernel", default="6.1", help="version of Debian's kernel package")
    options.add_argument("--record", type=Path, help="keep the kernel's answers in a file")
    options.add_argument("--show", type=int, default=20, help="disagreements to print")
    return options.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the comparison and print what came of it."""
    args = arguments(argv)
    try:
        image = kernel_image(args.kernel)
        drawn = [(group, compiled(group.text)) for group in groups(args.seed, args.cases)]
        asked = [(group, blob) for group, blob in drawn if blob is not None and group.blocks]
        odd = [group.name for group, blob in drawn if (blob is None) != (not group.blocks)]
        start = time.monotonic()
        performed, faults = perform(image, asked)
    except MachineError as fault:
        print(fault, file=sys.stderr)
        return 2
    took = time.monotonic() - start
    if args.record:
        args.record.write_text(written(performed), encoding="ascii")
    report = judge(performed)
    print(f"{image.name}, seed {args.seed}: {len(asked)} policies, {took:.0f} s in the machine")
    print(f"{len(drawn) - len(asked)} policies are refused")
    faults += [f"lsmc and secilc do not both take or refuse {name}" for name in odd]
    return summarize(report, faults, args.show)


def summarize(report: Report, faults: list[str], show: int) -> int:
    """Print the figures and the first disagreements; the exit status."""
    for kind, count in report.kinds.most_common():
        print(f"  {count:6d} {kind}")
    outcomes = ", ".join(f"{count} {name}" for name, count in report.outcomes.most_common())
    print(f"{report.kinds.total()} questions: {outcomes}")
    print(f"known difference {NAME}: {report.known} ({REASON})")
    for fault in faults:
        print(f"fault: {fault}")
    for group, block, question, rest in report.differing[:show]:
        print(f"{group.name} {block.booleans} {question}")
        for line in rest:
            print(f"    {line}")
    print(f"{len(report.differing)} disagreements")
    return 1 if report.differing or faults else 0


if __name__ == "__main__":
    sys.exit(main())
