"""The documents say what the program does: examples, help, and lists are compared with it.

Blocks between `<!-- name -->` and `<!-- end -->`, and what follows a `$ lsmc` line, are made by
python -m tests.cli.test_docs
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lsmc.cli.group import cli
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.classes import CLASSES
from lsmc.modules.apparmor.origins import ORIGINS
from tests.places import ROOT

PAGES = (
    "README.md",
    "docs/cli.md",
    "docs/explain.md",
    "docs/kernel-format.md",
    "docs/kubearmor.md",
    "docs/learn.md",
    "docs/bundle.md",
    "docs/policy-tests.md",
    "docs/replay.md",
    "docs/selinux.md",
    "docs/smack.md",
    "docs/tomoyo.md",
)
CONSOLE = re.compile(r"(?<=```console\n)(?s:.*?)(?=```)")
README = ROOT / "README.md"
BROKEN = """profile server {
  /etc/hosts r,
  @{LOGS}/*.log w,
  /var/lib/server/** rw
}
"""


TYPO = """policy = "profiles"
base = "profiles"

[[case]]
subject = "ngnix"
op = "read"
object = "/etc/shadow"
expect = "deny"
"""


def wish() -> str:
    """The test file that its page shows."""
    page = (ROOT / "docs/policy-tests.md").read_text()
    found = re.search(r"(?<=```toml\n)(?s:.*?)(?=```)", page)
    assert found is not None
    return found[0]


#: The logs, and the policy beside one, that pages show.
LOGS = {
    "alerts.log": "docs/kubearmor.md",
    "broken.cil": "docs/selinux.md",
    "denials.log": "README.md",
    "new.aa": "docs/replay.md",
    "old.aa": "docs/replay.md",
    "replay.log": "docs/replay.md",
    "report.log": "docs/learn.md",
    "selinux.log": "docs/selinux.md",
    "smack.log": "docs/smack.md",
    "tomoyo.log": "docs/tomoyo.md",
    "web.log": "docs/learn.md",
}


def log(name: str) -> str:
    """A file that a page shows."""
    text = (ROOT / LOGS[name]).read_text()
    found = re.search(rf"(?<=<!-- {name} -->\n```text\n)(?s:.*?)(?=```)", text)
    assert found is not None
    return found[0]


@contextlib.contextmanager
def workplace() -> Iterator[None]:
    """A directory with the samples and a broken profile, and no settings of the user."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "profiles", Path(place) / "profiles")
        (Path(place) / "broken.aa").write_text(BROKEN)
        for name in LOGS:
            (Path(place) / name).write_text(log(name))
        (Path(place) / "wish.test.toml").write_text(wish())
        (Path(place) / "typo.test.toml").write_text(TYPO)
        os.chdir(place)
        try:
            yield
        finally:
            os.chdir(before)


def ran(command: str) -> str:
    """What a command of a console block prints."""
    environment = {"XDG_CACHE_HOME": str(Path.cwd() / "cache"), "NO_COLOR": "1", "COLUMNS": "100"}
    args = shlex.split(command)[1:]
    return CliRunner(env=environment).invoke(cli, args, catch_exceptions=False).output


def consoles(text: str) -> str:
    """A page with the output of its commands."""

    def block(match: re.Match[str]) -> str:
        commands = [line for line in match[0].splitlines() if line.startswith("$ ")]
        return "".join(f"{line}\n{ran(line[2:])}" for line in commands)

    with workplace():
        return CONSOLE.sub(block, text)


def commands() -> list[tuple[str, click.Command]]:
    """The commands by name, in the order of help."""
    ctx = click.Context(cli, info_name="lsmc")
    found = [(name, cli.get_command(ctx, name)) for name in cli.list_commands(ctx)]
    return [(name, command) for name, command in found if command is not None]


def help_of(name: str, command: click.Command) -> str:
    """The help of a command, 92 columns wide."""
    parent = cli.make_context("lsmc", [], resilient_parsing=True)
    ctx = click.Context(command, parent, name, terminal_width=92, max_content_width=92)
    return command.get_help(ctx)


def generated(page: str, name: str) -> str:
    """The content of a block of a page."""
    if name == "commands" and page == "README.md":
        return "| command | does |\n|---|---|\n" + "".join(
            f"| `lsmc {name}` | {command.get_short_help_str(200)} |\n"
            for name, command in commands()
        )
    if name == "commands":
        return "".join(
            f"\n### lsmc {name}\n\n```text\n{help_of(name, command)}\n```\n"
            for name, command in commands()
        )
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


def blocks(page: str, text: str) -> str:
    """A page with its generated blocks."""
    return re.sub(
        r"<!-- (commands|hazards|classes) -->\n.*?<!-- end -->",
        lambda m: f"<!-- {m[1]} -->\n{generated(page, m[1])}<!-- end -->",
        text,
        flags=re.DOTALL,
    )


@pytest.mark.parametrize("page", PAGES)
def test_lists_and_help_are_those_of_the_program(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == blocks(page, text), "run: python -m tests.cli.test_docs"


@pytest.mark.parametrize("page", ["README.md", "docs/explain.md", "docs/kubearmor.md"])
def test_the_examples_print_what_the_pages_show(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == consoles(text), "run: python -m tests.cli.test_docs"


def test_the_python_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})


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
        path.write_text(blocks(page, consoles(path.read_text())))


if __name__ == "__main__":
    write()
