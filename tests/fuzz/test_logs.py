"""Whatever stands in a log, reading it ends, in time, with records or with faults."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.logs.lines import Lines, Pieces
from lsmc.logs.reader import BrokenLine, LogChunk, LogReader
from lsmc.modules.apparmor.log.form import FORMAT
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
        entries = list(reader.read("x", Lines(io.BytesIO(data), limit)))
        assert sum(not isinstance(entry, BrokenLine) for entry in entries) == reader.records
        check_counts(reader, data)


def alike(text: str) -> list[str]:
    """A line, and two that differ from it in what no two records share."""
    others = []
    for number in ("7", "45"):
        other = text.replace("audit(1.", f"audit({number}.").replace(":3)", f":{number})")
        other = other.replace("pid=1", f"pid={number}").replace('"/x', f'"/x{number}')
        others.append(other.replace("port=1", f"port={number}"))
    return [text, *others, text]


PORTS = (
    'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="bind" lport=1 pid=1 fport=1 name="/x"'
)


@given(st.lists(st.one_of(mutated(), st.sampled_from(SAMPLES), st.just(PORTS)), max_size=4))
@settings(max_examples=300)
def test_outlines_change_nothing(texts: list[str]) -> None:
    """The records are those that are read where every line is parsed."""
    lines = [line.replace("\n", "") for text in texts for line in alike(text)]
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    found = []
    for form in (FORMAT, FORMAT._replace(sign=b'\n="')):
        reader = LogReader([LogChunk("x", [data])], form)
        entries = list(reader.entries())
        found.append((entries, reader.used, reader.skipped, reader.broken, reader.foreign))
    assert found[0] == found[1]


@given(st.binary(max_size=60), st.lists(st.integers(1, 9)), st.integers(1, 20))
@settings(max_examples=200)
def test_lines_do_not_depend_on_pieces(data: bytes, sizes: list[int], limit: int) -> None:
    """A stream is the same lines in whatever pieces it comes."""
    data = data.replace(b"a", b"\n")
    whole = list(Lines(Pieces([data]), limit))
    assert (
        whole
        == [line if len(line.rstrip(b"\n")) <= limit else None for line in data.splitlines(True)]
        or b"\r" in data
        or b"\v" in data
        or b"\f" in data
    )
    pieces, at = [], 0
    for size in [*sizes, len(data)]:
        pieces.append(data[at : at + size])
        at += size
    assert list(Lines(Pieces(pieces), limit)) == whole


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
