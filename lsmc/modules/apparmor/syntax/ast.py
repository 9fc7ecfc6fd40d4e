"""The syntax tree of the AppArmor profile language.

Nodes keep what was written, in its order; they are equal by meaning, so spans take no part in
comparison.  Texts are byte text (one character a byte) after the lexer's escape processing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from lsmc.base.source import Span

Effect = Literal["", "allow", "deny", "prompt"]
Owner = Literal["", "owner", "other", "nobody"]  # "nobody": `other` inside an `owner` block
AssignOp = Literal["=", "+=", "?=", ":="]


@dataclass(frozen=True, slots=True)
class Word:
    """A lexical word: its text without quotes and with escapes resolved."""

    text: str
    span: Span = field(compare=False, repr=False)
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, from its `#` to before the line end."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Include:
    """`include <x>`, `include "x"`, `include if exists …`; `pound` marks `#include`."""

    path: Word
    magic: bool
    if_exists: bool
    pound: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Abi:
    """`abi <x>,` or `abi "x",`."""

    path: Word
    magic: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Alias:
    """`alias OLD -> NEW,`."""

    old: Word
    new: Word
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assign:
    """`@{NAME} = VALUES`; `name` holds the bare name without `@{}`."""

    name: Word
    op: AssignOp
    values: tuple[Word, ...]
    span: Span = field(compare=False, repr=False)


# Expressions of `if` and of boolean assignments.


@dataclass(frozen=True, slots=True)
class SetVar:
    """`@{NAME}` as an operand."""

    name: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoolVar:
    """`$NAME` or `${NAME}`."""

    name: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Defined:
    """`defined @{NAME}` or `defined $NAME`."""

    variable: SetVar | BoolVar
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not EXPR`."""

    operand: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoolOp:
    """`LEFT and RIGHT` or `LEFT or RIGHT`."""

    op: Literal["and", "or"]
    left: Expr
    right: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`LEFT OP RIGHT`."""

    op: Literal["==", "!=", "in", "<", "<=", ">", ">="]
    left: Word | SetVar
    right: Word | SetVar
    span: Span = field(compare=False, repr=False)


Expr = Word | SetVar | BoolVar | Defined | Not | BoolOp | Compare


@dataclass(frozen=True, slots=True)
class AssignBool:
    """`$NAME = EXPR`."""

    name: Word
    op: AssignOp
    value: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """What may stand before a rule or a block."""

    priority: int | None = None
    audit: bool = False
    effect: Effect = ""
    owner: Owner = ""


NO_PREFIX = Prefix()


@dataclass(frozen=True, slots=True)
class Condition:
    """`NAME = VALUE`, `NAME = (VALUES)`, `NAME in (VALUES)`; `op` is `=`, `:=` or `in`."""

    name: Word
    op: str
    values: tuple[Word, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FileRule:
    """A file rule.  `path` and `perms` are None for the bare `file,`; `leading` when the
    permissions stand first; `keyword` when written with `file`."""

    kind: ClassVar[str] = "file"
    path: Word | None
    perms: Word | None
    target: Word | None = None
    safety: Literal["", "safe", "unsafe"] = ""
    subset: bool = False
    leading: bool = False
    keyword: bool = False


@dataclass(frozen=True, slots=True)
class LinkRule:
    """`link [subset] PATH -> TARGET,`."""

    kind: ClassVar[str] = "link"
    path: Word
    target: Word
    subset: bool = False


@dataclass(frozen=True, slots=True)
class CapabilityRule:
    """`capability [NAMES],`."""

    kind: ClassVar[str] = "capability"
    names: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ClassRule:
    """A rule of the common shape: network, unix, dbus, signal, ptrace, userns, io_uring, mqueue.

    `perms` is None when none are written, and empty for `()`; `words` are the bare words that are
    no permissions (network family, type; mqueue name); `peer` is None when there is no `peer=(…)`
    (signal and ptrace have the plain condition `peer` in `conditions`).
    """

    kind: str
    perms: tuple[Word, ...] | None
    words: tuple[Word, ...] = ()
    conditions: tuple[Condition, ...] = ()
    peer: tuple[Condition, ...] | None = None
    perms_in_list: bool = False


@dataclass(frozen=True, slots=True)
class MountRule:
    """`mount`, `remount` or `umount`; `trailing` are conditions written after the arrow."""

    kind: Literal["mount", "remount", "umount"]
    conditions: tuple[Condition, ...]
    source: Word | None
    mountpoint: Word | None
    trailing: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class PivotRootRule:
    """`pivot_root [oldroot=X] [NEWROOT] [-> PROFILE],`."""

    kind: ClassVar[str] = "pivot_root"
    conditions: tuple[Condition, ...]
    newroot: Word | None
    target: Word | None


@dataclass(frozen=True, slots=True)
class ChangeProfileRule:
    """`change_profile [safe|unsafe] [EXEC] [-> TARGET],`."""

    kind: ClassVar[str] = "change_profile"
    safety: Literal["", "safe", "unsafe"]
    exec: Word | None
    target: Word | None


@dataclass(frozen=True, slots=True)
class AllRule:
    """`all,`."""

    kind: ClassVar[str] = "all"


#: What stands in a rule; `kind` is the keyword of its class.
RuleBody = (
    FileRule
    | LinkRule
    | CapabilityRule
    | ClassRule
    | MountRule
    | PivotRootRule
    | ChangeProfileRule
    | AllRule
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A prefix and the rule of one class; the span covers both and the final comma."""

    prefix: Prefix
    body: RuleBody
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rlimit:
    """`set rlimit NAME <= VALUE [UNIT],`."""

    name: Word
    value: Word
    unit: Word | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """`PREFIX { … }`."""

    prefix: Prefix
    body: tuple[Item, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If:
    """`if EXPR { … } else …`; an `else if` is an `If` alone in `orelse`."""

    condition: Expr
    body: tuple[Item, ...]
    orelse: tuple[Item, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Xattr:
    """`NAME[=VALUE]` of `xattrs=(…)`."""

    name: Word
    value: Word | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, hat or child; `head` covers everything before the `{`."""

    keyword: Literal["", "profile", "hat", "^"]
    name: Word
    attachment: Word | None
    xattrs: tuple[Xattr, ...]
    identities: tuple[Word, ...]
    flags: tuple[Word, ...]
    body: tuple[Item, ...]
    head: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)
    has_xattrs: bool = False


Item = Include | Abi | Alias | Assign | AssignBool | Rule | Rlimit | Block | If | Profile


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file: its items in order, wherever they may stand; `load` checks the places."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)
