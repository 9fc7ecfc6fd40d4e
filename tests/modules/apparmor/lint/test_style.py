"""The checks of style: what the examples on their pages do not show, and their fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.fixes import edited
from lsmc.lint.model import SettingError
from tests.lint.support import CHECKS, lint_files

STYLE = [code for code in CHECKS if code.startswith("LSM5")]


def found(
    folder: Path, code: str, text: str, settings: str = "", **others: str
) -> list[Diagnostic]:
    files = {"p": text, **others}
    if settings:
        files["lsmc.toml"] = f"[checks.{CHECKS[code].name}]\n{settings}\n"
    result = lint_files(folder, files, code)
    assert [fault.message for fault in result.faults] == []
    return [one for one in result.findings if one.code == code]


def fixed(folder: Path, code: str, text: str, settings: str = "") -> str:
    """The text after all fixes, pass after pass."""
    for _ in range(3):
        fixes = [one for one in found(folder, code, text, settings) if one.fix is not None]
        if not fixes:
            return text
        text = edited(fixes)[str(folder / "p")]
    raise AssertionError("the fixes find no end")


def test_all_are_off_unless_selected(tmp_path: Path) -> None:
    assert len(STYLE) == 10
    assert not any(CHECKS[code].default for code in STYLE)
    text = "profile p {\n /a   wr, #TODO\n}\n"
    findings = lint_files(tmp_path, {"p": text}).findings
    assert [one for one in findings if one.code in STYLE] == []
    assert len(lint_files(tmp_path, {"p": text}, "LSM5").findings) >= 4


def test_permission_order(tmp_path: Path) -> None:
    text = "profile p {\n  /a   wr, # x\n  wr /b,\n  /c klixr -> x,\n  if $B { /d rm, }\n}\n"
    text = "$B = true\n" + text.replace("klixr -> x", "klixr")
    done = text.replace("wr", "rw").replace("klixr", "rlkix").replace("rm,", "mr,")
    assert fixed(tmp_path, "LSM501", text) == done


RULES = """\
profile p {
  # about both
  capability chown,
  signal send, # a signal
  network inet stream,
  set rlimit cpu <= 2,

  /b r,
  /a r,
}
"""


def test_rule_order(tmp_path: Path) -> None:
    text = RULES.replace("  # about both\n", "")
    (finding,) = found(tmp_path, "LSM502", text)
    assert (finding.line, finding.message) == (
        4,
        "`network inet stream` belongs before `signal send`",
    )
    done = text.replace("  set rlimit cpu <= 2,\n", "")
    done = done.replace(
        "  capability chown,\n  signal send, # a signal\n  network inet stream,\n",
        "  set rlimit cpu <= 2,\n  capability chown,\n  network inet stream,\n"
        "  signal send, # a signal\n",
    )
    assert fixed(tmp_path, "LSM502", text) == done
    assert len(found(tmp_path, "LSM502", text, "sort-paths = true")) == 2
    assert found(tmp_path, "LSM502", text, 'order = ["signal"]') != []


def test_rule_order_keeps_comments_with_their_rules(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "LSM502", RULES)
    assert finding.fix is None  # `capability` would leave the comment above it
    text = RULES.replace("  set rlimit cpu <= 2,\n", "")
    done = text.replace(
        "  signal send, # a signal\n  network inet stream,\n",
        "  network inet stream,\n  signal send, # a signal\n",
    )
    assert fixed(tmp_path, "LSM502", text) == done


@pytest.mark.parametrize(
    "body",
    [
        "  /a r, capability chown,\n",
        "  /a r,\n  # own\n  capability chown,\n",
        "  /a r,\n  include if exists <local/x>\n  capability chown,\n",
        "  /a r,\n  ^h { }\n  capability chown,\n",
    ],
)
def test_rule_order_looks_at_paragraphs(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, "LSM502", f"profile p {{\n{body}}}\n") == []


def test_whitespace(tmp_path: Path) -> None:
    text = "profile p  {\n  /a wr,\n\t/b  r, # c\n\n\n\n  /c r,/d r,\n}"
    done = "profile p {\n  /a wr,\n  /b r, # c\n\n  /c r,\n  /d r,\n}\n"
    assert [one.line for one in found(tmp_path, "LSM503", text)] == [1]
    assert fixed(tmp_path, "LSM503", text) == done
    assert fixed(tmp_path, "LSM503", text.replace("\n", "\r\n")) == done
    result = lint_files(tmp_path, {"p": "profile  p {\n"}, "LSM503")
    assert [one.code for one in result.findings if one.code == "LSM503"] == []


def test_use_variable(tmp_path: Path) -> None:
    text = "@{PROC} = /proc/\n@{bin} = /{,usr/}bin\n@{pid} = [1-9]{,[0-9]}\nprofile p {\n"
    text += '  /proc/[0-9]*/stat r,\n  /usr/bin/a ix,\n  /{usr/,}bin/b ix,\n  "/proc/c" r,\n'
    text += "  /processes r,\n  /sys/d r,\n}\n"
    findings = found(tmp_path, "LSM504", text)
    assert [(one.line, one.fix.safe) for one in findings if one.fix] == [
        (5, False),
        (6, False),
        (7, True),
    ]
    done = fixed(tmp_path, "LSM504", text.replace("/usr/bin/a ix", "/opt/a ix"))
    assert "  @{PROC}/@{pid}/stat r,\n" in done
    assert "  @{bin}/b ix,\n" in done
    (again,) = found(tmp_path, "LSM504", text.replace("[0-9]*/stat", "@{pid}/stat"))[:1]
    assert again.fix is not None
    assert (again.line, again.fix.safe, again.fix.title) == (5, True, "write `@{PROC}`")
    assert found(tmp_path, "LSM504", text, 'skip = ["pid", "PROC", "bin"]') == []


def test_missing_header(tmp_path: Path) -> None:
    assert found(tmp_path, "LSM505", "") == []
    assert len(found(tmp_path, "LSM505", "\n\n  /a r,\n")) == 1
    (one,) = found(tmp_path, "LSM505", "# x\nprofile p {\n}\n", 'pattern = "^# y"')
    assert one.message == "the comment at the start does not hold `^# y`"


def test_comment_required(tmp_path: Path) -> None:
    text = "profile p {\n  # why\n  /a ux,\n  /b ux,\n\n  /c rux,\n  capability,\n  umount,\n}\n"
    assert [one.line for one in found(tmp_path, "LSM506", text)] == [6, 7]
    settings = 'exec = []\ncapabilities = []\nclasses = ["umount"]'
    assert [one.line for one in found(tmp_path, "LSM506", text, settings)] == [8]


def test_todo_comment(tmp_path: Path) -> None:
    text = "# todo /TODO XXXX\n# (FIXME) a\n@{A} = b # TODO: c\n"
    findings = found(tmp_path, "LSM507", text)
    assert [(one.line, one.column) for one in findings] == [(2, 4), (3, 12)]
    assert found(tmp_path, "LSM507", text, "words = []") == []


def test_too_long(tmp_path: Path) -> None:
    long = "\xe4" * 121
    text = f"# https://{long}\n# {long}\n# {long[:118]}\n"
    assert [one.line for one in found(tmp_path, "LSM508", text)] == [2]


def test_naming(tmp_path: Path) -> None:
    text = "@{aB} = x\n@{aB} += y\n$A = true\nprofile a//b {\n  ^c:d { }\n}\n/z {\n}\n"
    findings = found(tmp_path, "LSM509", text)
    assert [one.line for one in findings] == [1, 5, 7]
    settings = 'profile = ".*"\nvariable = ".*"'
    assert [one.line for one in found(tmp_path, "LSM509", text, settings)] == [7]


def test_no_space_comment(tmp_path: Path) -> None:
    text = "#!x\n##\n#a\n# b\n#\n#aa:only x\n#aa/dbus y\n/c r, #d\n"
    assert fixed(tmp_path, "LSM510", text) == text.replace("#a\n", "# a\n").replace("#d", "# d")


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
    with pytest.raises(SettingError, match=CHECKS[code].name):
        found(tmp_path, code, "profile p {\n}\n", settings)
