"""The sections of a bundle of SELinux policy, and the records in them.

Names of types, roles and so on are numbers in the order of the resolved policy
(`lsmc.modules.selinux.model`); types and attributes share one numbering.  A record is a row of
32-bit words.  `docs/bundle.md` tells what a bundle is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal, NamedTuple

from lsmc.tables.layout import NONE, OWN

#: A place that is not known, a part that a context does not have.
NOTHING = NONE
#: A place from this number on is the position of a list in `Section.PLACE_LISTS`.
LISTED = 1 << 31
#: Bits of a permission mask; a grant is the masks of all `GRANT_KINDS` beside each other.
MASK_BITS = 32
#: What rules of the tables do, in the order of the masks.
GRANT_KINDS: tuple[
    Literal["allow"], Literal["auditallow"], Literal["dontaudit"], Literal["deny"]
] = ("allow", "auditallow", "dontaudit", "deny")
#: Their numbers.
ALLOW, AUDITALLOW, DONTAUDIT, DENY = range(len(GRANT_KINDS))
EXTENDED_KINDS = ("allowx", "auditallowx", "dontauditx")
TYPE_RULE_KINDS: tuple[Literal["typetransition"], Literal["typemember"], Literal["typechange"]] = (
    "typetransition",
    "typemember",
    "typechange",
)
UNKNOWN_HANDLING = ("deny", "allow", "reject")
DEFAULT_PARTS = ("user", "role", "type", "range")
DEFAULT_VALUES = (
    "source",
    "target",
    "source low",
    "source high",
    "source low-high",
    "target low",
    "target high",
    "target low-high",
    "glblub",
)
FILE_KINDS = ("any", "file", "dir", "char", "block", "socket", "pipe", "symlink")
FS_USES = ("xattr", "trans", "task")


class Section(IntEnum):
    """The sections, each present exactly once."""

    HEAD = OWN
    NAMES = OWN + 1  # texts that end with NUL: those of `Head.counts`, in its order
    PERMISSIONS = OWN + 2  # of each class: the number of its first permission among all
    ALIASES = OWN + 3  # of each alias of a type: the type
    LEVEL_ALIASES = OWN + 4  # of each alias of a sensitivity, then of a category
    ATTRIBUTES = OWN + 5  # of each type: where its attributes begin in MEMBERSHIPS; the end
    MEMBERSHIPS = OWN + 6  # attribute, number of the statement in ATTRIBUTE_SETS
    ATTRIBUTE_SETS = OWN + 7  # AttributeSetRecord
    SET_NAMES = OWN + 8  # types and attributes that statements put in
    GRANTS = OWN + 9  # kind, mask
    ROWS = OWN + 10  # source * classes + class, ascending
    ROW_STARTS = OWN + 11  # of each row, and the end
    TARGETS = OWN + 12  # target * grants + grant, ascending in each row
    TARGET_PLACES = OWN + 13
    CONDITIONAL_ROWS = OWN + 14
    CONDITIONAL_STARTS = OWN + 15
    CONDITIONAL_TARGETS = OWN + 16
    CONDITIONAL_PLACES = OWN + 17
    CONDITIONAL_TRUTHS = OWN + 18  # 2k where condition k must be true, 2k+1 where false
    PLACE_LISTS = OWN + 19  # words of `tables.place_words`
    FILE_LINES = OWN + 20  # of each file: the number of its first line among all lines
    BOOLEANS = OWN + 21  # default, place
    CONDITIONS = OWN + 22  # of each: where it begins in EXPRESSIONS; the end
    EXPRESSIONS = OWN + 23  # words of `decide.conditions`
    CONSTRAINTS = OWN + 24  # ConstraintRecord
    CONSTRAINT_WORDS = OWN + 25  # words of `decide.constraints`
    NAME_SETS = OWN + 26  # of each set: where it begins in NAME_SET_MEMBERS; the end
    NAME_SET_MEMBERS = OWN + 27
    EXTENDED = OWN + 28  # ExtendedRecord
    NUMBERS = OWN + 29  # first, last
    TYPE_RULES = OWN + 30  # TypeRuleRecord
    NAMED_TRANSITIONS = OWN + 31  # NamedTransitionRecord
    BOUNDS = OWN + 32  # of each type: its parent
    BOUND_PLACES = OWN + 33
    PERMISSIVE = OWN + 34  # type, place
    ROLE_TYPES = OWN + 35  # of each role: where its types begin in ROLE_TYPE_MEMBERS; the end
    ROLE_TYPE_MEMBERS = OWN + 36
    USERS = OWN + 37  # low, high, place
    USER_ROLES = OWN + 38  # user, role
    ROLE_ALLOWS = OWN + 39  # source, target, place
    ROLE_TRANSITIONS = OWN + 40  # RoleTransitionRecord
    RANGE_TRANSITIONS = OWN + 41  # RangeTransitionRecord
    DEFAULTS = OWN + 42  # part, class, value, place
    LEVELS = OWN + 43  # of each level: where it begins in LEVEL_WORDS; the end
    LEVEL_WORDS = OWN + 44  # sensitivity, words of the mask of categories
    SENSITIVITIES = OWN + 45  # of each: a level with all categories that it may have
    CONTEXTS = OWN + 46  # user, role, type, low, high
    SIDS = OWN + 47  # name, context
    PORTS = OWN + 48  # PortRecord, in the order in which they are tried
    FS_CONTEXTS = OWN + 49  # FsContextRecord, in the order in which they are tried
    FS_USES = OWN + 50  # how, name, context, place
    FILE_CONTEXTS = OWN + 51  # FileContextRecord, in the order of `filecon.labels.order`
    CAPABILITIES = OWN + 52  # names
    OTHER_CONTEXTS = OWN + 53  # the beginning of a statement, context
    DECLARATIONS = OWN + 54  # of each type and attribute: its place
    DISABLED = OWN + 55  # name, kind and name of what is missing, place, place that names it
    DISABLED_RULES = OWN + 56  # DisabledRule


#: Where places stand beside those of rules: words of a record, and which of them are places.
PLACED: Mapping[Section, tuple[int, tuple[int, ...]]] = {
    Section.ATTRIBUTE_SETS: (4, (1,)),
    Section.BOOLEANS: (2, (1,)),
    Section.CONSTRAINTS: (7, (6,)),
    Section.EXTENDED: (9, (8,)),
    Section.TYPE_RULES: (7, (6,)),
    Section.NAMED_TRANSITIONS: (6, (5,)),
    Section.BOUND_PLACES: (1, (0,)),
    Section.PERMISSIVE: (2, (1,)),
    Section.USERS: (3, (2,)),
    Section.ROLE_ALLOWS: (3, (2,)),
    Section.ROLE_TRANSITIONS: (5, (4,)),
    Section.RANGE_TRANSITIONS: (6, (5,)),
    Section.DEFAULTS: (4, (3,)),
    Section.PORTS: (5, (4,)),
    Section.FS_CONTEXTS: (5, (4,)),
    Section.FS_USES: (4, (3,)),
    Section.FILE_CONTEXTS: (4, (3,)),
    Section.DECLARATIONS: (1, (0,)),
    Section.DISABLED: (5, (3, 4)),
    Section.DISABLED_RULES: (6, (5,)),
}


class Counts(NamedTuple):
    """How many names of each kind there are, in the order of the names."""

    classes: int
    permissions: int
    types: int
    attributes: int
    aliases: int
    roles: int
    users: int
    booleans: int
    sensitivities: int
    categories: int
    sensitivity_aliases: int
    category_aliases: int
    files: int
    texts: int


class Head(NamedTuple):
    """What the whole policy says.

    `columns` is one more than the largest column of a place: a place is `line * columns + column`,
    where lines are those of all files, one behind the other.  `special` is whether a rule has the
    target `notself` or `other`.
    """

    mls: int
    unknown: int
    columns: int
    special: int
    object_role: int
    process_class: int


class AttributeSetRecord(NamedTuple):
    """A statement that puts members into an attribute; the part of SET_NAMES that it names."""

    attribute: int
    place: int
    first: int
    end: int


class ConstraintRecord(NamedTuple):
    """A constraint, or with no permissions what must hold when a label changes."""

    cls: int
    permissions: int
    first: int
    end: int
    mls: int
    validates: int
    place: int


class ExtendedRecord(NamedTuple):
    """A rule about numbers of `ioctl` and the like; `truth` as in CONDITIONAL_TRUTHS."""

    kind: int
    source: int
    target: int
    cls: int
    what: int
    first: int
    end: int
    truth: int
    place: int


class TypeRuleRecord(NamedTuple):
    """A type rule; `truth` as in CONDITIONAL_TRUTHS, NOTHING where it always holds."""

    kind: int
    source: int
    target: int
    cls: int
    result: int
    truth: int
    place: int


class NamedTransitionRecord(NamedTuple):
    """A type transition of objects with a name."""

    source: int
    target: int
    cls: int
    name: int
    result: int
    place: int


class RoleTransitionRecord(NamedTuple):
    """A role transition."""

    source: int
    target: int
    cls: int
    result: int
    place: int


class RangeTransitionRecord(NamedTuple):
    """A range transition."""

    source: int
    target: int
    cls: int
    low: int
    high: int
    place: int


class PortRecord(NamedTuple):
    """The label of ports."""

    protocol: int
    low: int
    high: int
    context: int
    place: int


class DisabledRule(NamedTuple):
    """An allow rule of an optional that is off."""

    source: int
    target: int
    cls: int
    permissions: int
    optional: int
    place: int


class FileContextRecord(NamedTuple):
    """The label of paths that match an expression; a context of NOTHING is none at all."""

    path: int
    kind: int
    context: int
    place: int


class FsContextRecord(NamedTuple):
    """The label of paths in a file system that stores none."""

    fs: int
    path: int
    kind: int
    context: int
    place: int
