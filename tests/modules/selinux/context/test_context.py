"""Contexts: what the kernel takes for valid, and their canonical text."""

from __future__ import annotations

import pytest

from lsmc.modules.selinux.context.context import (
    Context,
    Grammar,
    Invalid,
    format_context,
    parse_context,
)
from lsmc.modules.selinux.context.levels import Level, LevelNames, Range

LEVELS = LevelNames(
    {"s0": 0, "s1": 1},
    {"c0": 0, "c1": 1, "c2": 2},
    ["s0", "s1"],
    ["c0", "c1", "c2"],
)
USERS, ROLES, TYPES = ["sys_u", "ann_u"], ["object_r", "sys_r"], ["web_t", "k.x", "etc_t"]
GRAMMAR = Grammar(
    users={name: number for number, name in enumerate(USERS)},
    roles={name: number for number, name in enumerate(ROLES)},
    types={**{name: number for number, name in enumerate(TYPES)}, "old_t": 0},
    user_names=USERS,
    role_names=ROLES,
    type_names=TYPES,
    levels=LEVELS,
    user_roles=lambda user, role: (user, role) == (0, 1),
    role_types=lambda role, number: role == 1 and number < 2,
    user_range=lambda user: Range(Level(0, 0), Level(1, 0b11 if user == 0 else 0)),
    categories=lambda sensitivity: 0b111 if sensitivity == 0 else 0b11,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sys_u:sys_r:web_t:s0", "sys_u:sys_r:web_t:s0"),
        ("sys_u:sys_r:old_t:s0-s0", "sys_u:sys_r:web_t:s0"),
        ("sys_u:sys_r:k.x:s0:c1.c0,c1", None),
        ("sys_u:sys_r:k.x:s0:c1,c0", "sys_u:sys_r:k.x:s0:c0,c1"),
        ("sys_u:object_r:etc_t:s0:c0.c2", "sys_u:object_r:etc_t:s0:c0.c2"),
        ("ann_u:object_r:etc_t:s1:c1", "ann_u:object_r:etc_t:s1:c1"),
        ("sys_u:sys_r:etc_t:s0", None),
        ("ann_u:sys_r:web_t:s0", None),
        ("sys_u:sys_r:web_t:s0:c2", None),
        ("sys_u:object_r:etc_t:s1:c2", None),
        ("sys_u:object_r:etc_t:s1-s0", None),
        ("sys_u:object_r:etc_t", None),
        ("sys_u:object_r", None),
        ("none:object_r:etc_t:s0", None),
        ("sys_u:none:etc_t:s0", None),
        ("sys_u:object_r:none:s0", None),
        ("sys_u:object_r:etc_t:s7", None),
        ("", None),
    ],
)
def test_only_valid_contexts_are_read(text: str, canonical: str | None) -> None:
    found = parse_context(text, GRAMMAR)
    if canonical is None:
        assert isinstance(found, Invalid)
        assert found.reason
    else:
        assert isinstance(found, Context)
        assert format_context(found, GRAMMAR) == canonical


def test_a_name_that_is_not_known_is_told_with_a_similar_one() -> None:
    found = parse_context("sys_u:sys_r:wbe_t:s0", GRAMMAR)
    assert isinstance(found, Invalid)
    assert found.reason == "the policy has no type `wbe_t`; did you mean `web_t` or `etc_t`?"


def test_a_policy_without_levels_has_contexts_without() -> None:
    grammar = GRAMMAR._replace(levels=None)
    found = parse_context("sys_u:sys_r:web_t", grammar)
    assert isinstance(found, Context)
    assert format_context(found, grammar) == "sys_u:sys_r:web_t"
    assert isinstance(parse_context("sys_u:sys_r:web_t:s0", grammar), Invalid)
