"""The booleans that would open something: held against all settings."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.explain.explain import explain
from tests.modules.selinux.support import engine

NAMES = ("a", "b", "c")
_EXPRESSION = st.recursive(
    st.sampled_from(NAMES),
    lambda part: st.one_of(
        part.map(lambda one: f"(not {one})"),
        st.tuples(st.sampled_from(("and", "or", "xor", "eq", "neq")), part, part).map(
            lambda one: f"({' '.join(one)})"
        ),
    ),
    max_leaves=4,
)
_BLOCK = st.tuples(
    _EXPRESSION, st.sampled_from(("true", "false")), st.sampled_from(("read", "write"))
)


@given(st.tuples(*[st.booleans()] * 3), st.lists(_BLOCK, min_size=1, max_size=4))
def test_exact(values: tuple[bool, ...], blocks: list[tuple[str, str, str]]) -> None:
    """The settings that are told are the smallest ones under which it is allowed."""
    text = "(type s)(type t)(allow s t (file (open)))\n"
    for name, value in zip(NAMES, values, strict=True):
        text += f"(boolean {name} {'true' if value else 'false'})\n"
    for expression, branch, permission in blocks:
        text += f"(booleanif {expression} ({branch} (allow s t (file ({permission})))))\n"
    policy = engine(text)
    request = {"subject": "s", "op": "file:read,write", "object": "t"}
    found = explain(policy, request)
    sufficient = []
    for setting in product((False, True), repeat=3):
        booleans = dict(zip(NAMES, setting, strict=True))
        if policy.answer({**request, "booleans": booleans}).allowed:
            changed = {n for n, old, new in zip(NAMES, values, setting, strict=True) if old != new}
            sufficient.append(frozenset(changed))
    smallest = {one for one in sufficient if not any(other < one for other in sufficient)}
    told = {frozenset(way) for one in found.obstacles for way in one.settings}
    if found.verdict.allowed:
        assert frozenset() in sufficient
    elif "no-rule" not in {one.kind for one in found.obstacles}:
        assert told == smallest
    for one in found.obstacles:
        for way in one.settings:
            assert all(dict(zip(NAMES, values, strict=True))[n] != v for n, v in way.items())
