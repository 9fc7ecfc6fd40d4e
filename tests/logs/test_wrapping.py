"""Records that mail, windows and bus daemons broke into several lines."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lsmc.logs.reader import LogReader
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.record import Record

RECORDS = [
    (
        "[  12.345678] audit: type=1400 audit(1700000000.123:7): "
        'apparmor="DENIED" operation="open" class="file" profile="app" name="/etc/some/file" pid=7 '
        'comm="a" requested_mask="r" denied_mask="r" fsuid=1000 ouid=0'
    ),
    (
        'type=AVC msg=audit(1700000000.123:7): apparmor="DENIED" operation="userns_create" '
        'class="namespace" info="Userns create restricted - failed to find unprivileged_userns '
        'profile" error=-13 profile="unconfined" pid=7 comm="podman" requested="userns_create" '
        'denied="userns_create" target="unprivileged_userns"'
    ),
    (
        'audit: type=1400 audit(1700000000.123:7): apparmor="ALLOWED" operation="mount" '
        'class="mount" info="failed flags match" error=-13 profile="app" name="/mnt/" pid=7 '
        'comm="mount" fstype="tmpfs" srcname="tmpfs" flags="rw, nosuid, nodev, remount, relatime"'
    ),
    (
        "audit: type=1400 audit(1700000000.123:7): "
        'apparmor="DENIED" operation="capable" profile="app" pid=7 comm="x" capability=12  '
        'capname="net_admin"'
    ),
]
OTHERS = ["type=SYSCALL msg=audit(1.2:3): arch=c000003e", "Jan  1 15:09:04 h sshd[1]: hello", ""]


def read(tmp_path: Path, text: str) -> tuple[list[Record], LogReader]:
    log = tmp_path / "log"
    log.write_text(text)
    reader = LogReader([str(log)], FORMAT)
    found = [record._replace(source=None) for record in reader]
    assert reader.lines == text.count("\n")
    return found, reader


def wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)


@pytest.mark.parametrize("line", RECORDS)
@pytest.mark.parametrize("width", [60, 72, 78, 100, 200])
@pytest.mark.parametrize("marks", ["", "> ", "    ", ">> ", "| "])
@pytest.mark.parametrize("blank", ["", " "])
def test_wrapped_by_mail(tmp_path: Path, line: str, width: int, marks: str, blank: str) -> None:
    """Broken at blanks, it is the same record; its header stays before the first key."""
    (whole,), _ = read(tmp_path, line + "\n")
    head, mark, rest = line.partition("apparmor=")
    lines = wrapped(f"{head}{mark}{rest}", width)
    while "apparmor=" not in lines[0]:
        lines[:2] = [f"{lines[0]} {lines[1]}"]
    text = "".join(f"{marks}{part}{blank}\n" for part in lines)
    found, reader = read(tmp_path, text + OTHERS[0] + "\n" + text)
    assert found == [whole, whole]
    assert (reader.skipped, reader.broken) == (1, 0)


def test_a_path_that_was_broken(tmp_path: Path) -> None:
    """The kernel writes no blank between the quotes of a name, so that there was none."""
    whole, _ = read(tmp_path, RECORDS[0] + "\n")
    assert read(tmp_path, RECORDS[0].replace("/some/", "/so\nme/") + "\n")[0] == whole


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("line", RECORDS)
def test_a_line_of_its_own_stays_one(tmp_path: Path, line: str, other: str) -> None:
    found, reader = read(tmp_path, f"{line}\n{other}\n{line}\n")
    assert len(found) == 2
    assert (reader.used, reader.skipped) == (2, 1)


@pytest.mark.parametrize(
    "other",
    [
        'name="job" level=info msg="started"',
        "path=/x duration=3ms",
        "msg='op=start' name=\"x\"",
        "said hello to all",
        'and "hello" again',
    ],
)
def test_lines_of_programs_that_write_pairs(tmp_path: Path, other: str) -> None:
    found, reader = read(tmp_path, f"{RECORDS[0]}\n{other}\n")
    assert [record.name for record in found] == ["/etc/some/file"]
    assert (reader.used, reader.skipped) == (1, 1)


@pytest.mark.parametrize("cut", [66, 70, 90, 112])
def test_a_record_that_was_cut_off(tmp_path: Path, cut: int) -> None:
    """Without the rest, the record is broken: what it asks is not known."""
    text = f"{RECORDS[0][:cut]}\n{OTHERS[1]}\n{RECORDS[0]}\n"
    found, reader = read(tmp_path, text)
    assert len(found) == 1
    assert (reader.used, reader.skipped, reader.broken) == (1, 1, 1)


def test_no_more_than_some_lines_are_joined(tmp_path: Path) -> None:
    start = 'audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="open"\n'
    _, reader = read(tmp_path, start + "pid=7\n" * 100)
    assert (reader.used, reader.skipped) == (32, 69)
