"""The names in a file: variables, profiles and includes, where each is defined and where used.

They are read off the syntax tree, so that comments and plain text hold none.  An index keeps them
for all files of a tree; a file is read again when its content changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from lsmc.base.source import Source, Span, to_display
from lsmc.modules.apparmor.syntax import ast

NameKind = Literal["variable", "boolean", "profile", "include", "program"]

_SET = re.compile(r"(?<!\\)(?:\\\\)*@\{([A-Za-z][A-Za-z0-9_]*)\}")
#: A variable and nothing beside it.
ALONE = re.compile(r"@\{([A-Za-z][A-Za-z0-9_]*)\}")
_BOOL = re.compile(r"\$\{?([A-Za-z][A-Za-z0-9_]*)\}?")
#: Conditions whose values are names of profiles: of the other side, or of both.
_LABELS = ("peer", "label")


class Name(NamedTuple):
    """A name at a place: of a variable without `@{}`; of an include the file as it is written.

    A program is the path of a rule that executes it in the profile that attaches to it.  `start`
    and `end` are offsets of the name itself.  A profile's name is the full one, as far as the file
    tells it; `target` says that tasks may come to it.  `magic` says that an include stands in angle
    brackets.
    """

    kind: NameKind
    text: str
    start: int
    end: int
    defines: bool = False
    magic: bool = False
    target: bool = False


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """A profile or child as a file has it: its full name, where it stands, and what is in it."""

    name: str
    own: str
    keyword: str
    attachment: str
    flags: tuple[str, ...]
    start: int
    end: int
    name_start: int
    name_end: int
    children: tuple[ProfilePart, ...] = ()


@dataclass(frozen=True, slots=True)
class FileNames:
    """The names in a file, in order of place, its profiles, and what it assigns to variables."""

    names: tuple[Name, ...]
    profiles: tuple[ProfilePart, ...]
    values: Mapping[str, tuple[str, ...]]

    def at(self, offset: int) -> Name | None:
        """The innermost name at an offset, or just before it."""
        found = [one for one in self.names if one.start <= offset <= one.end]
        return min(found, key=lambda one: (one.end - one.start, one.start), default=None)

    def programs(self, part: ProfilePart) -> frozenset[str]:
        """The paths that a profile attaches to, as they are written, also as values."""
        text = part.attachment or part.own
        match = ALONE.fullmatch(text)
        return frozenset((text, *(self.values.get(match[1], ()) if match else ())))


def names_of(tree: ast.File) -> FileNames:
    """The names in a file."""
    source = tree.span.source
    values: dict[str, tuple[str, ...]] = {}
    for item in tree.items:
        if isinstance(item, ast.Assign):
            name = to_display(item.name.text)
            said = tuple(to_display(value.text) for value in item.values)
            values[name] = (*values.get(name, ()), *said)
    found = [*_variables(tree), *_in_items(tree.items, "")]
    return FileNames(
        tuple(sorted(found, key=lambda one: (one.start, one.end))),
        tuple(_profiles(source, tree.items, "")),
        values,
    )


def _variables(tree: ast.File) -> Iterator[Name]:
    text = tree.span.source.text
    if "@{" not in text and "$" not in text:
        return
    for comment in tree.comments:
        start, end = comment.span.start, comment.span.end
        text = text[:start] + " " * (end - start) + text[end:]
    heads = {
        item.name.span.start
        for item in tree.items
        if isinstance(item, (ast.Assign, ast.AssignBool))
    }
    for kind, pattern in (("variable", _SET), ("boolean", _BOOL)):
        for match in pattern.finditer(text):
            whole = text.rfind("@" if kind == "variable" else "$", match.start(), match.start(1))
            yield Name(
                "variable" if kind == "variable" else "boolean",
                match[1],
                match.start(1),
                match.end(1),
                whole in heads or match.start(1) in heads,
            )


def _in_items(items: tuple[ast.Item, ...], profile: str) -> Iterator[Name]:
    for item in items:
        match item:
            case ast.Include() | ast.Abi():
                yield _name("include", item.path, to_display(item.path.text), magic=item.magic)
            case ast.Profile():
                full = full_name(profile, item)
                yield _name("profile", item.name, full, defines=True)
                yield from _in_items(item.body, full)
            case ast.Block():
                yield from _in_items(item.body, profile)
            case ast.If():
                yield from _in_items(item.body, profile)
                yield from _in_items(item.orelse, profile)
            case ast.Rule():
                yield from _in_rule(item.body, profile)


def full_name(parent: str, profile: ast.Profile) -> str:
    """The name of a profile inside of another, as far as it is written."""
    own = to_display(profile.name.text)
    return f"{parent}//{own}" if parent else own


def _in_rule(body: ast.RuleBody, profile: str) -> Iterator[Name]:
    match body:
        case ast.FileRule() if body.path is not None and body.perms is not None:
            perms = body.perms.text.lower()
            if "x" not in perms:
                return  # a target is that of a link
            if body.target is None:
                if "p" in perms:
                    yield _name("program", body.path, to_display(body.path.text))
                return
            text = to_display(body.target.text)
            inner = f"{profile}//{text}" if "c" in perms and profile else text
            yield _name("profile", body.target, inner, target=True)
        case ast.ChangeProfileRule() | ast.PivotRootRule() if body.target is not None:
            yield _name("profile", body.target, to_display(body.target.text), target=True)
        case ast.ClassRule():
            for condition in (*body.conditions, *(body.peer or ())):
                if condition.name.text in _LABELS:
                    for word in condition.values:
                        yield _name("profile", word, to_display(word.text))


def _name(
    kind: NameKind,
    word: ast.Word,
    text: str,
    *,
    defines: bool = False,
    magic: bool = False,
    target: bool = False,
) -> Name:
    start, end = word.span.start, word.span.end
    raw = word.span.text
    if raw[:1] in ('"', "<") and len(raw) > 1:
        start, end = start + 1, end - 1
    return Name(kind, text, start, end, defines, magic, target)


def _profiles(source: Source, items: tuple[ast.Item, ...], parent: str) -> Iterator[ProfilePart]:
    for item in items:
        match item:
            case ast.Profile():
                full = full_name(parent, item)
                name = _name("profile", item.name, full)
                yield ProfilePart(
                    full,
                    to_display(item.name.text),
                    item.keyword,
                    to_display(item.attachment.text) if item.attachment is not None else "",
                    tuple(to_display(word.text) for word in item.flags),
                    item.span.start,
                    item.span.end,
                    name.start,
                    name.end,
                    tuple(_profiles(source, item.body, full)),
                )
            case ast.Block():
                yield from _profiles(source, item.body, parent)
            case ast.If():
                yield from _profiles(source, (*item.body, *item.orelse), parent)


def all_profiles(parts: tuple[ProfilePart, ...]) -> Iterator[ProfilePart]:
    """Some profiles and all in them."""
    for part in parts:
        yield part
        yield from all_profiles(part.children)


def spanned(source: Source, name: Name) -> Span:
    """Where a name stands."""
    return Span(source, name.start, name.end)
