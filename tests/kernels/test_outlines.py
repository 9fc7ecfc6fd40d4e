"""Outlines of records: what is left out of them, alike in both forms of the kernel."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc.kernels
from lsmc.kernels import outlines

SIGN = b'apparmor="'
HEAD = b"type=AVC msg=audit(1700000000.123:42): "
BODY = b'apparmor="DENIED" operation="open" profile="p" name="/x" pid=7 comm="c"'


def uncompiled() -> ModuleType:
    """The source of the kernel, run as Python whether it is compiled or not."""
    file = Path(lsmc.kernels.__file__).with_name("outlines.py")
    spec = importlib.util.spec_from_file_location("uncompiled_outlines", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PURE = uncompiled()
PARTS = ("outline", "id", "epoch", "serial", "name", "pid", "port", "host")


def seen(module: Any, line: bytes) -> tuple[object, ...] | None:
    found = module.outline(line, SIGN)
    return None if found is None else tuple(getattr(found, part) for part in PARTS)


def test_what_is_left_out() -> None:
    net = HEAD + b'apparmor="DENIED" lport=5 family="inet" pid=77 fport=80 name="/a"'
    assert seen(outlines, net) == (
        b'type=AVC msg= apparmor="DENIED" lport= family="inet" pid= fport=80 name=""',
        *("1700000000.123:42", 1_700_000_000, "42", "/a", "77", "5", ""),
    )


@pytest.mark.parametrize(
    ("front", "host"),
    [
        (b"Jan  1 15:09:04 web1 kernel: [1.234567] audit: type=1400 ", "web1"),
        (b"2026-01-31T15:09:04.123456+01:00 web1 kernel: audit: type=1400 ", "web1"),
        (b"node=web1 type=AVC msg=", "web1"),
        (b"Jan  1 15:09:04 kernel: [1.234567] audit: type=1400 ", ""),
        (b"[1.234567] audit: type=1400 ", ""),
        (b"type=AVC msg=", ""),
    ],
)
def test_the_host_of_a_line(front: bytes, host: str) -> None:
    found = outlines.outline(front + HEAD.removeprefix(b"type=AVC msg=") + BODY, SIGN)
    assert found is not None
    assert found.host == host


@pytest.mark.parametrize(
    "line",
    [
        BODY,
        HEAD + BODY + b'"',
        HEAD + b'x="apparmor="DENIED"',
        b'a="' + HEAD + BODY,
        b"x=1 " + HEAD + BODY,
        b"[x " + HEAD + BODY,
        b"{" + HEAD + BODY,
        HEAD.replace(b"1700000000", b"0") + BODY,
        HEAD.replace(b"42", b"042") + BODY,
        HEAD.replace(b"AVC", b"SYSCALL") + BODY,
        HEAD.replace(b": ", b":") + BODY,
        HEAD + BODY * 40,
    ],
)
def test_what_has_no_outline(line: bytes) -> None:
    assert outlines.outline(line, SIGN) is None


@pytest.mark.parametrize(
    "body",
    [
        b'apparmor="DENIED" name="/a b"',
        b'apparmor="DENIED" name="/a=b"',
        b'apparmor="DENIED" name="/a\\b"',
        b'apparmor="DENIED" name=""',
        b'apparmor="DENIED" name="/a" name="/b"',
        b'apparmor="DENIED" name="/a" capname="b"',
        b'apparmor="DENIED" info="x name=\'y\'"',
        b'apparmor="DENIED" pid=0',
        b'apparmor="DENIED" pid=07',
        b'apparmor="DENIED" pid=7x',
        b'apparmor="DENIED" info="x pid=7 y"',
        b"apparmor=\"DENIED\" pid=7 x='pid=8'",
        b'apparmor="DENIED" lport=5 src=6',
    ],
)
def test_what_stays_in_an_outline(body: bytes) -> None:
    assert seen(outlines, HEAD + body) == (
        b"type=AVC msg= " + body,
        *("1700000000.123:42", 1_700_000_000, "42", "", "", "", ""),
    )


PIECES = st.sampled_from(
    [
        *(
            b" ",
            b"'",
            b'"',
            b"=",
            b"[",
            b"]",
            b"{",
            b"\x1d",
            b"\\",
            b"\xff",
            b"0",
            b"7",
            b":",
            b".",
        ),
        *(b"audit(", b"type=", b"msg=", b"node=", b"node=h ", b"audit(1.2:3): ", b"type=1400 "),
        *(b" pid=9", b" peer_pid=3", b" lport=5", b" src=6", b' name="/y"', b' capname="x"', SIGN),
        *(b"Jan  1 15:09:04 host ", b"2026-01-31T15:09:04Z host ", b' info="a b"'),
    ]
)


@given(st.data())
@settings(max_examples=400)
def test_both_forms_agree(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from([b"", b"Jan  1 15:09:04 h kernel: [1.2] audit: "])) + HEAD
    line += BODY
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, min(len(line), start + 8)))
        line = line[:start] + data.draw(PIECES) + line[end:]
    assert seen(outlines, line) == seen(PURE, line)
    assert outlines.host_of(line) == PURE.host_of(line)


def test_the_first_of_two_headers_counts() -> None:
    line = b"audit(1.2:3): " + HEAD + BODY
    found = seen(PURE, line)
    assert found is not None
    assert found[1] == "1.2:3"
    assert seen(outlines, line) == found


LINES = st.lists(
    st.sampled_from(
        [HEAD + BODY, HEAD + b'apparmor="x" name="/y"', b"other", b"", b" pid=1", b"DENIED", b"a=b"]
    )
)


@given(LINES, st.booleans())
@settings(max_examples=200)
def test_scanning_agrees(lines: list[bytes], known: bool) -> None:
    """Every line is a sighting, passed over, or the one that is left for others."""
    data = b"\n".join([*lines, b""])
    marks = (SIGN, b"DENIED")
    first = outlines.outline(HEAD + BODY, SIGN)
    assert first is not None
    table = {first.outline: 5} if known else {}
    results = []
    for module in (outlines, PURE):
        found, at, number, skipped = module.scan(
            *(data, 0, len(data), 0, marks, [-1, -1], SIGN, lambda line: SIGN in line, table)
        )
        results.append(([(one.line, one.name, one.like) for one in found], at, number, skipped))
        assert number == data.count(b"\n", 0, at) == len(found) + skipped
    assert results[0] == results[1]
