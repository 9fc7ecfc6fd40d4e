"""Whether the conditions of a line are met, as the kernel evaluates them.

A comparison whose operand does not exist for an access is false, for `!=` too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from lsmc.modules.tomoyo.attributes import Attributes
from lsmc.modules.tomoyo.model import (
    ArgumentTest,
    Comparison,
    Condition,
    Group,
    Test,
    TextTest,
    VariableTest,
)
from lsmc.modules.tomoyo.numbers import Numbers
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import BITS, TEXTS, TYPES, Argument, Kind

#: The members of a group: patterns or ranges of numbers.
Members = Callable[[Argument, Group], Iterable[object]]


class Unsaid(NamedTuple):
    """A condition that cannot be judged, since the request does not say an attribute."""

    attribute: str


class Situation(NamedTuple):
    """What conditions are judged by."""

    attributes: Attributes
    kind: Kind
    permission: str
    members: Members


class _Range(NamedTuple):
    """The value of an operand: a number, or all numbers of a range."""

    low: int
    high: int
    bits: bool = False
    permissions: bool = False


#: Operands that hold permission bits.
_PERMISSIONS: Final = ("path1.perm", "path1.parent.perm", "path2.perm", "path2.parent.perm")


def holds(condition: Condition, situation: Situation) -> bool | Unsaid:
    """Whether all tests are met; `Unsaid` where none fails and one cannot be judged."""
    unsaid: Unsaid | None = None
    for test in condition.tests:
        met = meets(test, situation)
        if met is False:
            return False
        if isinstance(met, Unsaid):
            unsaid = unsaid or met
    return unsaid or True


def meets(test: Test, situation: Situation) -> bool | Unsaid:
    """Whether a test is met."""
    match test:
        case TextTest():
            return _text(test, situation)
        case ArgumentTest():
            return _argument(test, situation)
        case VariableTest():
            return _variable(test, situation)
    return _comparison(test, situation)


def _missing(word: str, situation: Situation) -> bool | Unsaid | None:
    """False for a word that does not exist, `Unsaid` for one that is not said, None if it is."""
    match situation.attributes.state(word, situation.kind, situation.permission):
        case "absent":
            return False
        case "unsaid":
            return Unsaid(word)
    return None


def _text(test: TextTest, situation: Situation) -> bool | Unsaid:
    missing = _missing(test.attribute, situation)
    if missing is not None:
        return missing
    known = situation.attributes
    value = known.symlink if test.attribute == "symlink.target" else known.realpath
    assert value is not None
    if isinstance(test.pattern, Group):
        patterns = [str(one) for one in situation.members(Argument.NAME, test.pattern)]
    else:
        patterns = [test.pattern]
    return any(glob(pattern).matches(value) for pattern in patterns) == test.equal


def _argument(test: ArgumentTest, situation: Situation) -> bool | Unsaid:
    missing = _missing("exec.argv", situation)
    if missing is not None:
        return missing
    argv = situation.attributes.argv
    assert argv is not None
    if test.number < len(argv):
        return glob(test.pattern).matches(argv[test.number]) == test.equal
    if test.number < situation.attributes.numbers.get("exec.argc", 0):
        return Unsaid(f"exec.argv[{test.number}]")  # the record was cut
    return not test.equal


def _variable(test: VariableTest, situation: Situation) -> bool | Unsaid:
    missing = _missing("exec.envp", situation)
    if missing is not None:
        return missing
    envp = situation.attributes.envp
    assert envp is not None
    pairs = [one.partition("=") for one in envp if "=" in one]
    values = [value for name, _, value in pairs if glob(test.variable).matches(name)]
    if test.pattern is None:
        met = bool(values) != test.equal
    elif values:
        pattern = glob(test.pattern)
        met = all(pattern.matches(value) == test.equal for value in values)
    else:
        met = not test.equal
    if len(envp) < situation.attributes.numbers.get("exec.envc", 0) and not (values and not met):
        return Unsaid(f'exec.envp["{test.variable}"]')  # the record was cut
    return met


def _comparison(test: Comparison, situation: Situation) -> bool | Unsaid:
    left = _operand(test.left, situation)
    if isinstance(left, bool | Unsaid):
        return left
    if isinstance(test.right, Group):
        members = situation.members(Argument.NUMBER, test.right)
        ranges = (one.bounds for one in members if isinstance(one, Numbers))
        return any(left.low <= high and low <= left.high for low, high in ranges) == test.equal
    right = _operand(test.right, situation)
    if isinstance(right, bool | Unsaid):
        return right
    if not isinstance(test.right, Numbers) and (left.bits or right.bits):
        word, of = (left, right) if left.bits else (right, left)
        return of.permissions and bool(word.low & of.low) == test.equal
    return (left.low <= right.high and right.low <= left.high) == test.equal


def _operand(operand: str | Numbers, situation: Situation) -> _Range | bool | Unsaid:
    if isinstance(operand, Numbers):
        return _Range(*operand.bounds)
    if operand in TYPES:
        return _Range(TYPES[operand], TYPES[operand])
    if operand in BITS:
        return _Range(BITS[operand], BITS[operand], bits=True)
    if operand in TEXTS:  # only the left side of a quoted text may be one
        return False
    missing = _missing(operand, situation)
    if missing is not None:
        return missing
    value = situation.attributes.numbers[operand]
    return _Range(value, value, permissions=operand in _PERMISSIONS)
