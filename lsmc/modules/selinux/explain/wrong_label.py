"""Whether a file has another label than the file contexts of the policy give its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lsmc.engine.verdict import RuleRef
from lsmc.modules.selinux.explain.asked import Asked
from lsmc.modules.selinux.labels import kind_of_class
from lsmc.modules.selinux.questions import Party
from lsmc.modules.selinux.verdicts import judge

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine


class WrongLabel(NamedTuple):
    """A file whose type is not that of its path.

    Attributes:
        path: where it is.
        type: the type that it has; `right` the one that its path has.
        helps: whether the access would be allowed with the right type.
        rules: the file context.
    """

    path: str
    type: str
    right: str
    helps: bool
    rules: tuple[RuleRef, ...]


def wrong_label(engine: Engine, asked: Asked) -> WrongLabel | None:
    """The wrong label of the object of a question that says where the object is."""
    judged, path = asked.judged, asked.path
    kind = kind_of_class(asked.access.name)
    if judged is None or kind is None or not path.startswith("/") or path.startswith("/proc/"):
        return None
    label = engine.labels.file_label(path, kind)
    if label is None:
        return None
    context = engine.context(str(label))
    if context.type == judged.target.type:
        return None
    types = engine.tables.names.types
    right = judged.target.context
    party = Party(context.type, right._replace(type=context.type) if right is not None else None)
    mended = judge(engine, judged.state, judged.source, party, judged.access, None)
    return WrongLabel(
        path, types[judged.target.type], types[context.type], mended.allowed, tuple(label.rules)
    )
