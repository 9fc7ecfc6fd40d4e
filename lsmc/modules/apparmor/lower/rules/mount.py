"""Mount, remount, umount and pivot_root rules (apparmor.d(5), "Mount Rules"; mount(2)).

One rule may speak of several kinds of mount: the flags that it names decide which, and each kind
keeps only its own flags.  The flags of a request are written as words in bit order, each with a
comma.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lsmc.automata.pattern import Literal, Pattern, concat, optional, union
from lsmc.base.diagnostics import Edit, Fix
from lsmc.base.source import to_display
from lsmc.base.text import listing
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import MOUNT, PIVOT_ROOT, UMOUNT
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.aare import Glob
from lsmc.modules.apparmor.lower.context import ANY, Conditions, Lowering, RuleHead, literal
from lsmc.modules.apparmor.lower.rules.old_mount import Shape, shapes
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    BIND_FLAGS,
    CHANGE_TYPE_FLAGS,
    CLEARS,
    FLAGS,
    MOVE,
    MOVE_FLAGS,
    NEW_FLAGS,
    PROPAGATION,
    REC,
    REMOUNT,
    REMOUNT_FLAGS,
    SETS,
    flag_word,
)
from lsmc.modules.apparmor.releases import LOSER_LOGS, OLD_MOUNT
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

_KNOWN_FLAGS = sum(FLAGS)


class _Kind(NamedTuple):
    """A kind of mount that a rule covers: what it is called, its flags, and whether it has a source
    and a type."""

    name: str
    flags: int
    has_source: bool
    has_type: bool


_REMOUNT = _Kind("a remount", REMOUNT_FLAGS, False, False)
_BIND = _Kind("a bind mount", BIND_FLAGS, True, False)
_CHANGE = _Kind("a change of propagation", CHANGE_TYPE_FLAGS, False, False)
_MOVE = _Kind("a move", MOVE_FLAGS, True, False)
_NEW = _Kind("a new mount", NEW_FLAGS, True, True)
#: The flags that choose a kind of mount, and one that each kind masks out.
_CHOOSES = REMOUNT | BIND | MOVE | PROPAGATION | REC
_NOUSER = 0x80000000


def lower_mount(rule: ast.MountRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a mount, remount or umount rule; raises `Refused`."""
    if rule.trailing:
        raise refusal(
            "bad-mount-condition", rule.trailing[0].span, "mount conditions stand before the paths"
        )
    conditions = Conditions(
        rule.conditions,
        ("fstype", "vfstype", "options", "option"),
        f"a {rule.kind} rule",
        repeatable=("fstype", "vfstype", "options", "option"),
        operators=("=", "in"),
    )
    types = conditions.words("fstype") + conditions.words("vfstype")
    texts = [context.text(word) for word in types]
    required, optional_sets = _options(conditions)
    source = _path(rule.source, context)
    if rule.source is not None and rule.source.text == "detached":
        source = literal("")  # a detached mount has no source
    mountpoint = _path(rule.mountpoint, context)
    if rule.kind == "umount":
        # the conditions are read and not used
        if rule.conditions:
            names = listing(f"`{c.name.text}`" for c in rule.conditions)
            becomes = f"is as without {names}: umount looks at the mountpoint only"
            context.alter(becomes, "drop them")
        yield head.rule(UMOUNT, (mountpoint or ANY,), UMOUNT.all)
        return
    globs = [context.glob(text, word) for text, word in zip(texts, types, strict=True)]
    fstype = Glob(union(g.pattern for g in globs), all(g.exact for g in globs)) if globs else None
    for condition in conditions.get("options") + conditions.get("option"):
        if condition.op == "in":
            _note_optional(condition, context)
        else:
            _note_required(rule, condition, fstype is not None, context)
    if OLD_MOUNT.older(context.release):
        old = tuple(shapes(rule, _words(conditions), fstype is not None))
        for shape in old:
            if not shape.needed & ~_KNOWN_FLAGS:  # no request has the others
                fields = _old_fields(shape, _path(rule.source, context), mountpoint, fstype)
                yield head.rule(MOUNT, fields, MOUNT.all)
        if old:
            return
    if rule.kind == "remount":
        if not required and not optional_sets:
            optional_sets = [REMOUNT_FLAGS & ~REMOUNT]
        required = [flags | REMOUNT for flags in required] or [REMOUNT]
    emitted = False
    pairs = [(f, o) for f in required or [0] for o in optional_sets or [0]]
    unrestricted = not required and not optional_sets
    for needed, allowed in pairs:
        for kind in _kinds(needed, allowed, rule, fstype is not None):
            emitted = True
            where, what = mountpoint, source
            if not kind.has_source and where is None:
                where, what = source, None
            yield head.rule(
                MOUNT,
                (
                    where or ANY,
                    (what or ANY) if kind.has_source else ANY,
                    (fstype or ANY) if kind.has_type else ANY,
                    _flag_string(
                        needed & kind.flags,
                        kind.flags if unrestricted else allowed & kind.flags,
                    ),
                ),
                MOUNT.all,
            )
    if not emitted:
        raise refusal(
            "empty-mount-rule",
            head.origin,
            "these options and paths describe no mount",
            "a bind or move mount takes no fstype; a propagation change takes one path",
        )


def _words(conditions: Conditions) -> Iterator[tuple[str, int, int]]:
    """The words of the options, each with its operator and the flags that it sets and clears."""
    for condition in conditions.get("options") + conditions.get("option"):
        for word in condition.values:
            yield condition.op, SETS.get(word.text, 0), CLEARS.get(word.text, 0)


def _note_optional(condition: ast.Condition, context: Lowering) -> None:
    """Note the words of `options in` that would clear a flag, and let it be set."""
    named = 0
    for word in condition.values:
        named |= SETS.get(word.text, 0)
    for word in condition.values:
        opened = [flag for flag in FLAGS if CLEARS.get(word.text, 0) & flag & ~named]
        if opened:
            flag = flag_word(opened[0]).decode().rstrip(",")
            drop = f"drop `{word.text}`: a flag that `options in` does not name stays clear"
            context.alter(
                f"allows `{flag}` too: `{word.text}` in `options in` makes the flag optional",
                drop if len(condition.values) > 1 else f"write `options={word.text}`",
                word.span,
            )


def _note_required(
    rule: ast.MountRule, condition: ast.Condition, fstype: bool, context: Lowering
) -> None:
    """Note the words of `options=` that the kind of mount they choose does not keep."""
    flags = [(word.text, SETS.get(word.text, 0)) for word in condition.values]
    needed = REMOUNT if rule.kind == "remount" else 0
    for _, bits in flags:
        needed |= bits
    if needed & _NOUSER:
        context.alter("passes over `nouser`: the flag is masked out", "drop it", condition.span)
        needed &= ~_NOUSER
    if not needed:
        return
    kind = next(iter(_kinds(needed, 0, rule, fstype)), _NEW)
    if kind is _NEW and needed & _CHOOSES:
        word = next((text for text, bits in flags if bits & _CHOOSES), rule.kind)
        left = listing(f"`{text}`" for text, bits in flags if bits & NEW_FLAGS)
        if needed & REMOUNT:
            why = "a source or a type is given"
        elif fstype:
            why = "a type is given"
        else:
            why = "two paths are given" if needed & PROPAGATION else "other flags decide"
        context.alter(
            f"grants a new mount{f' with {left}' if left else ''}, not `{word}`: {why}",
            "write separate rules for each kind of mount",
            condition.span,
        )
        return
    lost = [text for text, bits in flags if bits & ~kind.flags & ~_NOUSER]
    if lost:
        words = listing(f"`{text}`" for text in lost)
        becomes = f"covers {kind.name} without {words}: that kind of mount keeps other flags only"
        path = rule.source
        if path is not None and rule.mountpoint is None and needed & REMOUNT and not fstype:
            help_ = (
                f"write `-> {to_display(path.span.text)}`: a lone path is the source, and only a "
                "rule without one is for a remount"
            )
            arrow = Edit(path.span._replace(end=path.span.start), "-> ")
            fix = Fix("write `->` before the path", (arrow,), safe=False)
            context.alter(becomes, help_, condition.span, fix)
        else:
            help_ = f"drop {words}, or grant the later remount by a rule of its own"
            context.alter(becomes, help_, condition.span)


def _old_fields(
    shape: Shape, source: Glob | None, mountpoint: Glob | None, fstype: Glob | None
) -> tuple[Glob, ...]:
    """The fields of a part of a rule as the first release makes it."""
    return (
        mountpoint or ANY,
        (source or ANY) if shape.has_source else ANY,
        (fstype or ANY) if shape.has_type else ANY,
        _flag_string(shape.needed, shape.allowed),
    )


def _kinds(needed: int, allowed: int, rule: ast.MountRule, fstype: bool) -> Sequence[_Kind]:
    """The kinds of mount that a pair of flag sets covers."""
    source, both = rule.source is not None, rule.source is not None and rule.mountpoint is not None
    if not needed:
        kinds = [_REMOUNT] if not source and not fstype else []
        if not fstype:
            kinds += [_BIND, _MOVE] if both else [_BIND, _CHANGE, _MOVE]
        return [*kinds, _NEW]
    if needed & REMOUNT and not source and not fstype:
        return [_REMOUNT]
    if needed & BIND and not fstype:
        return [_BIND]
    if needed & PROPAGATION and not fstype and not both:
        return [_CHANGE]
    if needed & MOVE and not fstype:
        return [_MOVE]
    if (needed | allowed) & ~(REMOUNT | BIND | MOVE | REC | PROPAGATION):
        return [_NEW]
    return []


def _flag_string(needed: int, allowed: int) -> Glob:
    """The flags of a request; one both needed and allowed is optional."""
    parts: list[Pattern] = []
    for flag in FLAGS:
        if allowed & flag:
            parts.append(optional(Literal(flag_word(flag))))
        elif needed & flag:
            parts.append(Literal(flag_word(flag)))
    return Glob(concat(parts), True)


def _path(word: ast.Word | None, context: Lowering) -> Glob | None:
    return context.glob(context.path(word), word) if word is not None else None


def _options(conditions: Conditions) -> tuple[list[int], list[int]]:
    """The flag sets of the `options=` and of the `options in` conditions.

    `options in` makes each flag optional that one of its words speaks of, be it to clear it.
    """
    required: list[int] = []
    allowed: list[int] = []
    for condition in conditions.get("options") + conditions.get("option"):
        flags = cleared = 0
        for word in condition.values:
            if word.text not in SETS and word.text not in CLEARS:
                raise refusal(
                    "bad-mount-option",
                    word.span,
                    f"unknown mount option `{word.text}`",
                    did_you_mean(word.text, (*SETS, *CLEARS)),
                )
            flags |= SETS.get(word.text, 0)
            cleared |= CLEARS.get(word.text, 0)
        if flags & cleared and condition.op != "in":
            raise refusal(
                "bad-mount-option",
                condition.span,
                "these options contradict each other",
                "an option and its opposite cannot both be set",
            )
        if condition.op == "in":
            allowed.append(flags | cleared)
        else:
            required.append(flags)
    return required, allowed


def lower_pivot_root(rule: ast.PivotRootRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a pivot_root rule; raises `Refused`."""
    for condition in rule.conditions:
        if condition.name.text != "oldroot":
            raise refusal(
                "bad-pivot-root",
                condition.span,
                f"`{condition.name.text}` is not a condition of pivot_root",
                "the only one is `oldroot=`",
            )
    if rule.target is not None:
        context.alter(
            "changes no profile: what stands behind `->` is not used",
            "drop the target",
            rule.target.span,
        )
    if len(rule.conditions) > 1:
        context.alter(
            "counts the first `oldroot=` only", "write one rule for each", rule.conditions[1].span
        )
    old = rule.conditions[0].values[0] if rule.conditions else None
    newroot, oldroot = _path(rule.newroot, context), _path(old, context)
    made = head.rule(PIVOT_ROOT, (newroot or ANY, oldroot or ANY), PIVOT_ROOT.all)
    yield replace(made, adds_log=True) if LOSER_LOGS.older(context.release) else made
