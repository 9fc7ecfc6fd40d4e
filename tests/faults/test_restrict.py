"""`--restrict`: policy from a stranger reads nothing but what it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc
from lsmc.base.diagnostics import PolicyError
from tests.cli.conftest import Run, run

__all__ = ["run"]  # the fixture

SECRET = "profile secret { /the/secret r, }\n"
OUTSIDE = {
    "an absolute path": 'include "{outside}/secret"',
    "a path that goes up": 'include "{inside}/../outside/secret"',
    "a magic include that goes up": "include <../outside/secret>",
    "a link to a file": 'include "{inside}/link"',
    "a link to a directory": 'include "{inside}/folder/secret"',
    "a directory": 'include "{outside}"',
    "an optional include": 'include if exists "{outside}/secret"',
    "an optional include of nothing": 'include if exists "{outside}/nothing"',
    "an abi line": 'abi "{outside}/secret",',
}


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A directory of policy that has links out of it, beside one that must not be read."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    (inside / "plain").write_text("  /plain r,\n")
    (inside / "link").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "good").symlink_to("plain")
    return inside


def write(inside: Path, statement: str) -> Path:
    """A profile with one statement on its second line."""
    path = inside / "p"
    line = statement.format(inside=inside, outside=inside.parent / "outside")
    path.write_text(f"profile p {{\n  {line}\n}}\n")
    return path


COMMANDS = {
    "compile": ("compile", "{p}", "-o", "{out}"),
    "lint": ("lint", "{p}", "--no-config", "--format", "concise"),
    "query": ("query", "{p}", "p", "read", "/x"),
    "explain": ("explain", "{p}", "p", "read", "/x"),
    "diff": ("diff", "{p}", "{p}"),
    "graph": ("graph", "{p}"),
    "show": ("show", "{p}"),
}


@pytest.mark.parametrize("statement", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_outside_is_read(run: Run, inside: Path, statement: str, command: str) -> None:
    path = write(inside, statement)
    words = [word.format(p=path, out=inside / "out.lsmb") for word in COMMANDS[command]]
    result = run(*words, "--base", inside, "--restrict", inside, "--no-cache")
    assert result.exit_code == 2
    assert f"{path}:2:" in result.output
    assert "LSM091" in result.output
    assert "the/secret" not in result.output
    assert not (inside / "out.lsmb").exists()


@pytest.mark.parametrize(
    "statement", ['include "{inside}/plain"', "include <plain>", "include <good>"]
)
def test_what_is_inside_is_read(run: Run, inside: Path, statement: str) -> None:
    path = write(inside, statement)
    words = ("query", path, "p", "read", "/plain", "--base", inside, "--no-cache")
    assert run(*words, "--restrict", inside).exit_code == 0


def test_several_directories_may_be_read(run: Run, inside: Path) -> None:
    path = write(inside, 'include "{inside}/link"')
    (inside.parent / "outside" / "secret").write_text("  /plain r,\n")
    words = ("query", path, "p", "read", "/plain", "--no-cache", "--restrict", inside)
    assert run(*words).exit_code == 2
    assert run(*words, "--restrict", inside.parent / "outside").exit_code == 0


def test_a_link_among_the_profiles_is_not_followed(run: Run, inside: Path) -> None:
    """Nor is a directory of includes that lies outside searched."""
    write(inside, "include if exists <secret>")
    (inside / "folder").unlink()
    words = ("lint", inside, "--no-config", "--format", "concise", "--select", "LSM0")
    result = run(*words, "--restrict", inside, "--base", inside.parent / "outside")
    assert f"{inside}/link:1:1: error: LSM091 " in result.stdout
    assert "the/secret" not in result.output
    assert f"{inside}/p:" not in result.output


def test_nothing_outside_is_formatted(run: Run, inside: Path) -> None:
    result = run("fmt", inside / "link", "--restrict", inside)
    assert result.exit_code == 2
    assert "LSM091" in result.output
    assert (inside.parent / "outside" / "secret").read_text() == SECRET


def test_a_cache_of_an_open_run_is_not_used(run: Run, inside: Path, tmp_path: Path) -> None:
    path = write(inside, 'include "{inside}/link"')
    (inside.parent / "outside" / "secret").write_text("  /plain r,\n")
    words = ("query", path, "p", "read", "/plain", "--cache-dir", tmp_path / "cache")
    assert run(*words).exit_code == 0
    assert run(*words, "--restrict", inside).exit_code == 2


def test_a_directory_that_is_not_there_is_wrong_use(run: Run, inside: Path) -> None:
    result = run("lint", inside, "--restrict", inside / "nowhere")
    assert result.exit_code == 2
    assert "--restrict" in result.stderr


def test_the_library_restricts_too(inside: Path) -> None:
    text = f'profile p {{ include "{inside}/link" }}'
    for work in (
        lambda: lsmc.compile_text(text, restrict=[inside]),
        lambda: lsmc.compile([write(inside, "include <../x>")], base=inside, restrict=[inside]),
    ):
        with pytest.raises(PolicyError) as caught:
            work()
        assert [one.code for one in caught.value.diagnostics] == ["LSM091"]
    found = lsmc.check([write(inside, "include <../x>")], base=inside, restrict=[inside])
    assert found[0].code == "LSM091"
