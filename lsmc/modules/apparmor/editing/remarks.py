"""Remarks: who includes a file, who speaks of a profile, its tests, and values of variables."""

from __future__ import annotations

import posixpath

from lsmc.base.source import Span, to_display
from lsmc.base.text import counted
from lsmc.compiler.inputs import TESTS
from lsmc.modules.apparmor.editing.names import all_profiles
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.resolve.variables import ExpansionError
from lsmc.modules.editing import Hint, Lens

#: Characters of a value that is shown behind its variable, and values that its tooltip lists.
_SHORT = 24
_LISTED = 20


def lenses(snapshot: Snapshot) -> list[Lens]:
    """What stands above the lines of a file."""
    found: list[Lens] = []
    top = snapshot.span(0, 0)
    if not snapshot.names.profiles:
        profiles = snapshot.tree.including_profiles(snapshot.path)
        if profiles:
            places = tuple(
                Span(one.source, one.found.profiles[0].name_start, one.found.profiles[0].name_end)
                for one in profiles
            )
            verb = "includes" if len(profiles) == 1 else "include"
            title = f"{counted(len(profiles), 'file')} with profiles {verb} this"
            found.append(Lens(top, title, places))
    tests = f"{snapshot.path}{TESTS}"
    if snapshot.files.exists(tests):
        found.append(Lens(top, f"run {posixpath.basename(tests)}", test=tests))
    for part in all_profiles(snapshot.names.profiles):
        places = tuple(
            Span(one.source, name.start, name.end)
            for one in snapshot.indexed
            for name in one.found.names
            if name.kind == "profile" and name.text == part.name and not name.defines
        )
        if places:
            verb = "names" if len(places) == 1 else "name"
            span = snapshot.span(part.name_start, part.name_end)
            found.append(Lens(span, f"{counted(len(places), 'rule')} {verb} this profile", places))
    return found


def hints(snapshot: Snapshot, start: int, end: int) -> list[Hint]:
    """The values of the variables between two offsets: a short one, or the number of several."""
    found = []
    for name in snapshot.names.names:
        if name.kind != "variable" or name.defines or not start <= name.start <= end:
            continue
        try:
            values = snapshot.variables.flatten(name.text)
        except (ExpansionError, KeyError):
            continue
        shown = [to_display(value) for value in values]
        if len(shown) == 1 and len(shown[0]) > _SHORT:
            continue
        more = [f"and {len(shown) - _LISTED} more"] if len(shown) > _LISTED else []
        text = f"= {shown[0]}" if len(shown) == 1 else f"= {counted(len(shown), 'value')}"
        span = snapshot.span(name.start, name.end + 1)
        found.append(Hint(span, text, "\n".join([*shown[:_LISTED], *more])))
    return found
