"""A resolved SELinux policy: what the front end hands to tables, lint and explanations.

All names are resolved, macros, inheritance, tunables, class maps and optionals are gone.  Things
are numbers in the order of their declarations.  Types and attributes share one numbering, the
types first; a rule names either.  What there is many of, the access and type rules, is held in
columns of 32-bit numbers, one row a rule.

A *place* is a number that `Places` turns into file, line and text.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lsmc.modules.selinux.context.levels import Level, Range
from lsmc.modules.selinux.places import Places

#: Targets that are no type: the source type itself; each type but the source; each other member of
#: the source attribute.
SELF, NOTSELF, OTHER = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

RuleKind = Literal["allow", "auditallow", "dontaudit", "neverallow", "deny"]
ExtendedKind = Literal["allowx", "auditallowx", "dontauditx", "neverallowx"]
TypeRuleKind = Literal["typetransition", "typemember", "typechange"]
FileKind = Literal["any", "file", "dir", "char", "block", "socket", "pipe", "symlink"]

#: An expression over sets: a number, or an operator (`and`, `or`, `xor`, `not`, `all`) with its
#: operands.  A list of names is an `or` of any number of operands.
SetExpression = int | tuple["str | SetExpression", ...]


class Context(NamedTuple):
    """A security context; the range is None in a policy without MLS."""

    user: int
    role: int
    type: int
    range: Range | None


class Rules(NamedTuple):
    """The access rules of one kind, in columns.

    Attributes:
        source: a type or attribute.
        target: a type, attribute, or `SELF`, `NOTSELF`, `OTHER`.
        cls: the number of a class, from 0.
        permissions: bit i is the class's i-th permission.
        condition: 0 for a rule that always holds; 2k+1 where condition k must be true, 2k+2 where
            it must be false.
        place: where the rule is.
    """

    source: array[int]
    target: array[int]
    cls: array[int]
    permissions: array[int]
    condition: array[int]
    place: array[int]


class TypeRules(NamedTuple):
    """The type rules of one kind that ask for no name, in columns as those of `Rules`.

    `result` is a type.
    """

    source: array[int]
    target: array[int]
    cls: array[int]
    result: array[int]
    condition: array[int]
    place: array[int]


class NamedTransition(NamedTuple):
    """A typetransition for objects of one name."""

    source: int
    target: int
    cls: int
    name: str
    result: int
    place: int


class ExtendedRule(NamedTuple):
    """A rule about the numbers of `ioctl` calls or netlink messages.

    `numbers` are ranges, ascending and apart, both ends inside.  `what` is `ioctl` or `nlmsg`.
    """

    kind: ExtendedKind
    source: int
    target: int
    cls: int
    what: str
    numbers: tuple[tuple[int, int], ...]
    condition: int
    place: int


class Condition(NamedTuple):
    """The expression of `booleanif` blocks, in postfix order: numbers of booleans, operators.

    Operators are `and or xor eq neq not`.  Rules of blocks with the same expression share it.
    """

    postfix: tuple[int | str, ...]


class Boolean(NamedTuple):
    """A boolean and its default."""

    name: str
    value: bool
    place: int


class Type(NamedTuple):
    """A type."""

    name: str
    place: int


class AttributeSet(NamedTuple):
    """A statement that puts members into an attribute."""

    expression: SetExpression
    place: int


class Attribute(NamedTuple):
    """An attribute of types, roles or users: `members` are numbers of these, all expanded.

    An attribute has the members of all its `sets` together.
    """

    name: str
    members: frozenset[int]
    sets: tuple[AttributeSet, ...]
    place: int


class SecurityClass(NamedTuple):
    """A class; its permissions are those of the common, then its own: bit i is the i-th."""

    name: str
    common: str | None
    permissions: tuple[str, ...]
    place: int


class Sid(NamedTuple):
    """An initial sid."""

    name: str
    context: Context | None
    place: int


class Role(NamedTuple):
    """A role with its types; `given` are the statements: a type or attribute and a place."""

    name: str
    types: frozenset[int]
    given: tuple[tuple[int, int], ...]
    place: int


class User(NamedTuple):
    """A user; `given` are the roles of its statements, or role attributes, and the places.

    Role attributes are numbered behind the roles.
    """

    name: str
    roles: frozenset[int]
    level: Level | None
    range: Range | None
    prefix: str | None
    given: tuple[tuple[int, int], ...]
    place: int


class RoleAllow(NamedTuple):
    """A change of roles that is allowed; attributes are expanded."""

    source: int
    target: int
    place: int


class RoleTransition(NamedTuple):
    """A role transition; `target` is a type or attribute, attributes of roles are expanded."""

    source: int
    target: int
    cls: int
    result: int
    place: int


class RangeTransition(NamedTuple):
    """A range transition; source and target are types or attributes."""

    source: int
    target: int
    cls: int
    range: Range
    place: int


class Compare(NamedTuple):
    """A leaf of a constraint.

    `operator` is `eq neq dom domby incomp`.  `left` is an operand such as `t1`; `right` is an
    operand, or the numbers of users, roles or types that the left one is sought in, attributes
    expanded; `names` are those as they are written.
    """

    operator: str
    left: str
    right: str | frozenset[int]
    names: tuple[str, ...] = ()


class Logic(NamedTuple):
    """A node of a constraint: `and`, `or` with two parts, `not` with one."""

    operator: str
    parts: tuple[Compare | Logic, ...]


class Constraint(NamedTuple):
    """`constrain` or `mlsconstrain` of one class; without the expression the permissions go."""

    cls: int
    permissions: int
    expression: Compare | Logic
    mls: bool
    place: int


class ValidateTransition(NamedTuple):
    """`validatetrans` or `mlsvalidatetrans`: what must hold when an object's label changes."""

    cls: int
    expression: Compare | Logic
    mls: bool
    place: int


class Bound(NamedTuple):
    """The parent of a type, role or user, and the statement."""

    parent: int
    place: int


class Default(NamedTuple):
    """How a new label gets one of its parts.

    `part` is `user`, `role`, `type` or `range`; `value` is `source` or `target`, of a range with
    `low`, `high` or `low-high` behind a blank, or `glblub`.
    """

    part: str
    cls: int
    value: str
    place: int


class FileContext(NamedTuple):
    """A `filecon`; a context of None is `<<none>>`."""

    path: str
    kind: FileKind
    context: Context | None
    place: int


class PortContext(NamedTuple):
    """A `portcon`."""

    protocol: str
    low: int
    high: int
    context: Context
    place: int


class FsContext(NamedTuple):
    """A `genfscon`: a prefix of the paths in a pseudo file system."""

    fs: str
    path: str
    kind: FileKind
    context: Context
    place: int


class FsUse(NamedTuple):
    """An `fsuse`: how `xattr`, `task` or `trans` a file system labels its files."""

    how: str
    fs: str
    context: Context
    place: int


class OtherContext(NamedTuple):
    """A context of another statement: its keyword, its words between, its contexts."""

    statement: str
    words: tuple[str, ...]
    contexts: tuple[Context, ...]
    place: int


class Login(NamedTuple):
    """A `selinuxuser`, or `selinuxuserdefault` with the name `__default__`."""

    name: str
    user: int
    range: Range | None
    place: int


class Disabled(NamedTuple):
    """An optional that is off, and the first name in it that nothing declares.

    `kind` is what was sought (`type`, `class`, `permission`, ...), `missing_place` the statement
    that seeks it.
    """

    name: str
    place: int
    kind: str
    missing: str
    missing_place: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A resolved policy."""

    places: Places
    mls: bool
    handle_unknown: Literal["allow", "deny", "reject"]
    capabilities: tuple[str, ...]
    #: Classes in the kernel's order: number 0 here is 1 there.
    classes: tuple[SecurityClass, ...]
    sids: tuple[Sid, ...]
    types: tuple[Type, ...]
    #: Numbered behind the types.
    attributes: tuple[Attribute, ...]
    roles: tuple[Role, ...]
    #: Numbered behind the roles.
    role_attributes: tuple[Attribute, ...]
    users: tuple[User, ...]
    sensitivities: tuple[str, ...]
    #: Of each sensitivity, the categories that it may have, as a mask of bits.
    sensitivity_categories: tuple[int, ...]
    categories: tuple[str, ...]
    booleans: tuple[Boolean, ...]
    conditions: tuple[Condition, ...]
    rules: Mapping[RuleKind, Rules]
    type_rules: Mapping[TypeRuleKind, TypeRules]
    extended: tuple[ExtendedRule, ...] = ()
    named_transitions: tuple[NamedTransition, ...] = ()
    role_allows: tuple[RoleAllow, ...] = ()
    role_transitions: tuple[RoleTransition, ...] = ()
    range_transitions: tuple[RangeTransition, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    validations: tuple[ValidateTransition, ...] = ()
    #: By child.
    type_bounds: Mapping[int, Bound] = field(default_factory=dict)
    role_bounds: Mapping[int, Bound] = field(default_factory=dict)
    user_bounds: Mapping[int, Bound] = field(default_factory=dict)
    #: Permissive types, and the places that say so.
    permissive: Mapping[int, int] = field(default_factory=dict)
    defaults: tuple[Default, ...] = ()
    file_contexts: tuple[FileContext, ...] = ()
    port_contexts: tuple[PortContext, ...] = ()
    fs_contexts: tuple[FsContext, ...] = ()
    fs_uses: tuple[FsUse, ...] = ()
    other_contexts: tuple[OtherContext, ...] = ()
    logins: tuple[Login, ...] = ()
    disabled: tuple[Disabled, ...] = ()
    #: What an alias of a type, sensitivity or category stands for, by its name.
    type_aliases: Mapping[str, int] = field(default_factory=dict)
    sensitivity_aliases: Mapping[str, int] = field(default_factory=dict)
    category_aliases: Mapping[str, int] = field(default_factory=dict)
