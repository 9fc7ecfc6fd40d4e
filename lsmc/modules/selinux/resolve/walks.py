"""Walks through the parts of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.modules.selinux.resolve.symbols import Missing, Part
from lsmc.modules.selinux.syntax.tree import Body


def upward(part: Part | None) -> Iterator[Part]:
    """A part and the parts around it."""
    while part is not None:
        yield part
        part = part.parent


def within(part: Part) -> Iterator[Part]:
    """A part and all parts in it, in the order of the text."""
    stack = [part]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(one.children))


def active(root: Part) -> Iterator[Part]:
    """All parts that take effect: none in abstract blocks, in macros, in optionals that are off."""
    stack = [root]
    while stack:
        one = stack.pop()
        if one.kind == "macro" or one.abstract or (one.kind == "optional" and one.off):
            continue
        yield one
        if one.kind != "optional" or not one.off:
            stack.extend(reversed(one.children))


def unused(part: Part) -> bool:
    """Whether a part has no effect: in an abstract block, a macro, an optional that is off."""
    return any(
        one.abstract or one.kind == "macro" or (one.kind == "optional" and one.off is not None)
        for one in upward(part)
    )


def optionals_named(bodies: Iterable[Body], name: str) -> Iterator[Body]:
    """The bodies of the optionals of a name, in others if it has dots."""
    first, _, rest = name.partition(".")
    found = False
    for body in bodies:
        for container in body.containers:
            if container.head == ("optional", first):
                found = True
                yield from optionals_named([container.body], rest) if rest else [container.body]
    if not found:
        raise Missing("optional", first, "block")
