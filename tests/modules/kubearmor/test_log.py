"""Alerts: their fields, the question that each asks, and what the policy says to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsmc.logs.envelope import Envelope
from lsmc.logs.reader import LogReader
from lsmc.logs.record import LogError
from lsmc.modules.kubearmor.log.form import FORMAT
from lsmc.modules.kubearmor.log.parse import read_message
from lsmc.modules.kubearmor.log.record import Record
from lsmc.modules.kubearmor.log.request import question
from tests.cli.conftest import Run, run
from tests.modules.kubearmor.policies import text

__all__ = ["run"]

ALERT: dict[str, Any] = {
    "timestamp": 1785575649,
    "namespaceName": "shop",
    "podName": "web-1",
    "labels": "tier=x,app=web",
    "containerName": "web",
    "hostPPid": 1,
    "hostPid": 2,
    "uid": 33,
    "parentProcessName": "/usr/sbin/nginx",
    "processName": "/bin/cat",
    "enforcer": "BPFLSM",
    "policyName": "web",
    "type": "MatchedPolicy",
    "source": "/bin/cat /a",
    "operation": "File",
    "resource": "/a",
    "data": "lsm=FILE_OPEN",
    "action": "Block",
    "result": "Permission denied",
}


def record(**changes: Any) -> Record:
    found = read_message(Envelope(json.dumps({**ALERT, **changes})))
    assert found is not None
    return found


def test_the_fields_of_an_alert() -> None:
    found = record()
    assert found.subject == "namespace=shop,app=web,tier=x"
    assert (found.event_type, found.outcome, found.epoch, found.pid) == (
        *("DENIED", "refused"),
        *(1785575649, 2),
    )
    assert found.to_json()["namespace_name"] == "shop"
    assert record(containerName="", namespaceName="").subject == "host"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "refused"),
        ({"result": "Passed", "action": "Audit"}, "complained"),
        ({"result": "Passed", "action": "Audit (Block)"}, "complained"),
        ({"result": "Passed", "action": "Allow"}, "allowed"),
        ({"type": "ContainerLog"}, "allowed"),
    ],
)
def test_outcomes(changes: dict[str, str], outcome: str) -> None:
    assert record(**changes).outcome == outcome


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"op": "open", "object": "/a", "source": "/bin/cat", "enforcer": "bpf"}),
        ({"data": "lsm=FILE_PERMISSION"}, {"op": "write", "object": "/a"}),
        ({"data": "syscall=SYS_OPENAT fd=-100 flags=O_WRONLY|O_APPEND"}, {"op": "append"}),
        ({"data": "syscall=SYS_UNLINKAT flags="}, {"op": "unlink"}),
        (
            {"operation": "Process", "resource": "/bin/cat /x", "data": "syscall=SYS_EXECVE"},
            {"op": "exec", "object": "/bin/cat", "source": "/usr/sbin/nginx"},
        ),
        (
            {"operation": "Network", "resource": "TCP", "data": "lsm=SOCKET_CREATE TCP"},
            {"op": "socket_create", "protocol": "tcp"},
        ),
        (
            {
                "operation": "Network",
                "resource": "domain=AF_INET type=SOCK_DGRAM|SOCK_CLOEXEC protocol=UDP",
                "data": "syscall=SYS_SOCKET",
            },
            {"op": "socket_create", "family": "inet", "type": "dgram", "protocol": "udp"},
        ),
        (
            {"operation": "Capabilities", "resource": "CAP_NET_RAW", "data": "lsm=CAPABLE"},
            {"op": "capable", "object": "net_raw"},
        ),
        ({"data": "", "enforcer": "AppArmor"}, {"op": "open", "enforcer": "apparmor"}),
    ],
)
def test_the_question_of_an_alert(changes: dict[str, str], wanted: dict[str, str]) -> None:
    asked, reason = question(record(**changes))
    assert asked is not None, reason
    assert {name: asked[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "Syscall", "data": "syscall=SYS_CHMOD"},
        {"operation": "Network", "resource": "?", "data": "lsm=SOCKET_CREATE"},
        {"resource": "relative"},
        {"operation": "Capabilities", "resource": "CAP_FLY", "data": "lsm=CAPABLE"},
        {"operation": "Other", "data": ""},
    ],
)
def test_alerts_without_a_question_say_why(changes: dict[str, str]) -> None:
    asked, reason = question(record(**changes))
    assert asked is None
    assert reason


@pytest.mark.parametrize("data", ['{"hostPPid": 1', '{"hostPPid": 1}', '{"hostPPid"' + "[" * 9000])
def test_alerts_that_cannot_be_read(data: str) -> None:
    with pytest.raises(LogError):
        read_message(Envelope(data))


def test_other_lines_are_somebody_elses(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines = ["some line", json.dumps(ALERT), f"2026-01-01 relay: {json.dumps(ALERT)}", "{}"]
    log.write_text("\n".join(lines) + "\n")
    reader = LogReader([str(log)], FORMAT)
    found = [one for one in reader.entries() if isinstance(one, Record)]
    assert [one.source.line for one in found if one.source] == [2, 3]


def test_a_log_is_explained_and_patched(run: Run, tmp_path: Path) -> None:
    policy, log = tmp_path / "web.yaml", tmp_path / "log"
    policy.write_text(text("file:\n  matchPaths:\n    - path: /a\n    - path: /b\n"))
    log.write_text(json.dumps({**ALERT, "labels": "app=web"}) + "\n")
    result = run("explain", str(policy), "--log", str(log), "--format", "text")
    assert "Block file {path: /a}" in result.output
    patch = run("explain", str(policy), "--log", str(log), "--patch=all")
    assert "-      - path: /a" in patch.output
