"""Rules that the compiler accepts and then drops, widens or alters without a word.

Each function looks at one rule as it is written and says what becomes of it.  The facts are about
`apparmor_parser` 6.0 (and 3.0.8 where it is named); they were found by compiling such rules, and
are the [quirk] entries of lsmc's notes on the language.  Mount rules have a module of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lsmc.base.source import Span, to_display
from lsmc.modules.apparmor.lint.quirks.glob import classes, globs
from lsmc.modules.apparmor.lint.quirks.mount import mount, pivot_root
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.syntax import ast

_EXEC = re.compile(r"([pPcC]?)([iIuU]?)[xX]")
_GLOB = re.compile(r"(?<!\\)[*?\[{]")


class Altered(NamedTuple):
    """What becomes of a rule, and what to write instead; `span` where it is not the whole rule."""

    becomes: str
    help: str
    span: Span | None = None


def altered(rule: ast.Rule, block: ast.Prefix | None, features: Features) -> Iterator[Altered]:
    """What becomes of a rule that stands in a block with some prefix, or in none."""
    body = rule.body
    if block is not None and not isinstance(body, _KEPT):
        yield Altered(
            "is dropped: of a `{ }` block only file, link and change_profile rules are kept",
            "write the prefix on the rule and move it out of the block",
        )
        return
    if block is not None and {block.owner, rule.prefix.owner} == {"owner", "other"}:
        yield Altered(
            "grants nothing: `owner` and `other` exclude each other",
            "drop one of them",
        )
    for word in globs(body):
        for found in classes(word):
            yield Altered(*found)
    match body:
        case ast.FileRule():
            yield from _file(rule, body)
        case ast.LinkRule():
            yield from _link(rule, body)
        case ast.CapabilityRule():
            yield from _capability(rule)
        case ast.MountRule():
            yield from (Altered(*found) for found in mount(body))
        case ast.PivotRootRule():
            yield from (Altered(*found) for found in pivot_root(body))
        case ast.ChangeProfileRule():
            yield from _change_profile(rule, body)
        case ast.AllRule():
            yield from _all(rule)
        case ast.ClassRule():
            yield from _BY_KIND.get(body.kind, _nothing)(rule, body, features)


_KEPT = (ast.FileRule, ast.LinkRule, ast.ChangeProfileRule)


def _file(rule: ast.Rule, body: ast.FileRule) -> Iterator[Altered]:
    if body.perms is None:
        return
    text = body.perms.text
    modes = list(_EXEC.finditer(text)) if "x" in text.lower() else []
    mode = next((m.group() for m in modes if m.group() not in ("x", "X")), "")
    if body.target is not None:
        yield from _target(body, mode, "l" in text.lower())
    for match in modes:
        first, second = match.groups()
        if first in ("p", "c") and second == "U":
            yield Altered(
                f"keeps the environment: `{match.group()}` is `{match.group().lower()}`, "
                "the case of the first letter decides alone",
                f"write `{first.upper()}ux`",
                body.perms.span,
            )
    if body.safety == "unsafe" and mode in ("ix", "Ix", "iX", "IX"):
        yield Altered("is a plain `ix`: `unsafe` means nothing there", "drop `unsafe`")
    if body.path is not None and mode and rule.prefix.effect != "deny":
        path, target = body.path, body.target
        if mode[0] in "cC" and target is not None and target.text == path.text:
            yield Altered(
                "is stored as the plain mode: the target is the rule's own path",
                "name the child otherwise, or drop the target",
                target.span,
            )


def _target(body: ast.FileRule, mode: str, links: bool) -> Iterator[Altered]:
    assert body.target is not None
    text = to_display(body.target.text)
    span = body.target.span
    if not mode:
        if not links:
            yield Altered(
                f"does nothing with `-> {text}`: there is neither an exec nor a link permission",
                "drop the target",
                span,
            )
        return
    if mode.lower() in ("ix", "ux"):
        fallback = "staying in the profile" if mode.lower() == "ix" else "no profile"
        yield Altered(
            f"goes to the profile `{text}`, and to {fallback} only if that does not exist",
            "write `px ->`, or drop the target",
            span,
        )
    if "@{" in text:
        yield Altered(
            f"looks for a profile with the very name `{text}`: variables are not expanded there",
            "write the name out",
            span,
        )
    elif _GLOB.search(body.target.text):
        yield Altered(
            f"looks for a profile with the very name `{text}`: a target is not a pattern",
            "write the name out, one rule for each target",
            span,
        )


def _link(rule: ast.Rule, body: ast.LinkRule) -> Iterator[Altered]:
    if not body.subset:
        return
    if rule.prefix.effect == "deny":
        yield Altered("denies the link as without `subset`", "drop `subset`")
    elif rule.prefix.owner != "owner":
        yield Altered(
            "tests the subset only for files that the task owns; others may be linked freely",
            "write `owner` before the rule",
        )


def _capability(rule: ast.Rule) -> Iterator[Altered]:
    if rule.prefix.priority is not None:
        yield Altered("has no priority: capability rules take none", "drop `priority=`")
    if rule.prefix.effect == "prompt":
        yield Altered("grants the capability without asking", "drop the rule, or write `allow`")


def _change_profile(rule: ast.Rule, body: ast.ChangeProfileRule) -> Iterator[Altered]:
    if body.exec is not None and rule.prefix.effect != "deny":
        target = f" to `{to_display(body.target.text)}`" if body.target is not None else ""
        yield Altered(
            f"allows the direct change{target} too, not only at the execution",
            "nothing forbids the direct change: be sure that it may be",
        )


def _all(rule: ast.Rule) -> Iterator[Altered]:
    if rule.prefix.effect == "deny":
        yield Altered(
            "denies files only to their owner, execution apart",
            "add `deny /{**,} rwlkm,`",
        )


Kind = Callable[[ast.Rule, ast.ClassRule, Features], Iterator[Altered]]


def _nothing(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Iterator[Altered]:
    del rule, body, features
    yield from ()


def _network(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Iterator[Altered]:
    del rule, features
    for condition in (*body.conditions, *(body.peer or ())):
        name = condition.name.text
        if name not in ("ip", "port"):
            continue
        if len(condition.values) > 1:
            kept = condition.values[0].text
            yield Altered(
                f"counts `{name}={kept}` only: the other values are passed over",
                "write one rule for each value",
                condition.span,
            )
        if name == "port" and condition.values and condition.values[0].text in ("0", "0-0"):
            yield Altered("matches every port: `port=0` is as none", "drop it", condition.span)


def _io_uring(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Iterator[Altered]:
    del rule, features
    known = ("sqpoll", "override_creds")
    words = body.perms or ()
    unknown = [word for word in words if word.text not in known]
    if not body.perms_in_list or not unknown:
        return
    left = [word.text for word in words if word.text in known]
    becomes = f"means `{' '.join(left)}`" if left else "means every permission"
    yield Altered(
        f"{becomes}: `{to_display(unknown[0].text)}` is passed over",
        "known: sqpoll override_creds",
        unknown[0].span,
    )


def _mqueue(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Iterator[Altered]:
    del rule, features
    names = {condition.name.text for condition in body.conditions}
    sysv = any(
        c.name.text == "type" and c.values and c.values[0].text == "sysv" for c in body.conditions
    )
    named = any(word.text.startswith("/") for word in body.words)
    if "label" in names and "type" not in names and not named and not sysv:
        yield Altered(
            "matches the label twice over for sysv queues, and so never there",
            "write one rule with `type=posix` and one with `type=sysv`",
        )


def _dbus(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Iterator[Altered]:
    del rule, features
    for condition in body.peer or ():
        if condition.name.text in ("bus", "path", "interface", "member"):
            yield Altered(
                f"takes `{condition.name.text}=` as if it stood outside of `peer=( )`",
                "move it out of the parentheses",
                condition.span,
            )


_BY_KIND: dict[str, Kind] = {
    "network": _network,
    "io_uring": _io_uring,
    "mqueue": _mqueue,
    "dbus": _dbus,
}
