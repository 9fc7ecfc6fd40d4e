"""Rules learnt from the records of a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.explain.learning import CannotLearn, Choice, Choose, LearningRequest, Learnt, unasked
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.selinux.learn import RuleLearner
from lsmc.modules.selinux.log.form import FORMAT
from tests.modules.selinux.log.test_causes import POLICY, avc
from tests.modules.selinux.support import engine


def learn(folder: Path, *lines: str, choose: Choose = unasked, name: str = "") -> Learnt:
    learner = RuleLearner(engine(POLICY), LearningRequest(name=name, folder=str(folder)))
    text = "".join(line + "\n" for line in lines).encode()
    for record in LogReader([LogChunk("a.log", [text])], FORMAT):
        learner.add(record)
    return learner.learnt(choose)


def test_rules(tmp_path: Path) -> None:
    """One rule for a pair of types and a class, and what is dangerous about it."""
    found = learn(
        tmp_path,
        avc(1, "read", "shadow_t:s0"),
        avc(2, "open", "shadow_t:s0"),
        avc(3, "write", "log_t:s0"),
        avc(4, "append", "log_t:s0"),
    )
    (file,) = found.files
    assert (file.path, file.old) == (str(tmp_path / "local.cil"), None)
    assert file.new.splitlines()[1:] == [
        "(allow web_t log_t (file (write)))",
        "(allow web_t shadow_t (file (read open)))",
    ]
    assert found.hazards == (("(allow web_t shadow_t (file (read open)))", "password-hashes"),)
    assert found.left == found.remarks == ()


def test_what_helps_besides_rules(tmp_path: Path) -> None:
    """A boolean is told, unless a rule is chosen."""
    line = avc(1, "read", "data_t:s0")
    found = learn(tmp_path, line)
    assert found.files == ()
    assert found.remarks[0].startswith("setsebool -P reads=on allows `file:read`")

    def rule(choice: Choice) -> str:
        assert [name for name, _ in choice.answers] == ["other", "rule", "nothing"]
        return "rule"

    (file,) = learn(tmp_path, line, choose=rule).files
    assert "(allow web_t data_t (file (read)))" in file.new
    (left,) = learn(tmp_path, line, choose=lambda _: "nothing").left
    assert left.reason == "left refused"


def test_extended(tmp_path: Path) -> None:
    """What stands in the file stays, and nothing is written twice."""
    path = tmp_path / "local.cil"
    path.write_text("; mine\n(allow web_t log_t (file (write)))")
    lines = (avc(1, "write", "log_t:s0"), avc(2, "read", "shadow_t:s0"))
    (file,) = learn(tmp_path, *lines).files
    assert file.old == path.read_text()
    assert file.new == f"{file.old}\n(allow web_t shadow_t (file (read)))\n"
    path.write_text(file.new)
    assert learn(tmp_path, *lines).files == ()


def test_left_out(tmp_path: Path) -> None:
    """What no rule allows is left out with the reason; other types than the wanted one, too."""
    (left,) = learn(tmp_path, avc(1, "read", "gone_t:s0")).left
    assert "not a valid context" in left.reason
    nothing = learn(tmp_path, avc(1, "write", "log_t:s0"), name="mail_t")
    assert nothing == Learnt(files=())
    assert learn(tmp_path, avc(1, "write", "log_t:s0"), name="web*").files
    with pytest.raises(CannotLearn, match="--exec"):
        RuleLearner(engine(POLICY), LearningRequest(executable="/bin/x"))
