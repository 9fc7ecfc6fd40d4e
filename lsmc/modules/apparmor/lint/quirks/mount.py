"""Mount rules that become something else than they say.

Which kind of mount a rule speaks of follows from its flags and paths; each kind keeps only its own
flags, and the compiler drops the others without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.source import Span
from lsmc.modules.apparmor.lint.messages import listing
from lsmc.modules.apparmor.lower.rules.mount import cleared_bits, flag_bits
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    BIND_FLAGS,
    CHANGE_TYPE_FLAGS,
    FLAGS,
    MOVE,
    MOVE_FLAGS,
    NEW_FLAGS,
    PROPAGATION,
    REMOUNT,
    REMOUNT_FLAGS,
    flag_word,
)
from lsmc.modules.apparmor.syntax import ast

Found = tuple[str, str, Span | None]
_KIND_FLAGS = REMOUNT | BIND | MOVE | PROPAGATION | 0x4000
_NOUSER = 0x80000000


def mount(rule: ast.MountRule) -> Iterator[Found]:
    """What becomes of a mount, remount or umount rule."""
    if rule.kind == "umount":
        if rule.conditions:
            names = listing(f"`{c.name.text}`" for c in rule.conditions)
            yield f"is as without {names}: umount looks at the mountpoint only", "drop them", None
        return
    for condition in rule.conditions:
        if condition.name.text not in ("options", "option"):
            continue
        if condition.op == "=":
            yield from _flags(rule, condition)
        else:
            yield from _optional(condition)


def _optional(condition: ast.Condition) -> Iterator[Found]:
    """Words of `options in` that would clear a flag, and let it be set."""
    named = 0
    for word in condition.values:
        named |= flag_bits(word.text)
    for word in condition.values:
        opened = [flag for flag in FLAGS if cleared_bits(word.text) & flag & ~named]
        if opened:
            flag = flag_word(opened[0]).decode().rstrip(",")
            drop = f"drop `{word.text}`: a flag that `options in` does not name stays clear"
            yield (
                f"allows `{flag}` too: `{word.text}` in `options in` makes the flag optional",
                drop if len(condition.values) > 1 else f"write `options={word.text}`",
                word.span,
            )


def _flags(rule: ast.MountRule, condition: ast.Condition) -> Iterator[Found]:
    set_words = [(word.text, flag_bits(word.text)) for word in condition.values]
    needed = 0
    for _, bits in set_words:
        needed |= bits
    if rule.kind == "remount":
        needed |= REMOUNT
    if needed & _NOUSER:
        yield "passes over `nouser`: the flag is masked out", "drop it", condition.span
        needed &= ~_NOUSER
    fstype = any(c.name.text in ("fstype", "vfstype") for c in rule.conditions)
    kind, kept = _kind(rule, needed, fstype)
    if kind is None:
        return
    if kind == "a new mount" and needed & _KIND_FLAGS:
        word = (
            next(text for text, bits in set_words if bits & _KIND_FLAGS)
            if (any(bits & _KIND_FLAGS for _, bits in set_words))
            else rule.kind
        )
        why = "a source or a type is given" if needed & REMOUNT else _why(needed, fstype)
        left = listing(f"`{text}`" for text, bits in set_words if bits & NEW_FLAGS)
        flags = f" with {left}" if left else ""
        yield (
            f"grants a new mount{flags}, not `{word}`: {why}",
            "write separate rules for each kind of mount",
            condition.span,
        )
        return
    lost = [text for text, bits in set_words if bits & ~kept & ~_NOUSER]
    if lost:
        words = listing(f"`{text}`" for text in lost)
        yield (
            f"covers {kind} without {words}: that kind of mount keeps other flags only",
            f"drop {words}, or grant the later remount by a rule of its own",
            condition.span,
        )


def _why(needed: int, fstype: bool) -> str:
    if fstype:
        return "a type is given"
    return "two paths are given" if needed & PROPAGATION else "other flags decide"


def _kind(rule: ast.MountRule, needed: int, fstype: bool) -> tuple[str | None, int]:
    """The one kind of mount that required flags choose, and the flags that it keeps."""
    both = rule.source is not None and rule.mountpoint is not None
    if not needed:
        return None, 0
    source = rule.source is not None and rule.kind != "remount"
    if needed & REMOUNT and not source and not fstype:
        return "a remount", REMOUNT_FLAGS
    if needed & BIND and not fstype:
        return "a bind mount", BIND_FLAGS
    if needed & PROPAGATION and not fstype and not both:
        return "a change of propagation", CHANGE_TYPE_FLAGS
    if needed & MOVE and not fstype:
        return "a move", MOVE_FLAGS
    return "a new mount", NEW_FLAGS


def pivot_root(rule: ast.PivotRootRule) -> Iterator[Found]:
    """What becomes of a pivot_root rule."""
    if rule.target is not None:
        yield (
            "changes no profile: what stands behind `->` is not used",
            "drop the target",
            rule.target.span,
        )
    olds = [c for c in rule.conditions if c.name.text == "oldroot"]
    if len(olds) > 1:
        yield "counts the first `oldroot=` only", "write one rule for each", olds[1].span
