"""Reasons, what else names the object, and what would let an access through."""

from __future__ import annotations

import pytest

from lsmc.explain.explanation import Explanation
from tests.modules.kubearmor.policies import WEB, compiled


def explained(spec: str, op: str, obj: str = "", **fields: str) -> Explanation:
    return compiled(spec).explain(WEB, op, obj, **fields)


def test_the_entry_that_decides_and_the_one_that_it_replaced() -> None:
    entries = "{path: /a, action: Allow}, {path: /a, action: Block}"
    found = explained(f"file: {{matchPaths: [{entries}]}}", "open", "/a", enforcer="bpf")
    (reason,) = found.reasons
    assert [one.text for one in reason.rules] == ["Block file {path: /a}"]
    assert [(one.rule.text, one.by) for one in reason.overridden] == [
        ("Allow file {path: /a}", "later")
    ]


@pytest.mark.parametrize(
    ("spec", "enforcer", "words"),
    [
        ("file: {matchPatterns: [{pattern: /a*}]}", "bpf", "BPF has no matchPatterns"),
        (
            "process: {action: Allow, matchPaths: [{execname: ab}]}",
            "apparmor",
            "an Allow with a pattern is left out",
        ),
        ("file: {matchPaths: [{path: /ab, action: block}]}", "bpf", "`block` is no action"),
        ("file: {matchPaths: [{path: /ab, action: Audit}]}", "bpf", "Audit only logs"),
    ],
)
def test_entries_that_do_nothing_are_told(spec: str, enforcer: str, words: str) -> None:
    op = "exec" if spec.startswith("process") else "open"
    found = explained(spec, op, "/ab", enforcer=enforcer)
    assert "web.yaml:10 does nothing under" in found.verdict.note
    assert words in found.verdict.note


def test_an_entry_of_another_program_is_a_near_miss() -> None:
    spec = "file: {action: Allow, matchPaths: [{path: /a, fromSource: [{path: /bin/x}]}]}"
    found = explained(spec, "open", "/a", source="/bin/y", enforcer="bpf", posture="file=block")
    assert [(one.kind, one.expected or one.example) for one in found.misses] == [("side", "/bin/x")]


def test_what_is_suggested_was_tried() -> None:
    spec = "file: {action: Allow, matchPaths: [{path: /a}]}"
    found = explained(spec, "open", "/b", enforcer="bpf", posture="file=block")
    (one,) = found.suggestions
    assert one.rule == "file: {matchPaths: [{path: /b, readOnly: true, action: Allow}]}"
    changed = spec.replace("{path: /a}", f"{{path: /a}}, {one.rule.split('[')[1].split(']')[0]}")
    again = explained(changed, "open", "/b", enforcer="bpf", posture="file=block")
    assert again.verdict.allowed


def test_a_block_is_taken_away_where_no_allow_would_help() -> None:
    found = explained("file: {matchPaths: [{path: /a}]}", "open", "/a")
    (one,) = found.suggestions
    assert (one.kind, one.rule, one.says) == (
        "deny",
        "",
        "remove the entry `Block file {path: /a}`",
    )


def test_nothing_is_suggested_where_two_entries_block() -> None:
    spec = "file: {matchPaths: [{path: /a/b}], matchDirectories: [{dir: /a/}]}"
    assert explained(spec, "open", "/a/b").suggestions == ()


def test_what_is_allowed_needs_no_change() -> None:
    found = explained("file: {matchPaths: [{path: /a}]}", "open", "/b")
    assert found.verdict.allowed
    assert found.suggestions == ()


def test_a_suggestion_holds_under_both_enforcers_where_none_is_named() -> None:
    spec = "file: {matchPaths: [{path: /a}, {path: /c, action: Allow}]}"
    (both,) = explained(spec, "write", "/a").suggestions
    assert both.kind == "deny"
    (one,) = explained(spec, "write", "/a", enforcer="bpf", source="/bin/x").suggestions
    assert one.rule.endswith("fromSource: [{path: /bin/x}], action: Allow}]}")
