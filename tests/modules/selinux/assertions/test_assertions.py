"""What assertions refuse: rules that are never to be, conflicts, and children above parents."""

from __future__ import annotations

import pytest

from tests.modules.selinux.front import policy, told

HOLD = [
    "(allow a c (file (read))) (neverallow b c (file (read)))",
    "(allow a c (file (read))) (neverallow a c (file (write)))",
    "(allow two self (file (read))) (neverallow a b (file (read)))",
    "(allow a a (file (read))) (neverallow b notself (file (read)))",
    "(dontaudit a c (file (read))) (neverallow a c (file (read)))",
    "(allow a c (file (read))) (deny a c (file (read))) (neverallow a c (file (read)))",
    "(tunableif no (true (allow a c (file (read))))) (neverallow a c (file (read)))",
    "(allow a c (file (ioctl))) (allowx a c (ioctl file (1))) (neverallowx a c (ioctl file (2)))",
    "(typetransition a c file d) (typetransition two c file d)",
    "(booleanif on (true (typetransition a c file d)) (false (typetransition a c file c)))",
    "(typebounds a b) (allow b b (process (signal))) (allow a a (process (signal)))",
    "(typebounds a b) (booleanif on (true (allow two c (file (read)))))",
    "(typebounds a b) (allow b d (file (read))) (deny b d (file (read)))",
]
FAIL = [
    "(allow a c (file (read))) (neverallow a c (file (read)))",
    "(allow two two (file (read))) (neverallow two self (file (read)))",
    "(allow two others (file (read))) (neverallow b notself (file (read)))",
    "(booleanif off (true (allow a c (file (read))))) (neverallow a c (file (read)))",
    "(allow a c (file (read write))) (deny a c (file (read))) (neverallow a c (file (write)))",
    "(allow a others (file (read))) (deny a c (file (read))) (neverallow a d (file (read)))",
    "(allow a c (file (ioctl))) (neverallowx a c (ioctl file (2)))",
    "(allow a c (file (ioctl))) (allowx a c (ioctl file (2))) (neverallowx a c (ioctl file (2)))",
    (
        "(allow two c (file (ioctl))) (allowx a c (ioctl file (1)))"
        "(neverallowx two c (ioctl file (2)))"
    ),
    "(typetransition a c file d) (typetransition two others file c)",
    '(typetransition a c file "x" d) (typetransition two c file "x" c)',
    "(booleanif on (true (typetransition a c file d))) (typetransition a c file c)",
    "(roletransition r c process q) (roletransition r others process r)",
    "(rangetransition a c process (low low)) (rangetransition two c process (low high))",
    "(typebounds a b) (allow b c (file (read)))",
    "(typebounds a b) (typebounds c d) (allow two d (file (read)))",
    (
        "(typebounds a b) (booleanif on (true (allow b c (file (read))))"
        "(false (allow a c (file (read)))))"
    ),
    "(rolebounds q r)",
]


@pytest.mark.parametrize("case", HOLD)
def test_what_holds(case: str) -> None:
    assert told(case) == []


@pytest.mark.parametrize("case", FAIL)
def test_what_does_not_hold(case: str) -> None:
    assert told(case)


def test_a_violation_names_the_rule_and_the_types() -> None:
    (one,) = told("(allow two c (file (read)))\n(neverallow b others (file (read)))")
    assert one == "2:1 a rule allows `b` to `c`: file read"


def test_assertions_can_be_left_out() -> None:
    assert policy("(allow a c (file (read))) (neverallow a c (file (read)))", assertions=False)
    assert policy("(typebounds a b) (allow b c (file (read)))", assertions=False)
