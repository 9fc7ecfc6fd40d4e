"""What would change in the files of policy when some remedies are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lsmc.compiler.inputs import Options
from lsmc.explain.diagnosis import Remedy
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.suggest.denials import left_of_both
from lsmc.modules.apparmor.suggest.edits import edit_of
from lsmc.modules.apparmor.suggest.insertion import edited
from lsmc.modules.apparmor.suggest.permissions import file_parts, with_both


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and new text of each file that remedies change, one character a byte.

    What is at stake with a rule stands before it as comments.
    """
    library = front_end(options).library
    edits = (
        edit_of(library, one, [f"# hazard: {HAZARDS[word]}" for word in one.hazards])
        for one in _together(remedies)
    )
    return edited(edit for edit in edits if edit is not None)


def _together(remedies: Iterable[Remedy]) -> Iterator[Remedy]:
    """The remedies, with those of one profile's flags, of one rule and of one file in one."""
    merged: dict[object, Remedy] = {}
    for one in remedies:
        key: object = one
        if one.kind == "flag":
            key = one.kind, one.file, one.line, one.profile
        elif one.kind == "deny":
            key = one.kind, one.replaces and one.replaces[1:4]
        elif parts := file_parts(one.rule):
            key = one.profile, one.file, one.line, parts.head.removeprefix("owner ")
        known = merged.setdefault(key, one)
        if known is not one:
            both = left_of_both(known.rule, one.rule)
            if one.kind not in ("flag", "deny"):
                both = with_both(known.rule, one.rule)
                if not both:  # neither says all that the other does
                    merged[one] = one
                    continue
            if one.kind == "flag":
                both = ", ".join(dict.fromkeys((*known.rule.split(", "), one.rule)))
            hazards = tuple(dict.fromkeys((*known.hazards, *one.hazards)))
            merged[key] = known._replace(rule=both, hazards=hazards)
    yield from merged.values()
