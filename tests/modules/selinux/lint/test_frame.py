"""SELinux under the frame of lint: errors, comments, the API, and fixes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import lsmc
from lsmc.cli.group import cli
from lsmc.lint.model import SettingError
from tests.modules.selinux.support import PRELUDE

TEXT = """; lsmc: ignore-file[LSM639] programs ask for it
(boolean asked false)
(type web_t)
(typepermissive web_t) ; lsmc: ignore[LSM650] being written
"""


def check(folder: Path, text: str) -> list[str]:
    path = folder / "p.cil"
    path.write_text(text)
    found = lsmc.check([PRELUDE, path], module="selinux")
    return [f"{one.line}:{one.code}" for one in found if one.file == str(path)]


def test_comments(tmp_path: Path) -> None:
    """Comments of CIL silence findings; one that silences nothing is found."""
    text = TEXT
    assert check(tmp_path, text) == []
    assert check(tmp_path, text.replace("(typepermissive web_t)", "")) == ["4:LSM901"]
    assert check(tmp_path, text.replace("LSM650", "LSM611")) == ["4:LSM650", "4:LSM901"]


def test_errors(tmp_path: Path) -> None:
    """A policy that is refused has errors only, and comments are not called needless."""
    broken = TEXT.split("\n", maxsplit=1)[0] + "\n(type web_t)\n(allow web_t lgo_t (file (read)))\n"
    assert check(tmp_path, broken) == ["3:LSM605"]
    (gone,) = lsmc.check([tmp_path / "gone.cil"], module="selinux")
    assert gone.code == "LSM087"


def test_assertions(tmp_path: Path) -> None:
    """SELinux has assertions of its own."""
    config = tmp_path / "lsmc.toml"
    config.write_text("[[assertions]]\nname = 'x'\n")
    with pytest.raises(SettingError, match="neverallow"):
        lsmc.check([PRELUDE], module="selinux", config=config)


def test_fix(tmp_path: Path) -> None:
    """Duplicates are taken out, and every decision stays."""
    base, path = tmp_path / "base.cil", tmp_path / "p.cil"
    base.write_bytes(PRELUDE.read_bytes())
    path.write_text(FIXED.replace(";-", ""))
    options = ("--no-config", "--select", "LSM631", "--no-cache", "--fix")
    result = CliRunner().invoke(cli, ["lint", str(tmp_path), *options])
    assert "2 fixes made in 1 file" in result.output  # a copied rule stays
    kept = [line for line in FIXED.splitlines() if not line.endswith(";-")]
    assert path.read_text().splitlines() == kept


FIXED = """(type web_t)
(type log_t)
(allow web_t log_t (file (read)))
(allow web_t log_t (file (read)))  ;-
(optional more
  (allow web_t log_t (file (read)))  ;-
)
(macro m ((type t)) (allow t log_t (file (open))) (allow t log_t (file (open))))
(call m (web_t))
"""
