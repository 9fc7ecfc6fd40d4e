"""The machine that loads SELinux policies and answers questions through selinuxfs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.kernel.machine import BOOT_LIMIT, MachineError, run_probe
from tests.selinux_kernel.cases import Answer, Classes, Group, Performed

HERE = Path(__file__).resolve().parent
#: Seconds for a policy and for a question before the guest is given up.
POLICY_LIMIT, QUESTION_LIMIT = 10, 0.05
#: Permissive, so that the probe may do all it does; what is asked does not depend on it.
_MODULES = "security=selinux lsm=selinux selinux=1 enforcing=0"


def perform(image: Path, asked: Sequence[tuple[Group, bytes]]) -> tuple[list[Performed], list[str]]:
    """The kernel's answers about compiled policies, and faults; raises `MachineError`."""
    lines = [line for number, (group, _) in enumerate(asked) for line in _lines(number, group)]
    members = {f"policy/{number}": blob for number, (_, blob) in enumerate(asked)}
    members["cases"] = "".join(f"{line}\n" for line in lines).encode()
    limit = BOOT_LIMIT + POLICY_LIMIT * len(asked) + QUESTION_LIMIT * len(lines)
    said = run_probe(image, HERE / "probe.c", members, limit, _MODULES)
    return read_answers(said.splitlines(), [group for group, _ in asked])


def _lines(number: int, group: Group) -> Iterator[str]:
    """What the probe is told of a policy."""
    yield f"P\t{number}"
    for block in group.blocks:
        for name, value in block.booleans.items():
            yield f"B\t{name}\t{value:d}"
        if block.booleans:
            yield "C"
        for question in block.questions:
            yield "\t".join(("Q", *question.words()))


def read_answers(said: Iterable[str], groups: Sequence[Group]) -> tuple[list[Performed], list[str]]:
    """The answers to the questions of groups, from the lines of the probe; `MachineError`."""
    classes: list[dict[str, dict[str, int]]] = []
    answers: list[list[Answer]] = []
    faults: list[str] = []
    for line in said:
        kind, _, rest = line.rstrip("\r").partition(" ")
        match kind:
            case "P":
                classes.append({})
                answers.append([])
            case "K":
                classes[-1][rest.split()[0]] = {}
            case "V":
                cls, name, number = rest.split()
                classes[-1][cls][name] = int(number)
            case "R":
                error, invalid, text = rest.split(" ", 2)
                answers[-1].append(Answer(int(error), invalid == "0", text.rstrip("\0")))
            case "X":
                faults.append(rest)
    asked = [sum(len(block.questions) for block in group.blocks) for group in groups]
    if [len(one) for one in answers] != asked:
        raise MachineError(f"the guest did not answer every question: {' '.join(faults)[:500]}")
    performed = [
        Performed(group, Classes(known), tuple(found))
        for group, known, found in zip(groups, classes, answers, strict=True)
    ]
    return performed, faults
