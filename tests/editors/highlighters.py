"""What editors call places of profiles: each runs without a screen and tells the names that its
syntax file gives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple

from tests.editors.tokens import Place
from tests.places import ROOT

EDITORS = ROOT / "editors"
HERE = Path(__file__).parent
#: Seconds after which an editor is taken to hang.
TIMEOUT = 120

Wanted = Mapping[str, Sequence[Place]]
Named = dict[str, list[str]]


class Highlighter(NamedTuple):
    """An editor's syntax file for AppArmor.

    Attributes:
        name: the editor.
        missing: what it lacks to run here; empty if nothing.
        run: the name at each place of each file.
    """

    name: str
    missing: Callable[[], str]
    run: Callable[[Wanted, Path], Named]


def _program(name: str) -> Callable[[], str]:
    return lambda: "" if shutil.which(name) else name


# --- Visual Studio Code

_SCOPES = {
    "comment": "comment",
    "constant.character.escape": "text",
    "constant.character.escape.glob": "glob",
    "constant.numeric": "number",
    "entity.name": "name",
    "keyword": "keyword",
    "keyword.operator": "operator",
    "keyword.operator.word": "keyword",
    "punctuation.definition.comment": "comment",
    "storage": "keyword",
    "string": "text",
    "support.function.permission": "permission",
    "support.type": "constant",
    "variable.other": "variable",
    "variable.parameter": "condition",
}


def _no_grammar() -> str:
    if shutil.which("node") is None:
        return "node"
    built = EDITORS / "vscode" / "dist" / "apparmor.tmLanguage.json"
    source = EDITORS / "vscode" / "syntaxes" / "apparmor.yaml"
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        return "the grammar as JSON, which `sh scripts/editors` builds"
    return ""


def _textmate(wanted: Wanted, folder: Path) -> Named:
    del folder
    command = ["node", "test/scopes.mjs", "apparmor", *wanted]
    run = subprocess.run(
        command, cwd=EDITORS / "vscode", capture_output=True, check=True, timeout=TIMEOUT
    )
    lines = json.loads(run.stdout)
    return {
        file: [_scope(lines[file][place.line], place.column) for place in places]
        for file, places in wanted.items()
    }


def _scope(tokens: list[list[str | int]], column: int) -> str:
    """The name of the innermost scope at a column of a line."""
    for start, end, *scopes in tokens:
        if int(start) <= column < int(end):
            return _named([str(scope) for scope in scopes], _SCOPES)
    return ""


def _named(scopes: list[str], names: Mapping[str, str]) -> str:
    for scope in reversed(scopes):
        parts = scope.split(".")
        for length in range(len(parts), 0, -1):
            name = names.get(".".join(parts[:length]))
            if name is not None:
                return name
    return ""


# --- Vim and Neovim

_GROUPS = {
    "Comment Todo": "comment",
    "Profile Caret Qualifier Safety Statement Rule Conditional Logic Include": "keyword",
    "Name": "name",
    "File Path String ChangeWord Value ListWord": "text",
    "Permissions Access IoUring": "permission",
    "Condition PeerCondition Xattr": "condition",
    "Variable Assigned Inner Boolean": "variable",
    "Glob Escape": "glob",
    "Capability Network Signal Flag MountOption Resource Unit Bus Queue": "constant",
    "Number": "number",
    "Arrow Operator Equals FlagsEquals SignalEquals OptionsEquals BusEquals TypeEquals PeerEquals"
    " XattrsEquals PriorityEquals PeerIs Compare Comparison In OptionsIn": "operator",
}
_GROUP_NAMES = {f"apparmor{one}": name for some, name in _GROUPS.items() for one in some.split()}


def _asked(names: Mapping[str, str], *command: str) -> Callable[[Wanted, Path], Named]:
    """An editor that reads the places from one file and writes what stands there to another."""

    def run(wanted: Wanted, folder: Path) -> Named:
        asked = {file: [place[:2] for place in places] for file, places in wanted.items()}
        (folder / "places.json").write_text(json.dumps(asked))
        found = folder / "found.json"
        subprocess.run(
            command,
            env={
                **os.environ,
                "HIGHLIGHT_PLACES": str(folder / "places.json"),
                "HIGHLIGHT_FOUND": str(found),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
        return {
            file: [_named(groups, names) for groups in stacks]
            for file, stacks in json.loads(found.read_text()).items()
        }

    return run


_VIM = (
    *("-u", "NONE", "-i", "NONE", "-n", "--cmd", f"set runtimepath^={EDITORS / 'vim'}"),
    *("-c", "syntax on", "-S", str(HERE / "highlight.vim")),
)

# --- Emacs

_FACES = {
    "font-lock-comment-face": "comment",
    "font-lock-keyword-face": "keyword",
    "font-lock-preprocessor-face": "keyword",
    "font-lock-function-name-face": "name",
    "font-lock-string-face": "text",
    "font-lock-type-face": "permission",
    "font-lock-constant-face": "constant",
    "font-lock-variable-name-face": "variable",
    "apparmor-condition": "condition",
    "apparmor-operator": "operator",
    "apparmor-number": "number",
}
_EMACS = ("-Q", "--batch", "-l", str(EDITORS / "emacs" / "apparmor-mode.el"))


# --- Kate: a theme gives each style a colour of its own, by which it is known in the page

_STYLES = {
    "Comment": "comment",
    "Keyword": "keyword",
    "Qualifier": "keyword",
    "Include": "keyword",
    "Name": "name",
    "Path": "text",
    "Escape": "text",
    "Glob": "glob",
    "Permissions": "permission",
    "Condition": "condition",
    "Variable": "variable",
    "Constant": "constant",
    "Number": "number",
    "Operator": "operator",
}
_COLOURS = {style: f"#{number:06x}" for number, style in enumerate(_STYLES, 1)}
_SPAN = re.compile(r'<span style="[^"]*?color:(#\w{6});[^"]*">|</span>')


def _kate(wanted: Wanted, folder: Path) -> Named:
    data = folder / "org.kde.syntax-highlighting"
    for name in ("syntax", "themes"):
        (data / name).mkdir(parents=True)
    shutil.copy(EDITORS / "kate" / "apparmor.xml", data / "syntax")
    styles = {style: {"text-color": colour} for style, colour in _COLOURS.items()}
    theme = {
        "metadata": {"name": "Test", "revision": 1},
        "text-styles": {},
        "custom-styles": {"AppArmor": styles},
    }
    (data / "themes" / "test.theme").write_text(json.dumps(theme))
    names = {colour: _STYLES[style] for style, colour in _COLOURS.items()}
    found = {}
    for file, places in wanted.items():
        page = subprocess.run(
            ["kate-syntax-highlighter", "--syntax", "AppArmor", "--theme", "Test", file],
            env={**os.environ, "XDG_DATA_HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT,
        ).stdout
        lines = [_coloured(line) for line in page.partition("<pre>\n")[2].splitlines()]
        found[file] = [names.get(lines[one.line][one.column], "") for one in places]
    return found


def _coloured(line: str) -> list[str]:
    """The colour of each character of a line of a page."""
    colours: list[str] = []
    colour = ""
    start = 0
    for tag in (*_SPAN.finditer(line), None):
        text = unescape(line[start : tag.start() if tag else len(line)])
        colours += [colour] * len(text)
        if tag:
            colour, start = tag[1] or "", tag.end()
    return colours


HIGHLIGHTERS = (
    Highlighter("vscode", _no_grammar, _textmate),
    Highlighter("vim", _program("vim"), _asked(_GROUP_NAMES, "vim", "-es", *_VIM)),
    Highlighter("nvim", _program("nvim"), _asked(_GROUP_NAMES, "nvim", "--headless", *_VIM)),
    Highlighter(
        "emacs",
        _program("emacs"),
        _asked(_FACES, "emacs", *_EMACS, "-l", str(HERE / "highlight.el")),
    ),
    Highlighter("kate", _program("kate-syntax-highlighter"), _kate),
)
