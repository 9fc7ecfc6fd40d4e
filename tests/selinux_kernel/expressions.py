"""Random expressions of CIL: sets of names, conditions on booleans, constraints."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_EQUAL = ("eq", "neq")
_ORDERS = ("eq", "neq", "dom", "domby", "incomp")
_LEVELS = ("l1 l2", "l1 h2", "h1 l2", "h1 h2", "l1 h1", "l2 h2")


def members(rng: Random, names: Sequence[str], depth: int) -> str:
    """A set of names: a list, or `and`, `or`, `xor`, `not` and `all`."""
    if depth == 0 or rng.random() < 0.5:
        return f"({' '.join(rng.sample(names, rng.randrange(1, min(4, len(names)) + 1)))})"
    kind = rng.choice(("and", "or", "xor", "not", "all"))
    if kind == "all":
        return "(all)"
    count = 1 if kind == "not" else 2
    return f"({kind} {' '.join(members(rng, names, depth - 1) for _ in range(count))})"


def condition(rng: Random, names: Sequence[str], depth: int = 2) -> str:
    """A condition on booleans."""
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(names)
    kind = rng.choice(("and", "or", "xor", "eq", "neq", "not"))
    count = 1 if kind == "not" else 2
    return f"({kind} {' '.join(condition(rng, names, depth - 1) for _ in range(count))})"


def constraint(
    rng: Random,
    names: tuple[Sequence[str], Sequence[str], Sequence[str]],
    *,
    levels: bool,
    task: bool = False,
    depth: int = 2,
) -> str:
    """An expression of a constraint.

    Args:
        rng: what it is drawn from.
        names: the users, roles and types that it may name.
        levels: whether it may compare levels.
        task: whether it may speak of the task that relabels.
        depth: how deep operators may be nested.
    """
    if depth == 0 or rng.random() < 0.35:
        return _comparison(rng, names, levels=levels, task=task)
    kind = rng.choice(("and", "or", "or", "not"))
    count = 1 if kind == "not" else 2
    inner = (
        constraint(rng, names, levels=levels, task=task, depth=depth - 1) for _ in range(count)
    )
    return f"({kind} {' '.join(inner)})"


def _comparison(
    rng: Random,
    names: tuple[Sequence[str], Sequence[str], Sequence[str]],
    *,
    levels: bool,
    task: bool,
) -> str:
    if levels and rng.random() < 0.6:
        return f"({rng.choice(_ORDERS)} {rng.choice(_LEVELS)})"
    letter, known = rng.choice(list(zip("urt", names, strict=True)))
    if rng.random() < 0.35:
        operators = _ORDERS if letter == "r" else _EQUAL
        return f"({rng.choice(operators)} {letter}1 {letter}2)"
    side = rng.choice("123" if task else "12")
    some = rng.sample(known, rng.randrange(1, 3))
    right = some[0] if len(some) == 1 else f"({' '.join(some)})"
    return f"({rng.choice(_EQUAL)} {letter}{side} {right})"
