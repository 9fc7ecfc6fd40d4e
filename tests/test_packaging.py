"""What is installed and released: packages, data, kernels, the sdist, and what packages say."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

import lsmc
from tests.places import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = SETTINGS["tool"]["setuptools"]
TREES = {"lsmc.grammars": ROOT / "grammars", "lsmc.profiles": ROOT / "profiles"}
IGNORED = "__pycache__"
#: What a build of the wheel reads.
BUILD_FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
BUILD_TREES = ("lsmc", "grammars", "profiles")


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
    for name in BUILD_FILES:
        (target / name).write_bytes((ROOT / name).read_bytes())
    for tree in BUILD_TREES:
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


DEBIAN = ROOT / "packaging" / "debian"
#: The pages that show the version.
PAGES = ("ci", "install", "release")


def bound(requirement: str) -> tuple[str, str]:
    """The name and the lowest version of a requirement."""
    found = re.match(r"([a-z]+)>=([\d.]+),<", requirement)
    assert found is not None, requirement
    return found[1], found[2]


def test_the_sdist_takes_all_that_the_repository_holds() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("needs the repository")
    lines = [line.split() for line in (ROOT / "MANIFEST.in").read_text().splitlines()]
    folders = {words[1] for words in lines if words[:1] == ["graft"]}
    patterns = [word for words in lines if words[:1] == ["include"] for word in words[1:]]
    folders.add("lsmc")
    patterns += ["LICENSE", "MANIFEST.in", "pyproject.toml", "setup.py"]  # setuptools takes them
    missing = [
        name
        for name in tracked.stdout.splitlines()
        if name.split("/")[0] not in folders and not any(fnmatch(name, one) for one in patterns)
    ]
    assert missing == []


def archive(path: Path, uid: int, time: int, names: list[str]) -> None:
    """An sdist as somebody would build it."""
    with tarfile.open(path, "w:gz") as out:
        for name in names:
            member = tarfile.TarInfo(name)
            member.uid, member.uname, member.mtime, member.mode = uid, f"user{uid}", time, 0o660
            member.size = len(name)
            out.addfile(member, io.BytesIO(name.encode()))


def test_an_sdist_does_not_tell_who_built_it_and_when(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.tar.gz", tmp_path / "theirs.tar.gz"
    archive(ours, 1000, 1_700_000_000, ["lsmc/a", "lsmc/b"])
    archive(theirs, 1001, 1_700_000_001, ["lsmc/b", "lsmc/a"])
    for path in (ours, theirs):
        program = ROOT / "scripts" / "normal_sdist.py"
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "86400"}
        subprocess.run([sys.executable, program, path], env=environment, check=True)
    assert ours.read_bytes() == theirs.read_bytes()
    with tarfile.open(ours) as made:
        assert {(one.uid, one.uname, one.mtime, one.mode) for one in made} == {
            (0, "root", 86400, 0o644)
        }
        assert [made.extractfile(one).read() for one in made] == [b"lsmc/a", b"lsmc/b"]  # type: ignore[union-attr]


def test_the_version_is_said_alike_everywhere() -> None:
    (debian,) = re.findall(r"\Alsmc \(([\d.]+)-\d+\)", (DEBIAN / "changelog").read_text())
    assert debian == lsmc.__version__
    heads = re.findall(r"^## \[?([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[:1] in ([], [lsmc.__version__])
    pages = "".join((ROOT / "docs" / f"{page}.md").read_text() for page in PAGES)
    assert set(re.findall(r"(?:lsmc[- ]|rev: v)(\d+\.\d+\.\d+)", pages)) == {lsmc.__version__}


def test_the_address_is_said_alike_everywhere() -> None:
    address = SETTINGS["project"]["urls"]["Repository"]
    assert f"Homepage: {address}\n" in (DEBIAN / "control").read_text()
    assert f"Source: {address}\n" in (DEBIAN / "copyright").read_text()
    assert f"- repo: {address}\n" in (ROOT / "docs" / "ci.md").read_text()


def test_debian_wants_what_the_project_wants() -> None:
    control = (DEBIAN / "control").read_text()
    for requirement in SETTINGS["project"]["dependencies"]:
        name, lowest = bound(requirement)
        assert f" python3-{name} (>= {lowest}),\n" in control
    for requirement in SETTINGS["build-system"]["requires"]:
        name, lowest = bound(requirement)
        package = {"cython": "cython3", "setuptools": "python3-setuptools"}[name]
        assert f" {package} (>= {lowest}),\n" in control


def test_the_container_copies_what_a_build_reads() -> None:
    recipe = (ROOT / "packaging" / "Containerfile").read_text()
    copied = [line.split()[1:-1] for line in recipe.splitlines() if line.startswith("COPY ")]
    names = {name for line in copied for name in line if not name.startswith("--")}
    assert names - {"/opt/lsmc"} == {*BUILD_FILES, *BUILD_TREES}


def oldest(requirements: list[str], target: Path) -> None:
    """Install the oldest versions that are allowed into a directory."""
    packages = ["{}=={}.*".format(*bound(requirement)) for requirement in requirements]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), *packages],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not target.is_dir():
        pytest.skip(f"pip or its index is not within reach: {result.stderr[-200:]}")


def run_module(name: str, args: list[str], folder: Path, *places: Path) -> None:
    """Run a module that is found in places, and expect success."""
    ran = subprocess.run(
        [sys.executable, "-m", name, *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


@pytest.mark.slow
def test_the_oldest_versions_that_are_allowed_will_do(tmp_path: Path) -> None:
    oldest(SETTINGS["project"]["dependencies"], tmp_path / "old")
    policy = ["profiles", "--base", "profiles", "--no-cache"]
    for command in (
        ["--help"],
        ["show", "profiles/nginx", "--base", "profiles", "--stage", "syntax"],
        ["query", *policy, "nginx", "read", "/var/www/html/index.html"],
        ["lint", *policy, "--exit-zero"],
    ):
        run_module("lsmc.cli", command, ROOT, tmp_path / "old", ROOT)


@pytest.mark.slow
def test_the_oldest_cython_that_is_allowed_takes_the_kernels(tmp_path: Path) -> None:
    cython = [one for one in SETTINGS["build-system"]["requires"] if one.startswith("cython")]
    oldest(cython, tmp_path / "old")
    kernels = tmp_path / "lsmc" / "kernels"
    kernels.mkdir(parents=True)
    (kernels.parent / "__init__.py").touch()
    for source in (ROOT / "lsmc" / "kernels").glob("*.py"):
        (kernels / source.name).write_bytes(source.read_bytes())
    names = sorted(path.name for path in kernels.glob("[!_]*.py"))
    run_module("cython", ["-3", *names], kernels, tmp_path / "old")
