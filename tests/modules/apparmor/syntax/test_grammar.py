"""The tables of the grammar: those made ahead are Lark's, and Lark is asked for another grammar."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax import grammar
from lsmc.modules.apparmor.syntax.parser import parse
from tests.places import ROOT

if TYPE_CHECKING:
    import pytest

FOLDER = ROOT / "grammars" / "apparmor"


def rendered(seed: str) -> str:
    program = (
        "import runpy; print(runpy.run_path('scripts/grammar_tables.py')['rendered'](), end='')"
    )
    command = [sys.executable, "-c", program]
    env = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=env
    ).stdout


def test_tables_made_ahead_are_those_of_the_grammar() -> None:
    written = (FOLDER / "tables.json").read_text("utf-8")
    told = "run `python scripts/grammar_tables.py`"
    assert rendered("1") == written, told
    assert rendered("2") == written, told


def test_a_changed_grammar_is_read_by_lark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = shutil.copytree(FOLDER, tmp_path / "grammar")
    fragment = changed / "all.lark"
    fragment.write_text(fragment.read_text("utf-8") + "    | ALL ALL -> all_rule\n", "utf-8")
    text = "profile p { all all, }"
    assert parse(Source("p", text))[1]
    monkeypatch.setattr(grammar, "folder", lambda: str(changed))
    grammar.steps.cache_clear()
    try:
        assert not parse(Source("p", text))[1]
        (changed / "tables.json").unlink()
        grammar.steps.cache_clear()
        assert not parse(Source("p", text))[1]
    finally:
        grammar.steps.cache_clear()


def test_every_production_has_its_callback() -> None:
    tables = json.loads((FOLDER / "tables.json").read_text("utf-8"))
    assert all(hasattr(grammar.TreeBuilder, callback) for _, _, callback in tables["productions"])


def test_nothing_is_imported_from_lark_for_the_grammar_as_it_stands() -> None:
    program = (
        "import sys; from lsmc.modules.apparmor.syntax.grammar import steps; steps();"
        "sys.exit('lark' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
