"""Logs of Smack: read, decoded, and put to a policy."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.explain.diagnosis import diagnose
from lsmc.explain.log_groups import Causes
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.compile import compile_sources
from lsmc.modules.smack.log.form import FORMAT
from lsmc.modules.smack.log.grouping import GROUPING
from lsmc.modules.smack.log.questions import QUESTIONS
from lsmc.modules.smack.remedies import explained
from lsmc.output.json import dumps
from tests.fuzz.target import Target, words

_END = 'action=denied subject="App" object="Sys"'
_HEAD = "audit: type=1400 audit(1.002:3): lsm=SMACK fn=smack_file_open"
_EVENT = (
    f'{_HEAD} {_END} requested=r pid=1 comm="a" path="/x" dev="s" ino=1',
    'audit: type=1300 audit(1.002:3): exe="/a" uid=1',
    'audit: type=1307 audit(1.002:3): cwd="/"',
    'audit: type=1302 audit(1.002:3): item=0 name="x" inode=1 obj=Sys',
)
SAMPLES = (
    "\n".join(_EVENT),
    f'Jan  1 15:09:04 h kernel: {_HEAD} {_END} labels_differ pid=1 comm="a" ipc_key=0',
    f"type=AVC msg=audit(1.002:3): lsm=SMACK fn=x {_END} requested=w(US) pid=1 comm=6120",
    "[ 1.0] Smack Bringup: (App Sys rw) inode=(tmpfs 10) sh",
    "[ 1.0] Smack Unconfined Object: (App Sys -) file=(tmpfs 10 x y) sh to top",
)
WORDS = (
    *words(
        "lsm=SMACK fn= action=denied action=granted subject= object= requested= labels_differ "
        "(US) (UO) pid= comm= path= name= dev= ino= opid= ocomm= ipc_key= type=1400 type=1302 "
        "audit(1.2:3): Smack Bringup: Unconfined Subject: ( ) inode=( file=( UDS to -"
    ),
    b"\x1d",
    b"\0",
    b"\xff",
)
ENGINE = Engine(compile_sources([Source("p", "App Sys r\nApp Usr rwx\n")], Options())[0])


def seeds() -> Iterable[bytes]:
    """A record of each form, and all of them together."""
    yield from (text.encode() for text in SAMPLES)
    yield "\n".join(SAMPLES).encode()


def run(data: bytes) -> None:
    """Read the lines of a log and explain what they ask."""
    reader = LogReader([LogChunk("log", [data])], FORMAT)
    causes = Causes(GROUPING)
    for entry in reader:
        dumps(entry.to_json())
        causes.add(entry)
    assert reader.lines == reader.used + reader.skipped + reader.broken
    list(explained(ENGINE)(list(diagnose(QUESTIONS, ENGINE, causes.sorted()))))


TARGET = Target("smack-log", run, seeds, WORDS)
