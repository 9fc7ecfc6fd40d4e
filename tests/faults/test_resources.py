"""Full disks, directories that cannot be written, readers that leave, files that change."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import (
    LSMC,
    PATIENCE,
    compile_words,
    environment,
    left_behind,
    lsmc,
    start,
)

ROOT_USER = os.geteuid() == 0
SMALL = "profile p { /x r, }\n"


@contextmanager
def tiny_disk(folder: Path, mode: str = "rw") -> Iterator[Path]:
    """A file system of 64 KiB; the test is skipped where it cannot be mounted."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size=64k,{mode}", "tmpfs", str(folder)]
    if not ROOT_USER or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A directory that takes no files from those who are not root."""
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


def test_a_full_disk_under_the_output(place: Path) -> None:
    """One line says so, and neither a part nor a temporary file stays."""
    with tiny_disk(place / "disk") as disk:
        done = lsmc(*compile_words(place, "-o", disk / "out.lsmb"), cwd=place)
        assert done.returncode == 2
        assert done.stderr == f"lsmc: error: `{disk}/out.lsmb`: no space left on device\n"
        assert list(disk.iterdir()) == []


def test_a_full_disk_under_the_cache(place: Path, right: bytes) -> None:
    """A cache that cannot be kept does not matter."""
    with tiny_disk(place / "disk") as disk:
        done = lsmc(*compile_words(place, "--cache-dir", disk), cwd=place)
        assert done.returncode == 0
        assert (place / "out.lsmb").read_bytes() == right
        assert list(disk.iterdir()) == []


def test_a_limit_on_the_size_of_files(place: Path) -> None:
    """The same without root: the system refuses to write more than so many bytes of a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = lsmc(*compile_words(place), cwd=place, preexec_fn=limit)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["lsmc: error: `out.lsmb`: file too large"]
    assert not (place / "out.lsmb").exists()
    assert left_behind(place) + left_behind(place / "cache") == []


@pytest.mark.parametrize(
    "words",
    [("ops",), ("fmt", "-"), ("lint", "p", "--no-config", "--format", "json")],
    ids=" ".join,
)
def test_standard_output_is_full(tmp_path: Path, words: tuple[str, ...]) -> None:
    """As `> /dev/full`: an error and status 2, no traceback."""
    (tmp_path / "p").write_text(SMALL)
    with Path("/dev/full").open("w") as full, (tmp_path / "p").open() as text:
        done = lsmc(
            *words,
            cwd=tmp_path,
            stdin=text,
            stdout=full,
            stderr=subprocess.PIPE,
            capture_output=False,
        )
    assert (done.returncode, done.stderr) == (2, "lsmc: error: no space left on device\n")


def test_a_cache_that_cannot_be_written(place: Path, right: bytes) -> None:
    """A read-only cache is used as far as it goes, and a note says that nothing is kept."""
    with tiny_disk(place / "cache", "ro") if ROOT_USER else read_only(place / "cache"):
        done = lsmc(*compile_words(place), cwd=place)
        assert done.returncode == 0
        assert done.stderr.splitlines() == [
            f"lsmc: note: `{place}/cache` cannot be written: compiled policy is not kept"
        ]
        assert (place / "out.lsmb").read_bytes() == right
        assert list((place / "cache").iterdir()) == []


def test_a_cache_where_a_file_stands(place: Path, right: bytes) -> None:
    """A path that is not a directory is not a reason to fail either."""
    (place / "cache").write_text("not a directory")
    done = lsmc(*compile_words(place), cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "out.lsmb").read_bytes() == right


def test_a_damaged_cache_is_as_none(place: Path, right: bytes) -> None:
    """An entry that was changed on disk is never an answer, and no error; it is written anew."""
    assert lsmc(*compile_words(place), cwd=place).returncode == 0
    (entry,) = (place / "cache").iterdir()
    whole = entry.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes((whole[middle] ^ 0x10,)) + whole[middle + 1 :]
    for damaged in (whole[:middle], flipped):
        entry.write_bytes(damaged)
        (place / "out.lsmb").unlink()
        done = lsmc(*compile_words(place), cwd=place)
        assert (done.returncode, done.stderr) == (0, "")
        assert (place / "out.lsmb").read_bytes() == right
        assert entry.read_bytes() != damaged


@pytest.mark.parametrize(
    "words",
    [
        ("ops",),
        ("rule", "--all"),
        ("graph", "policy", "--no-cache"),
        ("show", "policy", "--stage", "ir", "--no-cache"),
        ("lint", "policy", "--no-config", "--format", "jsonl"),
        ("fmt", "policy", "--diff"),
    ],
    ids=" ".join,
)
def test_a_reader_that_reads_one_line(place: Path, words: tuple[str, ...]) -> None:
    """`lsmc ... | head -1` is quiet, as other programs are."""
    for path in (place / "policy").iterdir():
        path.write_text(path.read_text().replace("  /srv", "/srv"))
    with start(*words, cwd=place) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode in (0, 1, 141)


def test_a_file_that_changes_while_lsmc_runs(tmp_path: Path) -> None:
    """A file is read once a run: all profiles that include it have the same text of it."""
    profiles = "".join(f'profile p{n} {{ include "body" }}\n' for n in range(30))
    (tmp_path / "main").write_text(profiles)
    texts = ("/one r,\n" * 100, "/two r,\n" * 100)
    body = tmp_path / "body"
    body.write_text(texts[0])
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number ^= 1
            part = tmp_path / "part"
            part.write_text(texts[number])
            part.replace(body)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(2):
            done = lsmc("show", "main", "--stage", "ir", "--no-cache", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            assert ("/one" in done.stdout) != ("/two" in done.stdout)
    finally:
        stop.set()
        writer.join()


@contextmanager
def little_memory(kibibytes: int) -> Iterator[tuple[str, ...]]:
    yield ("sh", "-c", f'ulimit -v {kibibytes} && exec "$@"', "sh", *LSMC)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("command", ["compile", "lint", "fmt"])
def test_too_little_memory(place: Path, command: str, jobs: int) -> None:
    """One line says so, in whatever process it happens, and the status is none of the answers."""
    more = ("--no-cache", "-o", "new.lsmb") if command == "compile" else ()
    words = (command, "policy", "--base", "policy", "-j", str(jobs), *more)
    said = set()
    for kibibytes in (20_000, 26_000, 32_000, 40_000, 50_000):
        with little_memory(kibibytes) as started:
            child = start(*words, cwd=place, command=started)
        _, told = child.communicate(timeout=PATIENCE)
        if child.returncode == 2:
            said.add(told)
            assert not (place / "new.lsmb").exists()
        elif not told.startswith(b"Fatal Python error"):  # Python itself did not start
            assert child.returncode == 0 or command != "compile"
            assert b"Traceback" not in told
    assert b"lsmc: error: out of memory\n" in said
    for told in said:  # Python itself has other words when it runs out in the middle of an import
        assert told.startswith(b"lsmc: error: ")
        assert told.count(b"\n") == 1


def test_what_nobody_expected_is_no_answer(place: Path) -> None:
    """An exception that nothing handles: one line, with escapes, and exit status 2."""
    program = (
        "import lsmc.cli.group as group, lsmc.cli as cli\n"
        "def fail(*_, **__): raise KeyError('\x1b[2J\\n')\n"
        "group.Commands.main = fail\n"
        "cli.main()\n"
    )
    for more, lines in (({}, 1), ({"LSMC_TRACEBACK": "1"}, 14)):
        done = subprocess.run(
            [sys.executable, "-c", program, "ops"],
            cwd=place,
            env=environment(**more),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        last = done.stderr.splitlines()[-1]
        assert last.startswith("lsmc: error: internal error: KeyError: ")
        assert last.endswith("; please report it")
        assert "\x1b" not in last
        assert 1 <= done.stderr.count("\n") <= lines


def test_what_fails_in_another_process_is_no_answer(place: Path) -> None:
    """The same of a worker, which prints nothing itself."""
    program = (
        "import os, lsmc.modules.apparmor.build.shards as shards, lsmc.cli as cli\n"
        "parent, read = os.getpid(), shards.Shard.read\n"
        "def fail(*given):\n"
        "    if os.getpid() == parent: return read(*given)\n"
        "    raise KeyError('lost')\n"
        "shards.Shard.read = fail\n"
        "cli.main()\n"
    )
    words = ("compile", "policy", "--base", "policy", "-j", "2", "--no-cache", "-o", "new.lsmb")
    child = start(*words, cwd=place, command=(sys.executable, "-c", program))
    _, told = child.communicate(timeout=PATIENCE)
    assert child.returncode == 2
    assert told.startswith(b"lsmc: error: internal error: RuntimeError: KeyError: 'lost'")
    assert told.count(b"\n") == 1
