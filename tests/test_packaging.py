"""What is installed: every package is listed, the wheel holds the data, kernels are fresh."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.places import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = SETTINGS["tool"]["setuptools"]
TREES = {"lsmc.grammars": ROOT / "grammars", "lsmc.profiles": ROOT / "profiles"}
IGNORED = "__pycache__"


def files_below(folder: Path) -> list[Path]:
    return [
        path for path in sorted(folder.rglob("*")) if path.is_file() and IGNORED not in path.parts
    ]


def test_every_package_is_listed() -> None:
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for init in (ROOT / "lsmc").rglob("__init__.py")
    }
    assert sorted(SETUPTOOLS["packages"]) == sorted(found | set(TREES))


def test_every_folder_with_python_is_a_package() -> None:
    folders = {path.parent for path in files_below(ROOT / "lsmc") if path.suffix == ".py"}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_compiled_kernel_is_older_than_its_source() -> None:
    stale = [
        binary.name
        for source in (ROOT / "lsmc" / "kernels").glob("*.py")
        for binary in source.parent.glob(f"{source.stem}.*.so")
        if binary.stat().st_mtime < source.stat().st_mtime
    ]
    assert stale == [], "run sh scripts/setup, or remove them"


def copy_of_the_tree(target: Path) -> None:
    """Copy what a build reads, without what earlier builds left behind."""
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        (target / name).write_bytes((ROOT / name).read_bytes())
    for tree in ("lsmc", "grammars", "profiles"):
        for path in files_below(ROOT / tree):
            if path.suffix in {".so", ".c", ".pyc"}:
                continue
            copy = target / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


@pytest.mark.slow
def test_wheel_holds_grammars_and_profiles(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "wheels"
    source.mkdir()
    copy_of_the_tree(source)
    # A compiler that does not exist: the wheel must come out all the same, and faster.
    result = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(out), str(source)],
        env={**os.environ, "CC": "/nonexistent/cc", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        missing = ("No module named pip", "Could not find a version", "No matching distribution")
        if any(text in result.stderr for text in missing):
            pytest.skip("pip or its index is not within reach")
        pytest.fail(result.stderr)
    (wheel,) = out.glob("lsmc-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert "lsmc = lsmc.cli:main" in archive.read(entry_points).decode()
    expected = {
        f"lsmc/{package.removeprefix('lsmc.')}/{path.relative_to(folder).as_posix()}"
        for package, folder in TREES.items()
        for path in files_below(folder)
        if package != "lsmc.grammars" or path.suffix in (".lark", ".json")
    }
    assert expected - names == set()
    templates = files_below(ROOT / "lsmc" / "output" / "templates")
    assert {path.relative_to(ROOT).as_posix() for path in templates} - names == set()
    assert templates
    python = {
        path.relative_to(ROOT).as_posix()
        for path in files_below(ROOT / "lsmc")
        if path.suffix == ".py"
    }
    assert python - names == set()
    assert "lsmc/py.typed" in names  # without it the types are not seen by users
    assert [name for name in names if name.startswith(("tests", "bench"))] == []


def setup_with(tmp_path: Path, pip: str) -> subprocess.CompletedProcess[str]:
    """What scripts/setup says in an environment whose Python is a shell script."""
    (tmp_path / "bin").mkdir()
    for name, text in (("python", pip), ("lsmc", "echo lsmc 0")):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["sh", "scripts/setup", ""],
        cwd=ROOT,
        env={**os.environ, "LSMC_VENV": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )


def test_setup_says_what_is_fetched(tmp_path: Path) -> None:
    done = setup_with(tmp_path, "echo 'Collecting click<9,>=8.1 (from lsmc)'; echo noise")
    assert done.returncode == 0
    assert "setup:   fetching click\n" in done.stderr
    assert "noise" not in done.stderr
    assert (tmp_path / "installed").exists()


def test_setup_fails_as_pip_does_and_shows_all_that_it_said(tmp_path: Path) -> None:
    done = setup_with(tmp_path, "echo noise; echo 'ERROR: no index'; exit 3")
    assert done.returncode == 3
    assert "noise\nERROR: no index\n" in done.stderr
    assert not (tmp_path / "installed").exists()
