"""Prints the figure of every conformance suite found in a folder.

    python -m tests.conformance FOLDER [--problems N] [--only NAME] [--kubearmor FOLDER]

FOLDER holds `conformance/` (files to accept or refuse, pairs of policies, logs) and
`spec/apparmor.md`. Exits with 1 when a case comes out wrong.
"""

from __future__ import annotations

import argparse
import atexit
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.conformance import (
    accept,
    equality,
    kubearmor,
    logs,
    selinux_compile,
    selinux_decisions,
    selinux_logs,
    selinux_paths,
    selinux_reasons,
    smack,
    smack_logs,
    spec,
    tomoyo,
)
from tests.conformance.result import Result


def _selinux(folder: Path) -> dict[str, tuple[Path, Callable[[], Result]]]:
    """The suites of decisions on SELinux policy."""
    cases = folder / "conformance" / "selinux"
    suites: dict[str, tuple[str, Callable[[], Result]]] = {
        "selinux-debian": (
            "query-debian",
            lambda: selinux_decisions.queries(folder, "query-debian"),
        ),
        "selinux-random": (
            "query-random",
            lambda: selinux_decisions.queries(folder, "query-random"),
        ),
        "selinux-labels": ("labels-debian", lambda: selinux_decisions.labels(folder)),
        "selinux-numbers": ("xperm", lambda: selinux_decisions.numbers(folder)),
        "selinux-grants": ("compile", lambda: selinux_decisions.grants(folder)),
        "selinux-diff": ("diff", lambda: selinux_decisions.differences(folder)),
    }
    return {name: (cases / f"{file}.jsonl.gz", run) for name, (file, run) in suites.items()}


def _unpacked(corpora: Path, name: str) -> Path:
    """The newest archive of a name, unpacked to a folder that goes with this process."""
    archives = sorted(corpora.glob(name))
    if not archives:
        return corpora / name
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    shutil.unpack_archive(archives[-1], place.name)
    return Path(place.name)


def main() -> int:
    """Run the suites and print their figures."""
    parser = argparse.ArgumentParser(description="judge lsmc by cases kept elsewhere")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--problems", type=int, default=10, help="wrong cases to print per suite")
    parser.add_argument(
        "--kubearmor", type=Path, help="KubeArmor's repository, unpacked [that of corpora]"
    )
    parser.add_argument("--only", help="run the suite of this name")
    arguments = parser.parse_args()
    cases = arguments.folder.resolve() / "conformance"
    specification = arguments.folder.resolve() / "spec" / "apparmor.md"
    queries, accesses = cases / "smack" / "queries.jsonl", cases / "smack" / "accesses.jsonl"
    armor = cases / "kubearmor"
    repository = arguments.kubearmor or _unpacked(
        arguments.folder / "corpora", "kubearmor-*.tar.gz"
    )
    suites: dict[str, tuple[Path, Callable[[], Result]]] = {
        "accept": (cases / "tst", lambda: accept.run(cases)),
        "equality": (cases / "equality.jsonl", lambda: equality.run(cases)),
        "logs": (cases / "logs", lambda: logs.run(cases)),
        "selinux-compile": (
            cases / "selinux" / "compile.jsonl.gz",
            lambda: selinux_compile.run(cases / "selinux"),
        ),
        "selinux-logs": (
            cases / "selinux" / "logs.jsonl.gz",
            lambda: selinux_logs.run(cases / "selinux"),
        ),
        **_selinux(arguments.folder.resolve()),
        "selinux-reasons": (
            cases / "selinux" / "logs.jsonl.gz",
            lambda: selinux_reasons.run(arguments.folder.resolve()),
        ),
        "selinux-paths": (
            cases / "selinux" / "labels-debian.jsonl.gz",
            lambda: selinux_paths.run(arguments.folder.resolve()),
        ),
        "kubearmor-profiles": (repository, lambda: kubearmor.profiles(armor, repository)),
        "kubearmor-maps": (repository, lambda: kubearmor.maps(armor, repository)),
        "kubearmor-requests": (repository, lambda: kubearmor.requests(armor, repository)),
        "smack-queries": (queries, lambda: smack.queries(queries)),
        "smack-logs": (cases / "smack" / "log_event.txt", lambda: smack_logs.run(cases / "smack")),
        "smack-accesses": (accesses, lambda: smack.accesses(accesses)),
        **{
            f"tomoyo-{name}": (cases / "tomoyo", partial(run, cases / "tomoyo"))
            for name, run in (
                ("lines", tomoyo.lines),
                ("policies", tomoyo.policies),
                ("decisions", tomoyo.decisions),
                ("records", tomoyo.records),
            )
        },
        "spec": (specification, lambda: spec.run(specification, cases)),
    }
    wrong = 0
    for name, (needed, run) in suites.items():
        if arguments.only not in (None, name):
            continue
        if not needed.exists():
            print(f"{name}: not run, {needed} does not exist")
            continue
        start = time.monotonic()
        result = run()
        print(f"{result}  [{time.monotonic() - start:.1f} s]")
        for problem in result.wrong[: arguments.problems]:
            print(f"  {problem}")
        wrong += len(result.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
