"""Orders, permissions, numbers and levels, beside what they are by definition."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.resolve.ordering import Repeated, merged
from lsmc.modules.selinux.resolve.permissions import mask, numbers
from lsmc.modules.selinux.syntax.expressions import number
from lsmc.modules.selinux.syntax.tree import Node
from tests.modules.selinux.front import policy

TOP = 0xFFFF
LEAVES = st.integers(0, 12).map(str)
RANGES = st.tuples(st.just("range"), LEAVES, LEAVES)


def _expressions(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(("and", "or", "xor")), inner, inner),
            st.tuples(st.just("not"), inner),
            st.tuples(inner, inner),
        ),
        max_leaves=6,
    )


def _wanted(node: Any) -> frozenset[int]:
    """The numbers of an expression, one by one."""
    if isinstance(node, str):
        return frozenset((int(node),))
    head, *rest = node
    if head == "range":
        return frozenset(range(int(rest[0]), int(rest[1]) + 1))
    if head not in ("and", "or", "xor", "not"):
        return frozenset().union(*map(_wanted, node))
    parts = [_wanted(one) for one in rest]
    if head == "not":
        return frozenset(range(TOP + 1)) - parts[0]
    one, other = parts
    return {"and": one & other, "or": one | other, "xor": one ^ other}[head]


@given(_expressions(st.one_of(st.tuples(LEAVES), RANGES)))
def test_numbers_are_ranges_of_what_an_expression_means(node: Any) -> None:
    spans = numbers(node)
    found = {one for first, last in spans for one in range(first, last + 1)}
    assert found == _wanted(node)
    assert all(first[1] + 1 < second[0] for first, second in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("lists", "order", "left"),
    [
        (["abc"], "abc", []),
        (["ab", "bc"], "abc", []),
        (["bc", "ab"], "abc", []),
        (["ac", "abc"], "abc", []),
        (["abc", "ac"], "abc", []),
        (["abc", "adc"], "abc", [1]),
        (["ab", "cd"], "ab", [1]),
        (["ab", "cd", "bc"], "abcd", []),
        (["abc", "xb"], "abc", [1]),
        (["abc", "xa"], "xabc", []),
    ],
)
def test_orders_link_up(lists: list[str], order: str, left: list[int]) -> None:
    assert merged(lists) == (list(order), left)


@pytest.mark.parametrize("lists", [["aa"], ["ab", "ba"], ["abc", "ca"]])
def test_orders_that_repeat_are_refused(lists: list[str]) -> None:
    with pytest.raises(Repeated):
        merged(lists)


@given(st.permutations("abcdef"), st.data())
def test_an_order_is_found_from_its_neighbours(order: list[str], data: st.DataObject) -> None:
    pairs = ["".join(pair) for pair in itertools.pairwise(order)]
    assert merged(data.draw(st.permutations(pairs))) == (list(order), [])


def test_a_permission_expression_is_a_mask() -> None:
    bits = {"a": 1, "b": 2, "c": 4}
    assert mask(("not", ("or", "a", "c")), bits, "k") == 2
    assert mask((("all",), "a"), bits, "k") == 7
    assert mask(("xor", ("a", "b"), ("b", "c")), bits, "k") == 5


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [("0x1F", 0, 31), ("010", 0, 8), ("010", 10, 10), ("70000", 10, 70000), ("0", 0, 0)],
)
def test_numbers_as_c_reads_them(text: str, base: int, value: int) -> None:
    assert number(text, 2**32 - 1, base) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1_0", "0x", "08", "²", "99999999999", ("1",)])
def test_what_is_no_number(text: Node) -> None:
    assert number(text, 2**32 - 1) is None


def test_levels_and_contexts() -> None:
    found = policy("(categoryset x (not c1)) (level l (s1 x)) (context k (u object_r c (low l)))"
                   "(filecon /a any k)")  # fmt: skip
    (label,) = found.file_contexts
    assert label.context is not None
    assert label.context.range is not None
    assert label.context.range.high == (1, 0b101)
    assert found.sensitivity_categories == (0b111, 0b111)
