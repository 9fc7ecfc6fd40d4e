"""Loading: what is sent, and what is said when a kernel refuses."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lsmc.modules.apparmor.kernel import loading
from tests.cli.conftest import Run, run
from tests.modules.apparmor.kernel.test_render import FEATURES

__all__ = ["run"]

POLICY = "profile a { /x r, }\nprofile :ns:b { /y r, profile c { } }\n"
NAMES = ["a", ":ns:b", ":ns:b//c"]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the kernel's."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    for name in (".load", ".replace", ".remove"):
        (folder / name).write_bytes(b"")
    monkeypatch.setattr(loading, "FOLDER", folder)
    return folder


def _taken(folder: Path) -> bytes:
    return (folder / ".replace").read_bytes()


@pytest.fixture
def policy(tmp_path: Path) -> list[str]:
    (tmp_path / "policy").write_text(POLICY)
    (tmp_path / "features").write_text(FEATURES)
    return [str(tmp_path / "policy"), "--features", str(tmp_path / "features")]


def test_each_profile_is_one_write(
    run: Run, policy: list[str], kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    write = os.write

    def watched(descriptor: int, data: bytes) -> int:
        sent.append(data)
        return write(descriptor, data)

    monkeypatch.setattr(loading.os, "write", watched)
    result = run("load", *policy)
    assert (result.exit_code, result.stderr) == (0, "loaded: 3 profiles\n")
    assert [name for data in sent for name, _ in loading.profiles(data)] == NAMES
    assert len(sent) == 3
    sent.clear()
    assert run("load", *policy, "--remove").exit_code == 0
    assert sent == [b"a", b":ns:b"]  # the kernel removes a child with its parent
    assert _taken(kernel) != b""


def test_compiled_policy_is_loaded(
    run: Run, policy: list[str], kernel: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run("compile", "--format", "kernel", *policy, "-o", out).exit_code == 0
    assert run("load", out, "--add").stderr == "added: 3 profiles\n"
    assert loading.is_compiled((kernel / ".load").read_bytes())


def test_dry_run_changes_nothing(run: Run, policy: list[str], kernel: Path) -> None:
    result = run("load", *policy, "--dry-run")
    assert result.exit_code == 0
    assert "would be loaded: :ns:b//c, " in result.stderr
    assert _taken(kernel) == b""


def test_what_is_in_the_kernel_is_told(
    run: Run, policy: list[str], kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def refusing(descriptor: int, data: bytes) -> int:
        if b":ns" in data or b"ns\0" in data:
            raise OSError(errno.EPERM, "no")
        return write(descriptor, data)

    monkeypatch.setattr(loading.os, "write", refusing)
    result = run("load", *policy)
    assert result.exit_code == 2
    assert [name for name, _ in loading.profiles(_taken(kernel))] == ["a"]
    assert "`:ns:b`: not permitted: root with CAP_MAC_ADMIN may" in result.stderr
    assert result.stderr.endswith("2 profiles not loaded; loaded were `a`\n")


def test_without_apparmor(
    run: Run, policy: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "FOLDER", tmp_path / "none")
    result = run("load", *policy)
    assert result.exit_code == 2
    assert "the kernel runs without AppArmor, or securityfs is not mounted" in result.stderr


def test_damaged_policy_is_refused(
    run: Run, policy: list[str], kernel: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run("compile", "--format", "kernel", *policy, "-o", out).exit_code == 0
    data = out.read_bytes()
    for size in (17, 40, len(data) - 1):
        out.write_bytes(data[:size])
        result = run("load", out)
        assert result.exit_code == 2
        assert "damaged policy: no profile at byte" in result.stderr
    assert _taken(kernel) == b""
