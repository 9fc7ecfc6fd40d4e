"""Every diff that a command prints applies: with `patch -p1` and with `git apply`."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lsmc.output.patch import patch_lines, unified
from tests.cli.conftest import Run
from tests.faults.conftest import LSMC, environment

#: Byte texts before and after.
SHAPES = {
    "a line in the middle": ("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nX\ne\nf\ng\n"),
    "the first and the last line": ("a\nb\nc\nd\ne\nf\ng\nh\ni\n", "A\nb\nc\nd\ne\nf\ng\nh\nI\n"),
    "blank lines at the end": ("a {\n}\n\n\n", "a {\n}\n"),
    "no line end before": ("a\nb", "a\nb\n"),
    "no line end after": ("a\nb\n", "a\nb"),
    "no line end in both": ("a\nb\nc", "a\nX\nc"),
    "no line end, last line changed": ("a\nb", "a\nc"),
    "from nothing": ("", "a\nb\n"),
    "to nothing": ("\n\n", ""),
    "to a line end": ("", "\n"),
    "carriage returns go": ("a\r\nb\r\n", "a\nb\n"),
    "carriage returns stay": ("a\r\nb\r\nc\r\n", "a\r\nX\r\nc\r\n"),
    "other line ends": ("a\x0bb\x0cc\x1cd\x85e\rf\n", "a\x0bb\x0cc\x1cd\x85e\rg\n"),
    "bytes outside UTF-8": ("# \xff\xfe\nb\n", "# \xff\xfe\nc\n"),
    "lines like headers": ("-- a/x\n++ b/x\nb\n", "@@ -1 +1 @@\n++ b/x\n--- a/y\n"),
    "lines like more hunks": (
        "x\n\\ No newline at end of file\n",
        "\\ No newline at end of file\n",
    ),
    "many hunks": (
        "".join(f"{n}\n" for n in range(200)),
        "".join(f"{n}{'!' * (n % 20 == 3)}\n" for n in range(200)),
    ),
}
NAMES = (
    "plain",
    "two words",
    "tab\tin it",
    " blanks ",
    'quo"te',
    "back\\slash",
    "line\nend",
    "x\n--- a/other\n+++ b/other\n@@ -1 +1 @@\n-one\n+two",
    "esc\x1b[2J\x7f",
    "caf\u00e9",
    "x\u0142\u202e",
    os.fsdecode(b"latin\xe9"),
    "deep/er/name",
    "--help",
    "dev\n/null",
    "a\r",
)
TOOLS = (["patch", "-p1", "--batch", "--binary"], ["git", "apply", "-"])


def applied(patch: bytes, folder: Path, tool: list[str]) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"needs {tool[0]}")
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(
        tool, input=patch, cwd=folder, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, (patch, done.stdout, done.stderr)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_change_applies(
    shape: str, tool: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = SHAPES[shape]
    path = write(tmp_path, "d/file", old)
    applied(unified("d/file", old, new), tmp_path, tool)
    assert path.read_bytes() == new.encode("latin-1")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("name", ["new", "d/new", "two words"])
def test_a_file_can_be_new(
    name: str, tool: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    applied(unified(name, "", "a\nb\n"), tmp_path, tool)
    assert contents(tmp_path) == {name: b"a\nb\n"}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_is_one_name(
    name: str, tool: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the file that is named changes, whatever its name looks like."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name, "one\ntwo\n")
    write(tmp_path, "other", "one\n")
    applied(unified(name, "one\ntwo\n", "one\nthree\n"), tmp_path, tool)
    assert contents(tmp_path) == {name: b"one\nthree\n", "other": b"one\n"}


def test_names_are_quoted_as_git_quotes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header lines of `git diff --no-index` for the same names."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        if name.endswith(" "):  # which git leaves to chance
            continue
        write(tmp_path / "a", name, "one\n")
        write(tmp_path / "b", name, "two\n")
        words = ["git", "diff", "--no-index", "--", f"a/{name}", f"b/{name}"]
        done = subprocess.run(words, capture_output=True, check=False)
        lines = [one for one in done.stdout.split(b"\n") if one[:4] in (b"--- ", b"+++ ")]
        # git puts its own a/ and b/ before
        heads = [one.replace(b"a/a/", b"a/", 1).replace(b"b/b/", b"b/", 1) for one in lines]
        assert unified(name, "one\n", "two\n").split(b"\n")[:2] == heads


def test_names_lead_from_here_or_from_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name has `..` or `.` in it, and none is that of a link: tools refuse such."""
    here = tmp_path / "here"
    write(here, "file", "")
    (here / "link").symlink_to("file")
    away = write(tmp_path, "away", "")
    (here / "out").symlink_to(away)
    monkeypatch.chdir(here)
    root = str(tmp_path).lstrip("/")
    expected = {
        "./file": "file",
        "d/../file": "file",
        "link": "file",
        "out": f"{root}/away",
        "../away": f"{root}/away",
        str(away): f"{root}/away",
        str(here / "file"): f"{root}/here/file",
    }
    (here / "d").mkdir()
    for given, shown in expected.items():
        assert unified(given, "", "x\n").decode().splitlines()[:2] == [
            f"--- a/{shown}",
            f"+++ b/{shown}",
        ]


def test_lines_for_people_cannot_steer_a_terminal() -> None:
    shown = "".join(
        text for row in patch_lines(unified("a\x1b", "# \x1b[2J\x9b\n", "")) for text, _ in row
    )
    assert all(char.isprintable() for char in shown)


POLICY = (
    "profile a  /a  {\n\n\n  /b   r,\n  # \x1b]0;pwn\x07\xff\n  #include if exists <x>\n}\n\n\n"
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("name", ["p", "d/line\nend", "x\u0142 y"], ids=ascii)
def test_fmt_and_lint_print_patches(
    name: str, tool: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the patch makes is what the command itself would have written."""
    path = write(tmp_path, name, POLICY)
    for words, code in ((("fmt",), 0), (("lint", "--select", "LSM405"), 1)):
        monkeypatch.chdir(tmp_path)
        path.write_bytes(POLICY.encode("latin-1"))
        shown = run(*words, "--diff", "--base", ".", name)
        assert shown.exit_code == code, shown.stderr
        applied(shown.stdout_bytes, tmp_path, tool)
        patched = path.read_bytes()
        path.write_bytes(POLICY.encode("latin-1"))
        run(*words, *(["--fix"] if words[0] == "lint" else []), "--base", ".", name)
        assert path.read_bytes() == patched != POLICY.encode("latin-1")


LOG = (
    'audit: type=1400 audit(1700000000.1:7): apparmor="DENIED" operation="open" profile="{0}" '
    'name="/c" pid=7 comm="x" requested_mask="r" denied_mask="r" fsuid=1 ouid=0\n'
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("name", ["p", "line\nend", "x\u0142 y"], ids=ascii)
@pytest.mark.parametrize(
    "text",
    [
        "profile a /a {\n  /b r,\n}\n",
        "profile a /a {\n  /b r,\n}",
        "profile a /a {}",
        "profile a /a {\r\n  /b r,\r\n}\r\n",
        "# \xff\x1b[2J\n\n\nprofile a /a { /b r, }\n\n",
    ],
)
def test_explain_prints_patches(
    name: str,
    text: str,
    tool: list[str],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Applied, it allows what was denied."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name, text)
    Path("log").write_text(LOG.format("a"))
    shown = run("explain", name, "--base", ".", "--no-cache", "--log", "log", "--patch")
    assert shown.exit_code == 1, shown.stderr
    applied(shown.stdout_bytes, tmp_path, tool)
    assert run("query", name, "--base", ".", "--no-cache", "a", "read", "/c").exit_code == 0


SHADOW = LOG.replace('name="/c"', 'name="/etc/shadow"')
HAZARD = "# hazard: reads password hashes"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("profile a {\n  /b r,\n}\n", f"profile a {{\n  /b r,\n  {HAZARD}\n  /etc/shadow r,\n}}\n"),
        ("profile a {\n  /x r,\n}\n", f"profile a {{\n  {HAZARD}\n  /etc/shadow r,\n  /x r,\n}}\n"),
        ("profile a { /b r, }\n", f"profile a {{ /b r, /etc/shadow r, {HAZARD}\n }}\n"),
        ("profile a { /x r, }\n", f"profile a {{ /etc/shadow r, {HAZARD}\n /x r, }}\n"),
        ("profile a {}", f"profile a {{\n  {HAZARD}\n  /etc/shadow r,\n}}"),
        ("profile a {\n  capability,\n}\n", None),
        ("profile a {\n  include if exists <local/a>\n}\n", None),
    ],
)
def test_a_hazard_is_a_comment_of_the_policy(
    text: str,
    expected: str | None,
    tool: list[str],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the rule, which is taken only where everything is asked for."""
    monkeypatch.chdir(tmp_path)
    files = [write(tmp_path, "p", text), write(tmp_path, "local/a", "# mine\n")]
    Path("log").write_text(SHADOW.format("a"))
    words = ("explain", "p", "--base", ".", "--no-cache", "--log", "log")
    for take in ("--patch", "--patch=exact", "--patch=general"):
        shown = run(*words, take)
        assert shown.stdout == ""
        assert "left out: profile a: /etc/shadow r, (reads password hashes)" in shown.stderr
    shown = run(*words, "--patch=all")
    assert "warning: profile a: /etc/shadow r, (reads password hashes)" in shown.stderr
    applied(shown.stdout_bytes, tmp_path, tool)
    assert sum(path.read_text().count(f"{HAZARD}\n") for path in files) == 1
    if expected is not None:
        assert files[0].read_text() == expected
    assert run("query", "p", "--base", ".", "--no-cache", "a", "read", "/etc/shadow").exit_code == 0


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
def test_what_is_left_out_stands_before_the_diff(
    tool: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "p", "profile a { /b r, }\n")
    hostile = SHADOW.replace('name="/etc/shadow"', f"name={b'/x/a'.hex().upper()}0A2D2D2D20612F70")
    hostile = hostile.replace('operation="open"', 'operation="mount" fstype="x"')
    Path("log").write_text(LOG.format("a") + SHADOW.format("a") + hostile.format("a"))
    words = ("explain", "p", "--base", ".", "--no-cache", "--log", "log")
    shown = run(*words, "--patch")
    assert "# left out: profile a: /etc/shadow r, (reads password hashes)\n" in shown.stdout
    applied(shown.stdout_bytes, tmp_path, tool)
    assert Path("p").read_text() == "profile a { /b r, /c r, }\n"


def test_what_no_patch_mends_is_counted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "p", "profile a {\n  /b r,\n}\n")
    words = ("explain", "p", "--base", ".", "--no-cache", "--log", "log", "--patch")
    Path("log").write_text(LOG.format("a") + LOG.format("docker-default"))
    shown = run(*words)
    assert "+  /c r,\n" in shown.stdout
    assert "1 cause that no patch mends: -v tells why\n" in shown.stderr
    Path("log").write_text(LOG.format("a"))
    assert "no patch" not in run(*words).stderr


DENY = "profile a {\n  /srv/** r,\n  deny /srv/x r,\n  /b r,\n}\n"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("3.0", "profile a {\n  /srv/** r,\n  /b r,\n}\n"),
        (
            "4.1",
            DENY.replace(
                "  deny",
                "  # hazard: overrides a rule that denies this\n  priority=1 /srv/x r,\n  deny",
            ),
        ),
    ],
)
def test_a_deny_rule_gives_way_only_where_all_is_asked_for(
    target: str, expected: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For compilers that have priorities it stays, and one rule is put above it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "p", DENY)
    Path("log").write_text(LOG.replace('name="/c"', 'name="/srv/x"').format("a"))
    words = ("explain", "p", "--base", ".", "--no-cache", "--target", target, "--log", "log")
    shown = run(*words, "--patch")
    assert shown.stdout == ""
    assert "overrides a rule that denies this" in shown.stderr
    applied(run(*words, "--patch=all").stdout_bytes, tmp_path, TOOLS[0])
    assert Path("p").read_text() == expected
    assert run(*words).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("fmt", "--diff", "--base", ".", "p"),
        ("lint", "--diff", "--select", "LSM405", "--no-config", "--base", ".", "p"),
        ("explain", "p", "--base", ".", "--no-cache", "--log", "log", "--patch"),
        ("show", "p", "--stage", "ast"),
        ("fmt", "-"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("color", ["never", "always"])
def test_a_terminal_gets_no_control_characters(
    words: tuple[str, ...], color: str, tmp_path: Path
) -> None:
    """Of a policy; line ends and colours are the program's."""
    (tmp_path / "p").write_bytes(POLICY.encode("latin-1"))
    (tmp_path / "log").write_text(LOG.format("a"))
    ours, theirs = pty.openpty()
    try:
        with (tmp_path / "p").open("rb") as text:
            done = subprocess.run(
                [*LSMC, words[0], "--color", color, *words[1:]],
                cwd=tmp_path,
                env=environment(),
                stdin=text,
                stdout=theirs,
                stderr=subprocess.PIPE,
                check=False,
            )
        shown = os.read(ours, 1 << 16)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode in (0, 1), done.stderr
    assert b"/b" in shown
    plain = re.sub(rb"\x1b\[[0-9;]*m" if color == "always" else rb"", b"", shown)
    assert plain.replace(b"\r\n", b"\n").decode().replace("\n", "").isprintable()
