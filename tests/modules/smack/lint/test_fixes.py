"""What lint would remove changes no decision, and what it says is there."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given

import lsmc
from lsmc.base.diagnostics import Edit
from lsmc.base.source import Source
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.bundle import pack
from lsmc.modules.smack.diff import diff
from lsmc.modules.smack.lint.linter import LINT
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.read import read
from tests.modules.smack.support import policies

FIXABLE = ("LSM711", "LSM712", "LSM713", "LSM714")


def _tree(files: dict[str, str]) -> Tree:
    sources = [Source.from_bytes(name, text.encode("latin-1")) for name, text in files.items()]
    policy, faults = read(sources)
    assert faults == []
    return Tree(policy, tuple(sources))


@given(policies())
def test_fixes_change_no_decision(files: dict[str, str]) -> None:
    """Each by itself, and those of a check together."""
    tree = _tree(files)
    for code in FIXABLE:
        edits = [
            edit
            for one in LINT.checks[code].run(tree)
            if one.fix is not None
            for edit in one.fix.edits
        ]
        for some in ([edit] for edit in edits):
            _same(files, tree, some)
        _same(files, tree, edits)


def _same(files: dict[str, str], tree: Tree, edits: list[Edit]) -> None:
    changed = dict(files)
    for edit in sorted(edits, key=lambda one: one.span.start, reverse=True):
        name = edit.span.source.path
        text = changed[name]
        start, end = edit.span.start, edit.span.end
        changed[name] = text[:start] + edit.text + text[end:]
    assert diff(tree.engine, Engine(pack(_tree(changed).policy))) == []


def _codes(folder: Path, **files: str) -> list[str]:
    """The codes that are found in some files, of which `_` in a name stands for `-`."""
    for name, text in files.items():
        (folder / name.replace("_", "-")).write_text(text)
    found = lsmc.check(folder, module="smack", select=["ALL"])
    return [f"{one.line}:{one.code}" for one in found]


def test_what_is_no_fault(tmp_path: Path) -> None:
    """A row without access may be there to say so; `b` beside others is no fault of letters."""
    assert _codes(tmp_path, accesses="App Sys -\nApp Usr rwa\n^ Log rwa\nApp _ rwx\nApp * -\n") == [
        "5:LSM711"
    ]


def test_findings_of_one_row_stand_together(tmp_path: Path) -> None:
    found = _codes(tmp_path, accesses="App/x Sys ab,c\n")
    assert found == ["1:LSM715", "1:LSM721", "1:LSM731", "1:LSM723"]


def test_errors_come_with_findings(tmp_path: Path) -> None:
    found = _codes(tmp_path, accesses="App Sys rq\n-x Sys r\nApp\n")
    assert found == ["2:LSM701", "3:LSM702", "1:LSM723"]
