"""Whatever stands in a log, reading it ends, in time, with records or with faults."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.logs.lines import Lines
from lsmc.logs.reader import LogReader
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.record import Record
from tests.fuzz.guard import SECONDS, within
from tests.fuzz.targets.log import SAMPLES, check, check_counts

PIECES = st.sampled_from(
    [
        *"\"'=\\ \n\0\x1d[]{}()?:-",
        "apparmor=",
        "msg='",
        "type=",
        "audit(1.2:3): ",
        "name=",
        "41",
        "pid=",
        'operation="',
        "denied_mask=",
        "::",
        "\x1b[31m",
        "\udcff",
        "é",
        "\u0663",
        "MESSAGE",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A record with pieces cut out, doubled and put in."""
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 30)))
        middle = draw(st.one_of(PIECES, st.text(max_size=4), st.just(text[start:end] * 2)))
        text = text[:start] + middle + text[end:]
    return text


@given(mutated())
@settings(max_examples=600)
def test_mutated_lines(text: str) -> None:
    """A line is a record, somebody else's, or a `LogError`."""
    check(text)


@given(st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=200)
def test_any_text(text: str) -> None:
    """The same for any text after the beginning of a record."""
    check(text)
    check('type=AVC msg=audit(1.2:3): apparmor="DENIED" ' + text)


@given(
    st.lists(
        st.one_of(
            mutated().map(lambda t: t.encode("utf-8", "surrogatepass")), st.binary(max_size=40)
        ),
        max_size=8,
    )
)
@settings(max_examples=200)
def test_any_log(parts: list[bytes]) -> None:
    """Every line of any bytes is counted, whatever the bound."""
    data = b"\n".join(parts)
    for limit in (16, 1 << 20):
        reader = LogReader([], FORMAT, max_line=limit)
        entries = list(reader._read("x", Lines(io.BytesIO(data), limit)))
        assert sum(isinstance(entry, Record) for entry in entries) == reader.records
        check_counts(reader, data)


@pytest.mark.parametrize(
    "text",
    [
        'apparmor="' * 100_000,
        "apparmor=" + "a=b " * 250_000 + '"',
        "type=" * 200_000 + "apparmor=",
        "type=x " * 150_000 + "apparmor=",
        "audit(" * 160_000 + "apparmor=",
        "[" * 1_000_000 + "apparmor=",
        "[]" * 500_000 + '" audit(1.2:3): apparmor=',
        " " * 1_000_000 + "apparmor=",
        'apparmor="DENIED" name="' + "\\" * 1_000_000,
        'apparmor="DENIED" name=' + "4" * 1_000_001,
        'apparmor="DENIED" pid=' + "4" * 1_000_000,
        "type=AVC msg=audit(1.2:3): apparmor='" + "'" * 1_000_000,
        "type=AVC" + "\t" * 1_000_000 + "apparmor=",
        "node=" * 200_000 + "apparmor=",
        "x[1]: " * 160_000,
        '{"MESSAGE":' + "[" * 1_000_000,
        '{"MESSAGE": "' + 'apparmor=\\"' * 80_000 + '"}',
        '{"MESSAGE": "apparmor=", "_AUDIT_ID": "' + "9" * 900_000 + '"}',
        '{"MESSAGE": ' + "9" * 900_000 + "}",
    ],
)
def test_time(text: str) -> None:
    """A hostile line of the greatest length takes a moment; what grows faster takes hours."""
    with within(SECONDS):
        check(text)
