"""The named parts of files: profiles, hats, variables, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.source import Source, Span, to_display
from lsmc.modules.apparmor.editing.names import ProfilePart, all_profiles
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.editing import Symbol, SymbolKind

#: Names of a tree that a search finds at most.
_MOST = 500
#: Characters of an entry that are shown.
_SHOWN = 60


def symbols(snapshot: Snapshot) -> list[Symbol]:
    """The parts of a file: profiles with their rules, variables, includes."""
    return list(_of(snapshot.parsed.tree.items))


def workspace(snapshot: Snapshot, text: str) -> list[Symbol]:
    """The profiles and variables of the tree whose names hold a text, in any case."""
    wanted = text.lower()
    found: list[Symbol] = []
    for one in sorted(snapshot.tree, key=lambda one: one.path):
        found += (
            profile_symbol(one.source, part)
            for part in all_profiles(one.found.profiles)
            if wanted in part.name.lower()
        )
        for name in one.found.names:
            if name.defines and name.kind != "profile" and wanted in name.text.lower():
                span = Span(one.source, name.start, name.end)
                kind: SymbolKind = "variable" if name.kind == "variable" else "boolean"
                found.append(Symbol(name.text, kind, span, span))
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def profile_symbol(source: Source, part: ProfilePart) -> Symbol:
    """A profile of an indexed file."""
    kind: SymbolKind = "hat" if part.keyword in ("hat", "^") else "profile"
    span = Span(source, part.start, part.end)
    return Symbol(
        part.name, kind, span, Span(source, part.name_start, part.name_end), part.attachment
    )


def _of(items: tuple[ast.Item, ...]) -> Iterator[Symbol]:
    for item in items:
        match item:
            case ast.Profile():
                kind: SymbolKind = "hat" if item.keyword in ("hat", "^") else "profile"
                detail = to_display(item.attachment.text) if item.attachment is not None else ""
                name = to_display(item.name.text) or "profile"
                yield Symbol(name, kind, item.span, item.name.span, detail, tuple(_of(item.body)))
            case ast.Assign():
                detail = " ".join(to_display(value.text) for value in item.values)
                name = f"@{{{to_display(item.name.text)}}}"
                yield Symbol(name, "variable", item.span, item.name.span, _short(detail))
            case ast.AssignBool():
                name = f"${to_display(item.name.text)}"
                yield Symbol(name, "boolean", item.span, item.name.span)
            case ast.Block():
                head = _first_words(item.span)
                yield Symbol(head, "block", item.span, item.span, children=tuple(_of(item.body)))
            case ast.If():
                inner = tuple(_of((*item.body, *item.orelse)))
                yield Symbol(_first_words(item.span), "block", item.span, item.span, "", inner)
            case ast.Include():
                name = f"include {to_display(item.path.text)}"
                yield Symbol(name, "file", item.span, item.path.span)
            case _:
                yield Symbol(_entry(item.span), "entry", item.span, item.span)


def _entry(span: Span) -> str:
    return _short(" ".join(to_display(span.text).split())) or "rule"


def _first_words(span: Span) -> str:
    return _short(" ".join(to_display(span.text.partition("{")[0]).split())) or "block"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
