"""Renderers: excerpts of source lines, escapes, folding on a terminal, JSON of diagnostics."""

from __future__ import annotations

import io
import json

import pytest

from lsmc.base.diagnostics import Diagnostic, Edit, Fix, Label
from lsmc.base.source import Source, Span
from lsmc.output import concise
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.human import render
from lsmc.output.json import diagnostic as to_json
from lsmc.output.json import dumps
from lsmc.output.styled import ROLES, ansi, line, plain, safe


def span(text: str | bytes, marked: str | bytes, path: str = "p") -> Span:
    data = text.encode() if isinstance(text, str) else text
    part = marked.encode() if isinstance(marked, str) else marked
    start = data.index(part)
    return Span(Source.from_bytes(path, data), start, start + len(part))


def shown(where: Span | None, message: str = "wrong", **more: object) -> list[str]:
    found = Diagnostic("LSM999", "name", "error", message, where, **more)  # type: ignore[arg-type]
    return plain(diagnostic_lines(found)).splitlines()


def test_the_mark_stands_under_what_is_meant() -> None:
    assert shown(span("profile p {\n  /a q,\n}", "q")) == [
        "p:2:6: error: wrong [LSM999]",
        "    2 |   /a q,",
        "      |      ^",
    ]


def test_tabs_wide_and_combining_characters_keep_the_mark_in_place() -> None:
    for text, before in (
        ("\t\u00e9 q,", 6),
        ("\u65e5\u672c q,", 5),
        ("e\u0301 q,", 2),
        (b"\xff q,", 5),
        ("\x1b q,", 5),
    ):
        _, source, mark = shown(span(text, "q"))
        assert mark == "      | " + " " * before + "^"
        assert "\x1b" not in source


def test_a_mark_ends_with_its_line_and_help_and_notes_follow() -> None:
    where = span("one two\nthree", "two\nthree")
    label = Label(span("x", "x", "other"), "see here")
    assert shown(where, help="do it", related=(label,)) == [
        "p:1:5: error: wrong [LSM999]",
        "    1 | one two",
        "      |     ^^^",
        "  other:1:1: note: see here",
        "  help: do it",
    ]


def test_long_and_binary_lines_are_cut() -> None:
    for text in ("a" * 500 + " q " + "b" * 500, b"\x00" * 300 + b"q" + b"\x01" * 300):
        _, source, mark = shown(span(text, "q"))
        assert len(source) < 140
        assert source[8] == "…"
        assert source.endswith("…")
        assert source[mark.index("^")] == "q"


def test_places_without_text() -> None:
    assert shown(None) == ["error: wrong [LSM999]"]
    assert shown(Span(Source("p", ""), 0, 0)) == ["p:1:1: error: wrong [LSM999]"]


def test_nothing_from_a_policy_steers_the_terminal() -> None:
    hostile = "a\x1b[2J\r\n\x07\u202e\u2028\x9b\udcff"
    assert safe(hostile) == "a\\x1b[2J\\x0d\\n\\x07\\u202e\\u2028\\x9b\\xff"
    where = span(b"x\x1b[2J q", "q", path="p\x1b")
    found = Diagnostic("LSM999", "name", "error", hostile, where, help=hostile)
    for text in (plain(diagnostic_lines(found)), concise.render([found])):
        assert all(part.isprintable() for part in text.splitlines())


def test_concise() -> None:
    found = Diagnostic("LSM999", "name", "warning", "odd", span("a\nb", "b"))
    assert concise.render([found]) == "p:2:1: warning: LSM999 odd\n"


def test_json_of_a_diagnostic() -> None:
    where = span("profile p {}", "p {")
    found = Diagnostic(
        "LSM101",
        "unreachable-rule",
        "warning",
        "never used",
        where,
        profile="p",
        witness={"subject": "p", "op": "read", "object": b"/a\xff"},
        related=(Label(where, "here"),),
        fix=Fix("remove", (Edit(where, ""),)),
    )
    assert json.loads(dumps(to_json(found))) == {
        "code": "LSM101",
        "name": "unreachable-rule",
        "severity": "warning",
        "confidence": "high",
        "message": "never used",
        "file": "p",
        "line": 1,
        "column": 9,
        "end_line": 1,
        "end_column": 12,
        "profile": "p",
        "witness": {"subject": "p", "op": "read", "object": "/a\\xff"},
        "related": [{"file": "p", "line": 1, "column": 9, "message": "here"}],
        "fix": {
            "title": "remove",
            "safe": True,
            "edits": [
                {
                    "file": "p",
                    "line": 1,
                    "column": 9,
                    "end_line": 1,
                    "end_column": 12,
                    "text": "",
                }
            ],
        },
        "help": "",
    }


def test_roles_become_colours() -> None:
    for role, code in ROLES.items():
        text = ansi([line(("x", role))])
        assert text == (f"\x1b[{code}mx\x1b[0m\n" if code else "x\n")


def test_long_lines_fold_under_their_indentation(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    render([line("    ", ("[bold]word " * 4, "code"))], out)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert all(part.startswith("    ") for part in lines)
    assert "[bold]word" in out.getvalue()
