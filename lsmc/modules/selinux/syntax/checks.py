"""Checks of single statements that need no names: declared names, expressions, values.

A check returns a `Fault` or None.  What is wrong here refuses the whole policy, in optionals too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import NamedTuple

from lsmc.modules.selinux.syntax.names import (
    DECLARED,
    OPERATORS,
    PARAMETERS,
    declared_name,
    invalid_name,
)
from lsmc.modules.selinux.syntax.tree import Node, Statement


class Fault(NamedTuple):
    """What is wrong: the name of the error in the catalogue, the message, the help."""

    name: str
    message: str
    help: str = ""


Check = Callable[[Statement], Fault | None]

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
FILE_KINDS = ("any", "file", "dir", "char", "block", "socket", "pipe", "symlink")
PROTOCOLS = ("tcp", "udp", "dccp", "sctp")
CAPABILITIES = frozenset(
    (
        "always_check_network",
        "cgroup_seclabel",
        "extended_socket_class",
        "functionfs_seclabel",
        "genfs_seclabel_symlinks",
        "genfs_seclabel_wildcard",
        "ioctl_skip_cloexec",
        "memfd_class",
        "netif_wildcard",
        "netlink_xperm",
        "network_peer_controls",
        "nnp_nosuid_transition",
        "open_perms",
        "ptrace_child",
        "redhat1",
        "userspace_initial_context",
        "bpf_token_perms",
    )
)


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


def _constrain(statement: Statement) -> Fault | None:
    return permissions(statement[1]) or constraint(statement[2], validate=False)


def _one_of(at: int, *words: str) -> Check:
    def check(statement: Statement) -> Fault | None:
        if statement[at] in words:
            return None
        known = f"{', '.join(words[:-1])} or {words[-1]}"
        return Fault("wrong-value", f"`{statement[at]}` is not {known}")

    return check


def _part(at: int, check: Callable[[Node], Fault | None]) -> Check:
    return lambda statement: check(statement[at])


def _all(*checks: Check) -> Check:
    def check(statement: Statement) -> Fault | None:
        return next(filter(None, (one(statement) for one in checks)), None)

    return check


def _sets(node: Node) -> Fault | None:
    return expression(node, SETS)


def categories(node: Node) -> Fault | None:
    """A fault of an expression over categories."""
    return expression(node, NUMBERS)


def _logic(node: Node) -> Fault | None:
    return expression(node, LOGIC)


def _names(node: Node) -> Fault | None:
    if isinstance(node, str) or all(isinstance(one, str) for one in node):
        return None
    return Fault("cil-syntax", "a list of names has no lists in it")


def _numbers(limit: int, base: int = 0) -> Callable[[Node], Fault | None]:
    def check(node: Node) -> Fault | None:
        values = (node,) if isinstance(node, str) else node
        if not isinstance(node, str) and len(node) != 2:
            return Fault("wrong-value", "a range of numbers is `(LOW HIGH)`")
        for one in values:
            if number(one, limit, base) is None:
                shown = one if isinstance(one, str) else "a list"
                return Fault("wrong-value", f"`{shown}` is no number up to {limit}")
        return None

    return check


def address(text: Node, version: int | None = None) -> Fault | None:
    """A fault of an IP address, of one version if there is one asked for."""
    try:
        found = ipaddress.ip_address(text if isinstance(text, str) else "")
    except ValueError:
        return Fault("wrong-value", f"`{text}` is no address")
    if "%" in str(text) or version not in (None, found.version):
        return Fault("wrong-value", f"`{text}` is no address of IPv{version or 6}")
    return None


def _nodecon(statement: Statement) -> Fault | None:
    for one in statement[1:3]:
        if not isinstance(one, str) and (fault := address(one[0])):
            return fault
    first, mask = statement[1:3]
    if isinstance(first, str) or isinstance(mask, str):
        return context(statement[3])
    families = {":" in str(one[0]) for one in (first, mask)}
    if len(families) > 1:
        return Fault("wrong-value", "address and mask are not of the same version of IP")
    return context(statement[3])


def _permission_names(at: int) -> Check:
    def check(statement: Statement) -> Fault | None:
        seen: set[Node] = set()
        for one in statement[at]:
            if not isinstance(one, str):
                return Fault("cil-syntax", "permissions are declared in one list of names")
            if reason := invalid_name(one, "permission"):
                return Fault("invalid-name", reason)
            if one in seen:
                return Fault("declared-twice", f"permission `{one}` is declared twice")
            seen.add(one)
        return None

    return check


def _class_order(statement: Statement) -> Fault | None:
    if "unordered" in statement[1][1:]:
        return Fault("wrong-value", "`unordered` can only be the first word of a classorder")
    return _names(statement[1])


def _genfscon(statement: Statement) -> Fault | None:
    if len(statement) == 5 and statement[3] not in FILE_KINDS:
        return Fault("wrong-value", f"`{statement[3]}` is none of {' '.join(FILE_KINDS)}")
    return context(statement[-1])


def _filecon(statement: Statement) -> Fault | None:
    if statement[2] not in FILE_KINDS:
        return Fault("wrong-value", f"`{statement[2]}` is none of {' '.join(FILE_KINDS)}")
    return context(statement[3]) if statement[3] else None


def _default_range(statement: Statement) -> Fault | None:
    if statement[2] == "glblub":
        return None
    if statement[2] not in ("source", "target"):
        return Fault("wrong-value", f"`{statement[2]}` is not source, target or glblub")
    if len(statement) < 4 or statement[3] not in ("low", "high", "low-high"):
        return Fault("wrong-value", f"`low`, `high` or `low-high` must follow `{statement[2]}`")
    return None


def _macro(statement: Statement) -> Fault | None:
    seen: set[str] = set()
    for one in statement[2]:
        if isinstance(one, str) or len(one) != 2 or not all(isinstance(part, str) for part in one):
            return Fault("cil-syntax", "a parameter is `(KIND NAME)`")
        kind, name = map(str, one)
        if kind not in PARAMETERS:
            known = f"known are {' '.join(PARAMETERS)}"
            return Fault("wrong-value", f"no parameter is of the kind `{kind}`", known)
        if reason := invalid_name(name, kind):
            return Fault("invalid-name", reason)
        if name in seen:
            return Fault("declared-twice", f"parameter `{name}` stands twice")
        seen.add(name)
    return None


def _in(statement: Statement) -> Fault | None:
    if len(statement) == 3 and statement[1] not in ("before", "after"):
        return Fault("wrong-value", f"`{statement[1]}` is neither `before` nor `after`")
    return None


_BOOL = _one_of(2, "true", "false")
_SOURCE_TARGET = _all(_part(1, _names), _one_of(2, "source", "target"))
_CONTEXT = {at: _part(at, context) for at in (2, 3)}

#: The check of each statement beyond its shape and the name that it declares.
CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        ("allow", "auditallow", "dontaudit", "neverallow", "deny"), _part(3, permissions)
    ),
    **dict.fromkeys(("allowx", "auditallowx", "dontauditx", "neverallowx"), _part(3, extended)),
    "permissionx": _part(2, extended),
    "boolean": _BOOL,
    "tunable": _BOOL,
    "booleanif": _part(1, _logic),
    "tunableif": _part(1, _logic),
    "categoryorder": _part(1, _names),
    "categoryset": _part(2, categories),
    "class": _permission_names(2),
    "classmap": _permission_names(2),
    "common": _permission_names(2),
    "classmapping": _part(3, permissions),
    "classorder": _class_order,
    "classpermissionset": _part(2, permissions),
    "constrain": _constrain,
    "mlsconstrain": _constrain,
    "validatetrans": lambda statement: constraint(statement[2], validate=True),
    "mlsvalidatetrans": lambda statement: constraint(statement[2], validate=True),
    "context": _CONTEXT[2],
    "defaultrange": _all(_part(1, _names), _default_range),
    "defaultrole": _SOURCE_TARGET,
    "defaulttype": _SOURCE_TARGET,
    "defaultuser": _SOURCE_TARGET,
    "devicetreecon": _CONTEXT[2],
    "expandtypeattribute": _all(_part(1, _names), _BOOL),
    "filecon": _filecon,
    "fsuse": _all(_one_of(1, "xattr", "task", "trans"), _CONTEXT[3]),
    "genfscon": _genfscon,
    "handleunknown": _one_of(1, "allow", "deny", "reject"),
    "ibendportcon": _all(_part(2, _numbers(2**32 - 1, 10)), _CONTEXT[3]),
    "ibpkeycon": _all(
        _part(1, lambda text: address(text, 6)), _part(2, _numbers(2**32 - 1)), _CONTEXT[3]
    ),
    "in": _in,
    "iomemcon": _all(_part(1, _numbers(2**64 - 1)), _CONTEXT[2]),
    "ioportcon": _all(_part(1, _numbers(2**32 - 1)), _CONTEXT[2]),
    "ipaddr": _part(2, address),
    "level": _part(2, level),
    "levelrange": _part(2, level_range),
    "macro": _macro,
    "mls": _one_of(1, "true", "false"),
    "netifcon": _all(_CONTEXT[2], _CONTEXT[3]),
    "nodecon": _nodecon,
    "pcidevicecon": _all(_part(1, _numbers(2**32 - 1)), _CONTEXT[2]),
    "pirqcon": _all(_part(1, _numbers(2**32 - 1, 10)), _CONTEXT[2]),
    "portcon": _all(_one_of(1, *PROTOCOLS), _part(2, _numbers(2**32 - 1, 10)), _CONTEXT[3]),
    "rangetransition": _part(4, level_range),
    "roleattributeset": _part(2, _sets),
    "selinuxuser": _part(3, level_range),
    "selinuxuserdefault": _part(2, level_range),
    "sensitivitycategory": _part(2, categories),
    "sensitivityorder": _part(1, _names),
    "sidcontext": _CONTEXT[2],
    "sidorder": _part(1, _names),
    "typeattributeset": _part(2, _sets),
    "userattributeset": _part(2, _sets),
    "userlevel": _part(2, level),
    "userrange": _part(2, level_range),
}


def wrong_part(statement: Statement) -> Fault | None:
    """What is wrong with a statement that has the right shape, or None."""
    keyword = str(statement[0])
    if keyword in DECLARED and (
        reason := invalid_name(declared_name(statement), DECLARED[keyword])
    ):
        return Fault("invalid-name", reason)
    check = CHECKS.get(keyword)
    return check(statement) if check is not None else None
