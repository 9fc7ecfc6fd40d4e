"""What commands write: through devices and FIFOs, behind links, in place of what was there."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import lsmc
from lsmc.base.files import write_file
from tests.cli.conftest import Run
from tests.faults.conftest import LSMC, environment

NOBODY = 65534
POLICY = "profile a /a {\n  /b r,\n}\n"
RAGGED = "profile  a  /a {\n#include if exists <x>\n  /b   r,\n}\n"
LOG = 'audit: type=1400 audit(1.0:1): apparmor="DENIED" operation="open" profile="a" name="/c" '

PAGE = b"\n\n\n\n\n\n<!doctype html>"

#: What each command writes to its last word; the beginning of what is written.
WRITERS: dict[str, tuple[list[str], bytes]] = {
    "compile": (["compile", "p", "--no-cache", "-o"], b"LSMB"),
    "explain": (["explain", "p", "--no-cache", "a", "read", "/c", "--html"], PAGE),
    "explain a log": (["explain", "p", "--no-cache", "--log", "log", "--html"], PAGE),
    "lint": (["lint", "p", "--base", ".", "--write-baseline", "--baseline"], b'{"version"'),
}
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p").write_text(POLICY)
    (tmp_path / "log").write_text(f'{LOG}requested_mask="r" denied_mask="r" fsuid=0 ouid=0\n')
    return tmp_path


def process(*words: str, cwd: Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    """Run lsmc as a process."""
    more = {"stdout": subprocess.PIPE, **more}
    command = [*more.pop("before", ()), *LSMC, *words]  # type: ignore[call-overload]
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command, cwd=cwd, env=environment(), check=False, stderr=subprocess.PIPE, **more
    )


def wrote(run: Run, here: Path, writer: str, target: str) -> bytes:
    """Run a command that writes to a target; what it begins with."""
    os.chdir(here)
    words, begin = WRITERS[writer]
    done = run(*words, target)
    assert done.exit_code in (0, 1), done.stderr
    return begin


@pytest.mark.parametrize("writer", WRITERS)
def test_a_fifo_is_written_through(writer: str, run: Run, here: Path) -> None:
    fifo = here / "fifo"
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    begin = wrote(run, here, writer, "fifo")
    reader.join()
    assert read[0].lower().startswith(begin.lower())
    assert stat.S_ISFIFO(fifo.lstat().st_mode)


@root_only
@pytest.mark.parametrize("writer", WRITERS)
def test_a_device_stays_a_device(writer: str, run: Run, here: Path) -> None:
    """Copies of /dev/null and /dev/full."""
    for name, number, code in (("null", 3, None), ("full", 7, 2)):
        device = here / name
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, number))
            device.write_bytes(b"")
        except PermissionError:
            pytest.skip("devices cannot be made here")
        if code is None:
            wrote(run, here, writer, name)
        else:
            done = run(*WRITERS[writer][0], name)
            assert (done.exit_code, done.stderr) == (
                code,
                f"lsmc: error: `{name}`: no space left on device\n",
            )
        assert stat.S_ISCHR(device.lstat().st_mode)
        assert sorted(path.name for path in here.glob(".*")) == []


@pytest.mark.parametrize("writer", WRITERS)
def test_links_are_followed(writer: str, run: Run, here: Path) -> None:
    """Also one to a file that is not there yet."""
    (here / "d").mkdir()
    (here / "d/old").write_text("old")
    for name, target in (("one", "d/old"), ("two", "d/new"), ("three", "one")):
        (here / name).symlink_to(target)
        begin = wrote(run, here, writer, name)
        assert (here / name).is_symlink()
        assert (here / name).read_bytes().lower().startswith(begin.lower())
    assert sorted(path.name for path in (here / "d").iterdir()) == ["new", "old"]


@pytest.mark.parametrize("writer", WRITERS)
def test_standard_output_has_more_than_one_name(writer: str, here: Path) -> None:
    """It is appended to where it appends, and holds nothing else."""
    words, begin = WRITERS[writer]
    for name in ("-", "/dev/stdout") if writer == "compile" else ("-",):
        for mode in ("wb", "ab"):
            (here / "out").write_bytes(b"before")
            with (here / "out").open(mode) as out:
                done = process(*words, name, cwd=here, stdout=out)
            assert done.returncode in (0, 1)
            expected = begin if mode == "wb" else b"before" + begin
            assert (here / "out").read_bytes().lower().startswith(expected.lower())
        done = process(*words, name, cwd=here)
        assert done.stdout.lower().startswith(begin.lower())  # a pipe
        if writer == "compile":
            assert lsmc.load(_saved(here, done.stdout)).profiles == ("a",)
    assert not (here / "-").exists()


def _saved(here: Path, data: bytes) -> Path:
    path = here / "saved"
    path.write_bytes(data)
    return path


@pytest.mark.usefixtures("here")
def test_what_cannot_be_written_is_told_before_the_work(run: Run) -> None:
    for command, _ in WRITERS.values():
        words = ["no-such-file" if word == "p" else word for word in command]
        for target, reason in (
            (".", "cannot write `.`: is a directory"),
            ("gone/x", "cannot write `gone/x`: no directory `gone`"),
        ):
            done = run(*words, target)
            assert (done.exit_code, done.stderr) == (2, f"lsmc: error: {reason}\n")


WAYS: dict[str, Callable[[Run, Path], object]] = {
    "compile": lambda run, path: run("compile", "p", "--no-cache", "-o", path),
    "fmt": lambda run, path: run("fmt", "--base", ".", path),
    "lint": lambda run, path: run("lint", "--fix", "--select", "LSM405", "--base", ".", path),
    "save": lambda _, path: lsmc.compile("p").save(path),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_keeps_what_is_not_content(way: str, run: Run, here: Path) -> None:
    """Mode, owner, attributes; a file with one name is replaced, one with two keeps both."""
    path = here / "f"
    path.write_text(RAGGED)
    path.chmod(0o640)
    with_attributes = _attribute(path)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    before = path.stat()
    WAYS[way](run, path)
    after = path.stat()
    assert path.read_bytes() != RAGGED.encode()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert after.st_ino != before.st_ino
    if with_attributes:
        assert os.getxattr(path, "user.lsmc") == b"kept"
    path.write_text(RAGGED * 40)
    (here / "other name").hardlink_to(path)
    if way in ("fmt", "lint"):
        path.write_text(RAGGED)
    WAYS[way](run, path)
    assert path.samefile(here / "other name")
    assert b"#include" not in path.read_bytes()
    assert sorted(one.name for one in here.iterdir()) == ["f", "log", "other name", "p"]


@pytest.mark.parametrize("way", ["fmt", "fmt -r", "lint --fix --select LSM405 --no-config"])
def test_links_do_not_lead_writers_out_of_a_directory(way: str, run: Run, here: Path) -> None:
    (here / "d/deep").mkdir(parents=True)
    for name in ("d/inside", "away", "named"):
        (here / name).write_text(RAGGED.replace("/a", f"/{name}").replace("  a", f" {name}"))
    (here / "d/in").symlink_to("inside")
    (here / "d/out").symlink_to("../away")
    (here / "link").symlink_to("named")
    words = (*way.split(), "--base", ".")
    result = run(*words, "d", "link")
    assert result.exit_code in (0, 1), result.stderr
    told = "`d/out` leads out of `d` and is left alone"
    assert (told in result.stderr) == way.startswith("fmt")
    assert ["#include" in (here / name).read_text() for name in ("d/inside", "away", "named")] == [
        False,
        True,
        False,
    ]
    assert (here / "link").is_symlink()
    run(*words, "d/out")
    assert "#include" not in (here / "away").read_text()


def _attribute(path: Path) -> bool:
    try:
        os.setxattr(path, "user.lsmc", b"kept")
    except OSError:
        return False
    return True


@contextmanager
def nobody() -> Iterator[None]:
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@root_only
def test_rights_are_those_of_the_file() -> None:
    """One that may not be written is not replaced; one that may be is, whatever holds it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "f")
        for mode, around, may in ((0o400, 0o777, 0), (0o666, 0o755, 1), (0o666, 0o777, 1)):
            path.write_bytes(b"old and long")
            path.chmod(mode)
            Path(folder).chmod(around)
            with nobody(), nullcontext() if may else pytest.raises(PermissionError, match="/f'"):
                write_file(path, b"new")
            found = path.stat()
            assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (0, mode)  # still root's
            assert path.read_bytes() == (b"new" if may else b"old and long")
            assert list(Path(folder).iterdir()) == [path]


@root_only
def test_real_devices_in_a_mount_namespace(here: Path) -> None:
    """The natural check of syntax as root, with a /dev of its own."""
    script = (
        'mount -t tmpfs none "$1" && cp -a /dev/null /dev/zero "$1" && mount --bind "$1" /dev && '
        'shift && "$@" -o /dev/null && test -c /dev/null'
    )
    private = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    (here / "dev").mkdir()
    probe = [*private, str(here / "dev"), "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    done = process("compile", "p", "--no-cache", cwd=here, before=[*private, str(here / "dev")])
    assert done.returncode == 0, done.stderr


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space") as told:
        write_file(path, b"new")
    assert told.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
