"""The syntax tree of the AppArmor profile language.

Nodes keep what was written, in its order, and where; `meaning` is what they are compared by.  Texts
are byte text (one character a byte) after the lexer's escape processing.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from lsmc.base.source import Span

Effect = Literal["", "allow", "deny", "prompt"]
Owner = Literal["", "owner", "other", "nobody"]  # "nobody": `other` inside an `owner` block
AssignOp = Literal["=", "+=", "?=", ":="]


class Word(NamedTuple):
    """A lexical word: its text without quotes and with escapes resolved."""

    text: str
    span: Span
    quoted: bool = False


class Comment(NamedTuple):
    """A comment, from its `#` to before the line end."""

    span: Span


class Include(NamedTuple):
    """`include <x>`, `include "x"`, `include if exists …`; `pound` marks `#include`."""

    path: Word
    magic: bool
    if_exists: bool
    pound: bool
    span: Span


class Abi(NamedTuple):
    """`abi <x>,` or `abi "x",`."""

    path: Word
    magic: bool
    span: Span


class Alias(NamedTuple):
    """`alias OLD -> NEW,`."""

    old: Word
    new: Word
    span: Span


class Assign(NamedTuple):
    """`@{NAME} = VALUES`; `name` holds the bare name without `@{}`."""

    name: Word
    op: AssignOp
    values: tuple[Word, ...]
    span: Span


# Expressions of `if` and of boolean assignments.


class SetVar(NamedTuple):
    """`@{NAME}` as an operand."""

    name: str
    span: Span


class BoolVar(NamedTuple):
    """`$NAME` or `${NAME}`."""

    name: str
    span: Span


class Defined(NamedTuple):
    """`defined @{NAME}` or `defined $NAME`."""

    variable: SetVar | BoolVar
    span: Span


class Not(NamedTuple):
    """`not EXPR`."""

    operand: Expr
    span: Span


class BoolOp(NamedTuple):
    """`LEFT and RIGHT` or `LEFT or RIGHT`."""

    op: Literal["and", "or"]
    left: Expr
    right: Expr
    span: Span


class Compare(NamedTuple):
    """`LEFT OP RIGHT`."""

    op: Literal["==", "!=", "in", "<", "<=", ">", ">="]
    left: Word | SetVar
    right: Word | SetVar
    span: Span


Expr = Word | SetVar | BoolVar | Defined | Not | BoolOp | Compare


class AssignBool(NamedTuple):
    """`$NAME = EXPR`."""

    name: Word
    op: AssignOp
    value: Expr
    span: Span


class Prefix(NamedTuple):
    """What may stand before a rule or a block."""

    priority: int | None = None
    audit: bool = False
    effect: Effect = ""
    owner: Owner = ""


NO_PREFIX = Prefix()


class Condition(NamedTuple):
    """`NAME = VALUE`, `NAME = (VALUES)`, `NAME in (VALUES)`; `op` is `=`, `:=` or `in`."""

    name: Word
    op: str
    values: tuple[Word, ...]
    span: Span


class FileRule(NamedTuple):
    """A file rule.  `path` and `perms` are None for the bare `file,`; `leading` when the
    permissions stand first; `keyword` when written with `file`."""

    path: Word | None
    perms: Word | None
    target: Word | None = None
    safety: Literal["", "safe", "unsafe"] = ""
    subset: bool = False
    leading: bool = False
    keyword: bool = False
    kind: Literal["file"] = "file"


class LinkRule(NamedTuple):
    """`link [subset] PATH -> TARGET,`."""

    path: Word
    target: Word
    subset: bool = False
    kind: Literal["link"] = "link"


class CapabilityRule(NamedTuple):
    """`capability [NAMES],`."""

    names: tuple[Word, ...]
    kind: Literal["capability"] = "capability"


class ClassRule(NamedTuple):
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


class MountRule(NamedTuple):
    """`mount`, `remount` or `umount`; `trailing` are conditions written after the arrow."""

    kind: Literal["mount", "remount", "umount"]
    conditions: tuple[Condition, ...]
    source: Word | None
    mountpoint: Word | None
    trailing: tuple[Condition, ...] = ()


class PivotRootRule(NamedTuple):
    """`pivot_root [oldroot=X] [NEWROOT] [-> PROFILE],`."""

    conditions: tuple[Condition, ...]
    newroot: Word | None
    target: Word | None
    kind: Literal["pivot_root"] = "pivot_root"


class ChangeProfileRule(NamedTuple):
    """`change_profile [safe|unsafe] [EXEC] [-> TARGET],`."""

    safety: Literal["", "safe", "unsafe"]
    exec: Word | None
    target: Word | None
    kind: Literal["change_profile"] = "change_profile"


class AllRule(NamedTuple):
    """`all,`."""

    kind: Literal["all"] = "all"


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


class Rule(NamedTuple):
    """A prefix and the rule of one class; the span covers both and the final comma."""

    prefix: Prefix
    body: RuleBody
    span: Span


class Rlimit(NamedTuple):
    """`set rlimit NAME <= VALUE [UNIT],`."""

    name: Word
    value: Word
    unit: Word | None
    span: Span


class Block(NamedTuple):
    """`PREFIX { … }`."""

    prefix: Prefix
    body: tuple[Item, ...]
    span: Span


class If(NamedTuple):
    """`if EXPR { … } else …`; an `else if` is an `If` alone in `orelse`."""

    condition: Expr
    body: tuple[Item, ...]
    orelse: tuple[Item, ...]
    span: Span


class Xattr(NamedTuple):
    """`NAME[=VALUE]` of `xattrs=(…)`."""

    name: Word
    value: Word | None


class Profile(NamedTuple):
    """A profile, hat or child; `head` covers everything before the `{`."""

    keyword: Literal["", "profile", "hat", "^"]
    name: Word
    attachment: Word | None
    xattrs: tuple[Xattr, ...]
    identities: tuple[Word, ...]
    flags: tuple[Word, ...]
    body: tuple[Item, ...]
    head: Span
    span: Span
    has_xattrs: bool = False


Item = Include | Abi | Alias | Assign | AssignBool | Rule | Rlimit | Block | If | Profile


class File(NamedTuple):
    """A parsed file: its items in order, wherever they may stand; `load` checks the places."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
    span: Span


def meaning(node: object) -> object:
    """A node, or several, without places and comments: equal for what means the same."""
    if isinstance(node, (Span, Comment)):
        return None
    if isinstance(node, File):
        return meaning(node.items)
    if isinstance(node, tuple):
        return (type(node), *map(meaning, node))
    return node
