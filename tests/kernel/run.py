"""A run: policies compiled by both compilers, cases performed and compared."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lsmc import PolicyError, compile_text
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.apparmor.kernel.target import given_features
from lsmc.modules.parts import Deployment
from tests.differential.oracle import parser
from tests.kernel.cases import Group
from tests.kernel.compare import Difference, compare
from tests.kernel.expect import expect
from tests.kernel.known import Seen, explain
from tests.kernel.machine import Line, MachineError, boot, features_text
from tests.kernel.recorded import Performed

#: The features of Debian's 6.1 kernel, written by `python -m tests.kernel --write-features`.
FEATURES = Path(__file__).resolve().parent / "features"


@dataclass
class Report:
    """What came of a run."""

    cases: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    records: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    unexplained: list[tuple[Performed, list[Difference]]] = field(default_factory=list)


def binary(text: str, features: Path) -> bytes | None:
    """A policy compiled by apparmor_parser, None where it refuses it; raises `MachineError`."""
    program = parser()
    if program is None:
        raise MachineError("apparmor_parser is not installed")
    with tempfile.NamedTemporaryFile("w", suffix=".aa") as source:
        source.write(text)
        source.flush()
        done = subprocess.run(
            [program, "-QTK", "-S", "-q", "-M", str(features), source.name],
            capture_output=True,
            check=False,
        )
    return done.stdout if done.returncode == 0 and done.stdout else None


def own_binary(text: str, features: Path) -> bytes | None:
    """A policy compiled by lsmc to the same format, None where it refuses it."""
    options = Options(features=str(features), target="3.0")
    with tempfile.NamedTemporaryFile("w", suffix=".aa") as source:
        source.write(text)
        source.flush()
        try:
            files = render([source.name], options, 1, Deployment(abi=str(features)))
            return b"".join(file.data for file in files)
        except PolicyError:
            return None


#: What compiles the policies that are loaded.
COMPILERS: dict[str, Callable[[str, Path], bytes | None]] = {
    "apparmor_parser": binary,
    "lsmc": own_binary,
}


def perform(
    groups: Sequence[Group], image: Path, features: Path, compiler: str = "apparmor_parser"
) -> tuple[list[Performed], int, list[str]]:
    """The outcomes of all cases, how many groups the compiler refuses, and faults of the guest."""
    with ThreadPoolExecutor(2) as pool:
        blobs = list(
            pool.map(partial(COMPILERS[compiler], features=features), [g.text for g in groups])
        )
    kept = [(group, blob) for group, blob in zip(groups, blobs, strict=True) if blob is not None]
    policies = [(blob, top_level(group.text)) for group, blob in kept]
    todo = [(number, case) for number, (group, _) in enumerate(kept) for case in group.cases]
    answers = boot(image, policies, [Line(number, case.words()) for number, case in todo])
    faults = list(answers.faults)
    if features_text(answers.features) != features.read_text():
        faults.append(f"the features of this kernel are not those of {features}")
    performed = [
        Performed(kept[number][0], case, outcome)
        for (number, case), outcome in zip(todo, answers.outcomes, strict=True)
    ]
    return performed, len(groups) - len(kept), faults


def top_level(text: str) -> list[str]:
    """The names of the profiles of a drawn policy that are no children."""
    return [line.split()[1] for line in text.splitlines() if line.startswith("profile ")]


def judge(performed: Sequence[Performed], features: Path, kernel: tuple[int, ...]) -> Report:
    """Compare what a kernel of a version did with what lsmc says."""
    report = Report()
    told = given_features(str(features))
    by_peer = told is not None and "network_v9/af_unix" in told
    text = policy = None
    for one in performed:
        if policy is None or one.group.text != text:
            text = one.group.text
            policy = compile_text(text, features=features, target="3.0")
        report.cases[one.group.kind] += 1
        report.acts[one.case.act[0]] += 1
        report.records += len(one.outcome.records)
        expected = expect(policy, one.case, by_peer)
        differences = compare(policy, one.case, expected, one.outcome)
        rest = []
        for difference in differences:
            known = explain(Seen(text or "", policy, one.case, expected, kernel), difference)
            if known is None:
                rest.append(difference)
            else:
                report.known[known.name] += 1
        if rest:
            report.unexplained.append((one, rest))
    return report
