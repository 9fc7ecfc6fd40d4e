"""Where statements may stand: what containers may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.modules.selinux.syntax.grammar import CONDITIONAL, FORBIDDEN
from lsmc.modules.selinux.syntax.tree import Body, Container

_BRANCHES = ("true", "false")


class Misplaced(NamedTuple):
    """A statement that stands where it may not: its place, and why."""

    place: int
    message: str
    help: str = ""


def misplaced(
    body: Body, within: dict[str, str] | None = None, holder: str = ""
) -> Iterator[Misplaced]:
    """The statements of a body that may not stand there, deeper ones too.

    `within` is the container that forbids each keyword, by keyword; `holder` is the conditional
    around, if there is one.
    """
    forbidden = within or {}
    if forbidden or holder:
        for statement, place in zip(body.statements, body.places, strict=True):
            keyword = str(statement[0])
            if keyword in forbidden:
                yield Misplaced(place, f"`{keyword}` may not stand in `{forbidden[keyword]}`")
            elif holder and keyword not in CONDITIONAL:
                yield Misplaced(place, f"`{keyword}` may not stand in `{holder}`")
    if holder:
        for statement, place in zip(body.rules, body.rule_places, strict=True):
            if statement[0] == "neverallow":
                yield Misplaced(place, f"`neverallow` may not stand in `{holder}`")
    for container in body.containers:
        keyword = str(container.head[0])
        if keyword in forbidden:
            message = f"`{keyword}` may not stand in `{forbidden[keyword]}`"
            yield Misplaced(container.place, message)
        elif holder and keyword not in CONDITIONAL:
            yield Misplaced(container.place, f"`{keyword}` may not stand in `{holder}`")
        elif keyword in _BRANCHES:
            message = f"`{keyword}` may only stand in `booleanif` and `tunableif`"
            yield Misplaced(container.place, message)
        else:
            yield from _inside(container, forbidden, holder)


def _inside(container: Container, forbidden: dict[str, str], holder: str) -> Iterator[Misplaced]:
    keyword = str(container.head[0])
    kinds = [keyword, "in after"] if container.head[:2] == ("in", "after") else [keyword]
    more = {one: keyword for kind in kinds for one in FORBIDDEN.get(kind, ())}
    inner = {**more, **forbidden} if more else forbidden
    if keyword == "in" and len(container.head) == 2 and container.body.empty():
        yield Misplaced(container.place, "this `in` adds nothing")
    if keyword not in ("booleanif", "tunableif"):
        yield from misplaced(container.body, inner, holder)
        return
    body = container.body
    for place in (*body.places, *body.rule_places):
        yield Misplaced(place, f"`{keyword}` holds `(true ...)` and `(false ...)` alone")
    if body.empty():
        yield Misplaced(container.place, f"`{keyword}` needs `(true ...)` or `(false ...)`")
    seen: set[str] = set()
    for branch in body.containers:
        which = str(branch.head[0])
        if which not in _BRANCHES:
            message = f"`{keyword}` holds `(true ...)` and `(false ...)` alone"
            yield Misplaced(branch.place, message)
        elif which in seen:
            yield Misplaced(branch.place, f"there is another `{which}` in this `{keyword}`")
        elif branch.body.empty():
            yield Misplaced(branch.place, f"`{which}` is empty")
        else:
            inside = "booleanif" if keyword == "booleanif" else holder
            yield from misplaced(branch.body, inner, inside)
        seen.add(which)
