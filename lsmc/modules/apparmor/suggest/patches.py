"""What would change in the files of policy when some remedies are taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsmc.compiler.inputs import Options
from lsmc.explain.diagnosis import Remedy
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.suggest.edits import edit_of
from lsmc.modules.apparmor.suggest.insertion import edited


def patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    """The old and new text of each file that remedies change, one character a byte.

    What is at stake with a rule stands before it as comments.
    """
    library = front_end(options).library
    edits = (
        edit_of(library, one, [f"# hazard: {HAZARDS[word]}" for word in one.hazards])
        for one in remedies
    )
    return edited(edit for edit in edits if edit is not None)
