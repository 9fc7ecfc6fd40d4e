"""Logs of SELinux, alone and beside those of another module."""

from __future__ import annotations

import json
from collections.abc import Iterable

from lsmc.logs.merged import merged
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.apparmor.log.form import FORMAT as APPARMOR
from lsmc.modules.selinux.log.form import FORMAT
from lsmc.output.json import dumps
from tests.fuzz.target import Target, words

_END = "scontext=a:b:c:s0 tcontext=d:e:f:s0:c1 tclass=file permissive=0"
_AVC = f'avc:  denied  {{ read ioctl }} for  pid=9 comm="w" path="/x" ioctlcmd=0x5401 {_END}'
SAMPLES = (
    (
        f"type=AVC msg=audit(1.002:3): {_AVC}\n"
        'type=SYSCALL msg=audit(1.002:3): success=no exit=-13 exe="/bin/w"\x1dUID="root"\n'
        'type=CWD msg=audit(1.002:3): cwd="/srv"\ntype=PATH msg=audit(1.002:3): name="x" item=0\n'
    ),
    f"node=h type=1400 audit(1.002:3): {_AVC.replace('denied', 'granted')}",
    f"Jan  1 15:09:04 h kernel: [1.234567] audit: type=1400 audit(1.002:3): {_AVC}",
    f"Jan  1 15:09:04 h audit[9]: AVC {_AVC}",
    f"type=AVC msg=audit(11/29/2026 11:40:44.369:65907) : {_AVC}",
    f"type=USER_AVC msg=audit(1.2:3): pid=1 msg='{_AVC}  exe=\"/d\" sauid=0 terminal=?'",
    "type=USER_AVC msg=audit(1.2:3): pid=1 msg='avc:  received setenforce notice (enforcing=0)'",
    'type=SELINUX_ERR msg=audit(1.2:3): op=setxattr invalid_context="u:r:t"',
    "type=1401 audit(1.2:3): security_compute_sid:  invalid context u:r:t for " + _END,
    json.dumps({"MESSAGE": f"AVC {_AVC}", "_TRANSPORT": "audit", "_AUDIT_TYPE_NAME": "AVC"}),
    'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="open" profile="/p" name="/x" pid=1',
)
WORDS = (
    *words(
        "avc: denied granted { } for pid= comm= path= name= dev= ino= scontext= tcontext= tclass= "
        "permissive= srawcon= trawcon= ioctlcmd= capability= laddr= lport= src= dest= netif= "
        "type=AVC type=USER_AVC type=1400 type=1401 type=SELINUX_ERR type=SYSCALL type=PATH "
        "type=CWD msg=audit(1.2:3): msg=' node=a 4142 00616263 -13 99999999999999999999 (null) "
        'op= invalid_context= perms= oldcontext= apparmor="DENIED" "MESSAGE": __CURSOR='
    ),
    b"\x1d",
    b"\0",
    b"\xff",
)


def seeds() -> Iterable[bytes]:
    """A record of each form, and all of them together."""
    yield from (text.encode() for text in SAMPLES)
    yield "\n".join(SAMPLES).encode()


def run(data: bytes) -> None:
    """Every line is counted, and every record is said in JSON."""
    for form in (FORMAT, merged([APPARMOR, FORMAT]), merged([FORMAT, APPARMOR])):
        reader = LogReader([LogChunk("log", [data])], form)
        for entry in reader.entries():
            record = getattr(entry, "record", entry)
            json.loads(dumps(record.to_json()))
        if b"__CURSOR=" not in data:
            lines = data.count(b"\n") + (data[-1:] not in (b"\n", b""))
            assert reader.lines == lines, "lines are lost"


TARGET = Target("selinux-log", run, seeds, WORDS)
