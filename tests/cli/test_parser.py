"""`lsmc parser`: the options and the exit codes of apparmor_parser, held against it where it is."""

from __future__ import annotations

import errno
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lsmc.modules.apparmor.kernel import loading
from tests.cli.conftest import Run
from tests.modules.apparmor.kernel.reader import read
from tests.modules.apparmor.kernel.test_loading import kernel
from tests.modules.apparmor.kernel.test_render import FEATURES, PARSER

__all__ = ["kernel"]

POLICY = """profile a { /x r, ^h { /y r, } profile c { /z r, } }
profile :ns:b { /y r, }
"""
NAMES = ["a", "a//h", "a//c", ":ns:b"]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder of policy."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "good").write_text(POLICY)
    (folder / "bad").write_text("profile bad { /x zz, }\n")
    (tmp_path / "features").write_text(FEATURES)
    return folder


@pytest.fixture
def parser(run: Run, base: Path) -> Any:
    """The command, for that folder."""

    def invoke(*args: str | Path, text: str | None = None) -> Any:
        config = ("--config-file", base.parent / "parser.conf")
        features = ("-M", base.parent / "features", "-b", base)
        cache = ("-L", base.parent / "cache")  # never that of the machine
        return run("parser", *config, *features, *cache, *args, text=text)

    return invoke


@pytest.mark.skipif(not Path(PARSER).exists(), reason="no apparmor_parser")
@pytest.mark.parametrize(
    "args",
    [
        ("-Q", "good"),
        ("-QTK", "bad"),
        ("-Q", "good", "missing"),
        ("-Q", "missing"),
        ("-a", "-r", "good"),
        ("-Q", "--skip-kern", "--rep", "--", "good"),
        ("--bogus", "good"),
        ("-Q", "-j", "no", "good"),
        ("-N", "bad"),
        ("-Q", "--debug=no", "good"),
        ("-QWL", "cache", "good"),
    ],
    ids=" ".join,
)
def test_exit_codes_are_those_of_the_compiler(
    parser: Any, base: Path, args: tuple[str, ...]
) -> None:
    ours, theirs = (
        [str(base / arg) if arg in ("good", "bad", "missing", "cache") else arg for arg in args]
        for _ in range(2)
    )
    command = [PARSER, "-M", str(base.parent / "features"), "-b", str(base), *theirs]
    expected = subprocess.run(command, check=False, capture_output=True).returncode
    assert parser(*ours).exit_code == expected


def test_what_is_right_is_loaded_beside_what_is_not(parser: Any, base: Path, kernel: Path) -> None:
    result = parser("-r", "-v", base)
    assert result.exit_code == 1
    assert "`zz` is not a permission word" in result.stderr
    assert result.stdout == "".join(f'Replacement succeeded for "{name}".\n' for name in NAMES)
    assert (kernel / ".replace").read_bytes() != b""


def test_nothing_is_loaded_when_errors_end_it(parser: Any, base: Path, kernel: Path) -> None:
    assert parser("-r", "--abort-on-error", base).exit_code == 1
    assert (kernel / ".replace").read_bytes() == b""


def test_what_is_switched_off(parser: Any, base: Path) -> None:
    (base / "bad").unlink()
    (base / "other").write_text("profile o { /x r, }\n")
    for folder, name in (("disable", "good"), ("force-complain", "other")):
        (base / folder).mkdir()
        (base / folder / name).symlink_to(base / name)
    out = base.parent / "out"
    assert parser("-o", out, base).exit_code == 0
    assert [(one.name, one.version) for one in read(out.read_bytes())] == [("o", 0x202807)]


def test_complain_and_namespace(parser: Any, base: Path) -> None:
    out = base.parent / "out"
    assert parser("-C", "-n", "other", "-o", out, base / "good").exit_code == 0
    found = list(read(out.read_bytes()))
    assert {(one.namespace, one.version) for one in found} == {("other", 0x202807)}
    assert parser("-N", "-n", "other", base / "good").stdout.splitlines()[1] == ":other://a"


def test_children_are_removed_with_their_parents(
    parser: Any, base: Path, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    def taken(descriptor: int, data: bytes) -> int:
        del descriptor
        sent.append(data)
        return len(data)

    monkeypatch.setattr(loading.os, "write", taken)
    assert parser("-R", base / "good").exit_code == 0
    assert sorted(sent) == [b":ns://b", b"a"]
    assert kernel.is_dir()


def test_a_refusal_of_the_kernel_is_the_exit_code(
    parser: Any, base: Path, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = base.parent / "out"
    assert parser("-o", out, base / "good").exit_code == 0

    def refusing(*_: object) -> int:
        raise OSError(errno.ENOENT, "no")

    monkeypatch.setattr(loading.os, "write", refusing)
    assert parser("-R", base / "good").exit_code == 256 - errno.ENOENT
    assert parser("-B", "-r", out).exit_code == errno.ENOENT
    assert kernel.is_dir()


def test_another_folder_of_the_kernel(parser: Any, base: Path) -> None:
    result = parser("-r", "-f", base / "none", base / "good")
    assert result.exit_code == 1
    assert result.stderr.count("is not there") == 1
    shutil.copytree(base, base / "fs")
    (base / "fs" / ".replace").write_bytes(b"")
    assert parser("-r", "-f", base / "fs", base / "good").exit_code == 0
    assert (base / "fs" / ".replace").read_bytes()


def test_configuration_file(parser: Any, base: Path, run: Run) -> None:
    (base.parent / "parser.conf").write_text("# of the system\nwrite-cache\nOptimize=no-x\n")
    told = parser("-Qv", base / "good").stderr
    assert "`-O` has no effect" in told
    assert list((base.parent / "cache").glob("*/good"))
    (base.parent / "parser.conf").write_text("skip-kernel-load\nwhat\n")
    result = parser(base / "good")
    assert (result.exit_code, "parser.conf:2: no option `what`" in result.stderr) == (1, True)
    result = run("parser", "--config-file", base / "x", "--print-config-file")
    assert result.stdout == f"{base / 'x'}\n"


@pytest.mark.parametrize(
    "option", ["--zstd-compress-level", "--zstd-compress-level=5", "-c", "-c9"]
)
def test_options_of_later_releases(parser: Any, base: Path, option: str) -> None:
    result = parser("-Qv", option, base / "good")
    assert result.exit_code == 0
    assert result.stderr.startswith("`--zstd-compress-level` has no effect: ")


def test_standard_input(parser: Any) -> None:
    result = parser("-Qv", text=POLICY)
    assert result.exit_code == 0
    assert 'Addition succeeded for "a".' in result.stdout


def test_features_that_policy_counts_on(base: Path, run: Run) -> None:
    """Those of --policy-features where policy names no abi, of --override-policy-abi always."""
    (base / "abi").write_text("signal {mask {hup}}\n")
    (base / "poor").write_text("file {mask {read}}\n")
    (base / "named").write_text("abi <abi>,\nprofile n { signal, }\n")
    (base / "unnamed").write_text("profile u { signal, }\n")
    out = base.parent / "out"

    def mediated(*args: str | Path) -> list[bool]:
        kernel = ("--kernel-features", base.parent / "features", "--config-file", base / "no")
        kernel += ("-K",)
        files = (base / "named", base / "unnamed")
        assert run("parser", *kernel, "-b", base, *args, "-o", out, *files).exit_code == 0
        found = read(out.read_bytes())
        return [bool(one.other and one.other.match(b"\x0a")) for one in found]

    assert mediated() == [True, True]
    assert mediated("--policy-features", base / "poor") == [True, False]
    assert mediated("--override-policy-abi", base / "poor") == [False, False]


@pytest.mark.parametrize("option", ["-X", "-p", "-Dx", "-mx"])
def test_what_is_not_done_is_refused_by_name(parser: Any, base: Path, option: str) -> None:
    result = parser("-Q", option, base / "good")
    assert result.exit_code == 1
    assert f"`{option[:2]}`" in result.stderr


def test_warnings_are_errors_on_demand(parser: Any, base: Path, kernel: Path) -> None:
    (base / "doubtful").write_text("profile d { prompt /x r, }\n")
    told = parser("-r", base / "doubtful")
    assert (told.exit_code, "[LSM092]" in told.stderr) == (0, True)
    (kernel / ".replace").write_bytes(b"")
    assert parser("-r", "--Werror", base / "doubtful").exit_code == 1
    assert (kernel / ".replace").read_bytes() == b""
    assert parser("-rq", base / "doubtful").stderr == ""


def test_a_class_that_the_kernel_lacks_is_no_error(base: Path, run: Run) -> None:
    (base / "bus").write_text("profile d { dbus send, }\n")
    kernel = ("--kernel-features", base.parent / "features", "-b", base)
    plain = ("parser", "--config-file", base / "no", "-K", "-Q", "--Werror")
    result = run(*plain, *kernel, base / "bus")
    assert result.exit_code == 0
    assert "info: the kernel lacks `dbus`: rules that need it are not enforced" in result.stderr


def test_what_is_only_told(run: Run) -> None:
    assert "apparmor_parser" in run("parser", "--help").stdout
    assert run("parser", "-V").stdout.split()[-1] == "4.1.0"
