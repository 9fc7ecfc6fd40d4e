"""CIL in good layout: a statement a line, what stands in containers indented, comments kept.

The layout follows from the tree, the comments and the blank lines alone.  A statement with a
comment inside keeps its lines, unless it is a container.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.modules.selinux.syntax.grammar import CONTAINERS
from lsmc.modules.selinux.syntax.reader import TOKEN

#: Columns of a level, as the converters of policy packages indent.
STEP = 4
WIDTH = 100
#: Columns that a statement has however deep it stands.
_LEAST = 60


class _Remark(NamedTuple):
    """A comment: behind something on its line, or on a line of its own.  Empty for a blank line."""

    text: str
    behind: bool = False


class _List(NamedTuple):
    """A list: what is in it, and where it begins and ends in the text."""

    items: list[str | _List | _Remark]
    start: int
    end: int


def layout(text: str, *, comments: bool = True) -> str:
    """The text of a file without errors in good layout; without comments, of its tree alone."""
    items = _items(text)
    if not comments:
        items = [*map(_bare, (one for one in items if isinstance(one, _List)))]
    lines = list(_body(items, 0, text))
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def _items(text: str) -> list[str | _List | _Remark]:
    top: list[str | _List | _Remark] = []
    stack: list[tuple[list[str | _List | _Remark], int]] = [(top, 0)]
    fresh = True  # whether nothing stands on the line yet
    for found in TOKEN.finditer(text):
        word = found[0]
        items = stack[-1][0]
        if word.isspace():
            lines = word.count("\n")
            fresh = fresh or lines > 0
            if lines > 1 and items:
                items.append(_Remark(""))
            continue
        if word == "(":
            stack.append(([], found.start()))
        elif word == ")":
            inner, start = stack.pop()
            stack[-1][0].append(_List(inner, start, found.end()))
        elif word[0] == ";":
            items.append(_Remark(word.rstrip(), behind=not fresh))
        else:
            items.append(word)
        fresh = False
    return top


def _bare(given: _List) -> _List:
    """A list without remarks."""
    kept = (one for one in given.items if not isinstance(one, _Remark))
    return given._replace(items=[_bare(one) if isinstance(one, _List) else one for one in kept])


def _body(items: Sequence[str | _List | _Remark], level: int, text: str) -> Iterator[str]:
    """The lines of statements and remarks between them."""
    indent = " " * STEP * level
    line: str | None = None  # the last one, which a remark may stand behind
    blank = started = False
    for one in items:
        if isinstance(one, _Remark) and not one.text:
            blank = started
            continue
        if isinstance(one, _Remark) and one.behind and line is not None:
            line += f"  {one.text}"
            continue
        if line is not None:
            yield line
        if blank:
            yield ""
        blank, started = False, True
        lines = [indent + one.text] if isinstance(one, _Remark) else _statement(one, level, text)
        yield from lines[:-1]
        line = lines[-1]
    if line is not None:
        yield line


def _statement(one: str | _List, level: int, text: str) -> list[str]:
    assert isinstance(one, _List)
    indent = " " * STEP * level
    keyword = one.items[0] if one.items else ""
    if isinstance(keyword, str) and keyword.strip('"') in CONTAINERS:
        return _container(one, level, text)
    if _remarked(one):
        raw = text[one.start : one.end].split("\n")
        return [indent + raw[0].rstrip(), *(line.rstrip() for line in raw[1:])]
    width = max(WIDTH, len(indent) + _LEAST)
    lines = list(_broken(one, len(indent), width))
    return [indent + lines[0], *lines[1:]]


def _container(one: _List, level: int, text: str) -> list[str]:
    indent = " " * STEP * level
    head, rest = _head(one)
    if any(map(_remarked, head)):
        raw = text[one.start : one.end].split("\n")
        return [indent + raw[0].rstrip(), *(line.rstrip() for line in raw[1:])]
    opened = f"{indent}({' '.join(map(_flat, head))}"
    behind = rest and isinstance(rest[0], _Remark) and rest[0].behind
    first = rest[0].text if behind and isinstance(rest[0], _Remark) else ""
    inner = list(_body(rest[1:] if first else rest, level + 1, text))
    if not inner and not first:
        return [f"{opened})"]
    return [f"{opened}  {first}" if first else opened, *inner, f"{indent})"]


def _head(one: _List) -> tuple[list[str | _List | _Remark], list[str | _List | _Remark]]:
    """What stands before the statements of a container, and the rest."""
    keyword = str(one.items[0]).strip('"')
    count, at = CONTAINERS[keyword] + 1, 0
    while at < len(one.items) and count:
        count -= not isinstance(one.items[at], _Remark)
        at += 1
    while keyword == "in" and at < len(one.items) and isinstance(one.items[at], str):
        at += 1
    return one.items[:at], one.items[at:]


def _remarked(one: str | _List | _Remark) -> bool:
    """Whether there is a comment in something; blank lines are none."""
    if isinstance(one, _Remark):
        return bool(one.text)
    return isinstance(one, _List) and any(map(_remarked, one.items))


def _flat(one: str | _List | _Remark) -> str:
    """Something in one line."""
    if isinstance(one, _List):
        return f"({' '.join(_flat(part) for part in one.items if not isinstance(part, _Remark))})"
    return one if isinstance(one, str) else ""


def _broken(one: _List, column: int, width: int) -> Iterator[str]:
    """A list that begins at a column: in one line if it fits, else its lists on lines of their own.

    The first line has no indentation, the others have.
    """
    flat = _flat(one)
    if column + len(flat) <= width:
        yield flat
        return
    inner = column + STEP
    line, used, first = "(", column + 1, True
    for part in one.items:
        if isinstance(part, _Remark):
            continue
        lines = [part] if isinstance(part, str) else list(_broken(part, inner, width))
        fits = used + len(lines[0]) + 1 <= width and isinstance(part, str)
        if first or fits:
            line += lines[0] if first else f" {lines[0]}"
            used += len(lines[0]) + 1
        else:
            yield line
            line, used = " " * inner + lines[0], inner + len(lines[0])
        first = False
        if len(lines) > 1:
            yield line
            yield from lines[1:-1]
            line, used = lines[-1], len(lines[-1])
        elif not isinstance(part, str):
            used = width
    yield f"{line})"
