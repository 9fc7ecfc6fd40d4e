"""Which operations of `lsmc ops` the comparison asks a kernel about."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.operations import OPERATIONS, find
from tests.kernel.ask import Ask
from tests.kernel.asks import asks
from tests.kernel.cases import Case

#: What a kernel performs: all but what a message bus asks by itself.
PERFORMED = frozenset(one for one in OPERATIONS if one.cls != "dbus")


def covered(cases: Iterable[Case]) -> set[Operation]:
    """The operations that the questions of some cases are about."""
    found = {_operation(ask) for case in cases for ask in asks(case)}
    return {one for one in found if one in OPERATIONS}


def _operation(ask: Ask) -> Operation | None:
    # who maps a file to execute also reads it
    return find("mmap_exec" if ask.op == "rm" else ask.op, dict(ask.fields))
