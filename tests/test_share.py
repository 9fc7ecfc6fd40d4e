"""Manual pages and completions, as `scripts/share.py` makes them."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lsmc.cli.group import cli
from tests.places import ROOT

PROGRAM = ROOT / "scripts" / "share.py"
ROOT_CONTEXT = cli.make_context("lsmc", [], resilient_parsing=True)
COMMANDS = [cli, *(cli.get_command(ROOT_CONTEXT, name) for name in cli.list_commands(ROOT_CONTEXT))]
#: What a shell is asked, and words that must be among its answers.
QUESTIONS = {
    "lsmc que": ["query"],
    "lsmc query --ba": ["--base", "--batch"],
    "lsmc ops --module sm": ["smack"],
    "lsmc query --base profiles profiles ngin": ["nginx"],
    "lsmc query --base profiles profiles nginx mmap": ["mmap_exec"],
}


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("share")
    make(folder, SOURCE_DATE_EPOCH="86400")
    return folder


def make(folder: Path, **more: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    subprocess.run([sys.executable, PROGRAM, folder], env=environment, check=True)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def plain(page: str) -> str:
    """The text of a page without its markup."""
    return re.sub(r"\\f[BIR]", "", page).replace("\\-", "-")


def test_every_command_has_a_page_that_tells_its_options(share: Path) -> None:
    for command in COMMANDS:
        assert command is not None
        name = "lsmc" if command is cli else f"lsmc-{command.name}"
        page = (share / "man" / "man1" / f"{name}.1").read_text()
        assert page.startswith(
            f'.TH {name.upper().replace("-", chr(92) + "-")} 1 "1970-01-02" "lsmc '
        )
        with click.Context(command, ROOT_CONTEXT, command.name) as ctx:
            options = [
                o for p in command.get_params(ctx) if isinstance(p, click.Option) for o in p.opts
            ]
        assert [
            option
            for option in options
            if f"\n{option}" not in plain(page) and f", {option}" not in plain(page)
        ] == []
    assert len(list((share / "man" / "man1").iterdir())) == len(COMMANDS) + 1


def test_no_line_of_help_is_taken_for_a_request(share: Path) -> None:
    requests = {".TH", ".SH", ".PP", ".TP", ".nf", ".fi", ".so"}
    for page in (share / "man" / "man1").iterdir():
        lines = page.read_text().splitlines()
        assert {line.split()[0] for line in lines if line[:1] in {".", "'"}} <= requests


@pytest.mark.parametrize(
    ("text", "troff"),
    [
        (".so is no request\n'nor this", "\\&.so is no request\n\\&'nor this"),
        ("a\\b ~/x ^", "a\\eb \\(ti/x \\(ha"),
        (
            "see `lsmc ops` and --base, not -",
            "see \\fBlsmc ops\\fR and \\fB\\-\\-base\\fR, not \\-",
        ),
    ],
)
def test_text_is_printed_as_it_is(text: str, troff: str) -> None:
    assert runpy.run_path(str(PROGRAM))["prose"](text) == troff


def test_the_same_code_gives_the_same_bytes(share: Path, tmp_path: Path) -> None:
    make(tmp_path, SOURCE_DATE_EPOCH="86400", PYTHONHASHSEED="7", COLUMNS="40")
    assert contents(tmp_path) == contents(share)


@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
def test_man_has_no_warnings(share: Path) -> None:
    for page in sorted((share / "man" / "man1").iterdir()):
        result = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", page],
            env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANROFFSEQ": ""},
            cwd=share / "man",
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stderr == "", page.name
        assert "SYNOPSIS" in result.stdout


def answers(shell: str, line: str, share: Path, tmp_path: Path) -> str:
    """What a shell offers at the end of a line, by the file that is installed."""
    places = {
        "bash": "bash-completion/completions/lsmc",
        "fish": "fish/vendor_completions.d/lsmc.fish",
        "zsh": "zsh/site-functions/_lsmc",
    }
    file = share / places[shell]
    words = line.split()
    scripts = {
        "bash": f"""
            compopt() {{ :; }}
            . "{file}"
            COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
            _lsmc_completion lsmc
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """,
        "fish": f'source "{file}"; complete --do-complete "{line}"',
        "zsh": f"""
            compdef() {{ :; }}
            _describe() {{ shift; print -l -- ${{(P)1}}; print -l -- ${{(P)2}}; }}
            compadd() {{ print -l -- $completions }}
            _path_files() {{ :; }}
            . "{file}"
            words=({line}) CURRENT={len(words)}
            _lsmc_completion
        """,
    }
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "lsmc"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lsmc.cli "$@"\n')
    program.chmod(0o755)
    result = subprocess.run(
        [shell, "-c", scripts[shell]],
        env={
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.mark.parametrize("line", QUESTIONS)
@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_shells_complete_words(shell: str, line: str, share: Path, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    said = answers(shell, line, share, tmp_path)
    assert [word for word in QUESTIONS[line] if word not in re.split(r"[\s:]+", said)] == [], said
