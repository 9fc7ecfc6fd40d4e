"""Mount rules as AppArmor 3.0.8 compiles them.

Its compiler has one set of flags for a rule, to which each kind of mount is added whose flag is in
the set, and a new mount for the flags that belong to no kind.  A flag that is set by `=` must be
there, one that is named behind `in`, or set and cleared, may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsmc.modules.apparmor.mount_flags import (
    BIND,
    BIND_FLAGS,
    CHANGE_TYPE_FLAGS,
    FLAGS,
    MOVE,
    MOVE_FLAGS,
    NEW_FLAGS,
    PROPAGATION,
    REC,
    REMOUNT,
)
from lsmc.modules.apparmor.syntax import ast

_ALL = sum(FLAGS)
_REMOUNT_FLAGS = _ALL & ~(MOVE | PROPAGATION)
_KINDS = REMOUNT | BIND | MOVE | REC | PROPAGATION
_NOUSER = 0x80000000


class Shape(NamedTuple):
    """A part of a rule: the flags that must and that may be there, and what else is compared."""

    needed: int
    allowed: int
    has_source: bool
    has_type: bool


def shapes(
    rule: ast.MountRule,
    options: Iterable[tuple[str, int, int]],
    fstype: bool,
) -> Iterator[Shape]:
    """The parts of a mount or remount rule; none for a rule that the compiler refuses.

    `options` are words, each as the operator of its condition, the flags that it sets and those
    that it clears.
    """
    flags, inverse = _asked(options)
    if rule.kind == "remount":
        flags, inverse = flags | REMOUNT, 0
    elif not flags | inverse:
        yield Shape(0, _ALL, True, True)
        return
    source = rule.source is not None
    if flags & REMOUNT and not source and not fstype:
        yield _shape(flags, inverse, _REMOUNT_FLAGS, False, False)
    if flags & BIND and not fstype:
        yield _shape(flags, inverse, BIND_FLAGS, True, False)
    if flags & PROPAGATION and not source and not fstype:
        yield _shape(flags, inverse, CHANGE_TYPE_FLAGS, False, False)
    if flags & MOVE and not fstype:
        yield _shape(flags, inverse, MOVE_FLAGS, True, False)
    if (flags | inverse) & ~_KINDS:
        yield _shape(flags, inverse, NEW_FLAGS | _NOUSER, True, True)


def _asked(options: Iterable[tuple[str, int, int]]) -> tuple[int, int]:
    """The flags that a rule sets, and those that it clears."""
    flags = inverse = 0
    for operator, sets, clears in options:
        if operator == "in":
            flags |= sets | clears
            inverse |= sets | clears
        else:
            flags |= sets
            inverse |= clears
    return flags, inverse


def _shape(flags: int, inverse: int, kept: int, has_source: bool, has_type: bool) -> Shape:
    allowed = flags & inverse & kept
    return Shape(flags & kept & ~allowed, allowed, has_source, has_type)
