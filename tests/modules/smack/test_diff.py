"""A difference is told exactly where a request is answered differently, with such a request."""

from __future__ import annotations

from itertools import product

from hypothesis import Phase, given, settings

from lsmc.engine.verdict import Verdict
from lsmc.modules.smack.answer import Engine, answer
from lsmc.modules.smack.diff import diff
from lsmc.modules.smack.labels import FLOOR, HAT, STAR, letters
from lsmc.modules.smack.questions import access_request
from tests.modules.smack.support import opened, policies

#: The labels that are decided in different ways.
_LABELS = (FLOOR, HAT, STAR, "@", "App", "Sys", "other")
_SETS = [letters(bits) for bits in range(1 << 7)]


def _told(verdict: Verdict) -> tuple[bool, bool, str]:
    return verdict.allowed, verdict.audited, verdict.decision


def _answers(engine: Engine) -> dict[tuple[str, ...], tuple[bool, bool, str]]:
    """Whether each request is allowed, and logged; that of those who may override as well."""
    found = {}
    for subject, obj in product(_LABELS, repeat=2):
        for asked in _SETS:
            verdict = answer(engine, access_request(subject, asked, obj))
            found[subject, asked, obj] = _told(verdict)
    for subject in set(_LABELS) - {STAR, "@"}:  # no task has these
        request = access_request(subject, "w", "other2")
        verdict = answer(engine, {**request, "capabilities": "mac_override"})
        found[subject, "override"] = _told(verdict)
    return found


@settings(max_examples=8, deadline=None, phases=[Phase.generate])  # an answer takes long
@given(policies(), policies())
def test_differences_are_exact(one: dict[str, str], other: dict[str, str]) -> None:
    old, new = opened(one), opened(other)
    changes = diff(old, new)
    assert any(change.shows for change in changes) == (_answers(old) != _answers(new))
    for change in changes:
        assert change.witness is not None
        before, after = answer(old, change.witness), answer(new, change.witness)
        assert (_told(before) != _told(after)) == change.shows, change
        if change.kind == "decision" and before.allowed != after.allowed:
            assert change.direction == ("wider" if after.allowed else "narrower")


@given(policies())
def test_a_policy_equals_itself(files: dict[str, str]) -> None:
    assert diff(opened(files), opened(files)) == []


def test_changes_by_their_letters() -> None:
    old, new = opened("App Sys rw\nApp Usr rx\nApp _ r"), opened("App Sys rx\nApp Usr rxb")
    found = [
        (one.profile, one.witness and one.witness["object"], one.permissions, one.direction)
        for one in diff(old, new)
    ]
    assert found == [
        ("App", "Sys", ("x",), "wider"),
        ("App", "Sys", ("w", "l"), "narrower"),
        ("App", "Usr", ("r", "x"), "other"),  # reported from now on
    ]


def test_settings_change() -> None:
    old = opened({"accesses": "App Sys r", "unconfined": "App"})
    new = opened({"accesses": "App Sys r", "onlycap": "Sys"})
    found = [(one.profile, one.what, one.direction) for one in diff(old, new)]
    assert found == [("App", "unconfined", "narrower"), ("other", "onlycap", "narrower")]
