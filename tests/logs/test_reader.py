"""Logs in files: packed, rotated, damaged, endless, and of several lines a record."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lsmc.logs.envelope import Envelope, from_journal
from lsmc.logs.reader import LogReader, UnreadableLog
from lsmc.logs.record import LogPlace
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.record import Record

GOOD = b'type=AVC msg=audit(1.002:3): apparmor="DENIED" operation="open" name="/x%d" pid=1\n'
OTHER = b"type=SYSCALL msg=audit(1.002:3): arch=c000003e syscall=2\n"
BAD = b'type=AVC msg=audit(1.002:3): apparmor="DENIED" name="/x\n'


def counts(reader: LogReader) -> tuple[int, int, int]:
    assert reader.lines == reader.used + reader.skipped + reader.broken
    return reader.used, reader.skipped, reader.broken


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def test_counts(tmp_path: Path) -> None:
    """Every line is used, skipped or broken; faults say where and why."""
    path = write(tmp_path / "a.log", OTHER + GOOD % 1 + BAD + b"\n" + GOOD % 2)
    reader = LogReader([path], FORMAT)
    assert [(r.name, r.source) for r in reader] == [
        ("/x1", LogPlace(path, 2)),
        ("/x2", LogPlace(path, 5)),
    ]
    assert counts(reader) == (2, 2, 1)
    (fault,) = reader.faults
    assert fault.source == LogPlace(path, 3)
    assert fault.reason == "no `key=value` at column 19 of the message"
    assert fault.record.audit_id == "1.002:3"
    assert reader.foreign == []


def _zstd(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress, _zstd])
def test_packed(tmp_path: Path, pack: object) -> None:
    """Packed logs are told by their content, not by their names."""
    data = (GOOD % 1 + OTHER) * 50
    assert callable(pack)
    packed = pack(data)
    paths = [write(tmp_path / "audit.log.1", packed), write(tmp_path / "audit.log", GOOD % 2)]
    reader = LogReader(paths, FORMAT)
    assert sum(1 for _ in reader) == 51
    assert counts(reader) == (51, 50, 0)
    if pack is bytes or pack is bz2.compress:
        return
    cut = LogReader([write(tmp_path / "cut", packed[: len(packed) // 2 + 4])], FORMAT)
    if pack is _zstd:  # the library takes a cut frame for its end
        assert sum(1 for _ in cut) <= 50
    else:
        with pytest.raises(UnreadableLog):
            list(cut)


def test_xz_in_parts(tmp_path: Path) -> None:
    """Packed files that were joined, with the zero bytes between them that the format allows."""
    parts = [lzma.compress(GOOD % number) for number in range(3)]
    path = write(tmp_path / "x", parts[0] + parts[1] + bytes(8) + parts[2] + bytes(4))
    assert [record.audit_id for record in LogReader([path], FORMAT)] == [
        record.audit_id for record in LogReader([write(tmp_path / "y", b"".join(parts))], FORMAT)
    ]
    assert sum(1 for _ in LogReader([path], FORMAT)) == 3


def test_xz_that_takes_much_memory(tmp_path: Path) -> None:
    """The head of a file may ask for 4 GiB: it is refused before they are there."""
    packed = bytearray(lzma.compress(GOOD % 1))
    size = 4 * (packed[12] + 1)  # of the head of the first block, with the checksum at its end
    assert packed[14:16] == b"\x21\x01"
    packed[16] = 40
    packed[12 + size - 4 : 12 + size] = zlib.crc32(packed[12 : 12 + size - 4]).to_bytes(4, "little")
    with pytest.raises(UnreadableLog, match="more than 128 MiB"):
        list(LogReader([write(tmp_path / "x.xz", bytes(packed))], FORMAT))


def test_zstd_that_takes_much_memory(tmp_path: Path) -> None:
    """The same for zstd: here the window is 1 GiB."""
    pytest.importorskip("zstandard")
    head = b"\x28\xb5\x2f\xfd" + bytes((0x00, (30 - 10) << 3))
    block = (1 | len(GOOD) << 3).to_bytes(3, "little")
    with pytest.raises(UnreadableLog):
        list(LogReader([write(tmp_path / "x.zst", head + block + GOOD)], FORMAT))


def test_a_message_nested_without_end() -> None:
    """A field is text, or one list of bytes or texts: how deep it goes on does not matter."""
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert from_journal({"MESSAGE": nested}) is None
    assert from_journal({"MESSAGE": [[104, 105], "b"]}) == Envelope("hi")


def test_damaged(tmp_path: Path) -> None:
    """Damage inside packed data is reported with the file's name."""
    packed = bytearray(gzip.compress(GOOD * 1000, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    path = write(tmp_path / "x.gz", bytes(packed))
    with pytest.raises(UnreadableLog) as caught:
        list(LogReader([path], FORMAT))
    assert caught.value.filename == path
    zstd = write(tmp_path / "x.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 40)
    with pytest.raises(UnreadableLog):
        list(LogReader([zstd], FORMAT))


def test_without_zstd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its library, zstd data is refused with what to install."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    path = write(tmp_path / "x.zst", b"\x28\xb5\x2f\xfd")
    with pytest.raises(UnreadableLog, match=r"lsmc\[zstd\]"):
        list(LogReader([path], FORMAT))


def test_unreadable(tmp_path: Path) -> None:
    """A missing file and a folder are errors of their own."""
    for path in (str(tmp_path), str(tmp_path / "none"), "a\0b"):
        with pytest.raises(UnreadableLog):
            list(LogReader([path], FORMAT))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("type=AVC".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\0t", "UTF-16"),
        (b"PK\x03\x04" + bytes(20), "zip"),
        (b"LPKSHHRH" + bytes(20), "journalctl --file"),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, reason: str) -> None:
    """It is refused: as lines it would be nothing but skipped."""
    with pytest.raises(UnreadableLog, match=reason):
        list(LogReader([write(tmp_path / "a", data)], FORMAT))


@pytest.mark.parametrize("packed", [bytes, gzip.compress, bz2.compress])
def test_what_is_no_text_and_has_no_records(tmp_path: Path, packed: Callable[..., bytes]) -> None:
    path = tmp_path / "log"
    path.write_bytes(packed(b"\x7fELF\0\0" + bytes(range(256)) * 9))
    with pytest.raises(UnreadableLog, match="it is not text, and has no records"):
        list(LogReader([str(path)], FORMAT))
    path.write_bytes(packed(b"\0" * 512 + b"\n" + GOOD % 1))  # as a crash leaves it
    assert len(list(LogReader([str(path)], FORMAT))) == 1
    path.write_bytes(packed(b"no record\n"))
    assert not list(LogReader([str(path)], FORMAT))


def test_a_log_that_is_no_text_beside_others(tmp_path: Path) -> None:
    logs = [write(tmp_path / "a", b"\0\0\n"), write(tmp_path / "b", GOOD % 1)]
    reader = LogReader(logs, FORMAT)
    assert len(list(reader)) == 1
    assert reader.not_text == logs[:1]
    assert counts(reader) == (1, 1, 0)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, packed or not."""
    for data in (GOOD % 1, gzip.compress(GOOD % 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        (record,) = LogReader(["-"], FORMAT)
        assert record.source == LogPlace("-", 1)


def test_long_lines(tmp_path: Path) -> None:
    """A line beyond the bound is dropped and counted, and the next one is read."""
    path = write(tmp_path / "a", b"x" * 5000 + b"\n" + GOOD % 1 + b"apparmor=" * 1000)
    reader = LogReader([path], FORMAT, max_line=1000)
    assert len(list(reader)) == 1
    assert counts(reader) == (1, 0, 2)
    assert [fault.source.line for fault in reader.faults] == [1, 3]
    whole = (GOOD % 1).rstrip(b"\n")
    exact = LogReader([write(tmp_path / "b", whole + b"\n" + whole)], FORMAT, max_line=len(whole))
    assert len(list(exact)) == 2


def test_memory(tmp_path: Path) -> None:
    """A line without an end is not read whole."""
    path = write(tmp_path / "a", b'apparmor="' * 2_000_000)
    tracemalloc.start()
    reader = LogReader([path], FORMAT)
    assert list(reader) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts(reader) == (0, 0, 1)
    assert peak < 8 << 20


def test_faults_are_bounded(tmp_path: Path) -> None:
    """All broken lines are counted, the first ones are kept."""
    reader = LogReader([write(tmp_path / "a", BAD * 1000)], FORMAT)
    assert list(reader) == []
    assert reader.broken == 1000
    assert len(reader.faults) == 100


def test_record_of_two_lines(tmp_path: Path) -> None:
    """A bus daemon may break its message; a blank at the start goes on with it."""
    first = (
        b"type=USER_AVC msg=audit(1.002:3): pid=1"
        b' msg=\'apparmor="DENIED" operation="dbus_signal" label="p" mask="send"\n'
    )
    second = b'    exe="/usr/bin/dbus-daemon" terminal=?\'\n'
    reader = LogReader(
        [write(tmp_path / "a", first + second + GOOD % 1 + first + GOOD % 2)], FORMAT
    )
    records = list(reader)
    assert [r.command for r in records] == ["/usr/bin/dbus-daemon", None, None, None]
    assert [r.source.line for r in records if r.source] == [1, 3, 4, 5]
    assert counts(reader) == (5, 0, 0)


def test_journal_export(tmp_path: Path) -> None:
    """Entries of `journalctl -o export`, with a message given by its length."""
    kernel = b'audit: type=1400 audit(1.002:3): apparmor="DENIED" operation="open" name="/x"'
    entry = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=5000000\n%s_TRANSPORT=kernel\n\n"
    text = entry % (b"MESSAGE=%s\n" % kernel)
    size = struct.pack("<Q", len(kernel) + 1)
    binary = entry % (b"MESSAGE\n" + size + kernel + b"\n\n")
    audit = (
        b"__CURSOR=s=2\n_AUDIT_TYPE_NAME=AVC\n_AUDIT_ID=3\n_TRANSPORT=audit\n"
        b"_SOURCE_REALTIME_TIMESTAMP=1002000\n"
        b'MESSAGE=AVC apparmor="DENIED" operation="open" name="/x"\n'
    )
    other = entry % b"MESSAGE=hello\n"
    path = write(tmp_path / "a", text + binary + other + audit)
    reader = LogReader([path], FORMAT)
    records = [record._replace(source=None) for record in reader]
    assert (
        records
        == [
            Record(
                event_type="AA_RECORD_DENIED",
                audit_id="1.002:3",
                operation="open",
                name="/x",
                epoch=1,
                audit_subid=3,
            )
        ]
        * 3
    )
    assert reader.used == 3
    assert reader.lines == path_lines(path)


def path_lines(path: str) -> int:
    return Path(path).read_bytes().count(b"\n")


def test_journal_json(tmp_path: Path) -> None:
    """Lines of `journalctl -o json`."""
    message = 'audit: type=1400 audit(1.002:3): apparmor="DENIED" operation="open" name="/x"'
    lines = [{"MESSAGE": message}, {"MESSAGE": list(message.encode())}, {"MESSAGE": "apparmor"}]
    data = "".join(json.dumps(entry) + "\n" for entry in lines).encode() + b'{"MESSAGE": "apparmor'
    reader = LogReader([write(tmp_path / "a", data)], FORMAT)
    assert [record.name for record in reader] == ["/x", "/x"]
    assert counts(reader) == (2, 2, 0)


def test_nothing_there(tmp_path: Path) -> None:
    """A log without a record shows its first lines."""
    reader = LogReader([write(tmp_path / "a", OTHER * 100)], FORMAT)
    assert list(reader) == []
    assert len(reader.foreign) == 20
    assert reader.foreign[0].operation == "SYSCALL"
