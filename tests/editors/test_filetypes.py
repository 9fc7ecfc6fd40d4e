"""Editors know policy by its path or first lines, and start the server for the same languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from lsmc.modules.registry import MODULES
from tests.editors.highlighters import EDITORS, TIMEOUT

HERE = Path(__file__).parent
#: Files, what they hold, and their language.
FILES = (
    ("etc/apparmor.d/usr.bin.app", "", "apparmor"),
    ("etc/apparmor.d/abstractions/base", "", "apparmor"),
    ("etc/apparmor.d/tunables/home.d/site", "", "apparmor"),
    ("etc/apparmor.d/abi/4.0", "", ""),
    ("apparmor.d/README.md", "", "markdown"),
    ("apparmor.d/tool.py", "", "python"),
    ("app.aa", "", "apparmor"),
    ("app.apparmor", "", "apparmor"),
    ("elsewhere", "# a profile\n\nabi <abi/4.0>,\n", "apparmor"),
    ("elsewhere2", "#include <tunables/global>\n", "apparmor"),
    ("notes", "# of <tunables/global>\n", ""),
    ("base.cil", "", "cil"),
    ("tomoyo/domain_policy.conf", "", "tomoyo"),
    ("tomoyo/exception_policy.conf", "", "tomoyo"),
    ("tomoyo/profile.conf", "", "tomoyo"),
    ("domains", "<kernel>\nuse_profile 0\n", "tomoyo"),
    ("smack/accesses", "", "smack"),
    ("smack/accesses.d/50-app", "", "smack"),
    ("app.smack", "", "smack"),
)
#: What Emacs has a mode for, which has no other way to know it than the path.
_EMACS = {"apparmor": "apparmor-mode", "python": "python-mode"}
_BY_PATH = [one for one in FILES if not one[1]]
LANGUAGES = {"apparmor", "cil", "tomoyo", "smack"}


def _told(command: Sequence[str], files: Sequence[tuple[str, str, str]], folder: Path) -> list[str]:
    """What an editor says that files are."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    paths = []
    for name, text, _ in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        paths.append(str(path))
    found = folder / "found"
    subprocess.run(
        command,
        env={**os.environ, "PATHS": ":".join(paths), "FOUND": str(found)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    return found.read_text().splitlines()


@pytest.mark.parametrize(
    "command", [("vim", "-es"), ("nvim", "--headless")], ids=lambda one: one[0]
)
def test_vim(command: tuple[str, ...], tmp_path: Path) -> None:
    runtime = f"set runtimepath^={EDITORS / 'vim'}"
    options = ("-u", "NONE", "-i", "NONE", "-n", "--cmd", runtime)
    told = _told((*command, *options, "-S", str(HERE / "filetypes.vim")), FILES, tmp_path)
    found = [(name, kind) for (name, _, _), kind in zip(FILES, told, strict=True)]
    # What else Vim knows of files is not ours.
    assert [(name, kind if kind != "conf" else "") for name, kind in found] == [
        (name, kind) for name, _, kind in FILES
    ]


def test_emacs(tmp_path: Path) -> None:
    mode = str(EDITORS / "emacs" / "apparmor-mode.el")
    told = _told(
        ("emacs", "-Q", "--batch", "-l", mode, "-l", str(HERE / "filetypes.el")), _BY_PATH, tmp_path
    )
    for (name, _, kind), shown in zip(_BY_PATH, told, strict=True):
        if kind in _EMACS:
            assert shown == _EMACS[kind], name
        else:
            assert shown != "apparmor-mode", name


def test_the_server_knows_each_language() -> None:
    assert {"selinux" if one == "cil" else one for one in LANGUAGES} <= set(MODULES)


def test_helix_starts_the_server_for_each_language() -> None:
    config = tomllib.loads((EDITORS / "helix" / "languages.toml").read_text())
    assert config["language-server"] == {"lsmc": {"command": "lsmc", "args": ["server"]}}
    assert {one["name"] for one in config["language"]} == LANGUAGES
    assert all(one["language-servers"] == ["lsmc"] for one in config["language"])


def test_kate_starts_the_server_for_what_its_syntax_names() -> None:
    servers = json.loads((EDITORS / "kate" / "lspclient.json").read_text())["servers"]
    assert servers["apparmor"]["command"] == ["lsmc", "server"]
    syntax = (EDITORS / "kate" / "apparmor.xml").read_text()
    name = re.search(r'<language name="(\w+)"', syntax)
    assert name
    assert re.fullmatch(servers["apparmor"]["highlightingModeRegex"], name[1])


def test_the_extension_and_neovim_start_the_server_for_each_language() -> None:
    settings = (EDITORS / "vscode" / "src" / "settings.ts").read_text()
    neovim = (EDITORS / "nvim" / "lsp" / "lsmc.lua").read_text()
    for pattern, text in (
        (r"LANGUAGES = \[([^]]*)\]", settings),
        (r"filetypes = {([^}]*)}", neovim),
    ):
        found = re.search(pattern, text)
        assert found
        assert set(re.findall(r"\w+", found[1])) == LANGUAGES
