"""Constraint expressions: what they mean, and words that are none."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.context.context import Context
from lsmc.modules.selinux.context.levels import Level, dominates
from lsmc.modules.selinux.decide.constraints import (
    Leaf,
    Node,
    Operand,
    Operator,
    Tree,
    compiled,
    fields,
    leaves,
    tree,
)

SETS = (frozenset((1, 2)), frozenset((0,)), frozenset[int]())
LOW, HIGH, SIDE = Level(0, 0), Level(1, 3), Level(0, 4)
ONE = Context(1, 1, 1, LOW, HIGH)
TWO = Context(0, 1, 2, SIDE, SIDE)


def words(root: Tree) -> list[int]:
    if isinstance(root, Leaf):
        return list(root)
    return [word for part in root.parts for word in words(part)] + [root.operator]


def meaning(root: Tree, values: Sequence[object]) -> bool:
    """What an expression means, said in another way than `compiled` does."""
    if isinstance(root, Node):
        results = [meaning(part, values) for part in root.parts]
        if root.operator is Operator.NOT:
            return not results[0]
        return all(results) if root.operator is Operator.AND else any(results)
    left = values[root.left]
    if root.operator >= Operator.IN:
        return (left in SETS[root.right]) is (root.operator is Operator.IN)
    right = values[root.right]
    if root.operator in (Operator.EQ, Operator.NEQ):
        return (left == right) is (root.operator is Operator.EQ)
    if isinstance(left, Level) and isinstance(right, Level):
        up, down = dominates(left, right), dominates(right, left)
    else:
        up = down = left == right and left != 0
    return {Operator.DOM: up, Operator.DOMBY: down}.get(root.operator, not up and not down)


NAMED = st.sampled_from((Operand.U1, Operand.R1, Operand.T1, Operand.U2, Operand.R2, Operand.T2))
LEVEL = st.sampled_from((Operand.L1, Operand.H1, Operand.L2, Operand.H2))
ROLE = st.sampled_from((Operand.R1, Operand.R2))
ORDER = st.sampled_from((Operator.EQ, Operator.NEQ, Operator.DOM, Operator.DOMBY, Operator.INCOMP))
LEAVES = st.one_of(
    st.builds(Leaf, st.sampled_from((Operator.IN, Operator.NOT_IN)), NAMED, st.integers(0, 2)),
    st.builds(Leaf, st.sampled_from((Operator.EQ, Operator.NEQ)), NAMED, NAMED),
    st.builds(Leaf, ORDER, LEVEL, LEVEL),
    st.builds(Leaf, ORDER, ROLE, ROLE),
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(lambda one: Node(Operator.NOT, (one,)), part),
        st.builds(
            lambda operator, one, two: Node(operator, (one, two)),
            st.sampled_from((Operator.AND, Operator.OR)),
            part,
            part,
        ),
    ),
    max_leaves=6,
)
CONTEXTS = st.builds(
    Context,
    *(st.integers(0, 2),) * 3,
    *(st.sampled_from((LOW, HIGH, SIDE)),) * 2,
)


@given(TREES, CONTEXTS, CONTEXTS)
def test_the_compiled_expression_means_what_the_tree_says(
    root: Tree, one: Context, two: Context
) -> None:
    values = fields(one, two)
    assert tree(words(root)) == root
    assert compiled(words(root), SETS.__getitem__, object_role=0)(values) == meaning(root, values)


def test_leaves_come_in_order() -> None:
    first = Leaf(Operator.EQ, Operand.U1, Operand.U2)
    second = Leaf(Operator.DOM, Operand.L1, Operand.L2)
    assert list(leaves(Node(Operator.AND, (first, Node(Operator.NOT, (second,)))))) == [
        first,
        second,
    ]


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [Operator.NOT],
        [Operator.EQ, Operand.U1],
        [Operator.EQ, Operand.U1, 99],
        [Operator.EQ, 99, Operand.U1],
        [77],
        [*Leaf(Operator.EQ, Operand.U1, Operand.U2)] * 2,
        [*Leaf(Operator.EQ, Operand.U1, Operand.U2), Operator.AND],
        [*Leaf(Operator.EQ, Operand.L1, Operand.U2)],
        [*Leaf(Operator.DOM, Operand.T1, Operand.T2)],
        [*Leaf(Operator.IN, Operand.L1, 0)],
        [*Leaf(Operator.EQ, Operand.U1, Operand.U3)],
        [*Leaf(Operator.EQ, Operand.U1, Operand.U2), *[Operator.NOT] * 100_000],
    ],
)
def test_other_words_are_no_expression(bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        compiled(bad, SETS.__getitem__, object_role=0)


def test_noise_is_an_expression_or_an_error() -> None:
    noise = random.Random(1)
    for _ in range(5000):
        found = [noise.randrange(14) for _ in range(noise.randrange(1, 12))]
        try:
            test = compiled(found, SETS.__getitem__, object_role=0)
        except (ValueError, IndexError):
            continue
        assert test(fields(ONE, TWO)) in (True, False)


def test_the_task_is_known_where_labels_change() -> None:
    test = compiled(
        [*Leaf(Operator.EQ, Operand.T1, Operand.T3)], SETS.__getitem__, object_role=0, task=True
    )
    assert test(fields(ONE, TWO, ONE))
    assert not test(fields(ONE, TWO, TWO))
