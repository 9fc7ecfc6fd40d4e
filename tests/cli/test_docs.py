"""The documents say what the program does: examples, help, and lists are compared with it.

Blocks between `<!-- name -->` and `<!-- end -->`, and what follows a `$` line in a block of the
console and a `>>>` line in one of Python, are made by python -m tests.cli.test_docs

A page is run in a directory with the samples (`profiles/`) and with each file that it shows: a
block below `<!-- NAME -->`, where NAME has a dot or a slash.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click
import pytest
from click.testing import CliRunner

from lsmc.cli import faults
from lsmc.cli.group import cli
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.classes import CLASSES
from lsmc.modules.apparmor.origins import ORIGINS
from tests.places import ROOT
from website import operations
from website.commands import commands, table

#: The list of codes is made and compared elsewhere (tests/lint/test_pages.py).
PAGES = (
    "README.md",
    *(
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if path.name != "rules.md"
    ),
)
#: It shows sizes of compiled policy, which change with the compiler: right when it is written anew.
_SIZES = "docs/kernel-format.md"
EXAMPLE = re.compile(r"(?<=```)(console|pycon)\n((?s:.*?))(?=```)")
SHOWN = re.compile(r"<!-- ([\w/-]*[./][\w./-]*) -->\n```\w+\n((?s:.*?))```")


@contextlib.contextmanager
def workplace(page: str) -> Iterator[None]:
    """A directory with the samples and the files that a page shows.

    There are no settings of the user, and no compiler of the machine to write rules for.
    """
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "profiles", Path(place) / "profiles")
        for name, text in SHOWN.findall(page):
            path = Path(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        os.chdir(place)
        try:
            with mock.patch("lsmc.modules.apparmor.suggest.compilers.installed", return_value=None):
                yield
        finally:
            os.chdir(before)


def ran(command: str) -> str:
    """What a command of a console block prints: lsmc here, anything else by a shell."""
    environment = {"XDG_CACHE_HOME": str(Path.cwd() / "cache"), "NO_COLOR": "1", "COLUMNS": "100"}
    if command.startswith("lsmc ") and not re.search(r" [|>] ", command):
        args = shlex.split(command)[1:]
        return CliRunner(env=environment).invoke(cli, args, catch_exceptions=False).output
    done = subprocess.run(
        ["sh", "-c", command],
        env={**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def session(block: str, names: dict[str, object]) -> str:
    """A block of Python with what each of its statements prints."""
    shown = []
    for example in doctest.DocTestParser().get_examples(block):
        first, *rest = example.source.splitlines()
        shown += [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(example.source, "<page>", "single"), names)
            except Exception as fault:  # noqa: BLE001 - shown as Python shows it
                print("Traceback (most recent call last):\n  ...")
                print("".join(traceback.format_exception_only(fault)), end="")
        shown += printed.getvalue().splitlines()
    return "\n".join([*shown, ""])


def examples(text: str) -> str:
    """A page with what its commands and its Python print."""
    names: dict[str, object] = {}

    def block(match: re.Match[str]) -> str:
        if match[1] == "pycon":
            return f"pycon\n{session(match[2], names)}"
        lines = [line for line in match[2].splitlines() if line.startswith("$ ")]
        return "console\n" + "".join(f"{line}\n{ran(line[2:])}" for line in lines)

    with workplace(text):
        return EXAMPLE.sub(block, text)


def generated(name: str) -> str:
    """The content of a generated block."""
    if name == "commands":
        return table()
    if name == "modules":
        return operations.table()
    if name == "hazards":
        return "| word | warning |\n|---|---|\n" + "".join(
            f"| `{word}` | {words} |\n" for word, words in HAZARDS.items()
        )
    if name == "origins":
        return "| names | where it comes from | what to do | |\n|---|---|---|---|\n" + "".join(
            f"| `{one.names}` | {one.says} | {one.remedy} | [source]({one.source}) |\n"
            for one in ORIGINS
        )
    assert name == "classes"
    return "| code | class | fields | permissions, from bit 0 |\n|---|---|---|---|\n" + "".join(
        f"| {c.code} | {c.name} | {', '.join(c.fields)} | {', '.join(c.permissions)} |\n"
        for c in CLASSES
    )


def blocks(text: str) -> str:
    """A page with its generated blocks."""
    return re.sub(
        r"<!-- (commands|modules|hazards|classes|origins) -->\n.*?<!-- end -->",
        lambda m: f"<!-- {m[1]} -->\n{generated(m[1])}<!-- end -->",
        text,
        flags=re.DOTALL,
    )


@pytest.mark.parametrize("page", PAGES)
def test_lists_and_help_are_those_of_the_program(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == blocks(text), "run: python -m tests.cli.test_docs"


@pytest.mark.parametrize("page", [page for page in PAGES if page != _SIZES])
def test_the_examples_print_what_the_pages_show(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == examples(text), "run: python -m tests.cli.test_docs"


def test_the_python_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})


def test_the_exit_codes_are_those_of_the_program() -> None:
    head, _, table = (ROOT / "docs/cli.md").read_text().partition("| exit status | means |\n")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table.split("\n\n")[0], re.MULTILINE)}
    assert head
    assert told == {value for name, value in vars(faults).items() if name.isupper()}


def test_every_command_and_option_has_a_sentence() -> None:
    for name, command in commands():
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "help":
                assert option.help, f"{name} {option.opts}"


def write() -> None:
    """Bring the pages up to date."""
    for page in PAGES:
        path = ROOT / page
        path.write_text(blocks(examples(path.read_text())))


if __name__ == "__main__":
    write()
