"""From statements to what they say, with all names resolved.

Each statement has a *reading*: a function of a part and the statement, which returns what is put
into the draft of the policy, or raises `Missing` or `Wrong`.  A reading changes nothing, so that an
optional is read as a whole before any of it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF
from lsmc.modules.selinux.resolve.levels import Levels, actual
from lsmc.modules.selinux.resolve.permissions import ClassTable, Item, numbers
from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.syntax.expressions import OPERANDS
from lsmc.modules.selinux.syntax.tree import Node, Statement

_NOWHERE = Part("root", (), None, 0, None)
#: What stands for a target that is no name.
TARGETS = {
    name: Symbol("type", name, 0, _NOWHERE, number, ("type", name))
    for name, number in (("self", SELF), ("notself", NOTSELF), ("other", OTHER))
}
Reading = Callable[["Readings", Part, Statement], Any]
#: The operand kinds of constraints and the namespaces that their names are of.
_OPERAND_NAMES = {"u": "user", "r": "role", "t": "type"}


class Readings:
    """Reads statements with the names of a policy."""

    def __init__(self, root: Part) -> None:
        self.root = root
        self.classes = ClassTable(root)
        self.levels = Levels(root)

    # Names

    def find(self, part: Part, namespace: str, name: Node) -> Symbol:
        """What a name stands for, aliases followed; raises `Missing`."""
        assert isinstance(name, str)
        found = lookup(self.root, part, namespace, name)
        if not isinstance(found, Symbol):
            raise Missing(namespace, name, namespace)
        return actual(found) if found.kind.endswith("alias") else found

    def exactly(self, part: Part, kind: str, name: Node, what: str) -> Symbol:
        """A type, role or user, but no attribute of these; raises `Missing`, `Wrong`."""
        symbol = self.find(part, kind, name)
        if symbol.kind != kind:
            raise Wrong("wrong-kind", f"{what} is a {kind}, but `{name}` is a {symbol.kind}")
        return symbol

    def attribute(self, part: Part, kind: str, name: Node) -> Symbol:
        """An attribute of types, roles or users; raises `Missing`, `Wrong`."""
        symbol = self.find(part, kind, name)
        if symbol.kind != f"{kind}attribute":
            raise Wrong("wrong-kind", f"`{name}` is a {symbol.kind}, not a {kind}attribute")
        return symbol

    def target(self, part: Part, name: Node) -> Symbol:
        """The target of an access rule."""
        assert isinstance(name, str)
        return TARGETS[name] if name in TARGETS else self.find(part, "type", name)

    def text(self, part: Part, name: Node) -> str:
        """A text, which may be the name of a macro's parameter."""
        assert isinstance(name, str)
        found = None if part.plain else lookup(self.root, part, "name", name)
        return found if isinstance(found, str) else name

    def set(self, part: Part, kind: str, node: Node) -> Any:
        """An expression over types, roles or users, with symbols for names."""
        if isinstance(node, str):
            return self.find(part, kind, node)
        if isinstance(node[0], str) and node[0] in ("and", "or", "xor", "not", "all"):
            return (node[0], *(self.set(part, kind, one) for one in node[1:]))
        if len(node) == 1:
            return self.set(part, kind, node[0])
        return ("or", *(self.set(part, kind, one) for one in node))

    # Rules

    def rule(self, part: Part, statement: Statement) -> tuple[Symbol, Symbol, tuple[Item, ...]]:
        """An access rule: source, target, permissions."""
        source = self.find(part, "type", statement[1])
        target = self.target(part, statement[2])
        return source, target, self.classes.items(part, statement[3])

    def extended(self, part: Part, statement: Statement) -> Any:
        """An extended rule: source, target, kind of numbers, class, numbers."""
        source = self.find(part, "type", statement[1])
        target = self.target(part, statement[2])
        return source, target, *self.numbers(part, statement[3])

    def numbers(self, part: Part, node: Node) -> tuple[str, Symbol, tuple[tuple[int, int], ...]]:
        """Extended permissions: their kind, class and numbers."""
        if isinstance(node, str):
            symbol = self.find(part, "permissionx", node)
            return self.numbers(symbol.part, symbol.statement[2])
        kind, cls = str(node[0]), self.classes.find(part, str(node[1]))
        return kind, cls, tuple(numbers(node[2]))

    def type_rule(self, part: Part, statement: Statement) -> Any:
        """A type rule: source, target, class, result, and the name or None."""
        source = self.find(part, "type", statement[1])
        name = statement[2]
        target = TARGETS[name] if name == "self" else self.find(part, "type", name)
        cls = self.classes.find(part, str(statement[3]))
        result = self.exactly(part, "type", statement[-1], "the result of a type rule")
        named = self.text(part, statement[4]) if len(statement) == 6 else "*"
        if named != "*" and part.condition is not None:
            message = "a typetransition for one name may not stand in `booleanif`"
            raise Wrong("misplaced-statement", message)
        return source, target, cls, result, None if named == "*" else named

    def role_transition(self, part: Part, statement: Statement) -> Any:
        """A role transition: role, type, class, result."""
        role = self.find(part, "role", statement[1])
        type_ = self.find(part, "type", statement[2])
        cls = self.classes.find(part, str(statement[3]))
        return role, type_, cls, self.exactly(part, "role", statement[4], "the new role")

    def range_transition(self, part: Part, statement: Statement) -> Any:
        """A range transition: source, target, class, range."""
        source = self.find(part, "type", statement[1])
        target = self.find(part, "type", statement[2])
        cls = self.classes.find(part, str(statement[3]))
        return source, target, cls, self.levels.range(part, statement[4])

    # Constraints

    def constraint(self, part: Part, node: Node) -> Any:
        """A constraint's expression: `(OPERATOR, PART, ...)`, with symbols in lists for names."""
        assert not isinstance(node, str)
        operator, parts = node[0], node[1:]
        if operator in ("and", "or", "not"):
            return (operator, *(self.constraint(part, one) for one in parts))
        left, right = str(parts[0]), parts[1]
        if isinstance(right, str) and right in OPERANDS:
            if right == "l1":  # what compilers make of it
                right = "h2" if OPERANDS[left] in "lh" else f"{OPERANDS[left]}2"
            return operator, left, right
        kind = _OPERAND_NAMES[OPERANDS[left]]
        names = (right,) if isinstance(right, str) else right
        return operator, left, [self.find(part, kind, one) for one in names], names

    # Conditions

    def condition(self, part: Part, node: Node) -> tuple[Symbol | str, ...]:
        """The expression of a `booleanif` in postfix order."""
        if isinstance(node, str):
            return (self.find(part, "boolean", node),)
        head = node[0]
        logic = isinstance(head, str) and head in ("and", "or", "xor", "eq", "neq", "not")
        parts = [self.condition(part, one) for one in (node[1:] if logic else node)]
        if head == "not":
            return (*parts[0], "not")
        operator = str(head) if logic else "or"
        found = parts[0]
        for one in parts[1:]:
            found = (*found, *one, operator)
        return found


def _two(one: str, other: str) -> Reading:
    """A statement about two names of some namespaces."""

    def read(readings: Readings, part: Part, statement: Statement) -> Any:
        return (
            readings.find(part, one, statement[1]),
            readings.find(part, other, statement[2]),
        )

    return read


def _members(kind: str) -> Reading:
    def read(readings: Readings, part: Part, statement: Statement) -> Any:
        attribute = readings.attribute(part, kind, statement[1])
        return attribute, readings.set(part, kind, statement[2])

    return read


def _bounds(kind: str) -> Reading:
    def read(readings: Readings, part: Part, statement: Statement) -> Any:
        parent = readings.exactly(part, kind, statement[1], "the parent of bounds")
        return parent, readings.exactly(part, kind, statement[2], "the child of bounds")

    return read


def _constrain(readings: Readings, part: Part, statement: Statement) -> Any:
    items = readings.classes.items(part, statement[1])
    return items, readings.constraint(part, statement[2])


def _validate(readings: Readings, part: Part, statement: Statement) -> Any:
    cls = readings.classes.find(part, str(statement[1]))
    return cls, readings.constraint(part, statement[2])


def _default(readings: Readings, part: Part, statement: Statement) -> Any:
    names = (statement[1],) if isinstance(statement[1], str) else statement[1]
    words = () if statement[2] == "glblub" else statement[3:]
    classes = [readings.classes.find(part, str(one)) for one in names]
    return classes, " ".join(map(str, (statement[2], *words)))


def _expand(readings: Readings, part: Part, statement: Statement) -> Any:
    names = (statement[1],) if isinstance(statement[1], str) else statement[1]
    return [readings.attribute(part, "type", one) for one in names]


def _sid_context(readings: Readings, part: Part, statement: Statement) -> Any:
    return readings.find(part, "sid", statement[1]), readings.levels.context(part, statement[2])


def _filecon(readings: Readings, part: Part, statement: Statement) -> Any:
    context = readings.levels.context(part, statement[3]) if statement[3] else None
    return readings.text(part, statement[1]), statement[2], context


def _genfscon(readings: Readings, part: Part, statement: Statement) -> Any:
    kind = statement[3] if len(statement) == 5 else "any"
    context = readings.levels.context(part, statement[-1])
    return readings.text(part, statement[1]), readings.text(part, statement[2]), kind, context


def _fsuse(readings: Readings, part: Part, statement: Statement) -> Any:
    context = readings.levels.context(part, statement[3])
    return statement[1], readings.text(part, statement[2]), context


def _portcon(readings: Readings, part: Part, statement: Statement) -> Any:
    ends = [int(str(one)) for one in _listed(statement[2])]
    context = readings.levels.context(part, statement[3])
    return statement[1], min(ends), max(ends), context


def _listed(node: Node) -> tuple[Node, ...]:
    return (node,) if isinstance(node, str) else node


def _other(words: int, contexts: int) -> Reading:
    """A context statement with some words, numbers or addresses before its contexts."""

    def read(readings: Readings, part: Part, statement: Statement) -> Any:
        before = statement[1 : 1 + words]
        found = [" ".join(map(str, _listed(one))) for one in before]
        after = statement[1 + words :]
        return found, [readings.levels.context(part, one) for one in after[:contexts]]

    return read


def _nodecon(readings: Readings, part: Part, statement: Statement) -> Any:
    found = []
    for one in statement[1:3]:
        node = one
        if isinstance(one, str):
            symbol = readings.find(part, "ipaddr", one)
            node = symbol.statement[2]
        found.append(str(_listed(node)[0]))
    if len({":" in one for one in found}) > 1:
        raise Wrong("wrong-value", "address and mask are not of the same version of IP")
    return found, [readings.levels.context(part, statement[3])]


def _login(readings: Readings, part: Part, statement: Statement) -> Any:
    user = readings.exactly(part, "user", statement[-2], "the user of a login")
    name = str(statement[1]) if len(statement) == 4 else "__default__"
    return name, user, readings.levels.range(part, statement[-1])


def _mapping(readings: Readings, part: Part, statement: Statement) -> Any:
    cls = readings.classes.find(part, str(statement[1]))
    if cls.kind != "classmap":
        raise Wrong("wrong-kind", f"`{statement[1]}` is a class, not a class map")
    bits = readings.classes.bits(cls)
    if statement[2] not in bits:
        message = f"class map `{cls.name}` has no permission `{statement[2]}`"
        raise Missing("permission", str(statement[2]), "permission", tuple(bits), message)
    return (cls, str(statement[2])), readings.classes.items(part, statement[3])


def _permission_set(readings: Readings, part: Part, statement: Statement) -> Any:
    found = readings.find(part, "classpermission", statement[1])
    return found, readings.classes.items(part, statement[2])


def _user_level(readings: Readings, part: Part, statement: Statement) -> Any:
    user = readings.exactly(part, "user", statement[1], "what has a level")
    return user, readings.levels.level(part, statement[2])


def _user_range(readings: Readings, part: Part, statement: Statement) -> Any:
    user = readings.exactly(part, "user", statement[1], "what has a range")
    return user, readings.levels.range(part, statement[2])


def _user_prefix(readings: Readings, part: Part, statement: Statement) -> Any:
    user = readings.exactly(part, "user", statement[1], "what has a prefix")
    return user, statement[2]


def _segregate(readings: Readings, part: Part, statement: Statement) -> Any:
    return [readings.attribute(part, "type", one) for one in statement[1]]


def _never_audited(readings: Readings, part: Part, statement: Statement) -> Any:
    """A type that kernels from 6.18 on log nothing of; the decisions of earlier ones are meant."""
    return readings.exactly(part, "type", statement[1], "what is never audited")


def _permissive(readings: Readings, part: Part, statement: Statement) -> Any:
    return readings.exactly(part, "type", statement[1], "what is permissive")


def _word(_readings: Readings, _part: Part, statement: Statement) -> Any:
    return statement[1]


READINGS: dict[str, Reading] = {
    **dict.fromkeys(("deny",), Readings.rule),
    **dict.fromkeys(("allowx", "auditallowx", "dontauditx", "neverallowx"), Readings.extended),
    **dict.fromkeys(("typetransition", "typechange", "typemember"), Readings.type_rule),
    "permissionx": lambda readings, part, statement: readings.numbers(part, statement[2]),
    "roleallow": _two("role", "role"),
    "roletransition": Readings.role_transition,
    "rangetransition": Readings.range_transition,
    "roletype": _two("role", "type"),
    "userrole": _two("user", "role"),
    "userlevel": _user_level,
    "userrange": _user_range,
    "userprefix": _user_prefix,
    "typeattributeset": _members("type"),
    "roleattributeset": _members("role"),
    "userattributeset": _members("user"),
    "expandtypeattribute": _expand,
    "segregateattributes": _segregate,
    "typebounds": _bounds("type"),
    "rolebounds": _bounds("role"),
    "userbounds": _bounds("user"),
    "typeneveraudit": _never_audited,
    "typepermissive": _permissive,
    "constrain": _constrain,
    "mlsconstrain": _constrain,
    "validatetrans": _validate,
    "mlsvalidatetrans": _validate,
    "defaultuser": _default,
    "defaultrole": _default,
    "defaulttype": _default,
    "defaultrange": _default,
    "sidcontext": _sid_context,
    "filecon": _filecon,
    "genfscon": _genfscon,
    "fsuse": _fsuse,
    "portcon": _portcon,
    "netifcon": _other(1, 2),
    "nodecon": _nodecon,
    "ibpkeycon": _other(2, 1),
    "ibendportcon": _other(2, 1),
    "pirqcon": _other(1, 1),
    "iomemcon": _other(1, 1),
    "ioportcon": _other(1, 1),
    "pcidevicecon": _other(1, 1),
    "devicetreecon": _other(1, 1),
    "selinuxuser": _login,
    "selinuxuserdefault": _login,
    "classmapping": _mapping,
    "classpermissionset": _permission_set,
    "policycap": _word,
    "handleunknown": _word,
    "mls": _word,
    "context": lambda readings, part, statement: readings.levels.context(part, statement[2]),
    "level": lambda readings, part, statement: readings.levels.level(part, statement[2]),
    "levelrange": lambda readings, part, statement: readings.levels.range(part, statement[2]),
    "categoryset": lambda readings, part, statement: readings.levels.mask(part, statement[2]),
}
