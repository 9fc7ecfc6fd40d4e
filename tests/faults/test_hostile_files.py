"""What an include may lead to besides a file: each ends soon, with one error at its place."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from lsmc.compiler.inputs import MAX_SOURCE
from tests.faults.conftest import lsmc

#: Address space of the runs here, in bytes.
MEMORY = 1 << 30


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def limit_time() -> None:
    """Seconds of the processor, however busy it is."""
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a few things that are no policy."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(MAX_SOURCE + 1)
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "again").symlink_to("..")
    (tmp_path / "fifos").mkdir()
    os.mkfifo(tmp_path / "fifos" / "fifo")
    (tmp_path / "circle").write_text("include <circle>\n")
    return tmp_path


LEADS_TO = {
    '"/dev/zero"': "not a regular file",
    '"/dev/tty"': "not a regular file",
    '"/dev/stdin"': "not a regular file",
    '"/proc/self/mem"': "cannot read",
    '"fifo"': "cannot read `fifo`: not a regular file",
    '"fifos"': "cannot read `fifos/fifo`: not a regular file",
    '"huge"': f"cannot read `huge`: larger than {MAX_SOURCE} bytes",
    '"loop"': "cannot find `loop`",
    '"one"': "cannot find `one`",
    "<../../../../../../../../../../etc/nothing>": "cannot find `../../",
    f'"{"a" * 5000}"': "cannot find `aaa",
    f'"{"a/" * 2000}"': "cannot find `a/a",
}


@pytest.mark.parametrize("command", ["lint", "compile"])
@pytest.mark.parametrize("path", LEADS_TO, ids=lambda path: path[:20])
def test_an_include_of_something_else(folder: Path, path: str, command: str) -> None:
    """No wait, no memory, and the file, line and column of the include."""
    (folder / "p").write_text(f"profile p {{\n  include {path}\n}}\n")
    more = ("--no-config", "--select", "LSM0", "--format", "concise")
    words = more if command == "lint" else ("-o", "out.lsmb", "--no-cache")
    done = lsmc(command, "p", *words, "--base", ".", cwd=folder, preexec_fn=limit_memory)
    said = done.stdout if command == "lint" else done.stderr
    assert done.returncode == 2
    assert said.startswith("p:2:11: ")
    assert LEADS_TO[path] in said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", ["lint fifo", "query fifo a read /a", "diff fifo fifo", "test fifo"]
)
def test_a_fifo_is_not_waited_for(folder: Path, words: str) -> None:
    done = lsmc(*words.split(), cwd=folder)
    assert done.returncode == 2
    assert "not a regular file" in done.stdout + done.stderr


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    done = lsmc("query", "/proc/self/mem", "a", "read", "/a", cwd=folder)
    assert done.stderr == "lsmc: error: `/proc/self/mem`: input/output error\n"


@pytest.mark.parametrize("path", ["<circle>", '"self"'])
def test_circles_end(folder: Path, path: str) -> None:
    """A file is included once, and a directory in a directory not at all, as compilers do."""
    (folder / "p").write_text(f"profile p {{\n  include {path}\n}}\n")
    done = lsmc("compile", "p", "-o", "out.lsmb", "--no-cache", "--base", ".", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_directory_of_files_that_never_end(folder: Path) -> None:
    """`/dev` holds terminals, disks and random numbers: none is opened."""
    (folder / "p").write_text('profile p {\n  include "/dev"\n}\n')
    words = ("lint", "p", "--no-config", "--select", "LSM0", "--format", "concise")
    done = lsmc(*words, cwd=folder, preexec_fn=limit_memory)
    assert done.returncode == 2
    assert "p:2:11: error: LSM087 cannot read `/dev/" in done.stdout


@pytest.mark.parametrize(
    "unit", [",", '"', "{ ", "} ", "x{", "/a r ", "include <", "\\", "^", "@{"]
)
def test_a_file_full_of_errors_ends(tmp_path: Path, unit: str) -> None:
    """Errors are counted to a limit, and long lines are cut before they are shown."""
    (tmp_path / "p").write_text(unit * (1_000_000 // len(unit)))
    words = ("lint", "p", "--no-config", "--format", "text", "--base", ".")
    done = lsmc(*words, cwd=tmp_path, preexec_fn=limit_memory)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stdout) < 2_000_000


def test_many_places_in_one_long_line_are_found_soon(tmp_path: Path) -> None:
    """The columns of a line are not counted from its start for each of its errors."""
    rules = "".join(f"@{{V{n}}}/\u00e9 r, " for n in range(5_000))
    (tmp_path / "p").write_text(f"profile p {{ {rules} }}\n")
    words = ("compile", "p", "-o", "out", "--no-cache", "--base", ".")
    done = lsmc(*words, cwd=tmp_path, preexec_fn=limit_time)
    assert done.returncode == 2
    column = f"profile p {{ {rules}".index("@{V4999}") + 1
    assert f"p:1:{column}: error: variable `@{{V4999}}` is not declared" in done.stderr
