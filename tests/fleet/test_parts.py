"""Logs are divided between records, wherever the parts are cut."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.fleet.parts import Part, all_parts, expanded, parts_of, pieces
from lsmc.fleet.work import Wanted, lines_of, merged, moved, summary_of
from lsmc.logs.reader import UnreadableLog
from lsmc.modules.registry import module_named

WANTED = Wanted("apparmor")
RECORD = (
    'type=AVC msg=audit(17959464{n:02}.000:{n}): apparmor="DENIED" operation="open" profile="p{p}"'
    ' name="/a/{n}" pid=1 comm="x" requested_mask="r" denied_mask="r" fsuid=0 ouid=0'
)


def _line(number: int, kind: int) -> str:
    text = RECORD.format(n=number, p=number % 3)
    if kind == 0:
        return "sshd[1]: hello\n"
    if kind == 1:  # as a terminal wraps it
        return text[:80] + "\n" + text[80:] + "\n"
    return text + "\n"


def _summary(path: Path, size: int) -> dict[str, object]:
    parts = parts_of(str(path), size)
    summaries = [summary_of(part, WANTED) for part in parts]
    lines, placed = 0, []
    for one in summaries:
        placed.append(moved(one, lines, WANTED))
        lines += lines_of(one)
    return merged(placed, WANTED).to_json()


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.integers(1, 400),
)
def test_parts_say_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[int], size: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "audit.log"
    path.write_text("".join(_line(number, kind) for number, kind in enumerate(kinds)))
    assert _summary(path, size) == _summary(path, 1 << 30)


def test_parts_hold_every_byte_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    data = "".join(_line(number, number % 4) for number in range(50)).encode()
    path.write_bytes(data)
    form = module_named("apparmor").needs(module_named("apparmor").logs, "a log")().form()
    for size in (1, 7, 100, 1000):
        parts = parts_of(str(path), size)
        assert b"".join(piece for part in parts for piece in pieces(part, form)) == data


def test_an_exported_journal_is_cut_between_entries(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    entries = [
        f"__CURSOR=s{n}\n_HOSTNAME=web{n}\nMESSAGE={RECORD.format(n=n, p=0)}\n\n" for n in range(9)
    ]
    path.write_text("".join(entries))
    assert _summary(path, 100) == _summary(path, 1 << 30)
    assert _summary(path, 100)["used"] == 9


def test_a_packed_log_is_one_part(tmp_path: Path) -> None:
    path = tmp_path / "audit.log.gz"
    path.write_bytes(gzip.compress("".join(_line(n, 2) for n in range(40)).encode()))
    assert parts_of(str(path), 10) == [Part(str(path))]
    assert _summary(path, 10)["used"] == 40
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableLog, match="end-of-stream"):
        _summary(path, 10)


@pytest.mark.parametrize(
    ("log", "data", "reason"),
    [
        ("none", None, "no such file or directory"),
        ("zip", b"PK\x03\x04rest", "it is a zip archive"),
        ("utf16", b"\xff\xfea\0", "it is UTF-16 text"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, log: str, data: bytes | None, reason: str) -> None:
    path = tmp_path / log
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UnreadableLog, match=reason):
        _summary(path, 10)


def test_addresses_and_patterns() -> None:
    """Whatever fsspec opens: here its own memory."""
    import fsspec

    for name in "ab":
        with fsspec.open(f"memory://logs/{name}.log", "wb") as file:
            file.write(_line(1, 2).encode())
    found = expanded(["memory://logs/*.log", "/var/log/x"])
    assert found == ["memory:///logs/a.log", "memory:///logs/b.log", "/var/log/x"]
    parts = all_parts(found[:2])
    assert json.loads(json.dumps(summary_of(parts[0], WANTED).to_json()))["used"] == 1
    with pytest.raises(UnreadableLog, match="nothing matches"):
        expanded(["memory://logs/*.txt"])


def test_tables(tmp_path: Path) -> None:
    """Row groups are parts; a row is a line."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "audit.parquet"
    rows = [{"log": RECORD.format(n=n, p=0), "k8s": {"host": f"n{n % 2}"}} for n in range(30)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=10)
    wanted = Wanted("apparmor", fields={"message": "log", "host": "k8s.host"})
    parts = parts_of(str(path))
    assert len(parts) == 3
    found = merged([summary_of(part, wanted) for part in parts], wanted)
    assert (found.used, found.lines) == (30, 30)
    hosts = {host for kept in found.causes for host in kept.cause.hosts.counts}
    assert hosts == {"n0", "n1"}
    with pytest.raises(UnreadableLog, match="say which columns to read"):
        summary_of(parts[0], WANTED)
    with pytest.raises(UnreadableLog, match="it has no column `text`, but log, k8s"):
        summary_of(parts[0], Wanted("apparmor", fields={"message": "text"}))
    path.write_bytes(b"PAR1")
    with pytest.raises(UnreadableLog, match="not a Parquet file"):
        parts_of(str(path))


def test_a_carriage_return_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(b"".join(RECORD.format(n=n, p=0).encode() + b"\r\r\n" for n in range(20)))
    for size in (97, 150, 201):
        assert _summary(path, size) == _summary(path, 1 << 30)
