"""`--changed-since` tells what differs, and runs nothing that a repository brings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.conftest import environment, lsmc

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
DEAD = "profile {0} /{0} {{\n  /b r,\n  deny /b r,\n}}\n"


def git(folder: Path, *words: str) -> str:
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(
        ["git", *names, *words],
        cwd=folder,
        check=True,
        env=environment(**alone),
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    for name in ("one", "two", "sub/three"):
        (folder / name).write_text(DEAD.format(Path(name).name))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    return folder


def found(folder: Path, *words: str, since: str = "HEAD", **more: object) -> list[str]:
    """The files with findings."""
    words = words or (".", "sub") if (folder / "sub").is_dir() else words or (".",)
    done = lsmc(
        *("lint", *words, "--base", ".", "--no-config", "--select", "LSM101,LSM1"),
        *("--format", "concise", "--changed-since", since),
        cwd=folder,
        **more,
    )
    assert done.returncode in (0, 1), done.stderr
    return sorted({line.split(":")[0] for line in done.stdout.splitlines()})


def test_what_differs_is_told(repo: Path) -> None:
    assert found(repo) == []
    (repo / "one").write_text(DEAD.format("one") + "\n")
    (repo / "new").write_text(DEAD.format("new"))
    (repo / "sub/three").chmod(0o755)  # which changes no policy
    assert found(repo) == ["new", "one"]
    git(repo, "add", ".")
    assert found(repo) == ["new", "one"]
    git(repo, "commit", "-qm", "more")
    assert found(repo) == []
    assert found(repo, since="HEAD~1") == ["new", "one"]
    assert found(repo / "sub", "three", "../one", since="HEAD~1") == ["../one"]
    (repo / "link").symlink_to("one")
    assert found(repo, "link", "two", since="HEAD~1") == ["link"]


def test_odd_names(repo: Path) -> None:
    names = ["line\nend", "two words", ":(glob)*", "-q", "x\u0142", os.fsdecode(b"\xff"), "*"]
    for number, name in enumerate(names):
        (repo / name).write_text(DEAD.format(f"n{number}"))
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "odd")
    assert found(repo) == []
    for number, name in enumerate(names):
        (repo / name).write_text(DEAD.format(f"n{number}") + "\n")
    assert len(found(repo)) == len(names)


def test_standard_input_counts_for_its_file(repo: Path) -> None:
    for text, files in ((DEAD.format("one"), []), (DEAD.format("one") + "\n", ["one"])):
        words = ("-", "--stdin-filename", "one")
        assert found(repo, *words, input=text, stdin=None) == files


def test_other_kinds_of_repository(repo: Path) -> None:
    """A work tree of its own, a submodule, and one with other names of objects."""
    tree = repo.parent / "tree"
    git(repo, "worktree", "add", "-q", str(tree))
    (tree / "one").write_text(DEAD.format("one") + "\n")
    assert found(tree) == ["one"]
    outer = repo.parent / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "--quiet", "add", str(repo), "inner")
    assert found(outer / "inner") == []
    (outer / "inner/two").write_text(DEAD.format("two") + "\n")
    assert found(outer / "inner") == ["two"]
    new = repo.parent / "new"
    new.mkdir()
    git(new, "init", "-q", "--object-format=sha256")
    (new / "p").write_text(DEAD.format("p"))
    git(new, "add", ".")
    git(new, "commit", "-qm", "all")
    assert found(new, "p") == []


def test_wrong_revisions(repo: Path, tmp_path: Path) -> None:
    for word in ("nope", "^HEAD", "HEAD^{tree}", "HEAD:one", "--output=x", "-O", "", "HEAD..HEAD"):
        done = lsmc("lint", ".", "--base", ".", f"--changed-since={word}", cwd=repo)
        assert done.returncode == 2
        assert done.stderr.startswith("lsmc: error: ")
        assert done.stderr.count("\n") == 1
    assert not (repo / "x").exists()
    done = lsmc("lint", "repo", "--base", "repo", "--changed-since=HEAD", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "lsmc: error: --changed-since: not in a git repository\n",
    )


def hostile(folder: Path, marker: Path) -> None:
    """Let everything that a configuration can start leave a mark."""
    program = marker.parent / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{marker}\ncat\n')
    program.chmod(0o755)
    for name in ("fsmonitor", "sshCommand", "pager", "editor", "alternateRefsCommand", "askPass"):
        git(folder, "config", f"core.{name}", str(program))
    for way in ("clean", "smudge", "process"):
        git(folder, "config", f"filter.f.{way}", str(program))
    git(folder, "config", "filter.f.required", "true")
    for key in ("diff.external", "diff.f.command", "diff.f.textconv", "credential.helper"):
        git(folder, "config", key, str(program))
    for name in ("rev-parse", "ls-tree", "lint"):
        git(folder, "config", f"alias.{name}", f"!{program}")
        git(folder, "config", f"pager.{name}", str(program))
    hooks = folder / "my hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).symlink_to(program)
        shutil.copy(program, folder / ".git/hooks" / name)
    git(folder, "config", "core.hooksPath", str(hooks))
    (folder / ".git/info/attributes").write_text("* filter=f diff=f\n")
    (folder / ".gitattributes").write_text("* filter=f diff=f\n")


def test_nothing_is_run_that_a_configuration_names(repo: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hostile(repo, marker)
    os.utime(repo / "two", (1, 1))  # looks changed
    (repo / "one").write_text(DEAD.format("one") + "\n")
    assert found(repo, "one", "two", "sub") == ["one"]
    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=repo, capture_output=True, check=False)
    assert marker.exists()  # the trap is armed


def test_nothing_is_fetched(repo: Path, tmp_path: Path) -> None:
    """A clone that lacks objects, from a place that is a command."""
    marker = tmp_path / "ran"
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    git(repo, "config", "extensions.partialClone", "evil")
    git(repo, "config", "remote.evil.url", f"ext::sh -c touch% {marker}")
    git(repo, "config", "remote.evil.promisor", "true")
    git(repo, "config", "protocol.ext.allow", "always")
    git(repo, "config", "core.repositoryFormatVersion", "1")
    (repo / ".git/objects" / tree[:2] / tree[2:]).unlink()
    done = lsmc("lint", ".", "--base", ".", "--changed-since", "HEAD", cwd=repo)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lsmc: error: --changed-since: ")
    assert done.stderr.count("\n") == 1
    assert not marker.exists()
    subprocess.run(["git", "cat-file", "-p", tree], cwd=repo, capture_output=True, check=False)
    assert marker.exists()  # the trap is armed


def test_a_repository_among_the_files_is_none(repo: Path, tmp_path: Path) -> None:
    """A bare repository made of committed files, whose configuration names a command."""
    marker = tmp_path / "ran"
    bare = repo / "sub"
    for name in ("HEAD", "config", "index"):
        shutil.copy(repo / ".git" / name, bare / name)
    shutil.copytree(repo / ".git/objects", bare / "objects")
    shutil.copytree(repo / ".git/refs", bare / "refs")
    settings = f'bare = false\nworktree = .\nfsmonitor = "touch {marker}; false"\n'
    (bare / "config").write_text(f"[core]\nrepositoryFormatVersion = 0\n{settings}")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "bad")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repo), str(clone))
    (clone / "sub/three").write_text(DEAD.format("three") + "\n")
    (clone / "sub/refs/heads").mkdir(parents=True, exist_ok=True)
    assert found(clone / "sub", "three") == ["three"]
    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=clone / "sub", capture_output=True, check=False)
    assert marker.exists()  # the trap is armed


def test_a_configuration_cannot_move_the_files(repo: Path) -> None:
    git(repo, "config", "core.worktree", "/etc")
    done = lsmc("lint", ".", "--base", ".", "--changed-since", "HEAD", cwd=repo)
    assert (done.returncode, done.stderr) == (
        2,
        f"lsmc: error: --changed-since: `{repo}/.git` is of another directory\n",
    )
