"""What the productions of the rule classes make: the bodies of rules.

One method a production, as in `builder`; these are the ones of the grammar's fragments and of the
shapes that the fragments share.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, cast

from lsmc.base.source import Span
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import Tok, word

Children = list[Any]
Safety = Literal["", "safe", "unsafe"]


class Started(NamedTuple):
    """The body of a rule and its first token's place."""

    body: ast.RuleBody
    span: Span


class Listed(NamedTuple):
    """A list in parentheses and its place."""

    words: tuple[ast.Word, ...]
    span: Span


class Perms(NamedTuple):
    """Permissions of a rule, and whether they were written as a list."""

    words: tuple[ast.Word, ...] | None
    in_list: bool


_NO_PERMS = Perms(None, False)


def _class_rule(keyword: Tok, perms: Perms | None, *, words: Children, c: Children) -> Started:
    """A rule of the common shape; `c` holds conditions and peer group where the class has them."""
    written, in_list = perms or _NO_PERMS
    conditions = tuple(c[0]) if c else ()
    peer = c[1] if len(c) > 1 else None
    node = ast.ClassRule(
        kind=str(keyword),
        perms=written,
        words=tuple(words),
        conditions=conditions,
        peer=peer,
        perms_in_list=in_list,
    )
    return Started(node, keyword.span)


class RuleBuilder:
    """Callbacks of the rule classes."""

    # File and link rules.

    def trailing(self, c: Children) -> Started:
        """`PATH PERMS [-> TARGET]`."""
        path = c[0]
        target = word(c[3]) if len(c) > 2 else None
        return Started(ast.FileRule(path, word(c[1]), target), path.span)

    def leading(self, c: Children) -> Started:
        """`PERMS PATH [-> TARGET]`."""
        target = word(c[3]) if len(c) > 2 else None
        return Started(ast.FileRule(c[1], word(c[0]), target, leading=True), c[0].span)

    def leading_subset(self, c: Children) -> Started:
        """`PERMS subset PATH [-> TARGET]`."""
        target = word(c[4]) if len(c) > 3 else None
        node = ast.FileRule(c[2], word(c[0]), target, subset=True, leading=True)
        return Started(node, c[0].span)

    def file_access(self, c: Children) -> Started:
        """`file …`."""
        return Started(c[1].body._replace(keyword=True), c[0].span)

    def safe_access(self, c: Children) -> Started:
        """`safe …`."""
        return Started(c[1].body._replace(safety=str(c[0])), c[0].span)

    def file_safe_access(self, c: Children) -> Started:
        """`file safe …`."""
        return Started(c[2].body._replace(keyword=True, safety=str(c[1])), c[0].span)

    def file_all(self, c: Children) -> Started:
        """`file` alone."""
        return Started(ast.FileRule(None, None, keyword=True), c[0].span)

    def link(self, c: Children) -> Started:
        """`link PATH -> TARGET`."""
        return Started(ast.LinkRule(c[1], word(c[3])), c[0].span)

    def link_subset(self, c: Children) -> Started:
        """`link subset PATH -> TARGET`."""
        return Started(ast.LinkRule(c[2], word(c[4]), True), c[0].span)

    # What rule classes share.

    def cond_value(self, c: Children) -> ast.Condition:
        """`NAME = VALUE`."""
        name, op, value = c
        span = name.span.to(value.span)
        return ast.Condition(ast.Word(str(name), name.span), str(op), (word(value),), span)

    def cond_list(self, c: Children) -> ast.Condition:
        """`NAME = (VALUES)` or `NAME in (VALUES)`."""
        name, op, _, values, end = c
        span = name.span.to(end.span)
        return ast.Condition(ast.Word(str(name), name.span), str(op), tuple(values), span)

    def peer(self, c: Children) -> tuple[ast.Condition, ...]:
        """`peer = (CONDITIONS)`."""
        return tuple(c[3])

    def one_perm(self, c: Children) -> Perms:
        """A bare permission."""
        return Perms((word(c[0]),), False)

    def perm_list(self, c: Children) -> Perms:
        """Permissions in parentheses."""
        return Perms(c[0].words, True)

    # The other classes.

    def capability(self, c: Children) -> Started:
        """`capability [NAMES]`."""
        return Started(ast.CapabilityRule(tuple(c[1])), c[0].span)

    def class_rule(self, c: Children) -> Started:
        """A class without bare words of its own."""
        return _class_rule(c[0], c[1], words=[], c=c[2:])

    def network(self, c: Children) -> Started:
        """A network rule; a bare permission counts among its words."""
        keyword, perms, words, conditions, peer = c
        if perms and not perms.in_list:
            words, perms = [*perms.words, *words], None
        return _class_rule(keyword, perms, words=words, c=[conditions, peer])

    def mqueue(self, c: Children) -> Started:
        """A message queue rule; a bare permission counts among its words."""
        keyword, perms, conditions, name = c
        words = [name] if name else []
        if perms and not perms.in_list:
            words, perms = [*perms.words, *words], None
        return _class_rule(keyword, perms, words=words, c=[conditions])

    def mount(self, c: Children) -> Started:
        """`mount CONDITIONS [SOURCE]`."""
        return Started(ast.MountRule("mount", tuple(c[1]), c[2], None), c[0].span)

    def mount_at(self, c: Children) -> Started:
        """`mount CONDITIONS [SOURCE] -> MOUNTPOINT`."""
        keyword, conditions, source, _, trailing, mountpoint = c
        node = ast.MountRule(
            kind="mount",
            conditions=tuple(conditions),
            source=source,
            mountpoint=mountpoint,
            trailing=tuple(trailing),
        )
        return Started(node, keyword.span)

    def remount(self, c: Children) -> Started:
        """`remount CONDITIONS [MOUNTPOINT]`."""
        return Started(ast.MountRule("remount", tuple(c[1]), None, c[2]), c[0].span)

    def umount(self, c: Children) -> Started:
        """`umount CONDITIONS [MOUNTPOINT]`."""
        return Started(ast.MountRule("umount", tuple(c[1]), None, c[2]), c[0].span)

    def pivot_root(self, c: Children) -> Started:
        """`pivot_root [oldroot=X] [NEWROOT] [-> PROFILE]`."""
        target = word(c[4]) if len(c) > 3 else None
        return Started(ast.PivotRootRule(tuple(c[1]), c[2], target), c[0].span)

    def change_profile(self, c: Children) -> Started:
        """`change_profile [safe|unsafe] [EXEC]`."""
        safety = str(c[1]) if len(c) > 2 else ""
        return Started(ast.ChangeProfileRule(cast(Safety, safety), c[-1], None), c[0].span)

    def change_profile_to(self, c: Children) -> Started:
        """`change_profile [safe|unsafe] [EXEC] -> TARGET`."""
        safety = str(c[1]) if len(c) > 4 else ""
        node = ast.ChangeProfileRule(cast(Safety, safety), c[-3], word(c[-1]))
        return Started(node, c[0].span)

    def all_rule(self, c: Children) -> Started:
        """`all`."""
        return Started(ast.AllRule(), c[0].span)

    def rlimit(self, c: Children) -> ast.Rlimit:
        """`set rlimit NAME <= VALUE [UNIT]`."""
        unit = word(c[5]) if len(c) > 6 else None
        return ast.Rlimit(word(c[2]), word(c[4]), unit, c[0].span.to(c[-1].span))
