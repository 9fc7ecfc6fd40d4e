"""What would change in the files of policy when the remedies of a log are taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsmc.compiler.inputs import Options
from lsmc.explain.diagnosis import Explained, Remedy
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.suggest.edits import edit_of
from lsmc.modules.apparmor.suggest.insertion import edited


def patched(causes: Iterable[Explained], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and new text of each file that gets a rule for a denial, one character a byte."""
    library = front_end(options).library
    edits = []
    for one in causes:
        for exact in one.remedies:
            if exact.kind == "exact" and not exact.overrides:
                rule = _fitting(one, exact)
                edit = edit_of(library, rule)
                if edit is not None:
                    edits.append(edit)
    return edited(edits)


def _fitting(one: Explained, exact: Remedy) -> Remedy:
    """The rule for the kind where the objects of a cause differ, if no more is at stake with it."""
    if not one.diagnosis.cause.varied:
        return exact
    general = (r for r in one.remedies if r.kind == "general" and r.profile == exact.profile)
    return next((r for r in general if r.hazards == exact.hazards), exact)
