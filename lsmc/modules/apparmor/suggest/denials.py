"""What a rule that refuses an access would have to become.

No pattern of AppArmor leaves one object out of many, so such a rule gives way as a whole, but for
the permissions, capabilities and signals that it names beside those that are wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lsmc.base.source import Source, from_display, to_display
from lsmc.engine.verdict import RuleRef
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.parser import parse


def parsed(rule: str) -> ast.Item | None:
    """The tree of one rule, None when it is none."""
    tree, _ = parse(Source("<rule>", f"profile p {{\n{from_display(rule)}\n}}\n"))
    profile = tree.items[0] if tree.items else None
    return profile.body[0] if isinstance(profile, ast.Profile) and profile.body else None


def relaxed(text: str, cls: str, wanted: Collection[str], obj: str) -> str:
    """A rule without the permissions that are wanted; empty when nothing of it would be left.

    `obj` is the wanted capability.
    """
    rule = parsed(text)
    if not isinstance(rule, ast.Rule):
        return ""
    body = rule.body
    if isinstance(body, ast.FileRule) and body.perms is not None and cls in ("file", "link"):
        gone = {"l"} if cls == "link" else set(wanted)
        gone |= {"w", "a"} if gone & {"w", "a"} else set()
        left = "".join(letter for letter in body.perms.text if letter.lower() not in gone)
        return _without(rule, [(body.perms, left)]) if left else ""
    words: tuple[ast.Word, ...] = ()
    if isinstance(body, ast.CapabilityRule) and cls == "capability":
        words, wanted = body.names, (obj,)
    elif isinstance(body, ast.ClassRule) and body.kind == cls:
        words = body.perms or ()
    lost = [word for word in words if word.text in wanted]
    if not lost or len(lost) == len(words):
        return ""
    return _without(rule, [(word, "") for word in lost])


def left_of_both(one: str, other: str) -> str:
    """What two narrowings of a rule leave of it: the permissions that both keep, or nothing."""
    if one == other:
        return one
    first, second = (
        tree.body if isinstance(tree, ast.Rule) else None for tree in map(parsed, (one, other))
    )
    if not isinstance(first, ast.FileRule) or not isinstance(second, ast.FileRule):
        return ""
    kept = second.perms.text if second.perms is not None else ""
    gone = [letter for letter in first.perms.text if letter not in kept] if first.perms else []
    return relaxed(one, "file", gone, "") if gone else one


def narrowings(
    refs: Collection[RuleRef], cls: str, wanted: Collection[str], obj: str
) -> Iterator[tuple[RuleRef, str, str]]:
    """For each rule that refuses: the rule, what it becomes, and that in one line."""
    for ref in refs:
        left = relaxed(ref.text, cls, wanted, obj)
        says = f"narrow `{ref.text}` to `{left}`" if left else f"remove or narrow `{ref.text}`"
        if ref.via:
            says += ", for all profiles that include it"
        yield ref, left, says


def _without(rule: ast.Rule, changes: Collection[tuple[ast.Word, str]]) -> str:
    """The text of a rule with other words; with an empty one goes what set the word off."""
    text, start = rule.span.text, rule.span.start
    for word, new in sorted(changes, key=lambda change: change[0].span.start, reverse=True):
        before, after = text[: word.span.start - start], text[word.span.end - start :]
        if not new and after.startswith(", "):
            after = after[2:]
        elif not new and before.endswith((", ", " ")):
            before = before.rstrip(" ").removesuffix(",")
        elif not new:
            after = after.lstrip(" ")
        text = before + new + after
    return to_display(text)
