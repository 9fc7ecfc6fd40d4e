"""Wrong use and bad input: one clear message each, exit code 2, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

POLICIES = {
    "missing include": (
        b"profile p {\n  include <abstractions/bose>\n}\n",
        ":2:11: error: cannot find `abstractions/bose`",
    ),
    "undefined variable": (
        b"profile p {\n  @{NOWHERE}/x r,\n}\n",
        ":2:3: error: variable `@{NOWHERE}` is not declared",
    ),
    "unbalanced brace": (
        b"profile p {\n  /x r,\n",
        ":3:1: error: this file ends inside braces",
    ),
    "binary file": (
        b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 4,
        ":1:8: error: a NUL byte: this is not text",
    ),
}


def faults(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if "error: " in line]


@pytest.mark.parametrize("name", POLICIES)
def test_errors_in_policy(run: Run, tmp_path: Path, name: str) -> None:
    text, message = POLICIES[name]
    source, output = tmp_path / "source", tmp_path / "out.lsmb"
    source.write_bytes(text)
    options = ("--base", "profiles", "--no-cache")
    for args in (
        ("compile", source, "-o", output),
        ("query", source, "p", "read", "/x"),
        ("explain", source, "p", "read", "/x"),
        ("show", source),
    ):
        result = run(*args, *options)
        assert result.exit_code == 2
        assert result.stdout == ""
        (fault,) = faults(result.stderr)
        assert fault.startswith(f"{source}{message}")
        assert "Traceback" not in result.stderr
        assert result.stderr.isprintable() or "\x1b" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_every_error_is_reported_with_its_line(run: Run, tmp_path: Path) -> None:
    source, output = tmp_path / "source", tmp_path / "out.lsmb"
    source.write_text("profile p {\n\t@{A}/é r,\n  /x q,\n}\n")
    output.write_bytes(b"kept")
    result = run("compile", source, "-o", output, "--no-cache")
    assert result.exit_code == 2
    assert len(faults(result.stderr)) == 2
    assert "\n    2 |     @{A}/é r,\n      |     ^" in result.stderr
    assert output.read_bytes() == b"kept"


@pytest.mark.parametrize("path", ["nowhere", "/proc/self/mem"])
def test_unreadable_input(run: Run, tmp_path: Path, path: str) -> None:
    output = tmp_path / "out.lsmb"
    result = run("compile", path, "-o", output, "--no-cache")
    assert result.exit_code == 2
    (fault,) = faults(result.stderr)
    assert "cannot read" in fault
    assert not output.exists()
    result = run("query", path, "p", "read", "/x", "--no-cache")
    assert result.exit_code == 2
    assert len(faults(result.stderr)) == 1


def test_output_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    for output, reason in (
        (tmp_path, "is a directory"),
        (tmp_path / "none" / "out", "no directory"),
    ):
        result = run("compile", "profiles/logger", "--base", "profiles", "-o", output)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"lsmc: error: cannot write `{output}`: {reason}")
        assert len(result.stderr.splitlines()) == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [2, 20, 200, 0.5, 0.99])
def test_truncated_bundles(run: Run, bundle: Path, tmp_path: Path, cut: float) -> None:
    data = bundle.read_bytes()
    broken = tmp_path / "broken.lsmb"
    broken.write_bytes(data[: int(cut * len(data)) if cut < 1 else int(cut)])
    for args in (
        ("query", broken, "nginx", "read", "/x"),
        ("explain", broken, "nginx", "read", "/x"),
        ("show", broken),
    ):
        result = run(*args)
        assert result.exit_code == 2
        assert result.stdout == ""
        (fault,) = result.stderr.splitlines()
        assert fault.startswith(f"lsmc: error: `{broken}`: ")


def test_damage_found_on_the_way_names_the_bundle(run: Run, bundle: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    for at in range(len(data) // 2, len(data) - 5000, 97):
        data[at] ^= 0xFF
    broken = tmp_path / "broken.lsmb"
    broken.write_bytes(data)
    result = run("query", broken, "nginx", "read", "/x")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"lsmc: error: `{broken}`: ")


QUESTIONS = {
    ("ngnix", "read", "/x"): "unknown profile `ngnix`; did you mean `nginx`",
    ("nginx", "raed", "/x"): "unknown operation `raed`; did you mean `read`",
    ("nginx", "read", "/x", "wrong=1"): "`wrong` is not a field of the class file",
    ("nginx", "read", "/x", "owner=0"): "`owner` is not a field: use --not-owner",
    ("nginx", "read", "/x", "/y"): "`/y` is not of the form KEY=VALUE",
    ("nginx", "mount", "/x", "options=roo"): "`roo` is not a mount option; did you mean `ro`",
    ("nginx",): "missing OP",
    (): "missing SUBJECT",
}


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_wrong_questions(run: Run, bundle: Path, words: tuple[str, ...]) -> None:
    for command in ("query", "explain"):
        result = run(command, bundle, *words)
        assert result.exit_code == 2
        assert result.stdout == ""
        (fault,) = result.stderr.splitlines()
        assert fault.startswith(f"lsmc: error: {QUESTIONS[words]}")


USES = {
    ("qeury",): "no command `qeury`; did you mean `query`?",
    ("query",): "missing argument 'POLICY'",
    ("query", "x", "--nonsense"): "no such option '--nonsense'",
    ("compile", "profiles"): "missing option '-o'",
    ("query", "profiles", "a", "b", "-D", "x"): "invalid value for -D",
    ("query", "profiles", "a", "b", "-j", "0"): "invalid value for '-j'",
    ("query", "p", "a", "b", "--cache-dir", "x", "--no-cache"): "--cache-dir and --no-cache",
    ("query", "p", "a", "b", "--batch", "-"): "--batch takes its questions from the file",
}


@pytest.mark.parametrize("words", USES, ids=" ".join)
def test_wrong_use(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    (fault,) = result.stderr.splitlines()
    assert fault.startswith(f"lsmc: error: {USES[words]}")


LINES = {
    "{": "not a JSON object: expecting property name",
    "[]": "not a JSON object",
    " " * (1 << 20) + "{}": "longer than 1048576 bytes",
    "\udcff": "not a JSON object: ",
    "{}": "`subject` is missing or not a string",
    '{"subject": "nginx"}': "`op` is missing, and so is `class`",
    '{"subject": "nginx", "op": "read", "owner": 1}': "`owner` is neither true nor false",
    '{"subject": "nginx", "op": "read", "object": []}': "`object` is a text (str), not list",
    '{"subject": "nginx", "op": "raed"}': "unknown operation `raed`; did you mean `read`",
    '{"subject": "nginx", "class": "flie", "perms": "r"}': "unknown class `flie`",
    '{"subject": "nginx", "class": "file", "perms": 7}': "`perms` is neither a string nor",
    '{"subject": "nginx", "class": "file", "perms": "rz"}': "unknown permission",
}


@pytest.mark.parametrize("line", LINES)
def test_malformed_requests(run: Run, bundle: Path, tmp_path: Path, line: str) -> None:
    requests = tmp_path / "requests.jsonl"
    good = b'{"subject": "nginx", "op": "read", "object": "/x"}\n'
    requests.write_bytes(good + line.encode("utf-8", "surrogateescape") + b"\n" + good)
    result = run("query", bundle, "--batch", requests)
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    (fault,) = result.stderr.splitlines()
    assert fault.startswith(f"{requests}:2: error: {LINES[line]}")


def test_a_name_without_end_is_shown_in_part(run: Run, bundle: Path) -> None:
    result = run("query", bundle, "x" * 100_000, "read", "/x")
    assert result.exit_code == 2
    (fault,) = result.stderr.splitlines()
    assert fault.startswith("lsmc: error: unknown profile `xxx")
    assert "x…x" in fault
    assert len(fault) < 1100


@pytest.mark.parametrize(
    "words",
    [
        ("query", "{}", "p", "read", "/a"),
        ("who", "{}", "read", "/a"),
        ("can", "{}", "p"),
        ("graph", "{}"),
        ("show", "{}"),
        ("diff", "{}", "profiles/nginx"),
    ],
)
def test_a_directory_without_policy_is_wrong_use(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "below").mkdir()
    result = run(*(word.format(tmp_path) for word in words), "--no-cache")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no files of policy in `{tmp_path}`" in result.stderr
