"""From a name to where it gets its meaning, and to all places that speak of it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from lsmc.automata.pattern import literals
from lsmc.base.diagnostics import Edit
from lsmc.base.source import Source, Span, from_display, to_display
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.editing.names import ALONE, Name, ProfilePart, all_profiles, spanned
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.editing.tree_index import IndexedFile
from lsmc.modules.apparmor.lint.unlinted_profiles import NeighbourFiles
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.modules.apparmor.syntax.walk import walk
from lsmc.modules.editing import Link, Occurrence, Refusal

#: Programs of one rule that are looked up.
_PROGRAMS = 64
#: What a name of a profile must not hold to be replaced in text: it would be more than a name.
_SPECIAL = frozenset('*?[]{}@"\\,\n\r\t #')


def definitions(snapshot: Snapshot, offset: int) -> list[Span]:
    """Where the name at an offset gets its meaning: files, assignments, heads of profiles."""
    name = snapshot.names.at(offset)
    if name is None:
        return []
    if name.kind == "program":
        return [_head(one, part) for one, part in attached(snapshot, name)]
    if name.kind == "include":
        return [Span(Source(path, ""), 0, 0) for path in included(snapshot, name)]
    if name.kind == "profile":
        return [_head(one, part) for one, part in profiles_named(snapshot, name.text)]
    found = [one for one in _places(snapshot, name) if one.defines]
    return [one.span for one in found if _is_read(snapshot, one.span)] or [
        one.span for one in found
    ]


def occurrences(snapshot: Snapshot, offset: int) -> list[Occurrence]:
    """All places of the name at an offset: in the tree, and in the file itself."""
    name = snapshot.names.at(offset)
    return list(_places(snapshot, name)) if name is not None else []


def renamed(snapshot: Snapshot, offset: int, new: str) -> list[Edit]:
    """The edits that give the variable or profile at an offset another name."""
    name = snapshot.names.at(offset)
    if name is None or name.kind not in ("variable", "boolean", "profile"):
        raise Refusal("only variables and profiles can be renamed here")
    if name.kind == "profile":
        return _profile_renamed(snapshot, name, new)
    bare = new.removeprefix("@{").removeprefix("${").removesuffix("}").lstrip("@$")
    if not (bare.isascii() and bare[:1].isalpha() and bare.replace("_", "a").isalnum()):
        raise Refusal(f"`{new}` is no name of a variable: letters, digits and `_`, a letter first")
    if bare != name.text and list(_places(snapshot, name._replace(text=bare))):
        raise Refusal(f"there is a variable `{bare}` already")
    places = list(_places(snapshot, name))
    if not any(one.defines for one in places):
        raise Refusal(f"no file of the tree assigns `{name.text}`: what else uses it is not known")
    return [Edit(one.span, bare) for one in places]


def _profile_renamed(snapshot: Snapshot, name: Name, new: str) -> list[Edit]:
    own = name.text.rpartition("//")[2]
    if not new or not _SPECIAL.isdisjoint(new) or "//" in new:
        raise Refusal(f"`{new}` is no plain name of a profile")
    if not _SPECIAL.isdisjoint(own):
        raise Refusal(f"`{own}` is a pattern or has variables: what it names is not one name")
    if not profiles_named(snapshot, name.text):
        raise Refusal(f"no profile of the tree is called `{name.text}`")
    target = name.text[: len(name.text) - len(own)] + new
    if target != name.text and profiles_named(snapshot, target):
        raise Refusal(f"there is a profile `{target}` already")
    edits = []
    for one, found in _found(snapshot, lambda other: other.kind == "profile"):
        text = one.source.text[found.start : found.end]
        at = _part_of(found.text, name.text, text, from_display(own))
        if at is not None:
            span = Span(one.source, found.start + at, found.start + at + len(from_display(own)))
            edits.append(Edit(span, from_display(new)))
    return [*edits, *_values_renamed(snapshot, name.text, from_display(own), from_display(new))]


def _values_renamed(snapshot: Snapshot, name: str, own: str, new: str) -> Iterator[Edit]:
    """The edits in variables that hold a profile's name and stand for it in rules."""
    labels = {
        match[1]
        for _, found in _found(snapshot, lambda one: one.kind == "profile")
        if (match := ALONE.fullmatch(found.text)) is not None
    }
    for one in snapshot.indexed:
        if labels.isdisjoint(one.found.values):
            continue
        for item in parse(one.source)[0].items:
            if not isinstance(item, ast.Assign) or to_display(item.name.text) not in labels:
                continue
            for value in item.values:
                at = _part_of(to_display(value.text), name, value.span.text.strip('"'), own)
                if at is not None:
                    _check_is_label(snapshot, to_display(item.name.text), name)
                    start = value.span.start + value.span.text.startswith('"') + at
                    yield Edit(Span(one.source, start, start + len(own)), new)


def _check_is_label(snapshot: Snapshot, variable: str, name: str) -> None:
    """Raise `Refusal` where a variable with a profile's name stands for more than a profile."""
    for one in snapshot.indexed:
        whole = {label.start for label in one.found.names if label.text == f"@{{{variable}}}"}
        for use in one.found.names:
            if (use.kind, use.text, use.defines) != ("variable", variable, False):
                continue
            if use.start - len("@{") not in whole:
                place = spanned(one.source, use).location()
                raise Refusal(
                    f"`@{{{variable}}}` holds `{name}`, and not as a profile alone:"
                    f" {place.file}:{place.line}"
                )


def _part_of(full: str, name: str, written: str, own: str) -> int | None:
    """Where a written name of a profile says the last part of a name; None where it does not."""
    if full != name and not full.startswith(f"{name}//"):
        return None
    behind = from_display(full[len(name) :])
    end = len(written) - len(behind)
    if not written.endswith(behind) or not written[:end].endswith(own):
        return None  # a child is written without its parent
    return end - len(own)


def links(snapshot: Snapshot) -> list[Link]:
    """The includes and abi lines of a file, with the files that they name."""
    found = []
    for name in snapshot.names.names:
        if name.kind == "include":
            paths = included(snapshot, name)
            if paths:
                found.append(Link(spanned(snapshot.source, name), paths[0]))
    return found


def included(snapshot: Snapshot, name: Name) -> tuple[str, ...]:
    """The files that an include or abi line of the file names."""
    library = snapshot.front.library
    for item in walk(snapshot.parsed.tree.items):
        if isinstance(item, (ast.Include, ast.Abi)):
            span = item.path.span
            if span.start <= name.start and name.end <= span.end:
                return library.find(item.path, item.magic) or ()
    return ()


def profiles_named(snapshot: Snapshot, text: str) -> list[tuple[IndexedFile, ProfilePart]]:
    """The profiles of a name: of a stack those of its parts, without namespaces."""
    wanted = {part.strip("&") for part in text.split("//&")}
    return [(one, part) for one, part in _all_profiles(snapshot) if part.name in wanted]


def attached(snapshot: Snapshot, name: Name) -> list[tuple[IndexedFile, ProfilePart]]:
    """The profiles that may attach to a program, as the rule at its place writes it.

    Where the rule means many programs, none are named.
    """
    paths: set[bytes] = set()
    for rule in snapshot.rules_at(name.start):
        listed = literals(rule.fields[0], _PROGRAMS) if rule.cls is FILE else None
        paths |= set(listed or ())
    heads = snapshot.front.library.kept(NeighbourFiles).profiles([snapshot.base])
    found = []
    for file in sorted(heads.attaching(paths)):
        one = snapshot.tree.get(file)
        if one is not None:
            found += [(one, part) for part in one.found.profiles if _has_attachment(part)]
    return found


def _has_attachment(part: ProfilePart) -> bool:
    return bool(part.attachment) or part.own.startswith(("/", "@"))


def _all_profiles(snapshot: Snapshot) -> Iterator[tuple[IndexedFile, ProfilePart]]:
    for one in snapshot.indexed:
        for part in all_profiles(one.found.profiles):
            yield one, part


def _found(
    snapshot: Snapshot, wanted: Callable[[Name], bool]
) -> Iterator[tuple[IndexedFile, Name]]:
    for one in sorted(snapshot.indexed, key=lambda one: one.path):
        for name in one.found.names:
            if wanted(name):
                yield one, name


def _same(name: Name) -> Callable[[Name], bool]:
    """Whether another name is the same one."""
    if name.kind == "include":
        text = posixpath.normpath(name.text)
        return lambda one: one.kind == "include" and posixpath.normpath(one.text) == text
    return lambda one: one.kind == name.kind and one.text == name.text


def _places(snapshot: Snapshot, name: Name) -> Iterator[Occurrence]:
    places = list(_found(snapshot, _same(name)))
    if name.kind in ("variable", "boolean"):
        related = _related(snapshot, {one.path for one, _ in places})
        places = [(one, found) for one, found in places if one.path in related]
    for one, found in places:
        yield Occurrence(spanned(one.source, found), found.defines)


def _related(snapshot: Snapshot, paths: set[str]) -> set[str]:
    """Of files that speak of a variable, those where it is that of the snapshot.

    Two files share a variable when one file is compiled with both, or when a third one shares it
    with each.
    """
    roots = {path: snapshot.tree.roots(path) for path in {*paths, snapshot.path}}
    related, reached = {snapshot.path}, set(roots[snapshot.path])
    grown = True
    while grown:
        near = {path for path in paths - related if not roots[path].isdisjoint(reached)}
        grown = bool(near)
        related |= near
        for path in near:
            reached |= roots[path]
    return related


def _is_read(snapshot: Snapshot, span: Span) -> bool:
    """Whether the file is read with the file that a span is in."""
    return span.source.path in snapshot.front.library.sources


def _head(one: IndexedFile, part: ProfilePart) -> Span:
    return Span(one.source, part.name_start, part.name_end)
