"""The sample policy of profiles/: what is there, and that its parts belong together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run

__all__ = ["run"]

PROFILES = Path(__file__).resolve().parent.parent / "profiles"

SAMPLES = {
    "backup",
    "container-default",
    "log-rotation",
    "logger",
    "nginx",
    "postgres",
    "remote-login",
    "sandbox-6.0",
    "viewer",
}
INCLUDE = re.compile(r"^\s*include(?P<optional> if exists)? <(?P<name>[^>]+)>", re.MULTILINE)
#: Folders of policy that has no comments.
BARE = {"smack"}
TEXTS = sorted(
    path
    for path in PROFILES.rglob("*")
    if path.is_file()
    and path.parent.name not in {"abi", "__pycache__"}
    and not BARE & set(path.relative_to(PROFILES).parts)
)


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(PROFILES).as_posix() for path in paths]


def test_the_samples_are_the_expected_ones() -> None:
    found = {path.name for path in PROFILES.iterdir() if path.is_file()}
    assert {name for name in found if not name.endswith(".test.toml")} == SAMPLES


@pytest.mark.parametrize("path", TEXTS, ids=names(TEXTS))
def test_a_file_explains_itself_and_finds_its_includes(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    assert text.startswith(("# ", "; "))
    assert text.endswith("\n")
    missing = [
        match["name"]
        for match in INCLUDE.finditer(text)
        if not match["optional"] and not (PROFILES / match["name"]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_names_the_features_it_was_written_for(name: str) -> None:
    abi = re.findall(r"^abi <(abi/[\d.]+)>,$", (PROFILES / name).read_text(), re.MULTILINE)
    assert len(abi) == 1
    assert (PROFILES / abi[0]).is_file()


def test_no_abstraction_is_unused() -> None:
    used = {match["name"] for path in TEXTS for match in INCLUDE.finditer(path.read_text())}
    offered = {
        path.relative_to(PROFILES).as_posix()
        for path in (PROFILES / "abstractions").iterdir()
        if path.is_file()
    }
    assert offered - used == set()


def test_what_the_samples_must_and_must_not_do(run: Run) -> None:
    result = run("test", "profiles")
    assert result.exit_code == 0, result.output
    tests = [path for path in PROFILES.iterdir() if path.name.endswith(".test.toml")]
    assert result.output.count(" hold") >= 2 * len(tests)


@pytest.mark.parametrize("name", sorted(SAMPLES - {"logger", "log-rotation"}))
def test_a_sample_has_tests(name: str) -> None:
    assert (PROFILES / f"{name}.test.toml").is_file()


def test_samples_without_comments_are_clean(run: Run) -> None:
    for name in BARE:
        result = run("lint", f"profiles/{name}", "--select", "ALL")
        assert result.exit_code == 0, result.output
        assert run("fmt", f"profiles/{name}", "--check").exit_code == 0
