"""File, link and bare `file` rules (apparmor.d(5), "File rules", "Link rules").

A hard link is a pair of names: besides `l` on the new name it needs a rule for the pair.  A bare
`l` gives the pair with any target and asks that the link opens no more than its target does; that
test is only ever set for the owner, as in the compiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lsmc.automata.pattern import ALL, Chars, Literal, Pattern, Star, concat, mask_of
from lsmc.base.source import to_display
from lsmc.ir.model import Effect, Rule, Transition
from lsmc.modules.apparmor.classes import FILE, LINK
from lsmc.modules.apparmor.lower.context import ExecNote, Lowering, RuleHead
from lsmc.modules.apparmor.releases import (
    IMPLIED_MAP,
    IMPLIED_MAP_LOGGED,
    LOSER_LOGS,
    TRAILING_TARGET,
)
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

_EXEC = re.compile(r"([pPcC]?)([iIuU]?)[xX]")
_LETTERS = {
    "r": FILE.mask("r"),
    "w": FILE.mask("wa"),
    "a": FILE.mask("a"),
    "l": FILE.mask("l"),
    "k": FILE.mask("k"),
    "m": FILE.mask("m"),
}
_EXECUTE = FILE.mask("x")
_L = FILE.mask("l")
_MAP = FILE.mask("m")
_PAIR = LINK.mask(("link",))
_SUBSET = LINK.mask(("subset",))
_ANY_TARGET: Pattern = concat((Literal(b"/"), Chars(ALL & ~mask_of(b"/")), Star(ALL)))
_PATTERN = re.compile(r"(?<!\\)[*?\[{]")
_EVERY_FILE = "/{**,}"


def lower_file(rule: ast.FileRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a file rule; raises `Refused`."""
    if rule.path is None or rule.perms is None:
        word = ast.Word(_EVERY_FILE, head.origin)
        rule = rule._replace(path=word, perms=ast.Word("rwlkmix", head.origin))
    assert rule.path is not None
    assert rule.perms is not None
    mask, mode = permissions(rule.perms, head.effect)
    _check(rule, mask)
    transition = None
    if mode is not None:
        transition = mode
        if mode.kind != "inherit":
            if mode.unsafe and "U" in rule.perms.text:
                _note_scrubbing(rule.perms, context)
            if rule.safety:
                transition = transition._replace(unsafe=rule.safety == "unsafe")
        elif rule.safety == "unsafe":
            context.alter("is a plain `ix`: `unsafe` means nothing there", "drop `unsafe`")
        if rule.target is not None:
            transition = named(transition, rule.target, rule.path, context)
    elif rule.target is not None and not mask & _L:
        context.alter(
            f"does nothing with `-> {to_display(rule.target.text)}`: "
            "there is neither an exec nor a link permission",
            "drop the target",
            rule.target.span,
        )
    ignored = not rule.leading and TRAILING_TARGET.older(context.release)
    target = rule.target if mask & _L and not mask & _EXECUTE else None
    if target is not None and ignored:
        context.text(target)  # its variables must be there
        target = None
    words = (rule.path,) if target is None else (rule.path, target)
    for number, texts in enumerate(context.paths(*words)):
        glob = context.glob(texts[0], rule.path)
        granted = mask & ~_L if head.effect is Effect.DENY else mask
        if granted:
            silent = 0
            if transition is not None and transition.inherit and IMPLIED_MAP.older(context.release):
                if head.audit and not IMPLIED_MAP_LOGGED.older(context.release):
                    silent = _MAP & ~granted
                else:
                    granted |= _MAP
            lowered = head.rule(FILE, (glob,), granted, transition=transition)
            if granted & _EXECUTE and LOSER_LOGS.older(context.release):
                lowered = replace(lowered, adds_log=True)
            if granted & _EXECUTE:
                link = rule.target.text if rule.target is not None else ""
                effect = context.written.effect
                context.notes.append(ExecNote(lowered, texts[0], link, effect, rule.subset))
            yield lowered
            if silent:
                yield head._replace(audit=False).rule(FILE, (glob,), silent)
        if mask & _L:
            pair: Pattern = _ANY_TARGET
            exact = False
            subset = True
            if target is not None:
                pair, exact = context.glob(texts[1], target)
                subset = rule.subset and not number  # the copies of aliases lose it
            yield _pair(head, glob.pattern, pair, subset, glob.exact and exact)


def lower_link(rule: ast.LinkRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a link rule; raises `Refused`."""
    if rule.subset and head.effect is Effect.DENY:
        context.alter("denies the link as without `subset`", "drop `subset`")
    elif rule.subset and head.owner in ("", "other"):
        context.alter(
            "tests the subset only for files that the task owns; others may be linked freely",
            "write `owner` before the rule",
        )
    for number, (new, old) in enumerate(context.paths(rule.path, rule.target)):
        link = context.glob(new, rule.path)
        existing = context.glob(old, rule.target)
        if head.effect is not Effect.DENY:
            yield head.rule(FILE, (link,), _L)
        exact = link.exact and existing.exact
        subset = rule.subset and not number  # the copies of aliases lose it
        yield _pair(head, link.pattern, existing.pattern, subset, exact)


def _pair(head: RuleHead, link: Pattern, target: Pattern, subset: bool, exact: bool) -> Rule:
    mask = _PAIR | _SUBSET if subset else _PAIR
    return replace(head.rule(LINK, (link, target), mask, other=_PAIR), exact=exact)


def permissions(word: ast.Word, effect: Effect) -> tuple[int, Transition | None]:
    """The bits of a permission word and its exec mode; raises `Refused`."""
    text = word.text
    mask = 0
    mode: Transition | None = None
    at = 0
    while at < len(text):
        match = _EXEC.match(text, at)
        if match:
            at = match.end()
            if match.group() in ("x", "X"):
                if effect is not Effect.DENY:
                    raise refusal(
                        "bare-exec",
                        word.span,
                        f"`{text}` says that a file may be executed, not how",
                        "use ix, px, cx or ux, or `x` in a deny rule",
                    )
            elif effect is Effect.DENY:
                raise refusal(
                    "exec-mode-in-deny",
                    word.span,
                    f"a deny rule takes plain `x`, not `{match.group()}`",
                )
            else:
                found = _mode(*match.groups())
                if mode is not None and found != mode:
                    raise refusal("two-exec-modes", word.span, f"`{text}` has two exec modes")
                mode = found
            mask |= _EXECUTE
            continue
        bits = _LETTERS.get(text[at].lower() if text[at] in "RWLM" else text[at])
        if bits is None:
            raise refusal(
                "unknown-permission",
                word.span,
                f"`{text[at]}` in `{text}` is not a file permission",
                "known: r w a l k m and the exec modes ix px cx ux pix cix pux cux",
            )
        mask |= bits
        at += 1
    if "a" in text and ("w" in text or "W" in text):
        raise refusal("append-and-write", word.span, "`w` includes `a`: give only one of them")
    return mask, mode


def _mode(first: str, second: str) -> Transition:
    """The transition of an exec mode, `p` `c` or nothing with `i` `u` or nothing."""
    unsafe = (first or second) in "pcu"
    if not first:
        if second in "iI":
            return Transition("inherit", inherit=True)
        return Transition("unconfined", unsafe=unsafe)
    return Transition(
        "attach" if first in "pP" else "attach-child",
        inherit=bool(second) and second in "iI",
        unconfined=bool(second) and second in "uU",
        unsafe=unsafe,
    )


def _note_scrubbing(perms: ast.Word, context: Lowering) -> None:
    """Note the modes whose second letter alone asks for a scrubbed environment."""
    for match in _EXEC.finditer(perms.text):
        first, second = match.groups()
        if first and second == "U":
            context.alter(
                f"keeps the environment: `{match.group()}` is `{match.group().lower()}`, "
                "the case of the first letter decides alone",
                f"write `{first.upper()}ux`",
                perms.span,
            )


def _note_target(mode: Transition, target: ast.Word, context: Lowering) -> None:
    """Note a target that comes before the mode, or reads like more than a name."""
    text = to_display(target.text)
    if mode.kind in ("inherit", "unconfined"):
        fallback = "staying in the profile" if mode.kind == "inherit" else "no profile"
        context.alter(
            f"goes to the profile `{text}`, and to {fallback} only if that does not exist",
            "write `px ->`, or drop the target",
            target.span,
        )
    if "@{" in text:
        context.alter(
            f"looks for a profile with the very name `{text}`: variables are not expanded there",
            "write the name out",
            target.span,
        )
    elif _PATTERN.search(target.text):
        context.alter(
            f"looks for a profile with the very name `{text}`: a target is not a pattern",
            "write the name out, one rule for each target",
            target.span,
        )


def named(mode: Transition, target: ast.Word, path: ast.Word, context: Lowering) -> Transition:
    """The transition to a named target; the name is taken as it is written."""
    name = target.text
    _note_target(mode, target, context)
    if name.startswith("&") and "domain/stack" not in context.features:
        raise refusal(
            "stacking-not-supported",
            target.span,
            f"`{name}` stacks a profile, which this abi does not have",
        )
    if mode.kind == "attach-child":
        # the compiler stores a child whose name is the rule's own path as the plain mode
        if name != path.text:
            return mode._replace(kind="child", name=name)
        context.alter(
            "is stored as the plain mode: the target is the rule's own path",
            "name the child otherwise, or drop the target",
            target.span,
        )
        return mode
    return mode._replace(kind="stack" if name.startswith("&") else "profile", name=name)


def _check(rule: ast.FileRule, mask: int) -> None:
    assert rule.perms is not None
    if rule.safety and not mask & _EXECUTE:
        raise refusal(
            "safe-without-exec",
            rule.perms.span,
            f"`{rule.safety}` needs an exec permission in the rule",
        )
    if rule.subset and mask != _L:
        raise refusal(
            "subset-without-link",
            rule.perms.span,
            "`subset` belongs to link rules: the permission must be exactly `l`",
        )
    if rule.leading and rule.target is not None and mask & _L:
        if mask & _EXECUTE:
            raise refusal(
                "link-and-exec-target",
                rule.target.span,
                "with both link and exec permissions it is unclear what `->` means",
                "write two rules",
            )
        if rule.target.text.startswith(":"):
            raise refusal(
                "namespace-in-link-target",
                rule.target.span,
                "the target of a link is a path, not a name in a namespace",
            )
