"""The labels of what is made and of what runs (`smack_inode_init_security`, `SMACK64EXEC`).

Labels of files that are there stand in extended attributes, which are no part of the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from lsmc.engine.label import Label
from lsmc.engine.verdict import RequestError
from lsmc.modules.smack.answer import Engine, deciding
from lsmc.modules.smack.labels import TRANSMUTE
from lsmc.modules.smack.questions import label_of

_PROCESS = "process"


def label(
    engine: Engine,
    kind: str,
    subject: str,
    obj: str,
    cls: str,
    name: str | None,
    booleans: Mapping[str, bool],
) -> Label:
    """The label of a new object in a directory that has the flag TRANSMUTE, or of a program.

    Raises `RequestError` for other kinds than `transition`.
    """
    del name
    if kind != "transition" or booleans:
        what = "a boolean" if booleans else f"the kind `{kind}`"
        raise RequestError(f"{what} has no meaning for Smack: it labels what is made (transition)")
    task, place = label_of(subject, "subject"), label_of(obj, "object")
    if cls == _PROCESS:
        note = "that of the task, unless the file has an attribute SMACK64EXEC"
        return Label(task, note=note)
    if (engine.access(task, place) or 0) & TRANSMUTE:
        rules = tuple(row.ref for row in deciding(engine.rows(task, place)))
        note = "that of the directory, if it has the flag TRANSMUTE, as the rule has `t`"
        return Label(place, rules=rules, note=note)
    return Label(task, note="that of the task")


def file_label(engine: Engine, path: str, kind: str | None) -> NoReturn:
    """No policy says it; raises `RequestError`."""
    del engine, kind
    raise RequestError(f"the label of `{path}` is in its attribute security.SMACK64, not in policy")


def validate_transition(engine: Engine, old: str, new: str, task: str, cls: str) -> NoReturn:
    """No policy says it; raises `RequestError`."""
    del engine, old, new, task, cls
    raise RequestError("whether an object is relabelled is decided by CAP_MAC_ADMIN in Smack")
