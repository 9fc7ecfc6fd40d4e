"""Loading: what is sent, and what is said when a kernel refuses."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lsmc.modules.apparmor.kernel import loading
from lsmc.modules.apparmor.kernel.compiled import is_compiled, packed, profiles, stream_of
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
    features = str(tmp_path / "features")
    return [str(tmp_path / "policy"), "--features", features, "--no-cache"]


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
    assert [name for data in sent for name, _ in profiles(data)] == NAMES
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
    assert is_compiled((kernel / ".load").read_bytes())


def test_dry_run_changes_nothing(run: Run, policy: list[str], kernel: Path) -> None:
    result = run("load", *policy, "--dry-run")
    assert result.exit_code == 0
    assert "would be loaded: :ns:b//c, " in result.stderr
    assert _taken(kernel) == b""


@pytest.mark.usefixtures("kernel")
def test_a_folder_without_policy_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("load", tmp_path / "empty", "--dry-run", "--no-cache")
    assert result.exit_code == 2
    assert "no files of policy in" in result.stderr


@pytest.mark.parametrize("others", [("--remove", "--add"), ("--add", "--replace")])
def test_only_one_way_of_loading_is_taken(
    run: Run, policy: list[str], kernel: Path, others: tuple[str, ...]
) -> None:
    result = run("load", *policy, *others)
    assert result.exit_code == 2
    assert f"{' and '.join(sorted(others))} exclude each other" in result.stderr
    assert _taken(kernel) == b""


def _offer(folder: Path, *features: str) -> None:
    """Have the kernel say that it can do something."""
    (folder / "features/policy").mkdir(parents=True)
    for feature in features:
        (folder / "features/policy" / feature).write_text("yes\n")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of the profiles of each write; those with `bad` in their names are refused."""
    found: list[list[str]] = []

    def taking(_: int, data: bytes) -> int:
        names = [name for name, _ in profiles(data)]
        if any("bad" in name for name in names):
            raise OSError(errno.EPROTO, "no")
        found.append(names)
        return len(data)

    monkeypatch.setattr(loading.os, "write", taking)
    return found


def test_profiles_of_a_file_are_one_set_where_the_kernel_takes_sets(
    run: Run, policy: list[str], kernel: Path, sent: list[list[str]]
) -> None:
    _offer(kernel, "set_load")
    assert run("load", *policy).stderr == "loaded: 3 profiles\n"
    assert sent == [["a"], [":ns:b", ":ns:b//c"]]  # of one namespace each
    sent.clear()
    (kernel / "features/policy/set_load").write_text("no\n")
    assert run("load", *policy).exit_code == 0
    assert sent == [["a"], [":ns:b"], [":ns:b//c"]]


def test_nothing_of_a_refused_set_is_loaded(
    run: Run, policy: list[str], kernel: Path, sent: list[list[str]], tmp_path: Path
) -> None:
    """What the kernel has of it is told, by its own list."""
    _offer(kernel, "set_load")
    (tmp_path / "policy").write_text("profile good { }\nprofile bad { profile c { /y r, } }\n")
    (tmp_path / "other").write_text("profile :ns:bad { }\nprofile other { }\n")
    (kernel / "profiles").write_text("good (enforce)\n:ns://bad (complain)\n/usr/bin/x (kill)\n")
    result = run("load", *policy, tmp_path / "other")
    assert result.exit_code == 2
    assert sent == [["other"]]
    why = "the kernel does not understand it: compile it with this kernel's features (EPROTO)"
    assert result.stderr.splitlines() == [
        f"lsmc: error: `good`, `bad`, `bad//c`: {why}",
        f"lsmc: error: `:ns:bad`: {why}",
        "loaded: 1 profile",
        "4 profiles not loaded; loaded were `other`",
        "  `good` is as it was in the kernel (enforce)",
        "  `bad` is not in the kernel",
        "  `bad//c` is not in the kernel",
        "  `:ns:bad` is as it was in the kernel (complain)",
    ]


def test_compressed_policy_stays_so_where_the_kernel_unpacks_it(
    run: Run, policy: list[str], kernel: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("zstandard")
    (tmp_path / "policy").write_text("profile a { /x r, }\nprofile b { /y r, }\n")
    out = tmp_path / "out.zst"
    assert run("compile", "--format", "kernel", *policy, "-o", out).exit_code == 0
    written: list[bytes] = []

    def taking(_: int, data: bytes) -> int:
        written.append(data)
        return sum(len(part) for _, part in profiles(data))  # as a kernel does

    monkeypatch.setattr(loading.os, "write", taking)
    _offer(kernel, "set_load", "compressed_load")
    assert run("load", out).stderr == "loaded: 2 profiles\n"
    assert written == [out.read_bytes()]
    written.clear()
    kept = tmp_path / "kept"  # as apparmor_parser keeps it
    kept.write_bytes(packed(stream_of(out.read_bytes())))
    assert run("load", kept).stderr == "loaded: 2 profiles\n"
    assert written == [kept.read_bytes()[8:]]
    (kernel / "features/policy/compressed_load").unlink()
    assert run("load", out).exit_code == 0
    assert [name for name, _ in profiles(written[1])] == ["a", "b"]
    assert written[1] != written[0]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EPERM, "the kernel lets nobody change it (EPERM)"),
        (errno.EACCES, "not permitted: CAP_MAC_ADMIN in this namespace is needed"),
        (errno.EEXIST, "there is such a profile already: replace it (EEXIST)"),
        (errno.ENOENT, "there is no such profile or namespace, or a child's parent is not there"),
        (errno.EPROTONOSUPPORT, "the kernel does not know this version"),
        (errno.ENOSPC, "the kernel has no room for it (ENOSPC)"),
        (errno.EIO, "input/output error (EIO)"),
        (99999, "unknown error 99999 (99999)"),
    ],
)
def test_refusals_are_sentences(
    run: Run,
    policy: list[str],
    kernel: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    told: str,
) -> None:
    def refusing(*_: object) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(loading.os, "write", refusing)
    result = run("load", *policy)
    assert result.exit_code == 2
    assert f"error: `a`: {told}" in result.stderr
    assert result.stderr.endswith("the kernel does not tell which profiles it has\n")
    assert kernel.is_dir()


def test_only_root_may(
    run: Run, policy: list[str], kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refusing(path: str | Path, flags: int, *rest: int) -> int:
        if str(path).startswith(str(kernel)):
            raise OSError(errno.EACCES, "no")
        return opened(path, flags, *rest)

    monkeypatch.setattr(loading.os, "open", refusing)
    result = run("load", *policy)
    told = "only root may: run it as root, outside of a container (EACCES)"
    assert (result.exit_code, result.stderr) == (
        2,
        f"lsmc: error: `{kernel / '.replace'}`: {told}\n",
    )


def test_without_apparmor(
    run: Run, policy: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "FOLDER", tmp_path / "none")
    result = run("load", *policy)
    assert result.exit_code == 2
    assert "the kernel runs without AppArmor, or securityfs is not mounted" in result.stderr
    (tmp_path / "enabled").write_text("N\n")
    monkeypatch.setattr(loading, "_ENABLED", tmp_path / "enabled")
    told = "lsmc: error: AppArmor is switched off: boot with `apparmor=1 security=apparmor`\n"
    assert run("load", *policy).stderr == told


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
