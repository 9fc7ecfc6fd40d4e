"""Records of a decision are joined with those of the system call of the same event."""

from __future__ import annotations

import pytest

from lsmc.logs.events import with_call

RECORD = b"type=AVC msg=audit(1.002:3): avc:  denied\n"


@pytest.mark.parametrize(
    "line",
    [
        b"type=SYSCALL msg=audit(1.002:3): arch=c000003e\n",
        b"node=host type=PATH msg=audit(1.002:3): item=0\n",
        b"Aug  1 09:14:09 desk kernel: audit: type=1300 audit(1.002:3): arch=c000003e\n",
    ],
)
def test_records_of_one_event(line: bytes) -> None:
    assert with_call(RECORD, line) == RECORD.rstrip() + b"\n" + line.rstrip()
    explained = line.rstrip() + b"\x1dARCH=x86_64\n"
    assert with_call(RECORD, explained) == with_call(RECORD, line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"type=SYSCALL msg=audit(1.002:4): arch=c000003e\n",
        b"type=AVC msg=audit(1.002:3): avc:  denied\n",
        b"type=SYSCALL msg=audit(1.002:3): " + b"x" * (1 << 16),
    ],
)
def test_other_lines(line: bytes) -> None:
    assert with_call(RECORD, line) is None
