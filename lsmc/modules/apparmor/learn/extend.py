"""What was learnt as changes of the files that profiles stand in."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.explain.diagnosis import Remedy
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.learn.draft import Drafted, ProfileDraft, Terms
from lsmc.modules.apparmor.learn.names import split
from lsmc.modules.apparmor.learn.text import body_of, plain, profile_lines
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.edits import edit_of
from lsmc.modules.apparmor.suggest.insertion import TextEdit, edited, insertion


def extended(
    library: Library, policy: Engine, parts: Iterable[ProfileDraft], terms: Terms
) -> Drafted:
    """The texts of the files of existing profiles with what they lack; OSError."""
    edits: list[TextEdit] = []
    for part in parts:
        record = policy.find(part.plan.name)
        parent = record or policy.find(split(part.plan.name)[0])
        if parent is None:
            continue
        place = policy.bundle.place(parent.place)
        if record is None:
            body = body_of(part, terms)
            texts = ["\n".join(profile_lines(body, "  ")).lstrip()]
        else:
            texts = [f"include <{one.name}>  # {one.why}" for one in part.includes]
            texts += [_line(rule.text, (*rule.above, rule.behind)) for rule in part.rules(terms)]
            missing = part.plan.program.flags - set(dict(record.settings))
            if missing:
                words = ", ".join(sorted(missing))
                remedy = Remedy("flag", words, record.full_name, place.file, place.line)
                flagged = edit_of(library, remedy)
                edits += [flagged] if flagged is not None else []
        for text in texts:
            edit = insertion(library, place.file, place.line, parent.full_name, text)
            if edit is not None:  # those of one place stay in the order of a draft
                edits.append(edit._replace(rule=f"{len(edits):06} {edit.rule}"))
    return Drafted(dict(edited(edits)))


def _line(rule: str, comments: Iterable[str]) -> str:
    said = "; ".join(plain(one) for one in comments if one)
    return f"{rule}  # {said}" if said else rule
