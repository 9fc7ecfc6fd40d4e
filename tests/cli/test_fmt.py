"""`lsmc fmt`: what it writes, what it leaves alone, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.modules.apparmor import formatting
from tests.cli.conftest import Run
from tests.places import ROOT

UGLY = "# head\n\n\nprofile  p /bin/p{\n/a   wr,# why\n}"
NEAT = "# head\n\nprofile p /bin/p {\n  /a rw, # why\n}\n"
BROKEN = "profile p {\n  /a rw\n"
UGLY = UGLY.replace("p{", "p {")


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "p"
    path.write_text(UGLY)
    return path


def test_a_file_is_written(run: Run, ugly: Path) -> None:
    ugly.chmod(0o640)
    result = run("fmt", ugly)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 file formatted\n")
    assert ugly.read_text() == NEAT
    assert ugly.stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in ugly.parent.iterdir()] == ["p"]
    again = run("fmt", ugly)
    assert (again.exit_code, again.stderr) == (0, "1 file left unchanged\n")


def test_check_writes_nothing(run: Run, ugly: Path) -> None:
    result = run("fmt", ugly, "--check")
    assert (result.exit_code, result.stdout) == (1, f"would format {ugly}\n")
    assert result.stderr == "1 file would be formatted\n"
    assert ugly.read_text() == UGLY
    assert run("fmt", ugly).exit_code == 0
    assert run("fmt", ugly, "--check").exit_code == 0


def test_diff_writes_nothing(run: Run, ugly: Path) -> None:
    result = run("fmt", ugly, "--diff")
    assert result.exit_code == 0
    assert "-/a   wr,# why\n" in result.stdout
    assert "+  /a rw, # why\n" in result.stdout
    assert ugly.read_text() == UGLY
    assert run("fmt", ugly, "--diff", "--check").exit_code == 1


@pytest.mark.parametrize("text", [UGLY, NEAT])
def test_standard_input(run: Run, text: str) -> None:
    result = run("fmt", "-", text=text)
    assert (result.exit_code, result.stdout, result.stderr) == (0, NEAT, "")
    assert run("fmt", "-", "--check", text=text).exit_code == (text == UGLY)


def test_bytes_that_are_no_utf8_stay(run: Run) -> None:
    result = run("fmt", "-", text=b"/caf\xe9   r , # \xff\n")
    assert (result.exit_code, result.stdout_bytes) == (0, b"  /caf\xe9 r, # \xff\n")


def test_a_broken_file_is_left_alone(run: Run, ugly: Path) -> None:
    broken = ugly.parent / "q"
    broken.write_text(BROKEN)
    result = run("fmt", ugly.parent)
    assert result.exit_code == 2
    assert f"{broken}:" in result.stderr
    assert result.stderr.endswith("1 file formatted, 1 file with errors\n")
    assert broken.read_text() == BROKEN
    assert ugly.read_text() == NEAT
    result = run("fmt", "-", text=BROKEN)
    assert (result.exit_code, result.stdout) == (2, "")


def test_what_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("fmt", tmp_path / "none")
    assert result.exit_code == 2
    assert "no such file" in result.stderr


@pytest.mark.parametrize("proof", ["same_meaning", "same_decisions"])
def test_without_proof_a_file_is_left_alone(
    run: Run, ugly: Path, monkeypatch: pytest.MonkeyPatch, proof: str
) -> None:
    monkeypatch.setattr(formatting, proof, lambda *_: False)
    result = run("fmt", ugly)
    assert result.exit_code == 2
    assert "left as it is" in result.stderr
    assert ugly.read_text() == UGLY


def test_decisions_are_compared(run: Run, ugly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_: object) -> str:
        return NEAT.replace("rw", "r")

    monkeypatch.setattr(formatting, "format_text", careless)
    monkeypatch.setattr(formatting, "same_meaning", lambda *_: True)
    result = run("fmt", ugly)
    assert result.exit_code == 2
    assert "its decisions would change" in result.stderr
    assert ugly.read_text() == UGLY


def test_directories(run: Run, tmp_path: Path) -> None:
    names = ("p", "abstractions/one", "abstractions/one.d/two", "abi/4.0", "other/q", "p.orig")
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("/a   r,\n")

    def found(*words: str | Path) -> list[str]:
        result = run("fmt", "--check", *words)
        lines = result.stdout.splitlines()
        return [str(Path(one.split()[-1]).relative_to(tmp_path)) for one in lines]

    assert found(tmp_path) == ["p"]
    assert found(tmp_path / "abstractions") == ["abstractions/one", "abstractions/one.d/two"]
    whole = ["p", "abstractions/one", "abstractions/one.d/two", "other/q"]
    assert found(tmp_path, "--recursive") == whole
    assert found(tmp_path / "abi" / "4.0") == ["abi/4.0"]


def test_a_link_stays_a_link(run: Run, ugly: Path) -> None:
    link = ugly.parent / "link"
    link.symlink_to("p")
    assert run("fmt", link).exit_code == 0
    assert link.is_symlink()
    assert ugly.read_text() == NEAT


def test_the_samples_are_formatted(run: Run) -> None:
    result = run("fmt", "--check", "--recursive", "profiles", "--base", "profiles")
    assert (result.exit_code, result.stdout) == (0, "")
    assert ROOT.joinpath("profiles").is_dir()


def test_use(run: Run) -> None:
    assert run("fmt").exit_code == 2
    assert run("fmt", "x", "--stdin-filename", "y").exit_code == 2
