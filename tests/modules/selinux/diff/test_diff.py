"""Differences of policies: exactly where they decide differently, and none where they do not."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.analysis.change import Change, Side
from lsmc.policy import Policy
from tests.modules.selinux.policies import (
    ATTRIBUTES,
    BOOLEANS,
    PRELUDE,
    TYPES,
    compiled,
    random_policy,
)

BASE = """\
(type web_t) (roletype web_r web_t) (roletype object_r web_t)
(type page_t) (roletype object_r page_t)
(type other_t) (roletype object_r other_t)
(typeattribute daemon) (typeattributeset daemon (web_t))
(boolean may_write false)
(allow web_t page_t (file (read)))
(allow daemon page_t (dir (search)))
(booleanif may_write (true (allow web_t page_t (file (write)))))
(typetransition web_t page_t file other_t)
(portcon tcp 80 (sys_u object_r page_t ((s0) (s0))))
(genfscon proc "/" (sys_u object_r page_t ((s0) (s0))))
(constrain (file (read)) (eq u1 u2))
"""


def changes(old: str, new: str) -> list[Change]:
    return lsmc.diff(compiled(old), compiled(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(allow web_t page_t (file (read)))", "(allow daemon page_t (file (read)))"),
        (
            "(allow web_t page_t (file (read)))\n",
            "(allow web_t page_t (file (read)))\n(allow daemon page_t (file (read)))\n",
        ),
        (
            "(allow daemon page_t (dir (search)))",
            "(typeattribute one) (typeattributeset one (web_t)) (allow one page_t (dir (search)))",
        ),
        ("daemon", "service"),
        (
            "(booleanif may_write (true (allow web_t page_t (file (write)))))",
            "(booleanif (not may_write) (false (allow web_t page_t (file (write)))))",
        ),
        (
            "(constrain (file (read)) (eq u1 u2))",
            "(constrain (file (read)) (not (not (eq u1 u2))))",
        ),
        ("(allow web_t page_t", "; a remark\n(allow web_t page_t"),
    ],
)
def test_what_is_only_written_otherwise_is_no_change(old: str, new: str) -> None:
    assert old in BASE
    assert changes(BASE, BASE.replace(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "profile", "what", "direction"),
    [
        ("(file (read)))\n(allow", "(file (read open)))\n(allow", "web_t", "on page_t", "wider"),
        ("(allow web_t page_t (file (read)))", "", "web_t", "on page_t", "narrower"),
        ("(dir (search)))", "(dir (search))) (auditallow web_t self (dir (search)))", "web_t",
         "on itself", "other"),
        ("(true (allow web_t page_t (file (write))))", "(true (allow web_t page_t (file (open))))",
         "web_t", "on page_t if may_write", "wider"),
        ("may_write false", "may_write true", "web_t", "on page_t if may_write", "wider"),
        ("file other_t", "file web_t", "web_t", "typetransition page_t file", "other"),
        ("tcp 80", "tcp (80 90)", "tcp:81-90", "port label", "other"),
        ('proc "/"', 'proc "/sys"', "proc:/", "genfscon", "other"),
        ("(constrain (file (read)) (eq u1 u2))", "", "policy", "constrain (eq u1 u2)", "wider"),
        ("(type other_t)", "(type other_t) (typepermissive other_t)", "other_t", "permissive",
         "wider"),
        ("(type other_t)", "(type other_t) (roleallow web_r sys_r)", "web_r", "may become sys_r",
         "wider"),
        ("(type other_t)", "(type other_t) (userrole ann_u sys_r)", "ann_u", "role sys_r", "wider"),
        ("(type other_t)", "(type other_t) (type new_t)", "new_t", "", "wider"),
    ],
)  # fmt: skip
def test_each_kind_of_change(old: str, new: str, profile: str, what: str, direction: str) -> None:
    assert old in BASE
    found = changes(BASE, BASE.replace(old, new, 1))
    assert (profile, what, direction) in [(one.profile, one.what, one.direction) for one in found]


def test_a_type_that_comes_is_told_with_its_declaration() -> None:
    (found,) = changes(BASE, BASE + "(type new_t)\n")
    assert (found.kind, found.cls, found.profile) == ("added", "type", "new_t")
    assert found.rule is not None
    assert found.rule.line == (PRELUDE + BASE).count("\n") + 1


def test_a_decision_has_rules_and_a_request() -> None:
    (found,) = changes(BASE, BASE.replace("(dir (search))", "(dir (search add_name))"))
    assert (found.kind, found.cls, found.permissions) == ("decision", "dir", ("add_name",))
    assert isinstance(found.after, Side)
    assert [rule.text for rule in found.after.rules] == [
        "(allow daemon page_t (dir (search add_name)))"
    ]
    assert found.witness == {
        "subject": "web_t",
        "class": "dir",
        "perms": "add_name",
        "object": "page_t",
    }


def test_a_constraint_on_users_is_shown_with_contexts() -> None:
    old, new = BASE, BASE.replace("(constrain (file (read)) (eq u1 u2))", "")
    (found,) = changes(old, new)
    assert found.witness is not None
    assert not compiled(old).answer(found.witness)
    assert compiled(new).answer(found.witness)


def test_a_constraint_on_types_changes_what_they_may() -> None:
    old = BASE.replace("(eq u1 u2)", "(eq t1 other_t)")
    found = [one for one in changes(old, BASE) if one.kind == "decision"]
    assert [(one.profile, one.permissions, one.direction) for one in found] == [
        ("web_t", ("read",), "wider")
    ]
    assert found[0].shows


BOUNDED = (
    BASE
    + """\
(typebounds web_t other_t)
(allow other_t page_t (file (read open)))
(allow web_t page_t (file (open)))
"""
)


def test_what_a_parent_loses_its_children_lose() -> None:
    found = changes(BOUNDED, BOUNDED.replace("(allow web_t page_t (file (open)))", ""))
    assert [(one.profile, one.what, one.permissions, one.direction) for one in found] == [
        ("web_t, other_t", "on page_t", ("open",), "narrower")
    ]


def test_bounds_take_away() -> None:
    old = BOUNDED.replace("(allow web_t page_t (file (open)))", "")
    found = changes(old.replace("(typebounds web_t other_t)", ""), old)
    assert [(one.profile, one.what, one.permissions) for one in found] == [
        ("other_t", "on page_t", ("open",)),
        ("other_t", "bounded by", ()),
    ]


def test_many_pairs_with_one_change_are_told_together() -> None:
    """Groups of pairs that differ only in their pairs are one change beyond a number."""
    types = [f"x{number}_t" for number in range(40)]
    declared = "".join(f"(type {name}) (roletype object_r {name})" for name in types)
    attribute = f"(typeattribute all_a) (typeattributeset all_a ({' '.join(types)}))"
    known = "".join(
        f"(allow {one} {other} (file (read)))"
        for one, other in zip(types, [*types[1:], types[0]], strict=True)
    )
    old = BASE + declared + attribute + known
    (found,) = changes(old, old + "(allow all_a all_a (file (read)))")
    assert found.what == f"on all_a ({40 * 40 - 40} pairs of them)"


def _decisions(policy: Policy) -> dict[object, object]:
    found: dict[object, object] = {}
    for values in [None, *product((False, True), repeat=len(BOOLEANS))]:
        booleans = {} if values is None else dict(zip(BOOLEANS, values, strict=True))
        for source, target in product((*TYPES, "base_t"), repeat=2):
            for cls in ("file", "dir", "process", "tcp_socket"):
                vector = policy.permissions(source, cls, target, booleans=booleans)
                found[values, source, target, cls] = vector[:4]
    return found


def _edited(text: str, rng: random.Random) -> str:
    lines = text.splitlines()
    kind = rng.randrange(4)
    if kind == 0:
        kept = [at for at, line in enumerate(lines) if not line.startswith("(type ")]
        lines.pop(rng.choice(kept))
    elif kind == 1:
        rules = random_policy(rng.randrange(1 << 30)).splitlines()
        lines += [line for line in rules if line.startswith(("(allow", "(deny"))][:2]
    elif kind == 2:
        lines.append(f"(typeattributeset {rng.choice(ATTRIBUTES)} ({rng.choice(TYPES)}))")
    else:
        rng.shuffle(lines)
    return "\n".join(lines) + "\n"


@settings(max_examples=30)
@given(st.integers(0, 1 << 30))
def test_there_are_changes_just_where_decisions_differ(seed: int) -> None:
    rng = random.Random(seed)
    old = random_policy(seed)
    new = _edited(old, rng)
    try:
        policies = [compiled(text) for text in (old, new)]
    except lsmc.PolicyError:
        return
    found = [one for one in lsmc.diff(*policies) if one.kind == "decision"]
    before, after = map(_decisions, policies)
    assert bool(found) == (before != after)
    for one in found:
        assert one.witness is not None
        assert one.before._replace(rules=()) != one.after._replace(rules=())
        for policy, side in zip(policies, (one.before, one.after), strict=True):
            request = one.witness
            vector = policy.permissions(
                request["subject"],
                request["class"],
                request["object"],
                booleans=request.get("booleans", {}),
            )
            assert set(side.allow) == vector.allow & set(one.permissions)


def test_policies_of_different_modules_are_not_compared() -> None:
    other = lsmc.compile_text("profile a {}\n")
    with pytest.raises(lsmc.Error):
        lsmc.diff(lsmc.compile_text(PRELUDE, module="selinux"), other)
