"""Random policies, or files, walked through both compilers; the kinds of difference, minimised."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lsmc.compiler.linking import policy_files
from tests.differential import generate
from tests.differential.cases import Outcome, Setting, compare_case
from tests.differential.known import KNOWN
from tests.differential.minimise import minimise
from tests.differential.oracle import version
from tests.differential.refused import REFUSALS

HERE = Path(__file__).resolve().parent
#: What kernels mediate, as each release can write it.
FEATURES = {3: HERE / "features", 4: HERE / "features-v9"}


class Case(NamedTuple):
    """A policy: the text, and the file that it is from."""

    name: str
    text: str
    path: Path | None = None


def numbers(text: str) -> tuple[int, ...]:
    """A version as numbers, `4.1.0~beta` as (4, 1, 0)."""
    plain = text.partition("~")[0]
    return tuple(int(part) for part in plain.split(".") if part.isdigit())


def run(case: Case, setting: Setting) -> Outcome:
    """What came of a case."""
    if case.path is not None:
        return compare_case(case.path, setting)
    with tempfile.TemporaryDirectory() as folder:
        return _compared(case.text, Path(folder), setting)


def _compared(text: str, folder: Path, setting: Setting) -> Outcome:
    path = folder / "policy"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return compare_case(path, replace(setting, base=folder))


def smallest(text: str, kind: str, setting: Setting) -> str:
    """A smaller policy with a difference of the same kind."""
    with tempfile.TemporaryDirectory() as folder:
        return minimise(text, lambda some: kind in _compared(some, Path(folder), setting).kinds)


def cases(args: argparse.Namespace, known: tuple[int, ...]) -> Iterator[Case]:
    """The files that are named, else random policies."""
    files, faults = policy_files([*args.files, *args.profiles])
    for fault in faults:
        print(fault.message, file=sys.stderr)
    for name in files:
        yield Case(name, "", Path(name).resolve())
    if not args.files and not args.profiles:
        for number in range(args.seed, args.seed + args.cases):
            yield Case(f"case {number}", generate.policy(number, known))


def main(args: argparse.Namespace, parser: str) -> int:
    """Walk all cases and print what differs; the exit status."""
    release = numbers(version(parser))
    features = args.features or FEATURES[min(release[0], max(FEATURES))]
    include = tuple(folder.resolve() for folder in args.include)
    setting = Setting(parser, features.resolve(), args.base.resolve(), include)
    shown: Counter[str] = Counter()
    total = _Total()
    with multiprocessing.get_context("fork").Pool(args.jobs) as pool:
        every = list(cases(args, release))
        for case, outcome in zip(
            every, pool.imap(partial(run, setting=setting), every), strict=True
        ):
            total.add(outcome)
            for kind in sorted(outcome.kinds):
                shown[kind] += 1
                print(f"{case.name}: {kind}", flush=True)
                if shown[kind] <= args.show:
                    _show(case, kind, outcome, setting)
    return total.report()


def _show(case: Case, kind: str, outcome: Outcome, setting: Setting) -> None:
    """Print an instance of a kind of difference, with a small policy where it is random."""
    if outcome.theirs and not outcome.ours:
        print(f"    theirs: {outcome.theirs}")
    if case.path is None:
        text = smallest(case.text, kind, setting)
        outcome = run(case._replace(text=text), setting)
        print("".join(f"    | {line}\n" for line in text.splitlines()), end="")
    for compared in outcome.differences[:2]:
        print(f"    {compared}")
    sys.stdout.flush()


class _Total:
    """The sums over all cases."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a case."""
        refused = bool(outcome.ours) and bool(outcome.theirs)
        self.counts.update(
            cases=1,
            refused=int(refused),
            differ=int(bool(outcome.kinds)),
            profiles=outcome.profiles,
            pairs=outcome.pairs,
            cut=len(outcome.cut),
        )
        self.known.update(outcome.known.keys())
        self.kinds.update(outcome.kinds)

    def report(self) -> int:
        """Print the sums; the exit status."""
        counts = self.counts
        print(
            f"{counts['cases']} policies, {counts['refused']} of them refused by both; "
            f"{counts['profiles']} profiles, {counts['pairs']} pairs of states, "
            f"{counts['cut']} walks cut short"
        )
        reasons = {known.name: known.reason for known in KNOWN}
        reasons |= {refusal.name: refusal.reason for refusal in REFUSALS}
        for name, count in sorted(self.known.items()):
            print(f"known difference {name}: {count} policies ({reasons[name]})")
        for kind, count in self.kinds.most_common():
            print(f"{count:6} {kind}")
        print(f"{counts['differ']} policies differ")
        return 1 if counts["differ"] else 0
