"""Alerts of KubeArmor: every line is counted, every record is said in JSON and may ask."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

from lsmc.engine.verdict import RequestError
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.kubearmor.log.form import FORMAT
from lsmc.modules.kubearmor.log.grouping import GROUPING, about
from lsmc.modules.kubearmor.log.record import Record
from lsmc.modules.kubearmor.log.request import question
from lsmc.modules.kubearmor.questions import understood
from lsmc.output.json import dumps
from tests.fuzz.target import Target, words

_ALERT = {
    "timestamp": 1,
    "namespaceName": "shop",
    "labels": "app=web",
    "hostPPid": 1,
    "hostPid": 2,
    "processName": "/bin/cat",
    "parentProcessName": "/bin/sh",
    "enforcer": "BPFLSM",
    "type": "MatchedPolicy",
    "operation": "File",
    "resource": "/a",
    "data": "lsm=FILE_OPEN",
    "action": "Block",
    "result": "Permission denied",
}
SAMPLES = (
    _ALERT,
    {**_ALERT, "operation": "Process", "resource": "/bin/cat /a", "data": "syscall=SYS_EXECVE"},
    {**_ALERT, "operation": "Network", "resource": "TCP", "data": "lsm=SOCKET_CREATE TCP"},
    {**_ALERT, "operation": "Capabilities", "resource": "CAP_KILL", "data": "lsm=CAPABLE"},
    {**_ALERT, "operation": "Syscall", "data": "syscall=SYS_CHMOD"},
)
WORDS = words(
    '"hostPPid": "operation": "resource": "data": "labels": lsm=FILE_OPEN syscall=SYS_OPENAT '
    "O_RDWR CAP_KILL SOCK_STREAM AF_UNIX TCP File Process Network Capabilities null true -1 1e999"
)


def seeds() -> Iterable[bytes]:
    """A record of each kind, and all of them together."""
    yield from (json.dumps(one).encode() for one in SAMPLES)
    yield "\n".join(map(json.dumps, SAMPLES)).encode()


def run(data: bytes) -> None:
    """Read, group and ask."""
    reader = LogReader([LogChunk("log", [data])], FORMAT)
    for entry in reader.entries():
        record = getattr(entry, "record", entry)
        json.loads(dumps(record.to_json()))
        if isinstance(entry, Record):
            hash(GROUPING.key(entry))
            about(entry)
            asked, reason = question(entry)
            assert (asked is None) == bool(reason)
            if asked is not None:
                with contextlib.suppress(RequestError):  # of a namespace that is no name
                    understood(asked)


TARGET = Target("kubearmor-log", run, seeds, WORDS)
