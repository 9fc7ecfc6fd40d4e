"""The checks of style on texts that a document cannot show; the others are in `tests/cases`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.lint.fixes import edited
from lsmc.lint.model import SettingError
from tests.lint.support import CHECKS, lint_files, short

STYLE = [code for code in CHECKS if code.startswith("LSM5")]


def test_all_are_off_unless_selected(tmp_path: Path) -> None:
    assert len(STYLE) == 10
    assert not any(CHECKS[code].default for code in STYLE)
    text = "profile p {\n /a   wr, #TODO\n}\n"
    findings = lint_files(tmp_path, {"p": text}).findings
    assert [one for one in findings if one.code in STYLE] == []
    assert len(lint_files(tmp_path, {"p": text}, "LSM5").findings) >= 4


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_whitespace(tmp_path: Path, newline: str) -> None:
    text = "profile p  {\n  /a wr,\n\t/b  r, # c\n\n\n\n  /c r,/d r,\n}".replace("\n", newline)
    result = lint_files(tmp_path, {"p": text}, "LSM503")
    assert short(result) == ["1:LSM503"]
    done = "profile p {\n  /a wr,\n  /b r, # c\n\n  /c r,\n  /d r,\n}\n"
    assert edited(result.findings) == {str(tmp_path / "p"): done}
    assert short(lint_files(tmp_path, {"p": done}, "LSM503")) == []


def test_whitespace_of_a_text_with_errors_stays(tmp_path: Path) -> None:
    assert "1:LSM503" not in short(lint_files(tmp_path, {"p": "profile  p {\n"}, "LSM503"))


def test_an_empty_file_needs_no_header(tmp_path: Path) -> None:
    assert short(lint_files(tmp_path, {"p": ""}, "LSM505")) == []
    assert "3:LSM505" in short(lint_files(tmp_path, {"p": "\n\n  /a r,\n"}, "LSM505"))


def test_too_long(tmp_path: Path) -> None:
    long = "\xe4" * 121
    text = f"# https://{long}\n# {long}\n# {long[:118]}\n"
    assert short(lint_files(tmp_path, {"p": text}, "LSM508")) == ["2:LSM508"]


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("LSM502", "order = 1"),
        ("LSM504", 'skip = "x"'),
        ("LSM505", 'pattern = "("'),
        ("LSM506", "exec = [1]"),
        ("LSM507", "words = 1"),
        ("LSM508", "length = 0"),
        ("LSM509", 'variable = "["'),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, code: str, settings: str) -> None:
    table = f"[checks.{CHECKS[code].name}]\n{settings}\n"
    with pytest.raises(SettingError, match=CHECKS[code].name):
        lint_files(tmp_path, {"p": "profile p {\n}\n", "lsmc.toml": table}, code)
