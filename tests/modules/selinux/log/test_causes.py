"""The causes of a log, put to a policy, with what would allow each."""

from __future__ import annotations

from lsmc.explain.diagnosis import Explained, diagnose
from lsmc.explain.log_groups import Causes
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.selinux.log.form import FORMAT
from lsmc.modules.selinux.log.grouping import GROUPING
from lsmc.modules.selinux.log.questions import QUESTIONS
from lsmc.modules.selinux.log.remedies import LOCAL, explained, patched
from lsmc.output.causes import cause_json, cause_lines
from lsmc.output.json import dumps
from lsmc.output.styled import plain
from tests.modules.selinux.support import engine

POLICY = """
(type web_t)
(type log_t)
(type data_t)
(type shadow_t)
(boolean reads false)
(booleanif reads (true (allow web_t data_t (file (read)))))
(allow web_t log_t (file (append)))
(filecon "/var/log/web(/.*)?" any (system_u object_r log_t ((s0) (s0))))
"""
SUBJECT = "scontext=system_u:system_r:web_t:s0"


def avc(number: int, perms: str, target: str, what: str = "", more: str = "") -> str:
    return (
        f"type=AVC msg=audit(1700000{number:03}.0:{number}): avc:  denied  {{ {perms} }} for "
        f' pid={number} comm="web" {what} {SUBJECT} tcontext=system_u:object_r:{target} '
        f"tclass=file permissive=0{more}"
    )


def causes(*lines: str, most: int = 100) -> list[Explained]:
    text = "".join(line + "\n" for line in lines).encode()
    found = Causes(GROUPING, most=most)
    reader = LogReader([LogChunk("a.log", [text])], FORMAT)
    found.read(reader)
    assert not reader.broken
    answers = list(explained(list(diagnose(QUESTIONS, engine(POLICY), found.sorted()))))
    for one in answers:
        dumps(cause_json(one))
        plain(cause_lines(one))
    return answers


def said(found: Explained) -> list[str]:
    return [one.brief for one in found.remedies]


def test_one_cause_for_many_files() -> None:
    """Files of one type and processes are one cause; other permissions are another."""
    files = [avc(n, "read open", "shadow_t:s0", f'path="/etc/shadow{n}"') for n in range(1, 9)]
    first, second = causes(*files, avc(9, "open read", "shadow_t:s0"), avc(10, "write", "log_t:s0"))
    assert first.diagnosis.cause.count == 9
    assert first.diagnosis.cause.varied
    assert first.diagnosis.status == "denied"
    assert said(first) == ["(allow web_t shadow_t (file (read open)))"]
    assert said(second) == ["(allow web_t log_t (file (write)))"]


def test_what_helps() -> None:
    """A label before a boolean before a rule."""
    (label,) = causes(avc(1, "append", "data_t:s0", 'path="/var/log/web/a"'))
    assert said(label) == ["restorecon -v /var/log/web/a"]
    (boolean,) = causes(avc(1, "read", "data_t:s0", 'path="/var/log/web/a"'))
    assert said(boolean) == ["setsebool -P reads=on"]
    assert [one.kind for one in boolean.diagnosis.answers[0].obstacles] == ["label", "boolean"]


def test_patch() -> None:
    """A module with the rules, and what is at stake."""
    found = causes(avc(1, "read", "shadow_t:s0"), avc(2, "write", "log_t:s0"))
    files = patched([remedy for one in found for remedy in one.remedies])
    assert files == {
        LOCAL: (
            "",
            (
                "; warning: reads password hashes\n(allow web_t shadow_t (file (read)))\n"
                "(allow web_t log_t (file (write)))\n"
            ),
        )
    }
    assert patched([]) == {}


def test_status() -> None:
    """A policy that allows it is newer than the one that ran; contexts that are not valid."""
    newer, gone = causes(avc(1, "append", "log_t:s0"), avc(2, "read", "gone_t:s0"))
    assert (newer.diagnosis.status, newer.diagnosis.agreement) == ("allowed", "older")
    assert newer.remedies == ()
    assert gone.diagnosis.verdict is not None
    assert gone.diagnosis.verdict.decision == "invalid-context"
    error = (
        'type=SELINUX_ERR msg=audit(1.0:2): op=security_compute_sid invalid_context="%s"'
        f" {SUBJECT} tcontext=system_u:object_r:log_t:s0 tclass=process"
    )
    (bad,) = causes(error % "system_u:system_r:gone_t:s0")
    assert bad.diagnosis.status == "no-question"
    assert bad.diagnosis.note.endswith("the policy has no type `gone_t`")
    (good,) = causes(error % "system_u:system_r:web_t:s0")
    assert good.diagnosis.note.endswith("which is valid in this policy: load it")


def test_folding() -> None:
    """Containers that differ in categories only are one cause where there are too many."""
    lines = [avc(n, "read", f"shadow_t:s0:c0,c{n}", "") for n in range(1, 200)]
    found = causes(*lines, most=50)
    assert sum(one.diagnosis.cause.count for one in found) == 199
    assert len(found) == 1
    assert found[0].diagnosis.cause.object.startswith("system_u:object_r:shadow_t")
