"""`--target`: which release of the compiler decides."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc
from tests.cli.conftest import Run

POLICY = "abi <abi/3.0>,\nprofile p { /bin/* rix, /bin/a Px, }\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "abi").mkdir()
    (tmp_path / "abi" / "3.0").write_text("file {mask {read}}")
    path = tmp_path / "p"
    path.write_text(POLICY)
    return path


def test_the_cache_tells_targets_apart(source: Path) -> None:
    cache = source.parent / "cache"
    for target, mapped in ((None, True), ("6.0", False), ("4.1", True), (None, True)):
        policy = lsmc.compile(source, base=source.parent, target=target, cache=cache)
        assert ("m" in policy.permissions("p", "file", "/bin/a").allow) is mapped


def test_the_abi_decides_unless_a_target_is_named(run: Run, source: Path) -> None:
    question = ("query", source, "p", "m", "/bin/a", "--base", source.parent)
    assert run(*question).exit_code == 0
    assert run(*question, "--target", "6.0").exit_code == 1
    wrong = run(*question, "--target", "2.13")
    assert wrong.exit_code == 2
    assert "the targets are 3.0, 3.1, 4.0, 4.1, 5.0, 6.0" in wrong.stderr


def test_a_bundle_is_of_its_target(run: Run, source: Path) -> None:
    bundle = source.parent / "p.lsmb"
    made = run("compile", source, "-o", bundle, "--base", source.parent, "--target", "4.1")
    assert made.exit_code == 0
    assert "4.1" in run("show", bundle, "p").stdout
    question = ("query", bundle, "p", "m", "/bin/a")
    assert run(*question).exit_code == 0
    assert run(*question, "--target", "4.1").exit_code == 0
    wrong = run(*question, "--target", "6.0")
    assert wrong.exit_code == 2
    assert "`p` was compiled for 4.1, not 6.0" in wrong.stderr


def test_two_targets_of_one_text_differ(run: Run, source: Path) -> None:
    bundle = source.parent / "old.lsmb"
    run("compile", source, "-o", bundle, "--base", source.parent)
    same = run("diff", bundle, source, "--base", source.parent)
    assert same.exit_code == 0
    source.write_text("profile p { /bin/* rix, /bin/a Px, }")
    assert run("diff", bundle, source, "--base", source.parent).exit_code == 1


def test_a_configuration_names_a_target(run: Run, source: Path) -> None:
    (source.parent / "lsmc.toml").write_text('target = "2.13"')
    wrong = run("lint", source)
    assert wrong.exit_code == 2
    assert "target: `2.13` is none of" in wrong.stderr
