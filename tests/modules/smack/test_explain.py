"""Explanations: what decided, rows that were replaced, labels that would do, the smallest row."""

from __future__ import annotations

from hypothesis import given

from lsmc.explain.explanation import Explanation
from lsmc.modules.smack.answer import answer
from lsmc.modules.smack.explain import explain
from lsmc.modules.smack.questions import access_request
from tests.modules.smack.support import accesses, labels, opened, policies

FILES = {
    "accesses": "App Sys r\nApp User::Home rwx\nWeb Sys rw\nApp Sys rx",
    "accesses.d/1-change-rule": "App User::Home - x",
}


def _explained(subject: str, asked: str, obj: str) -> Explanation:
    return explain(opened(FILES), access_request(subject, asked, obj))


def test_the_rows_of_a_pair() -> None:
    found = _explained("App", "rw", "Sys")
    assert found.verdict.missing == ("w",)
    (reason,) = found.reasons
    assert (reason.permission, [ref.line for ref in reason.rules]) == ("r", [4])
    assert [(lost.rule.line, lost.by) for lost in reason.overridden] == [(1, "later")]
    by_kind = {miss.kind: miss for miss in found.misses}
    assert (by_kind["permission"].rule.line, by_kind["permission"].wanted) == (4, ("w",))
    labels = [(miss.field, miss.example) for miss in found.misses if miss.kind == "label"]
    assert labels == [("object", "User::Home"), ("subject", "Web")]


def test_the_smallest_row() -> None:
    (row,) = _explained("App", "rw", "Sys").suggestions
    assert (row.kind, row.rule, row.file, row.line) == ("mend", "App Sys rwx", "accesses", 4)
    (row,) = _explained("App", "x", "User::Home").suggestions
    assert (row.rule, row.file) == ("App User::Home x -", "accesses.d/1-change-rule")
    (row,) = _explained("Web", "rwl", "User::Home").suggestions
    assert (row.kind, row.rule, row.file, row.line) == ("exact", "Web User::Home rw", "accesses", 4)
    assert _explained("*", "r", "Sys").suggestions == ()


def test_a_change_and_the_row_that_it_changes_both_decide() -> None:
    found = _explained("App", "rw", "User::Home")
    assert found.verdict.allowed
    assert [(ref.file, ref.line) for ref in found.verdict.rules] == [
        ("accesses", 2),
        ("accesses.d/1-change-rule", 1),
    ]


def test_what_is_built_in_is_said() -> None:
    assert "label `^` may read" in _explained("^", "r", "Sys").verdict.note
    assert "with the label `_`" in _explained("App", "x", "_").verdict.note
    assert "no rule for `App` and `Gone`" in _explained("App", "r", "Gone").verdict.note


@given(policies(), labels, accesses, labels)
def test_a_suggested_row_allows_the_request(
    files: dict[str, str], subject: str, asked: str, obj: str
) -> None:
    """Put where it is said to belong, at the end or in place of another row."""
    engine = opened(files, enforce=True)
    request = access_request(subject, asked, obj)
    found = explain(engine, request)
    assert found.verdict == answer(engine, request)
    if found.verdict.allowed or subject == "*":
        assert found.suggestions == ()
        return
    (row,) = found.suggestions
    name = row.file or "accesses"
    lines = files[name].split("\n")
    if row.replaces is None:
        lines.append(row.rule)
    else:
        lines[row.line - 1] = row.rule
    mended = opened({**files, name: "\n".join(filter(None, lines))}, enforce=True)
    assert answer(mended, request).allowed, row


def test_a_label_that_no_rule_names_is_told() -> None:
    found = _explained("App", "r", "User::Hone")
    assert "no rule names the label `User::Hone`; did you mean `User::Home`?" in found.request.about
