"""SELinux policy in CIL, beside the tools of the same kind: secilc, sesearch and sediff."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import lsmc
from bench.compiling import seconds, share, times_of
from bench.model import Row, Section
from bench.process import Usage, in_turn, median, run

#: What an edit has each time: permissions, and parts of names.
_WORDS = ("read", "write", "open", "lock", "ioctl")
#: Questions of a batch.
_QUESTIONS = 400_000
_MEBIBYTE = 1 << 10  # of the KiB that the system counts in


def selinux(program: str, given: Path, times: int, work: Path) -> Section:
    """A policy cold and after an edit, a question, a batch, and a difference of one rule."""
    tree, changed, cache = work / "cil", work / "changed", work / "cil-cache"
    shutil.copytree(given, tree)
    shutil.copytree(given, changed)
    modules = sorted(tree.glob("*.cil"))
    bundles = [work / name for name in ("old.lsmb", "new.lsmb")]
    compile_ = [program, "compile", str(tree), "-o", str(bundles[0])]
    binaries = [work / name for name in ("old.33", "new.33")]
    peer = [
        "secilc",
        "-m",
        "-o",
        str(binaries[0]),
        "-f",
        str(work / "contexts"),
        *map(str, modules),
    ]
    found = in_turn(_here({"lsmc": [*compile_, "--no-cache"], "secilc": peer}), times)
    rows = [*_beside("cold", found, "secilc")]
    rows.append(Row("bundle", f"{bundles[0].stat().st_size / 2**20:.2f} MiB"))
    run([*compile_, "--cache-dir", str(cache)])
    subject, obj = _pair(bundles[0])
    cached = [*compile_, "--cache-dir", str(cache)]
    for what, text in (
        ("a rule", f"(allow {subject} {obj} (file (append {{}})))"),
        ("a type", "(type lsmc_bench_{})"),
    ):
        rows.append(_edited(modules, what, text, cached, times, found["lsmc"]))
    ask = [program, "query", str(bundles[0]), subject, "file:read", obj]
    search = ["sesearch", "-A", "-s", subject, "-t", obj, "-c", "file", str(binaries[0])]
    rows += _beside(
        "a question", in_turn(_here({"lsmc": ask, "sesearch": search}), times), "sesearch"
    )
    rows.append(Row("a batch, contexts parsed", f"{_batch(bundles[0]):,.0f}/s"))
    _with_a_rule(changed, subject, obj)
    run([program, "compile", str(changed), "-o", str(bundles[1]), "--no-cache"])
    if shutil.which("secilc"):
        run([*peer[:3], str(binaries[1]), *peer[4:6], *map(str, sorted(changed.glob("*.cil")))])
    differ = {
        "lsmc": [program, "diff", *map(str, bundles)],
        "sediff": ["sediff", *map(str, binaries)],
    }
    rows += _beside("a difference of one rule", in_turn(_here(differ), 1), "sediff")
    return Section(f"SELinux policy of {len(modules)} modules, processor time", tuple(rows))


def _here(commands: dict[str, list[str]]) -> dict[str, Sequence[str]]:
    """The commands whose programs are installed."""
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def _beside(what: str, found: dict[str, Usage], peer: str) -> list[Row]:
    own = found["lsmc"]
    seen = f"{seconds(own.cpu)}, {own.peak // _MEBIBYTE} MiB"
    if peer not in found:
        return [Row(what, seen, f"{peer} is not installed")]
    other = found[peer]
    said = f"{seconds(other.cpu)}, {other.peak // _MEBIBYTE} MiB ({peer})"
    return [Row(what, seen, said, times_of(own.cpu, other.cpu))]


def _edited(
    modules: Sequence[Path], what: str, text: str, command: list[str], times: int, cold: Usage
) -> Row:
    """A module with something more, each time something else."""
    module = modules[len(modules) // 2]
    before = module.read_text("utf-8")
    runs = []
    for number in range(times):
        module.write_text(before + text.replace("{}", _WORDS[number % len(_WORDS)]) + "\n", "utf-8")
        runs.append(run(command))
    module.write_text(before, "utf-8")
    run(command)
    own = median(runs)
    said = f"{seconds(cold.cpu)}, cold"
    return Row(
        f"`{module.name}` with {what} more", seconds(own.cpu), said, share(own.cpu, cold.cpu)
    )


def _pair(bundle: Path) -> tuple[str, str]:
    """A subject and an object that the policy has, the same for the same policy."""
    types = [name for name in lsmc.load(bundle).profiles if name.endswith("_t")]
    picked = random.Random(1).sample(types, 2)
    return picked[0], picked[1]


def _batch(bundle: Path) -> float:
    """Questions a second, of contexts that come again as those of a log do."""
    policy = lsmc.load(bundle)
    types = [name for name in policy.profiles if name.endswith("_t")]
    numbers = random.Random(2)
    contexts = [
        (f"system_u:system_r:{a}:s0", f"system_u:object_r:{b}:s0")
        for a, b in (numbers.sample(types, 2) for _ in range(2_000))
    ]
    asked = [
        {"subject": a, "op": "file:read", "object": b}
        for a, b in (numbers.choice(contexts) for _ in range(_QUESTIONS))
    ]
    start = time.process_time()
    for _ in policy.query_many(asked):
        pass
    return _QUESTIONS / (time.process_time() - start)


def _with_a_rule(tree: Path, subject: str, obj: str) -> None:
    (tree / "lsmc_bench.cil").write_text(f"(allow {subject} {obj} (file (read)))\n")
