"""As what a program runs: the domain or context after an execution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsmc.engine.verdict import Exec, Stay
from lsmc.modules.selinux.context.context import format_context
from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.questions import Party
from lsmc.modules.selinux.tables.layout import NOTHING

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_INHERIT, _BY_RULE = "inherit", "typetransition"


def execution(engine: Engine, state: State, source: Party, program: Party) -> Exec | None:
    """What a task becomes that executes a program and asks for nothing (`setexeccon`).

    None where the policy has no class `process`, or no label for the task.  The kernel still asks
    whether the old domain may become the new one, and whether the program is an entry into it; the
    environment is scrubbed unless the old domain has `noatsecure` to the new one.
    """
    tables = engine.tables
    process = tables.head.process_class
    if process == NOTHING:
        return None
    if source.context is None or program.context is None:
        rule = engine.labels.new_labels.type_rule(
            state, "transition", source.type, program.type, process
        )
        number = source.type if rule is None else rule.result
        target = tables.names.types[number]
        after = Party(number, None)
    else:
        found = engine.labels.new_labels.compute(
            state, "transition", source.context, program.context, process
        )
        if found.context is None:
            return None
        number = found.context.type
        target = format_context(found.context, tables.grammar)
        after = Party(number, found.context)
    if (number, after.context) == (source.type, source.context):
        return Stay(_INHERIT, target, True, None)
    vector = engine.vector(state, source, after, process)
    unsafe = "noatsecure" in tables.names.permission_names(process, vector.allow)
    return Exec(_BY_RULE, target, unsafe, None)
