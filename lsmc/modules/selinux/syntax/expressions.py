"""Checks of expressions and values that need no names: what is in the parts of statements.

A check returns a `Fault` or None.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from lsmc.modules.selinux.syntax.names import OPERATORS
from lsmc.modules.selinux.syntax.tree import Node


class Fault(NamedTuple):
    """What is wrong: the name of the error in the catalogue, the message, the help."""

    name: str
    message: str
    help: str = ""


#: Operands of constraints by their kinds.
OPERANDS = {f"{kind}{one}": kind for kind in "urt" for one in "123"}
OPERANDS |= {"l1": "l", "l2": "l", "h1": "h", "h2": "h"}
#: The left operands that each right operand may have.  Compilers take `l1` on the right for `h2`,
#: or for `u2`, `r2` and `t2`.
_LEFT = {
    "l1": ("l1", "l2", "h1", "u1", "r1", "t1"),
    "u2": ("u1",),
    "r2": ("r1",),
    "t2": ("t1",),
    "l2": ("l1", "h1"),
    "h2": ("l1", "l2", "h1"),
    "h1": ("l1",),
}
_EXPRESSION = "write a list of names, `all`, or `and`, `or`, `xor` with two parts, `not` with one"


def number(text: Node, limit: int, base: int = 0) -> int | None:
    """The number of a text as C reads it, with base 0 by its prefix; None for another text."""
    if not isinstance(text, str) or not text[:1].isalnum() or not text.isascii():
        return None
    digits, radix = text, base or 10
    if base == 0 and text[:2].lower() == "0x":
        digits, radix = text[2:], 16
    elif base == 0 and text[0] == "0":
        radix = 8
    if not digits.isalnum():
        return None
    try:
        value = int(digits, radix)
    except ValueError:
        return None
    return value if value <= limit else None


def expression(node: Node, operators: frozenset[str]) -> Fault | None:
    """A fault of an expression over sets or booleans with these operators.

    `all` has no operand, `not` one, `range` two texts, the others two.
    """
    if isinstance(node, str):
        if node in operators:
            return Fault("cil-syntax", f"operator `{node}` outside of an expression", _EXPRESSION)
        return None
    if not node:
        return Fault("cil-syntax", "an empty expression", _EXPRESSION)
    head = node[0]
    operands: tuple[Node, ...] = node
    if isinstance(head, str) and head in operators:
        operands = node[1:]
        wanted = {"all": 0, "not": 1}.get(head, 2)
        texts = head != "range" or all(isinstance(one, str) for one in operands)
        if len(operands) != wanted or not texts:
            message = f"`{head}` with {len(operands)} operands where it has {wanted}"
            if not texts:
                message = "`range` of something else than two names"
            return Fault("cil-syntax", message, _EXPRESSION)
    elif isinstance(head, str) and head in ("range", "eq", "neq", "all"):
        return Fault("cil-syntax", f"operator `{head}` has no meaning here", _EXPRESSION)
    for one in operands:
        if fault := expression(one, operators):
            return fault
    return None


SETS = OPERATORS | {"all"}
NUMBERS = OPERATORS | {"all", "range"}
LOGIC = OPERATORS | {"eq", "neq"}


def permissions(node: Node) -> Fault | None:
    """A fault of `(CLASS (PERMISSION ...))`, or of the name of a classpermission."""
    if isinstance(node, str):
        return None
    if len(node) != 2 or not isinstance(node[0], str) or isinstance(node[1], str):
        message = "permissions are `(CLASS (PERMISSION ...))` or the name of a classpermission"
        return Fault("cil-syntax", message)
    return expression(node[1], SETS)


def extended(node: Node) -> Fault | None:
    """A fault of `(ioctl CLASS (NUMBER ...))`, or of the name of a permissionx."""
    if isinstance(node, str):
        return None
    if len(node) != 3 or not isinstance(node[1], str) or isinstance(node[2], str):
        return Fault("cil-syntax", "extended permissions are `(ioctl CLASS (NUMBER ...))`")
    if node[0] not in ("ioctl", "nlmsg"):
        known = "extended permissions are of `ioctl` or `nlmsg`"
        return Fault("wrong-value", f"unknown kind `{node[0]}`", known)
    return expression(node[2], NUMBERS) or _extended_numbers(node[2])


def _extended_numbers(node: Node) -> Fault | None:
    if isinstance(node, str):
        if node not in NUMBERS and number(node, 0xFFFF) is None:
            return Fault("wrong-value", f"`{node}` is no number from 0 to 0xFFFF")
        return None
    return next(filter(None, map(_extended_numbers, node)), None)


def level(node: Node) -> Fault | None:
    """A fault of a level: a name, or `(SENSITIVITY CATEGORIES)`."""
    if isinstance(node, str):
        return None
    if len(node) not in (1, 2) or not isinstance(node[0], str) or not all(node):
        return Fault("cil-syntax", "a level is `(SENSITIVITY)` or `(SENSITIVITY (CATEGORY ...))`")
    return expression(node[1], NUMBERS) if len(node) == 2 else None


def level_range(node: Node) -> Fault | None:
    """A fault of a range: a name, or `(LOW HIGH)`."""
    if isinstance(node, str):
        return None
    if len(node) != 2:
        return Fault("cil-syntax", "a range is `(LOW HIGH)`, each a level")
    return level(node[0]) or level(node[1])


def context(node: Node) -> Fault | None:
    """A fault of a context: a name, or `(USER ROLE TYPE RANGE)`."""
    if isinstance(node, str):
        return None
    if len(node) != 4 or not all(isinstance(one, str) for one in node[:3]):
        return Fault("cil-syntax", "a context is `(USER ROLE TYPE (LOW HIGH))`")
    return level_range(node[3])


def constraint(node: Node, validate: bool) -> Fault | None:
    """A fault of a constraint's expression; `validate` for `validatetrans`."""
    if isinstance(node, str) or not node or not isinstance(node[0], str):
        return Fault("cil-syntax", "an expression is `(OPERATOR PART PART)`")
    operator, parts = node[0], node[1:]
    if operator in ("and", "or", "not"):
        wanted = 1 if operator == "not" else 2
        if len(parts) != wanted or any(isinstance(one, str) for one in parts):
            return Fault("cil-syntax", f"`{operator}` takes {wanted} expressions in parentheses")
        return next(filter(None, (constraint(one, validate) for one in parts)), None)
    if operator not in ("eq", "neq", "dom", "domby", "incomp"):
        known = "known are and or not eq neq dom domby incomp"
        return Fault("cil-syntax", f"unknown operator `{operator}` of a constraint", known)
    return _leaf(operator, parts, validate)


def _leaf(operator: str, parts: tuple[Node, ...], validate: bool) -> Fault | None:
    if len(parts) != 2 or not isinstance(parts[0], str):
        return Fault("cil-syntax", f"`{operator}` compares an operand with an operand or names")
    left, right = parts
    if left not in OPERANDS:
        return Fault("cil-syntax", f"`{left}` is no left operand", "such as u1 r1 t1 l1 h1 u2")
    if isinstance(right, str) and right in OPERANDS:
        if left not in _LEFT.get(right, ()):
            return Fault("wrong-value", f"`{right}` on the right has no meaning with `{left}`")
        if right in ("u2", "t2") and operator not in ("eq", "neq"):
            return Fault("wrong-value", f"`{right}` can only be compared by `eq` and `neq`")
        return None
    if OPERANDS[left] in "lh":
        return Fault("wrong-value", f"`{left}` can only be compared with another level")
    if left.endswith("3") and not validate:
        return Fault("wrong-value", f"`{left}` has a meaning in validatetrans only")
    if not isinstance(right, str):
        if operator not in ("eq", "neq") or not right:
            return Fault("cil-syntax", f"`{operator}` takes one name or operand on the right")
        if not all(isinstance(one, str) for one in right):
            return Fault("cil-syntax", "names in a constraint are one list without lists in it")
    return None


def categories(node: Node) -> Fault | None:
    """A fault of an expression over categories."""
    return expression(node, NUMBERS)


def address(text: Node, version: int | None = None) -> Fault | None:
    """A fault of an IP address, of one version if there is one asked for."""
    try:
        found = ipaddress.ip_address(text if isinstance(text, str) else "")
    except ValueError:
        return Fault("wrong-value", f"`{text}` is no address")
    if "%" in str(text) or version not in (None, found.version):
        return Fault("wrong-value", f"`{text}` is no address of IPv{version or 6}")
    return None
