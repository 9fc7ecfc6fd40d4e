"""The command as a process: what it imports, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

LSMC = [sys.executable, "-m", "lsmc.cli"]
HEAVY = (
    "lark",
    "rich",
    "click",
    "multiprocessing",
    "difflib",
    "pathlib",
    "json",
    "lsmc.modules.apparmor.build.driver",
)
#: Modules that a command imports and should not, and annotations of a NamedTuple that are texts,
#: which `typing` compiles: the first one takes as long as all other work on a question.
WATCH = f"""
import builtins, os, sys, typing
os._exit = sys.exit  # so that something is left to look at
texts = []
def note(text, *rest, make=compile, **more):
    if isinstance(text, str):
        texts.append(text)
    return make(text, *rest, **more)
builtins.compile = note
before = set(sys.modules)  # an editable install has brought some already
from lsmc.cli import main
try:
    main()
finally:
    heavy = {HEAVY!r}
    new = set(sys.modules) - before
    deep = (n for n in new if n.startswith("lsmc.modules.apparmor.") and n.count(".") > 3
            and n.split(".")[3] not in ("decide", "requests"))
    found = sorted({{*deep, *texts, *(n for n in new if n in heavy)}})
    print("heavy:", *found, file=sys.stderr)
"""


def process(*args: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    return subprocess.run(
        [*LSMC, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
        timeout=120,
    )


def watched(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCH, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def test_a_question_to_a_bundle_imports_little(bundle: Path) -> None:
    result = watched("query", bundle, "nginx", "write", "/var/www/html/index.html")
    assert result.stdout.startswith("denied: nginx write ")
    assert result.stderr == "heavy:\n"


def test_a_batch_and_json_need_only_json_more(bundle: Path, tmp_path: Path) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"subject": "nginx", "op": "read", "object": "/etc/passwd"}\n')
    for args in (
        ("query", bundle, "--batch", requests),
        ("query", bundle, "nginx", "read", "/etc/passwd", "--format=json"),
    ):
        result = watched(*args)
        assert result.returncode == 0
        assert result.stderr == "heavy: json\n"


def test_whose_policy_it_is_needs_little_of_each_module(tmp_path: Path) -> None:
    """Of a module that is not asked: the package, what is in it, its files, and words of these."""
    profile = tmp_path / "a"
    profile.write_text("profile a { }\n")
    program = (
        "import collections, sys; from lsmc.modules.registry import MODULES, module_of;"
        f"assert module_of([{str(profile)!r}]).name == 'apparmor';"
        "of = (name.split('.')[2] for name in sys.modules if name.startswith('lsmc.modules.'));"
        "print(*(name for name, n in collections.Counter(of).items() if n > 4 and name in MODULES))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout == "apparmor\n"


def test_explaining_needs_the_front_end_only_to_try_a_rule(bundle: Path) -> None:
    result = watched("explain", bundle, "nginx", "read", "/etc/passwd")
    (found,) = [line for line in result.stderr.splitlines() if line.startswith("heavy:")]
    assert "rich" not in found
    assert not any(".syntax" in name or ".lower" in name for name in found.split())
    result = watched("explain", bundle, "nginx", "write", "/x")
    (found,) = [line for line in result.stderr.splitlines() if line.startswith("heavy:")]
    assert any(".syntax" in name for name in found.split())


def test_with_and_without_click_the_answers_are_the_same(bundle: Path) -> None:
    asked = (bundle, "nginx", "exec", "/usr/lib/cgi-bin/search", "--format", "json")
    quick = process("query", *asked)
    full = process("query", *asked, "--no-cache")
    assert (quick.returncode, quick.stdout) == (full.returncode, full.stdout)
    wrong = (bundle, "ngnix", "read", "/x")
    quick, full = process("query", *wrong), process("query", *wrong, "--no-cache")
    assert (quick.returncode, quick.stderr) == (full.returncode, full.stderr)


def test_exit_codes(bundle: Path) -> None:
    assert process("query", bundle, "nginx", "read", "/etc/passwd").returncode == 0
    assert process("query", bundle, "nginx", "write", "/etc/passwd").returncode == 1
    assert process("query", bundle, "nobody", "write", "/etc/passwd").returncode == 2
    assert process("query").returncode == 2


def test_a_name_that_cannot_be_printed_is_escaped(bundle: Path) -> None:
    result = process(
        "query", bundle, "nginx", "read", "/caf\u00e9/\udcff", PYTHONIOENCODING="ascii"
    )
    assert result.returncode == 1
    assert result.stdout.startswith("denied: nginx read /caf\\xe9/\\xff\n")


@pytest.mark.parametrize("command", ["ops", "batch"])
def test_a_reader_that_leaves_early_is_no_error(bundle: Path, tmp_path: Path, command: str) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"subject": "nginx", "op": "read", "object": "/x"}\n' * 5000)
    args = ["ops"] if command == "ops" else ["query", str(bundle), "--batch", str(requests)]
    with subprocess.Popen(
        [*LSMC, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        if command == "batch":
            child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 141


def test_an_interrupt_ends_quietly(bundle: Path) -> None:
    with subprocess.Popen(
        [*LSMC, "query", str(bundle), "--batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        # more answers than are kept back before some are written, fewer than a pipe holds
        child.stdin.write(b'{"subject": "nginx", "op": "read", "object": "/x"}\n' * 150)
        child.stdin.flush()
        assert child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.stderr.read() == b""
    assert child.returncode == 130


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_changes_no_answer(bundle: Path, closed: str) -> None:
    asked = f'"{bundle}" nginx write /var/www/html/index.html'
    for command, code in (("ops", 0), (f"query {asked}", 1), (f"explain {asked}", 1), ("lint", 2)):
        line = f'"{sys.executable}" -m lsmc.cli {command} {closed}'
        result = subprocess.run(
            ["/bin/sh", "-c", line], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert result.returncode == code, command
        assert "Traceback" not in result.stderr + result.stdout
