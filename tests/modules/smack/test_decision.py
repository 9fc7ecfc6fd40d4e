"""The decision follows the kernel's code, which stands here once more, line by line."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.modules.smack.decision import Task, decide
from lsmc.modules.smack.labels import BRINGUP, EXEC, LETTERS, LOCK, READ, WRITE, read_access
from tests.modules.smack.support import LABELS, labels, opened

_BITS = st.integers(0, (1 << len(LETTERS)) - 1)
_EACCES, _BRINGUP_ALLOW, _UNCONFINED = -13, 1, 2


def _kernel(
    subject: str,
    obj: str,
    request: int,
    rule: int | None,
    unconfined: str,
    own: int | None,
    has_own: bool,
    override: bool,
) -> int:
    """`smk_tskacc` of security/smack/smack_access.c: below 0 is a refusal."""
    rc = _smk_access(subject, obj, request, rule, unconfined)
    if rc >= 0 and has_own and own is not None:
        may = own | LOCK if own & WRITE else own
        if request & may != request:
            rc = _EACCES
    if rc != 0 and override:
        rc = 0
    return rc


def _smk_access(subject: str, obj: str, request: int, rule: int | None, unconfined: str) -> int:
    rc = 0
    readable = obj == "_" or subject == "^"
    reads = request & (READ | EXEC) == request or request & LOCK == request
    if subject == "*":
        rc = _EACCES
    elif "@" in (subject, obj) or obj in ("*", subject) or (reads and readable):
        rc = 0
    else:
        may = rule if rule is not None else -2
        if may > 0 and may & WRITE:
            may |= LOCK
        if may <= 0 or request & may != request:
            rc = _EACCES
        elif may & BRINGUP:
            rc = _BRINGUP_ALLOW
    if rc < 0 and unconfined in (obj, subject):
        rc = _UNCONFINED
    return rc


@settings(max_examples=1500)
@given(labels, labels, _BITS, st.none() | _BITS, st.none() | labels, st.none() | _BITS, st.data())
def test_decisions_are_those_of_the_kernel(
    subject: str,
    obj: str,
    request: int,
    rule: int | None,
    unconfined: str | None,
    own: int | None,
    data: st.DataObject,
) -> None:
    has_own, override = data.draw(st.booleans()), data.draw(st.booleans())
    expected = _kernel(subject, obj, request, rule, unconfined or "", own, has_own, override)
    found = decide(
        subject,
        obj,
        request,
        lambda *_: rule,
        unconfined=unconfined or "",
        task=Task((lambda *_: own) if has_own else None, override),
    )
    assert found.allowed == (expected >= 0), (found, expected)
    assert found.bringup == (expected == _BRINGUP_ALLOW)
    assert bool(found.unconfined) == (expected == _UNCONFINED)


@pytest.mark.parametrize(
    ("subject", "obj", "letters", "by"),
    [
        ("*", "*", "r", "star-subject"),
        ("App", "@", "w", "web"),
        ("@", "App", "w", "web"),
        ("App", "*", "w", "star-object"),
        ("App", "App", "w", "same"),
        ("App", "_", "rx", "floor-object"),
        ("App", "_", "l", "floor-object"),
        ("App", "_", "rl", "no-row"),
        ("^", "App", "x", "hat-subject"),
        ("^", "App", "w", "no-row"),
        ("App", "Sys", "r", "row"),
        ("App", "Sys", "x", "row"),
        ("App", "Usr", "-", "no-row"),
    ],
)
def test_what_decides(subject: str, obj: str, letters: str, by: str) -> None:
    engine = opened("App Sys rw")
    assert decide(subject, obj, read_access(letters).bits, engine.access).by == by


def test_no_label_may_do_what_no_rule_gives() -> None:
    engine = opened("")
    for subject, obj in product(LABELS, LABELS):
        allowed = decide(subject, obj, WRITE, engine.access).allowed
        same = subject == obj or obj in "*@" or subject == "@"
        assert allowed == (same and subject != "*")
