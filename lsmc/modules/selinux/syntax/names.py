"""Which names CIL has: the namespaces, what declares into each, and which words are reserved."""

from __future__ import annotations

import re

from lsmc.modules.selinux.syntax.tree import Statement

#: The namespace that each declaring statement puts its name into.
DECLARED: dict[str, str] = {
    "block": "block",
    "boolean": "boolean",
    "category": "category",
    "categoryalias": "category",
    "categoryset": "category",
    "class": "class",
    "classmap": "class",
    "classpermission": "classpermission",
    "common": "common",
    "context": "context",
    "ipaddr": "ipaddr",
    "level": "level",
    "levelrange": "levelrange",
    "macro": "block",
    "optional": "block",
    "permissionx": "permissionx",
    "policycap": "policycap",
    "role": "role",
    "roleattribute": "role",
    "sensitivity": "sensitivity",
    "sensitivityalias": "sensitivity",
    "sid": "sid",
    "tunable": "tunable",
    "type": "type",
    "typealias": "type",
    "typeattribute": "type",
    "user": "user",
    "userattribute": "user",
}
#: The kinds of parameters that a macro may have, and the namespace of each.
PARAMETERS: dict[str, str] = {
    "boolean": "boolean",
    "category": "category",
    "categoryset": "category",
    "class": "class",
    "classmap": "class",
    "classpermission": "classpermission",
    "ipaddr": "ipaddr",
    "level": "level",
    "levelrange": "levelrange",
    "name": "name",
    "role": "role",
    "sensitivity": "sensitivity",
    "string": "name",
    "type": "type",
    "user": "user",
}
OPERATORS = frozenset(("and", "or", "not", "xor"))
#: Reserved words of each namespace whose names stand in expressions.
RESERVED: dict[str, frozenset[str]] = {
    "boolean": OPERATORS | {"eq", "neq"},
    "category": OPERATORS | {"all", "range"},
    "permission": OPERATORS | {"all"},
    "permissionx": OPERATORS | {"all", "range"},
    "role": OPERATORS | {"all"},
    "tunable": OPERATORS | {"eq", "neq"},
    "type": OPERATORS | {"all", "self", "notself", "other"},
    "user": OPERATORS | {"all"},
}
_VALID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST = 2047


def declared_name(statement: Statement) -> str:
    """The name that a declaring statement declares."""
    name = statement[1]
    assert isinstance(name, str)
    return name


def invalid_name(name: str, namespace: str) -> str:
    """Why a name can not be declared, or an empty text."""
    if name in RESERVED.get(namespace, ()):
        return f"`{name}` is a reserved word"
    if len(name) > _LONGEST:
        return f"this name has more than {_LONGEST} characters"
    if not _VALID.fullmatch(name):
        return f"`{name}` is no name: a letter, then letters, digits, `_` and `-`"
    return ""
