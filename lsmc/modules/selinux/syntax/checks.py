"""Checks of single statements that need no names: declared names, expressions, values.

A check returns a `Fault` or None.  What is wrong here refuses the whole policy, in optionals too.
"""

from __future__ import annotations

from collections.abc import Callable

from lsmc.modules.selinux.syntax.expressions import (
    LOGIC,
    SETS,
    Fault,
    address,
    categories,
    constraint,
    context,
    expression,
    extended,
    level,
    level_range,
    number,
    permissions,
)
from lsmc.modules.selinux.syntax.names import DECLARED, PARAMETERS, declared_name, invalid_name
from lsmc.modules.selinux.syntax.tree import Node, Statement

Check = Callable[[Statement], Fault | None]

FILE_KINDS = ("any", "file", "dir", "char", "block", "socket", "pipe", "symlink")
PROTOCOLS = ("tcp", "udp", "dccp", "sctp")
#: Names of capabilities of policy; upper case is as good.
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
        "userspace_initial_context",
        "bpf_token_perms",
    )
)


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
