"""Where a new rule belongs in the file of a profile.

A profile with a local file of its own (`include if exists <local/...>`, and it exists) gets it
there, any other in its own body.  There it goes beside the rule of its kind that it resembles most,
in order, with that rule's indent; without one, behind the last rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lsmc.base.source import Source, Span, from_display
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.denials import parsed
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk

_PREFIXES = ("owner", "audit", "allow", "other", "file")


class TextEdit(NamedTuple):
    """New text for a range of a file; `rule` orders edits of the same place."""

    source: Source
    start: int
    end: int
    text: str
    rule: str


def insertion(
    library: Library, file: str, line: int, name: str, rule: str, notes: Sequence[str] = ()
) -> TextEdit | None:
    """The edit that adds a rule to the profile at a line of a file, None if it is not there.

    `notes` are comments that are written before it.  OSError when the file cannot be read.
    """
    profile = profile_at(library, file, line, name)
    if profile is None:
        return None
    new = parsed(rule)
    if isinstance(new, ast.Rlimit):
        for item in profile.body:
            if isinstance(item, ast.Rlimit) and item.name.text == new.name.text:
                span = item.span
                return TextEdit(span.source, span.start, span.end, from_display(rule), rule)
    lines = (*notes, from_display(rule))
    local = None if isinstance(new, ast.Profile) else _local(library, profile)
    if local is not None:
        return _at(local.items, new, lines) or _at_end(local, lines)
    return _at(profile.body, new, lines) or _in_body(profile, lines)


def profile_at(library: Library, file: str, line: int, name: str) -> ast.Profile | None:
    """The profile of a name whose head begins at a line of a file; OSError."""
    found = [
        one
        for one in walk(library.file(file).tree.items)
        if isinstance(one, ast.Profile) and one.head.location().line == line
    ]
    named = [one for one in found if from_display(name).endswith(one.name.text)]
    return next(iter(named or found), None)


def edited(edits: Iterable[TextEdit]) -> Mapping[str, tuple[str, str]]:
    """The old and new text of each file, equal edits taken once."""
    by_file: dict[str, list[TextEdit]] = {}
    known: set[tuple[str, int, int, str]] = set()
    for edit in edits:
        key = (edit.source.path, edit.start, edit.end, edit.text)
        if key not in known:
            known.add(key)
            by_file.setdefault(edit.source.path, []).append(edit)
    found: dict[str, tuple[str, str]] = {}
    for path, some in sorted(by_file.items()):
        old = text = some[0].source.text
        replaced: set[int] = set()
        for edit in sorted(some, key=lambda e: (e.start, e.end, _sort_key(e.rule)), reverse=True):
            if edit.end > edit.start:
                if edit.start in replaced:  # a setting that other records ask for as well
                    continue
                replaced.add(edit.start)
            text = text[: edit.start] + edit.text + text[edit.end :]
        found[path] = (old, text)
    return found


def _local(library: Library, profile: ast.Profile) -> ast.File | None:
    """The local file of a profile, if it has one of its own that exists."""
    for item in profile.body:
        if isinstance(item, ast.Include) and item.if_exists and item.path.text.startswith("local/"):
            found = library.include(item)
            if len(found) == 1:
                try:
                    return library.file(found[0]).tree
                except OSError:
                    return None
    return None


def _kind(item: ast.Item | None) -> tuple[str, ...]:
    if not isinstance(item, ast.Rule):
        return (type(item).__name__,)
    return (type(item.body).__name__, getattr(item.body, "kind", ""))


def _sort_key(text: str) -> str:
    words = text.split()
    while words and (words[0] in _PREFIXES or words[0].startswith("priority=")):
        words.pop(0)
    return " ".join(words).replace('"', "")


def _span(item: ast.Item) -> Span:
    return item.span


def _at(items: tuple[ast.Item, ...], new: ast.Item | None, lines: Sequence[str]) -> TextEdit | None:
    """Beside the rule of the same kind that the new one resembles most."""
    kind, key = _kind(new), _sort_key(lines[-1])
    same = [
        (at, item)
        for at, item in enumerate(items)
        if _kind(item) == kind and not (isinstance(item, ast.Rule) and item.prefix.effect == "deny")
    ]
    if not same or not isinstance(new, ast.Rule | ast.Rlimit):
        return None
    keys = {at: _sort_key(_span(item).text) for at, item in same}

    def likeness(at: int) -> tuple[int, int]:
        return _shared(keys[at], key), at

    at = max(keys, key=likeness)
    if keys[at] <= key:
        while at + 1 in keys and keys[at + 1] <= key and _adjoin(items[at], items[at + 1]):
            at += 1
        return _after(_span(items[at]), lines)
    while at - 1 in keys and keys[at - 1] > key and _adjoin(items[at - 1], items[at]):
        at -= 1
    return _before(_span(items[at]), lines)


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common from their start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _adjoin(first: ast.Item, second: ast.Item) -> bool:
    """Whether one item ends on the line before the one where the other begins."""
    return _span(second).location().line - _span(first).location().end_line <= 1


def own_line(span: Span) -> tuple[int, int, str]:
    """Where the lines of a span begin and end, and their indent; "" and -1 if others share them."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end
    indent, rest = text[start : span.start], text[span.end : end].strip()
    if indent.strip() or (rest and not rest.startswith("#")):
        return -1, -1, ""
    return start, end, indent


def _after(span: Span, lines: Sequence[str]) -> TextEdit:
    start, end, indent = own_line(span)
    if start < 0:
        return TextEdit(span.source, span.end, span.end, f" {beside(lines)}", lines[-1])
    text = "".join(f"\n{indent}{line}" for line in lines)
    return TextEdit(span.source, end, end, text, lines[-1])


def _before(span: Span, lines: Sequence[str]) -> TextEdit:
    start, _, indent = own_line(span)
    if start < 0:
        return TextEdit(span.source, span.start, span.start, f"{beside(lines)} ", lines[-1])
    text = "".join(f"{indent}{line}\n" for line in lines)
    return TextEdit(span.source, start, start, text, lines[-1])


def beside(lines: Sequence[str]) -> str:
    """A rule in a line with others; its comments follow it and end the line."""
    *notes, rule = lines
    return f"{rule} {' '.join(notes)}\n" if notes else rule


def _in_body(profile: ast.Profile, lines: Sequence[str]) -> TextEdit:
    """Behind the last rule of a body that has none of the kind."""
    last: ast.Item | None = None
    for item in profile.body:
        local = isinstance(item, ast.Include) and item.path.text.startswith("local/")
        if isinstance(item, ast.Rule | ast.Rlimit | ast.Abi | ast.Include) and not local:
            last = item
    if last is not None:
        return _after(_span(last), lines)
    source = profile.head.source
    brace = source.text.find("{", profile.head.end) + 1
    start = source.text.rfind("\n", 0, profile.head.start) + 1
    outer = source.text[start : profile.head.start]
    outer = outer if not outer.strip() else ""
    text = "".join(f"\n{outer}  {line}" for line in lines)
    if not source.text[brace:].lstrip(" \t").startswith(("\n", "#")):
        text += f"\n{outer}"
    return TextEdit(source, brace, brace, text, lines[-1])


def _at_end(file: ast.File, lines: Sequence[str]) -> TextEdit:
    source = file.span.source
    end = len(source.text)
    gap = "" if not end or source.text.endswith("\n") else "\n"
    return TextEdit(source, end, end, gap + "".join(f"{line}\n" for line in lines), lines[-1])
