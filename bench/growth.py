"""How cost grows with the policy, and with texts that are made to explode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import policies
from bench.model import Curve, Row, Section
from bench.process import run


def growth(lsmc: str, work: Path, *, quick: bool) -> Section:
    """Profiles from 1 to 1,000, and rules in one profile from 10 to 10,000."""
    top = 2 if quick else 3
    profiles = [10**power for power in range(top + 1)]
    rules = [10 ** (power + 1) for power in range(top + 1)]
    curves = (
        _curve("profiles of 20 rules", profiles, lambda n: _tree(work, n, 20), lsmc, work),
        _curve("rules in one profile", rules, lambda n: _tree(work, 1, n), lsmc, work),
    )
    return Section("Growth", tuple(_row(curve) for curve in curves), curves)


def explosions(lsmc: str, work: Path, *, quick: bool) -> Section:
    """Texts that would need exponentially many states, or words, if they were taken naively."""
    top = 1000 if quick else 10_000
    made: dict[str, tuple[Callable[[int], str], list[int]]] = {
        "unanchored globs `/**/a/**/b*`": (policies.unanchored, [10, 100, 1000, top]),
        "a product of alternations": (policies.alternations, [1, 2, 4, 8, 16]),
        "alternations inside each other": (policies.nested, [5, 10, 20, 40]),
        "`/**a????`: a byte far from the end": (policies.gaps, [2, 4, 8, 12, 16, 20]),
    }
    curves, notes = [], []
    for name, (make, sizes) in made.items():
        points = []
        for size in sorted(set(sizes)):
            path = work / "exploding"
            path.write_text(make(size))
            used = run(_command(lsmc, path, work))
            points.append((size, used.cpu))
            peak = f"{used.peak / 1024:.0f} MiB"
            if used.code:
                notes.append(f"{name}, size {size}: refused after {used.cpu:.1f} s, {peak}")
        curves.append(Curve(name, tuple(points)))
    return Section(
        "Texts made to explode", tuple(_row(c) for c in curves), tuple(curves), tuple(notes)
    )


def _tree(work: Path, profiles: int, rules: int) -> Path:
    return policies.tree(work / f"tree-{profiles}-{rules}", profiles, rules)


def _command(lsmc: str, path: Path, work: Path) -> list[str]:
    base = path if path.is_dir() else path.parent
    options = ["--base", str(base), "--no-cache", "-j1", "-o", str(work / "growth.lsmb")]
    return [lsmc, "compile", str(path), *options]


def _curve(
    name: str, sizes: list[int], make: Callable[[int], Path], lsmc: str, work: Path
) -> Curve:
    points = [(size, run(_command(lsmc, make(size), work)).cpu) for size in sizes]
    return Curve(name, tuple(points))


def _row(curve: Curve) -> Row:
    seen = ", ".join(f"{size:,}: {cost:.2f} s" for size, cost in curve.points)
    return Row(curve.name, seen)
