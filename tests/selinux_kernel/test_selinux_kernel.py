"""The answers of a kernel with SELinux that were kept, and the comparison, without a kernel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest

from tests.kernel.machine import MachineError
from tests.selinux_kernel.cases import FILES, Answer, Block, Classes, Group, Performed, Question
from tests.selinux_kernel.compare import differences
from tests.selinux_kernel.draw import NAMES, policy_text
from tests.selinux_kernel.guest import read_answers
from tests.selinux_kernel.known import as_merged
from tests.selinux_kernel.questions import blocks
from tests.selinux_kernel.recorded import read, written
from tests.selinux_kernel.run import judge, opened

RECORDED = Path(__file__).resolve().parent / "recorded.jsonl"
_QUESTION = Question("access", ("one_u:one_r:d0_t:s0", "one_u:one_r:d0_t:s0"), "file", ("read",))
_SAID = ["P 0", "K file 3", "V file read 1", "V file open 5", "R 0 0 11 ffffffff 0 ffffffee 2 1"]


@cache
def recorded() -> tuple[Performed, ...]:
    return tuple(read(RECORDED.read_text(encoding="ascii")))


def test_the_kept_answers_are_ours() -> None:
    report = judge(recorded())
    first = [f"{block}{question} {rest}" for _, block, question, rest in report.differing[:3]]
    assert not report.differing, "\n".join(first)
    assert report.kinds.total() >= 600


def test_the_kept_answers_are_about_everything() -> None:
    report = judge(recorded())
    assert set(report.kinds) == set(FILES)
    assert min(report.outcomes.values()) > 0, report.outcomes
    assert len(report.outcomes) == 7
    asked = [(one, block) for one in recorded() for block in one.group.blocks]
    assert any(block.booleans for _, block in asked)
    assert {one.group.name for one, _ in asked} > {"profiles/selinux", "policy 0"}


def _obstacles() -> set[str]:
    """What takes permissions away in the kept questions, as lsmc explains it."""
    found = set()
    for one in recorded():
        policy = opened(one.group.text)
        for block in one.group.blocks:
            for question in block.questions:
                if question.kind == "access":
                    words = (question.contexts[0], f"{question.cls}:{','.join(question.extra)}")
                    verdict = policy.query(*words, question.contexts[1], booleans=block.booleans)
                    found |= set(verdict.note.split("; ")) | {verdict.decision}
    return found


def test_the_kept_answers_are_about_every_step_of_a_decision() -> None:
    found = " ".join(_obstacles())
    for words in ("a constraint forbids it", "that bounds it", "to become", "permissive"):
        assert words in found, words


def test_an_answer_that_is_not_ours_is_a_difference() -> None:
    """Every bit of a vector counts, and every word of a label."""
    seen = set()
    for one in recorded()[1:4]:
        policy = opened(one.group.text)
        asked = [(block, question) for block in one.group.blocks for question in block.questions]
        for (block, question), answer in zip(asked, one.answers, strict=True):
            changed = answer._replace(errno=1 - min(answer.errno, 1), text=_other(answer.text))
            assert differences(policy, block, question, one.classes, changed), question
            if question.kind == "access" and not answer.errno:
                words = answer.text.split()
                words[0] = f"{int(words[0], 16) ^ 1:x}"
                flipped = answer._replace(text=" ".join(words))
                found = differences(policy, block, question, one.classes, flipped)
                seen |= {difference.what for difference in found}
    assert {"allowed", "query", "missing"} <= seen


def _other(text: str) -> str:
    return f"{text}x" if ":" in text else text


def test_kept_answers_are_read_as_they_were_written() -> None:
    text = RECORDED.read_text(encoding="ascii")
    assert written(read(text)) == text


def test_answers_of_the_guest() -> None:
    group = Group("one", "", (Block({}, (_QUESTION,)),))
    performed, faults = read_answers([*_SAID, "X policy 0: Invalid argument", "E"], [group])
    assert performed[0].classes == Classes({"file": {"read": 1, "open": 5}})
    assert performed[0].answers == (Answer(0, True, "11 ffffffff 0 ffffffee 2 1"),)
    assert performed[0].classes.names("file", 0x11) == {"read", "open"}
    assert faults == ["policy 0: Invalid argument"]


def test_a_guest_that_does_not_answer_all() -> None:
    group = Group("one", "", (Block({}, (_QUESTION, _QUESTION)),))
    with pytest.raises(MachineError, match="did not answer every question: policy 0"):
        read_answers([*_SAID, "X policy 0: Invalid argument"], [group])


def test_what_is_asked_of_selinuxfs() -> None:
    contexts = ("u:r:t:s0", "u:r:o:s0", "u:r:p:s0")
    named = Question("transition", contexts[:2], "dir", ("a+b c",))
    assert named.words() == ("create", "u:r:t:s0 u:r:o:s0", "dir", "a%2Bb+c")
    assert _QUESTION.words()[3] == ""
    relabel = Question("validatetrans", contexts, "file")
    assert relabel.words() == ("validatetrans", "u:r:t:s0 u:r:o:s0", "file", "u:r:p:s0")


@pytest.mark.parametrize("number", range(4))
def test_the_same_seed_draws_the_same(number: int) -> None:
    """And lsmc takes what is drawn."""
    one, other = (policy_text(Random(number), number) for _ in range(2))
    assert one == other
    assert one != policy_text(Random(number + 1), number)
    asked = [blocks(Random(number), one, opened(one), NAMES, 30) for _ in range(2)]
    assert asked[0] == asked[1]
    assert sum(len(block.questions) for block in asked[0]) == 30


def _conditions(*conditions: str) -> str:
    return "".join(f"(booleanif {one} (true (x)))\n" for one in conditions)


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ("(xor a (xor b a))", "(neq (eq b b) (not a))", "(xor a (xor b a))"),
        ("(xor a (xor b a))", "(neq (not a) (eq b b))", "(neq (not a) (eq b b))"),
        ("(and a b)", "(not (and b a))", "(not (and a b))"),
        ("(and a b)", "(or a b)", "(or a b)"),
        ("a", "b", "b"),
    ],
)
def test_conditions_that_the_compiler_takes_for_one(first: str, second: str, taken: str) -> None:
    assert as_merged(_conditions(first, second)) == _conditions(first, taken)
