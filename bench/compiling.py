"""How long compiling takes: Debian's profiles beside their compiler, a corpus in four states."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bench.model import Row, Section
from bench.process import Usage, in_turn, median, run

DEBIAN = Path("/etc/apparmor.d")
EXTRA = Path("/usr/share/apparmor/extra-profiles")


def debian(lsmc: str, times: int, work: Path) -> Section | None:
    """The profiles of Debian's packages, cold, beside the compiler of the same packages."""
    parser = shutil.which("apparmor_parser") or shutil.which("apparmor_parser", path="/usr/sbin")
    if parser is None or not DEBIAN.is_dir():
        return None
    options = ("--base", str(DEBIAN), "--no-cache", "-j2", "-o", str(work / "debian.lsmb"))
    rows = []
    for name, folder in (("/etc/apparmor.d", DEBIAN), ("extra profiles", EXTRA)):
        if not folder.is_dir():
            continue
        found = in_turn(
            {
                "lsmc": [lsmc, "compile", str(folder), *options],
                "peer": [parser, "-QTK", "-j2", "-S", "--base", str(DEBIAN), str(folder)],
            },
            times,
        )
        rows += _both(name, found["lsmc"], found["peer"], times_of)
    title = "Debian's profiles, cold, two processes (beside: apparmor_parser -QTK -j2 -S)"
    return Section(title, tuple(rows))


def corpus(lsmc: str, given: Path, times: int, work: Path) -> tuple[Section, Path]:
    """A corpus cold, unchanged, after an edit, and linted; and the bundle that came of it."""
    tree, cache, bundle = work / "corpus", work / "cache", work / "corpus.lsmb"
    shutil.copytree(given, tree)
    command = [lsmc, "compile", str(tree), "--base", str(tree), "-j2", "-o", str(bundle)]
    cached = [*command, "--cache-dir", str(cache)]
    cold = median([run([*command, "--no-cache"]) for _ in range(times)])
    run(cached)
    same = median([run(cached) for _ in range(max(times, 5))])
    shared, own = by_inclusion(tree)[-1], middle(tree)
    edit_own = edited(own, cached, times, inserted)
    edit_shared = edited(shared, cached, times, appended)
    rows = [Row("cold, wall", seconds(cold.wall)), Row("cold, processor", seconds(cold.cpu))]
    for what, found in (
        ("nothing changed", same),
        (f"`{own.name}` edited", edit_own),
        (f"`{shared.relative_to(tree)}` edited", edit_shared),
    ):
        rows += _both(what, found, cold, share)
    lint = [lsmc, "lint", str(tree), "--base", str(tree), "-j2", "--no-config", "--exit-zero"]
    lint += ["--format", "json"]
    turns = [(run([*command, "--no-cache"]), run(lint)) for _ in range(times)]
    colds, lints = (median(list(runs)) for runs in zip(*turns, strict=True))
    rows += _both("lint, in turn with cold", lints, colds, times_of)
    size = bundle.stat().st_size / 2**20
    rows.append(Row("peak of one process", f"{cold.peak / 1024:.0f} MiB"))
    rows.append(Row("bundle", f"{size:.2f} MiB"))
    title = f"The corpus `{given.name}`, two processes (beside: the same, cold)"
    return Section(title, tuple(rows)), bundle


def edited(path: Path, command: list[str], times: int, edit: Callable[[str, int], str]) -> Usage:
    """What a command takes after a file was edited, each time otherwise."""
    before = path.read_text("utf-8")
    runs = []
    for number in range(times):
        path.write_text(edit(before, number), "utf-8")
        runs.append(run(command))
    path.write_text(before, "utf-8")
    run(command)
    return median(runs)


def appended(text: str, number: int) -> str:
    """A text of rules with one more."""
    return f"{text}\n  /opt/measured{number} r,\n"


def inserted(text: str, number: int) -> str:
    """A text of profiles with one rule more in the last."""
    head, brace, tail = text.rpartition("}")
    return f"{head}  /opt/measured{number} r,\n{brace}{tail}"


def by_inclusion(tree: Path) -> list[Path]:
    """The abstractions that profiles include directly, those last that most of them do."""
    counts: dict[Path, int] = {}
    texts = [p.read_text("utf-8", "replace") for p in tree.iterdir() if p.is_file()]
    for path in (tree / "abstractions").rglob("*"):
        if path.is_file():
            name = f"<{path.relative_to(tree)}>"
            counts[path] = sum(name in text for text in texts)
    return sorted(filter(counts.get, sorted(counts)), key=counts.__getitem__)


def middle(tree: Path) -> Path:
    """The profile of median length."""
    files = sorted(
        (p for p in tree.iterdir() if p.is_file() and "}" in p.read_text("utf-8", "replace")),
        key=lambda p: (p.stat().st_size, p.name),
    )
    return files[len(files) // 2]


def _both(what: str, mine: Usage, peer: Usage, ratio: Callable[[float, float], str]) -> list[Row]:
    return [
        Row(f"{what}, wall", seconds(mine.wall), seconds(peer.wall), ratio(mine.wall, peer.wall)),
        Row(f"{what}, processor", seconds(mine.cpu), seconds(peer.cpu), ratio(mine.cpu, peer.cpu)),
    ]


def seconds(value: float) -> str:
    """A time for people."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def times_of(mine: float, peer: float) -> str:
    """A ratio to a peer."""
    return f"{mine / peer:.2f} x"


def share(mine: float, whole: float) -> str:
    """A ratio to something much larger."""
    return f"1/{whole / mine:.0f}" if whole >= mine else f"{mine / whole:.2f} x"
