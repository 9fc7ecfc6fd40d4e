"""What a remedy changes in the text of policy."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.source import Source, Span, from_display
from lsmc.engine.verdict import RuleRef
from lsmc.explain.diagnosis import Remedy
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.insertion import (
    TextEdit,
    beside,
    insertion,
    own_line,
    profile_at,
)
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk


def edit_of(library: Library, remedy: Remedy, notes: Sequence[str] = ()) -> TextEdit | None:
    """The edit of a remedy, None where it asks for none or its place is gone; OSError.

    `notes` are comments that are written before a rule that allows something.
    """
    match remedy.kind:
        case "exact" | "general" | "abstraction":
            place = remedy.file, remedy.line, remedy.profile
            return insertion(library, *place, remedy.rule, notes)
        case "deny" | "mend" if remedy.replaces is not None:
            said = notes if remedy.kind == "mend" else ()
            return _in_place(library, remedy.replaces, remedy.rule, said)
        case "flag":
            profile = profile_at(library, remedy.file, remedy.line, remedy.profile)
            return _flagged(profile, remedy.rule) if profile is not None else None
        case "file":
            text = "".join(f"{note}\n" for note in notes) + from_display(remedy.rule)
            return TextEdit(Source(remedy.file, ""), 0, 0, text, remedy.rule)
    return None


def _in_place(library: Library, ref: RuleRef, rule: str, notes: Sequence[str]) -> TextEdit | None:
    """Another rule in the place of one, or none."""
    for item in walk(library.file(ref.file).tree.items):
        if isinstance(item, ast.Rule):
            place = item.span.location()
            if (place.line, place.column) == (ref.line, ref.column):
                return _replaced(item.span, rule, notes)
    return None


def _replaced(span: Span, rule: str, notes: Sequence[str]) -> TextEdit:
    """An edit of a span; one that leaves nothing takes the lines with it that hold nothing else."""
    source, start, end = span.source, span.start, span.end
    first, last, indent = own_line(span)
    if rule:
        lines = (*notes, from_display(rule))
        text = beside(lines) if first < 0 else f"\n{indent}".join(lines)
        return TextEdit(source, start, end, text, rule)
    if first >= 0 and not source.text[end:last].strip():
        start, end = first, min(last + 1, len(source.text))
    return TextEdit(source, start, end, "", rule)


def _flagged(profile: ast.Profile, flags: str) -> TextEdit | None:
    """A profile's head with more flags."""
    source, known = profile.head.source, {word.text for word in profile.flags}
    new = ", ".join(flag for flag in flags.split(", ") if flag not in known)
    if not new:
        return None
    if profile.flags:
        end = profile.flags[-1].span.end
        return TextEdit(source, end, end, f", {new}", new)
    end = profile.head.start + len(profile.head.text.rstrip())
    return TextEdit(source, end, end, f" flags=({new})", new)
