"""A run: policies drawn and compiled by secilc, loaded, asked about, and the answers compared."""

from __future__ import annotations

import errno
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import lsmc
from lsmc.base.errors import Error
from lsmc.policy import Policy
from tests.kernel.machine import MachineError, run
from tests.selinux_kernel.cases import Answer, Block, Group, Performed, Question
from tests.selinux_kernel.compare import Difference, differences
from tests.selinux_kernel.draw import NAMES, policy_text
from tests.selinux_kernel.known import as_merged
from tests.selinux_kernel.questions import blocks

#: Questions about one drawn policy, and how much more the samples are asked.
PER_POLICY = 60
_SAMPLES = Path(__file__).resolve().parents[2] / "profiles" / "selinux"
#: selinuxfs must have a label where there are booleans.
_LABEL = '(genfscon selinuxfs "/" (system_u object_r unlabeled_t plain))\n'
_UNCHECKED = {"no-neverallow": "yes"}


@dataclass
class Report:
    """What came of a run."""

    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    known: int = 0
    differing: list[tuple[Group, Block, Question, list[Difference]]] = field(default_factory=list)


def opened(text: str) -> Policy:
    """A policy compiled by lsmc; neverallow and bounds are not checked, as `secilc -N`."""
    return lsmc.compile_text(text, module="selinux", settings=_UNCHECKED)


def compiled(text: str) -> bytes | None:
    """A policy compiled by secilc, None where it refuses it; `MachineError` if not installed."""
    with tempfile.TemporaryDirectory(prefix="lsmc-secilc-") as name:
        directory = Path(name)
        (directory / "policy.cil").write_text(text)
        made = directory / "policy.33"
        command = ["secilc", "-N", "-c", "33", "-o", str(made), "-f", str(directory / "files")]
        try:
            run([*command, str(directory / "policy.cil")])
        except MachineError as fault:
            if "not installed" in str(fault):
                raise
            return None
        return made.read_bytes()


def groups(seed: int, cases: int) -> Iterator[Group]:
    """The sample policy and as many drawn ones as make up the number of questions."""
    rng = Random(f"samples {seed}")
    sample = "".join(path.read_text() for path in sorted(_SAMPLES.glob("*.cil"))) + _LABEL
    share = min(cases, 2 * PER_POLICY)
    yield Group("profiles/selinux", sample, blocks(rng, sample, opened(sample), NAMES, share))
    for number in range(-(-(cases - share) // PER_POLICY)):
        rng = Random(f"{seed} {number}")
        text = policy_text(rng, number)
        try:
            asked = blocks(rng, text, opened(text), NAMES, PER_POLICY)
        except Error:
            asked = ()
        yield Group(f"policy {number}", text, asked)


def _is_known(one: Performed, block: Block, question: Question, answer: Answer) -> bool:
    """Whether the kernel answers as lsmc does about the policy that libsepol makes of it."""
    merged = as_merged(one.group.text)
    return merged != one.group.text and not differences(
        opened(merged), block, question, one.classes, answer
    )


def outcome(question: Question, answer: Answer) -> str:
    """What kind of answer it is, for the summary."""
    if question.kind == "validatetrans":
        words = {0: "changes allowed", errno.EPERM: "changes refused"}
        return words.get(answer.errno, "invalid contexts or ranges")
    if answer.errno:
        return "invalid contexts or ranges"
    if question.kind == "access":
        return "vectors that grant" if int(answer.text.split()[0], 16) else "empty vectors"
    return "labels" if answer.valid else "labels that no object has"


def judge(performed: Sequence[Performed]) -> Report:
    """Compare what the kernel said with what lsmc says."""
    report = Report()
    for one in performed:
        policy = opened(one.group.text)
        answers = iter(one.answers)
        for block in one.group.blocks:
            for question in block.questions:
                answer = next(answers)
                report.kinds[question.kind] += 1
                report.outcomes[outcome(question, answer)] += 1
                found = differences(policy, block, question, one.classes, answer)
                if found and _is_known(one, block, question, answer):
                    report.known += 1
                elif found:
                    report.differing.append((one.group, block, question, found))
    return report
