"""The kernel's own format: what compiling to it takes and gives, beside its other compilers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import policies
from bench.compiling import (
    DEBIAN,
    EXTRA,
    appended,
    by_inclusion,
    edited,
    inserted,
    middle,
    seconds,
    share,
    times_of,
)
from bench.model import Curve, Row, Section
from bench.process import Usage, in_turn, median, run

#: The features of Linux 6.1, which all compilers know.
FEATURES = Path("tests/kernel/features")


class Policy(NamedTuple):
    """Policy with a compiler that reads it: its name in the report, files, base and compiler."""

    name: str
    path: Path
    base: Path
    parser: str


def kernel_format(
    lsmc: str, times: int, work: Path, parser: Path | None, profiles: Path | None
) -> Section:
    """Debian's profiles and a small one beside apparmor_parser.

    `parser` is another release of it, `profiles` the profiles that go with it.
    """
    found: list[Policy] = []
    own = shutil.which("apparmor_parser") or shutil.which("apparmor_parser", path="/usr/sbin")
    small = policies.tree(work / "small", 1, 20)
    if own is not None:
        found.append(Policy("a profile of 20 rules", small / "p0", small, own))
        found += [Policy(str(path), path, DEBIAN, own) for path in (DEBIAN, EXTRA) if path.is_dir()]
    if parser is not None:
        other = str(parser)
        found.append(Policy("a profile of 20 rules, the other parser", small / "p0", small, other))
        if profiles is not None:
            found.append(Policy(f"{profiles}, the other parser", profiles, profiles, other))
    rows = [row for one in found for row in _beside(lsmc, one, times, work)]
    title = "The kernel's format, cold, two processes (beside: apparmor_parser -QTK -j2 -S)"
    return Section(title, tuple(rows))


def _beside(lsmc: str, policy: Policy, times: int, work: Path) -> Iterable[Row]:
    out = work / "stream"
    options = ["--base", str(policy.base)]
    ours = [*_command(lsmc, policy.path, policy.base, out), "--no-cache", "-j2"]
    theirs = [policy.parser, "-QTK", "-j2", "-S", "-M", str(FEATURES), *options, str(policy.path)]
    found = in_turn({"lsmc": ours, "peer": theirs}, times)
    mine, peer = found["lsmc"], found["peer"]
    written = len(subprocess.run(theirs, capture_output=True, check=False).stdout)
    yield from _rows(policy.name, mine, peer)
    size = out.stat().st_size
    yield Row(f"{policy.name}, bytes", f"{size:,}", f"{written:,}", times_of(size, max(written, 1)))


def _rows(name: str, mine: Usage, peer: Usage) -> Iterable[Row]:
    yield Row(
        f"{name}, processor", seconds(mine.cpu), seconds(peer.cpu), times_of(mine.cpu, peer.cpu)
    )
    yield Row(
        f"{name}, wall", seconds(mine.wall), seconds(peer.wall), times_of(mine.wall, peer.wall)
    )
    yield Row(f"{name}, peak of one process", _mebibytes(mine.peak), _mebibytes(peer.peak))


def kernel_corpus(lsmc: str, given: Path, times: int, work: Path) -> Section:
    """A corpus cold, unchanged, and after edits, beside the same cold."""
    tree, cache, out = work / "kernel-corpus", work / "kernel-cache", work / "kernel-streams"
    shutil.copytree(given, tree)
    out.mkdir()
    command = [*_command(lsmc, tree, tree, out), "-j2"]
    cached = [*command, "--cache-dir", str(cache)]
    cold = median([run([*command, "--no-cache"]) for _ in range(times)])
    run(cached)
    same = median([run(cached) for _ in range(max(times, 5))])
    own, included = middle(tree), by_inclusion(tree)
    rows = [
        Row("cold, processor", seconds(cold.cpu)),
        Row("cold, wall", seconds(cold.wall)),
        Row("cold, peak of one process", _mebibytes(cold.peak)),
        Row("cold, bytes", f"{sum(path.stat().st_size for path in out.iterdir()):,}"),
        _share("nothing changed", same, cold),
        _share(f"`{own.name}` edited", edited(own, cached, times, inserted), cold),
    ]
    for path in dict.fromkeys((included[len(included) // 2], included[-1])):
        after = edited(path, cached, times, appended)
        rows.append(_share(f"`{path.relative_to(tree)}` edited", after, cold))
    title = f"The corpus `{given.name}` in the kernel's format, two processes (beside: cold)"
    return Section(title, tuple(rows))


def kernel_growth(lsmc: str, work: Path, *, quick: bool) -> Section:
    """Profiles from 1 to 1,000, and rules in one profile from 10 to 10,000."""
    top = 2 if quick else 3
    curves = tuple(
        Curve(name, tuple((size, _cost(lsmc, work, *made(size))) for size in sizes))
        for name, sizes, made in (
            ("profiles of 20 rules, for the kernel", _powers(top), lambda n: (n, 20)),
            ("rules in one profile, for the kernel", _powers(top, 10), lambda n: (1, n)),
        )
    )
    rows = [
        Row(curve.name, ", ".join(f"{size:,}: {cost:.2f} s" for size, cost in curve.points))
        for curve in curves
    ]
    return Section("Growth of the kernel's format", tuple(rows), curves)


def _powers(top: int, first: int = 1) -> Sequence[int]:
    return [first * 10**power for power in range(top + 1)]


def _cost(lsmc: str, work: Path, profiles: int, rules: int) -> float:
    tree = policies.tree(work / f"kernel-{profiles}-{rules}", profiles, rules)
    return run([*_command(lsmc, tree, tree, work / "growth"), "--no-cache", "-j1"]).cpu


def _command(lsmc: str, path: Path, base: Path, out: Path) -> list[str]:
    options = ["--base", str(base), "--features", str(FEATURES), "--format", "kernel"]
    return [lsmc, "compile", str(path), *options, "-o", str(out)]


def _share(what: str, found: Usage, cold: Usage) -> Row:
    return Row(
        f"{what}, processor", seconds(found.cpu), seconds(cold.cpu), share(found.cpu, cold.cpu)
    )


def _mebibytes(peak: int) -> str:
    return f"{peak / 1024:.0f} MiB"
