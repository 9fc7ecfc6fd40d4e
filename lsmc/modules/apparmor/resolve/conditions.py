"""The value of `if` expressions and boolean assignments (apparmor.d(5), "Conditional Expressions").

Every operand is evaluated, as in the compiler: an undeclared variable is an error even where it
could not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lsmc.base.source import Span
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.releases import DEFINED_BOOLEAN, DEFINED_VARIABLE, NEWEST, Release
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.resolve.variables import ExpansionError, Variables
from lsmc.modules.apparmor.syntax import ast

_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\Z")
_INT64 = 1 << 63
_ORDER: dict[str, Callable[[object, object], bool]] = {
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}


def evaluate(expr: ast.Expr, variables: Variables, release: Release = NEWEST) -> bool:
    """The truth of an expression; raises `Refused`."""
    match expr:
        case ast.Word():
            if expr.text.lower() in ("true", "false"):
                return expr.text.lower() == "true"
            raise refusal(
                "not-a-boolean",
                expr.span,
                f"`{expr.text}` is not a condition",
                "write `true`, `false`, `$NAME`, `defined …` or a comparison",
            )
        case ast.SetVar():
            raise refusal(
                "not-a-boolean",
                expr.span,
                f"the set `@{{{expr.name}}}` is not a condition",
                "compare it, or test it with `defined`",
            )
        case ast.BoolVar():
            return _boolean(expr, variables)
        case ast.Defined(variable=variable):
            if isinstance(variable, ast.BoolVar):
                return _boolean_defined(variables.boolean(variable.name), release)
            return _set_defined(variable, variables, release)
        case ast.Not():
            return not evaluate(expr.operand, variables, release)
        case ast.BoolOp():
            left = evaluate(expr.left, variables, release)
            right = evaluate(expr.right, variables, release)
            return (left and right) if expr.op == "and" else (left or right)
        case ast.Compare():
            return _compare(expr, variables)


def _set_defined(variable: ast.SetVar, variables: Variables, release: Release) -> bool:
    """Whether a set is declared; the older compilers expand it to tell."""
    if variables.values(variable.name) is None:
        return False
    if DEFINED_VARIABLE.older(release):
        _flattened(variable, variables)
    return True


def _boolean_defined(value: bool | None, release: Release) -> bool:
    """Whether a boolean counts as defined; the newest compiler finds none."""
    match DEFINED_BOOLEAN.of(release):
        case "the truth":
            return value is not None
        case "the value of the boolean":
            return bool(value)
    return False


def _boolean(expr: ast.BoolVar, variables: Variables) -> bool:
    value = variables.boolean(expr.name)
    if value is None:
        raise refusal(
            "undeclared-boolean",
            expr.span,
            f"boolean `${expr.name}` is not declared",
            did_you_mean(expr.name, variables.names()),
        )
    return value


def _operand(operand: ast.Word | ast.SetVar, variables: Variables) -> frozenset[str]:
    if isinstance(operand, ast.Word):
        return frozenset((operand.text,))
    return _flattened(operand, variables)


def _flattened(variable: ast.SetVar, variables: Variables) -> frozenset[str]:
    try:
        return frozenset(variables.flatten(variable.name))
    except ExpansionError as fault:
        raise refusal(fault.kind, variable.span, str(fault)) from None


def _number(values: frozenset[str], span: Span) -> int | None:
    if len(values) != 1 or not _NUMBER.match(text := next(iter(values))):
        return None
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10
    value = sign * int(digits, base)
    if not -_INT64 <= value < _INT64:
        raise refusal("bad-comparison", span, f"`{text}` is out of range")
    return value


def _compare(expr: ast.Compare, variables: Variables) -> bool:
    left, right = _operand(expr.left, variables), _operand(expr.right, variables)
    match expr.op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "in":
            return left <= right
    order = _ORDER[expr.op]
    a, b = _number(left, expr.left.span), _number(right, expr.right.span)
    if a is not None and b is not None:
        return order(a, b)
    if a is not None or b is not None:
        raise refusal(
            "bad-comparison",
            expr.span,
            f"`{expr.op}` compares a number with something that is none",
            "compare two numbers, or two sets of words",
        )
    return order(sorted(left), sorted(right))
