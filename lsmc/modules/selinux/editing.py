"""What SELinux gives to an editor: the names that CIL declares, and where they are used."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from lsmc.base.source import Source, Span, to_display
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.editing import Symbol, SymbolKind
from lsmc.modules.policy_files import Parts, PlacedName, editing_of
from lsmc.modules.selinux.files import find_files
from lsmc.modules.selinux.syntax.grammar import CONTAINERS, SHAPES
from lsmc.modules.selinux.syntax.reader import TOKEN

#: What declares a name, and what it is shown as.
_DECLARE: dict[str, SymbolKind] = {
    "block": "block",
    "macro": "block",
    "optional": "block",
    "type": "type",
    "typeattribute": "type",
    "typealias": "type",
    "role": "type",
    "roleattribute": "type",
    "user": "type",
    "userattribute": "type",
    "boolean": "boolean",
    "tunable": "boolean",
    "class": "entry",
    "common": "entry",
    "classmap": "entry",
    "classpermission": "entry",
    "sid": "entry",
    "context": "entry",
    "category": "entry",
    "categoryset": "entry",
    "categoryalias": "entry",
    "sensitivity": "entry",
    "sensitivityalias": "entry",
    "level": "entry",
    "levelrange": "entry",
    "ipaddr": "entry",
}
#: Of the containers those that names are looked up in.
_SPACES = frozenset(("block", "macro"))
_MAX_DEPTH = 200


def _together(path: str, files: DiskFiles) -> Sequence[str]:
    """All modules of the file's directory, which are one policy."""
    found, _ = find_files([posixpath.dirname(path)], files)
    return found if path in found else [*found, path]


class _List:
    """A list that is being read: where it begins, and its words so far."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.words: list[tuple[str, int, int]] = []
        self.children: list[Symbol] = []


def _read(source: Source) -> tuple[list[PlacedName], list[Symbol]]:
    """The names of a text, and its declarations with what is in them."""
    names: list[PlacedName] = []
    top: list[Symbol] = []
    stack: list[_List] = []
    spaces: list[tuple[int, str]] = []
    for match in TOKEN.finditer(source.text):
        word = match[0]
        if word == "(":
            if len(stack) >= _MAX_DEPTH:
                break
            stack.append(_List(match.start()))
        elif word == ")" and stack:
            closed = stack.pop()
            symbol = _symbol(source, closed, match.end())
            if symbol is not None:
                (stack[-1].children if stack else top).append(symbol)
            elif closed.children:
                (stack[-1].children if stack else top).extend(closed.children)
            if spaces and spaces[-1][0] == len(stack):
                spaces.pop()
        elif stack and word[0] not in "; \t\r\n":
            quoted = word[0] == '"'
            here = stack[-1]
            here.words.append((word, match.start(), match.end()))
            head = here.words[0][0]
            if len(here.words) == 1 and (head in SHAPES or head in CONTAINERS):
                continue
            if quoted or "/" in word:
                continue
            inside = tuple(name for _, name in spaces)
            declares = len(here.words) == 2 and head in _DECLARE
            text = to_display(word)
            names.append(PlacedName(text, match.start(), match.end(), declares, inside))
            if len(here.words) == 2 and head in _SPACES:
                spaces.append((len(stack) - 1, text))
    return names, top


def _symbol(source: Source, closed: _List, end: int) -> Symbol | None:
    if len(closed.words) < 2 or closed.words[0][0] not in _DECLARE:
        return None
    head, (name, start, stop) = closed.words[0][0], closed.words[1]
    return Symbol(
        to_display(name),
        _DECLARE[head],
        Span(source, closed.start, end),
        Span(source, start, stop),
        head,
        tuple(closed.children),
    )


def _names(source: Source) -> Iterator[PlacedName]:
    yield from _read(source)[0]


def _symbols(source: Source) -> Iterator[Symbol]:
    yield from _read(source)[1]


EDITING = editing_of(Parts(_together, _names, _symbols), comment=";")
