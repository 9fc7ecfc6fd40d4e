"""Logs of TOMOYO."""

from __future__ import annotations

import json
from collections.abc import Iterable

from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.tomoyo.log.form import FORMAT
from lsmc.modules.tomoyo.log.grouping import about
from lsmc.output.json import dumps
from tests.fuzz.target import Target, words

_HEAD = "#2026/01/02 03:04:05# profile=3 mode=enforcing granted=no (global-pid=77)"
_TASK = " task={ pid=7 ppid=1 uid=33 gid=33 euid=33 egid=33 suid=33 sgid=33 fsuid=33 fsgid=33 }"
_FILE = " path1={ uid=0 gid=0 ino=9 major=0 minor=2 perm=0640 type=file }"
_EXEC = ' exec={ realpath="/b" argc=1 envc=1 argv[]={ "b" ... } envp[]={ "A=\\040" } }'
SAMPLES = (
    f"{_HEAD}{_TASK}{_FILE}\n<kernel> /bin/a\nfile read /srv/a\n\n",
    f"{_HEAD}{_TASK}{_EXEC}\n<kernel> /bin/a\nfile execute /b\n",
    f'{_HEAD}{_TASK} symlink.target="/x"\n<kernel>\nfile symlink /y\n',
    f"{_HEAD}{_TASK}\n<kernel> /bin/a\nuse_profile 3\n",
    "[    1.5] ERROR: Domain '<web> /x' not ready.\n",
    "WARNING: Domain '<kernel> /a' has too many ACLs to hold. Stopped learning mode.\n",
)
WORDS = (
    *words("profile= mode=permissive mode=learning granted=yes (global-pid=1) task={ } path1={"),
    *words("path1.parent={ path2={ exec={ argv[]={ envp[]={ symlink.target= pid= uid=99999999999"),
    *words('perm=0 type=char dev_major=1 "x" ... <kernel> /a file read misc env use_group 0'),
    *(b"\n", b"\0", b"\xff", b"# profile="),
)


def seeds() -> Iterable[bytes]:
    """A record of each form, and all of them together."""
    yield from (text.encode() for text in SAMPLES)
    yield "".join(SAMPLES).encode()


def run(data: bytes) -> None:
    """Every line is counted, and every record is said in JSON."""
    reader = LogReader([LogChunk("log", [data])], FORMAT)
    for entry in reader.entries():
        record = getattr(entry, "record", entry)
        json.loads(dumps(record.to_json()))
        about(record)
    if b"__CURSOR=" not in data:
        lines = data.count(b"\n") + (data[-1:] not in (b"\n", b""))
        assert reader.lines == lines, "lines are lost"


TARGET = Target("tomoyo-log", run, seeds, WORDS)
