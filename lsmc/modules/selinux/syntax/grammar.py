"""The statements of CIL: how each is made up, and where it may stand.

A shape is a regular expression over the kinds of a statement's parts: `s` a text, `l` a list, `e`
an empty list.
"""

from __future__ import annotations

import re
from functools import cache

from lsmc.modules.selinux.syntax.tree import Node, Statement

#: The statements that hold others.  Their shapes are those of what stands before these.
CONTAINERS: dict[str, int] = {
    "block": 1,
    "optional": 1,
    "in": 1,
    "macro": 2,
    "booleanif": 1,
    "tunableif": 1,
    "true": 0,
    "false": 0,
}

_ACCESS = ("ss[sl]", "SOURCE TARGET PERMISSIONS")
_NAME = ("s", "NAME")
_TWO = ("ss", "NAME NAME")
_SET = ("s[sl]", "NAME EXPRESSION")
_ORDER = ("l", "(NAME ...)")
_CONSTRAIN = ("[sl]l", "PERMISSIONS EXPRESSION")
_DEFAULT = ("[sl]s", "CLASSES source|target")
_TYPE_RULE = ("ssss", "SOURCE TARGET CLASS TYPE")

#: The shape of each statement behind its keyword, and the same for people.
SHAPES: dict[str, tuple[str, str]] = {
    "allow": _ACCESS,
    "allowx": _ACCESS,
    "auditallow": _ACCESS,
    "auditallowx": _ACCESS,
    "block": ("s", "NAME STATEMENT..."),
    "blockabstract": _NAME,
    "blockinherit": _NAME,
    "boolean": ("ss", "NAME true|false"),
    "booleanif": ("[sl]", "EXPRESSION (true ...) (false ...)"),
    "call": ("s[le]?", "MACRO (ARGUMENT ...)"),
    "category": _NAME,
    "categoryalias": _NAME,
    "categoryaliasactual": _TWO,
    "categoryorder": _ORDER,
    "categoryset": ("sl", "NAME EXPRESSION"),
    "class": ("s[le]", "NAME (PERMISSION ...)"),
    "classcommon": ("ss", "CLASS COMMON"),
    "classmap": ("sl", "NAME (PERMISSION ...)"),
    "classmapping": ("ss[sl]", "CLASSMAP PERMISSION PERMISSIONS"),
    "classorder": _ORDER,
    "classpermission": _NAME,
    "classpermissionset": ("s[sl]", "NAME PERMISSIONS"),
    "common": ("sl", "NAME (PERMISSION ...)"),
    "constrain": _CONSTRAIN,
    "context": ("sl", "NAME (USER ROLE TYPE RANGE)"),
    "defaultrange": ("[sl]ss?", "CLASSES source|target low|high|low-high"),
    "defaultrole": _DEFAULT,
    "defaulttype": _DEFAULT,
    "defaultuser": _DEFAULT,
    "deny": _ACCESS,
    "devicetreecon": ("s[sl]", "PATH CONTEXT"),
    "dontaudit": _ACCESS,
    "dontauditx": _ACCESS,
    "expandtypeattribute": ("[sl]s", "NAMES true|false"),
    "false": ("", "STATEMENT..."),
    "filecon": ("ss[sle]", "PATH KIND CONTEXT"),
    "fsuse": ("ss[sl]", "xattr|task|trans FILESYSTEM CONTEXT"),
    "genfscon": ("ss(s?[sl])", "FILESYSTEM PATH [KIND] CONTEXT"),
    "handleunknown": ("s", "allow|deny|reject"),
    "ibendportcon": ("ss[sl]", "DEVICE PORT CONTEXT"),
    "ibpkeycon": ("s[sl][sl]", "SUBNET PKEYS CONTEXT"),
    "in": ("ss?", "[before|after] CONTAINER STATEMENT..."),
    "iomemcon": ("[sl][sl]", "ADDRESSES CONTEXT"),
    "ioportcon": ("[sl][sl]", "PORTS CONTEXT"),
    "ipaddr": ("ss", "NAME ADDRESS"),
    "level": ("sl", "NAME (SENSITIVITY CATEGORIES)"),
    "levelrange": ("sl", "NAME (LOW HIGH)"),
    "macro": ("s[le]", "NAME ((KIND PARAMETER) ...) STATEMENT..."),
    "mls": ("s", "true|false"),
    "mlsconstrain": _CONSTRAIN,
    "mlsvalidatetrans": ("sl", "CLASS EXPRESSION"),
    "netifcon": ("s[sl][sl]", "INTERFACE CONTEXT CONTEXT"),
    "neverallow": _ACCESS,
    "neverallowx": _ACCESS,
    "nodecon": ("[sl][sl][sl]", "ADDRESS MASK CONTEXT"),
    "optional": ("s", "NAME STATEMENT..."),
    "pcidevicecon": ("s[sl]", "DEVICE CONTEXT"),
    "permissionx": ("sl", "NAME (ioctl CLASS NUMBERS)"),
    "pirqcon": ("s[sl]", "IRQ CONTEXT"),
    "policycap": _NAME,
    "portcon": ("s[sl][sl]", "PROTOCOL PORTS CONTEXT"),
    "rangetransition": ("sss[sl]", "SOURCE TARGET CLASS RANGE"),
    "role": _NAME,
    "roleallow": ("ss", "ROLE ROLE"),
    "roleattribute": _NAME,
    "roleattributeset": _SET,
    "rolebounds": ("ss", "PARENT CHILD"),
    "roletransition": ("ssss", "ROLE TYPE CLASS ROLE"),
    "roletype": ("ss", "ROLE TYPE"),
    "segregateattributes": ("l", "(ATTRIBUTE ATTRIBUTE ...)"),
    "selinuxuser": ("ss[sl]", "LOGIN USER RANGE"),
    "selinuxuserdefault": ("s[sl]", "USER RANGE"),
    "sensitivity": _NAME,
    "sensitivityalias": _NAME,
    "sensitivityaliasactual": _TWO,
    "sensitivitycategory": ("s[sl]", "SENSITIVITY CATEGORIES"),
    "sensitivityorder": _ORDER,
    "sid": _NAME,
    "sidcontext": ("s[sl]", "SID CONTEXT"),
    "sidorder": _ORDER,
    "true": ("", "STATEMENT..."),
    "tunable": ("ss", "NAME true|false"),
    "tunableif": ("[sl]", "EXPRESSION (true ...) (false ...)"),
    "type": _NAME,
    "typealias": _NAME,
    "typealiasactual": ("ss", "ALIAS TYPE"),
    "typeattribute": _NAME,
    "typeattributeset": _SET,
    "typebounds": ("ss", "PARENT CHILD"),
    "typechange": _TYPE_RULE,
    "typemember": _TYPE_RULE,
    "typeneveraudit": ("s", "TYPE"),
    "typepermissive": ("s", "TYPE"),
    "typetransition": ("ssss?s", "SOURCE TARGET CLASS [OBJECT] TYPE"),
    "user": _NAME,
    "userattribute": _NAME,
    "userattributeset": _SET,
    "userbounds": ("ss", "PARENT CHILD"),
    "userlevel": ("s[sl]", "USER LEVEL"),
    "userprefix": ("ss", "USER PREFIX"),
    "userrange": ("s[sl]", "USER RANGE"),
    "userrole": ("ss", "USER ROLE"),
    "validatetrans": ("sl", "CLASS EXPRESSION"),
}

#: What may not stand in a container, directly or deeper.  A macro has nothing that needs an order,
#: which compilers look for in the macro itself, too.
FORBIDDEN: dict[str, frozenset[str]] = {
    "block": frozenset(("category", "sensitivity")),
    "in": frozenset(("in", "tunable")),
    "in after": frozenset(("blockabstract", "blockinherit")),
    "macro": frozenset(
        (
            "block",
            "blockabstract",
            "blockinherit",
            "category",
            "class",
            "in",
            "macro",
            "sensitivity",
            "sid",
            "tunable",
        )
    ),
    "optional": frozenset(("tunable", "in", "block", "blockabstract", "macro")),
    "tunableif": frozenset(("tunable", "in")),
}
#: All that may stand in a `booleanif`.
CONDITIONAL = frozenset(
    (
        "tunableif",
        "call",
        "true",
        "false",
        "allow",
        "dontaudit",
        "auditallow",
        "allowx",
        "dontauditx",
        "auditallowx",
        "typetransition",
        "typechange",
        "typemember",
    )
)


@cache
def _fits(keyword: str, kinds: str) -> bool:
    return re.fullmatch(SHAPES[keyword][0], kinds) is not None


def kind(node: Node) -> str:
    """The kind of a node: `s`, `l` or `e`."""
    return "s" if isinstance(node, str) else "l" if node else "e"


def fits(statement: Statement) -> bool:
    """Whether a statement, of a container what stands before its body, has the right parts."""
    keyword = statement[0]
    assert isinstance(keyword, str)
    return _fits(keyword, "".join(map(kind, statement[1:])))
