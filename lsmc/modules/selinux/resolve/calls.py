"""Calls of macros: which macro, and what its parameters stand for."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.syntax.expressions import (
    address,
    categories,
    level,
    level_range,
    permissions,
)
from lsmc.modules.selinux.syntax.names import PARAMETERS
from lsmc.modules.selinux.syntax.placement import misplaced
from lsmc.modules.selinux.syntax.tree import Node

#: The kinds of arguments that may be written instead of named, and what checks them.
_WRITTEN = {
    "categoryset": categories,
    "classpermission": permissions,
    "level": level,
    "levelrange": level_range,
}


def bind(root: Part, call: Part) -> Part:
    """Find the macro of a call and bind its parameters; raises `Missing`, `Wrong`."""
    around, name = call.around, str(call.head[1])
    found = lookup(root, around, "block", name)
    if not isinstance(found, Symbol) or found.kind != "macro":
        raise Missing("macro", name, "block", [*_macros(root)])
    macro: Part = found.value
    above: Part | None = around
    while above is not None:
        if above.kind == "call" and above.origin is macro:
            raise Wrong("self-reference", f"macro `{name}` calls itself")
        above = above.parent
    call.arguments = dict(_arguments(root, call, macro))
    call.origin = macro
    if around.condition is not None:
        for body in macro.bodies:
            for one in misplaced(body, {}, "booleanif"):
                raise Wrong("misplaced-statement", f"{one.message}, where this call stands")
    return macro


def _macros(root: Part) -> Iterator[str]:
    return (name for name, one in root.names["block"].items() if one.kind == "macro")


def _arguments(
    root: Part, call: Part, macro: Part
) -> Iterator[tuple[tuple[str, str], Symbol | str]]:
    parameters, name = macro.head[2], call.head[1]
    given = call.head[2] if len(call.head) == 3 else None
    count = len(given or ())
    if given is not None and not parameters:
        raise Wrong("wrong-value", f"macro `{name}` has no parameters: write `(call {name})`")
    if count != len(parameters):
        raise Wrong("wrong-value", f"macro `{name}` has {len(parameters)} parameters, not {count}")
    for parameter, value in zip(parameters, given or (), strict=True):
        kind, word = str(parameter[0]), str(parameter[1])
        namespace = PARAMETERS[kind]
        yield (namespace, word), _argument(root, call, kind, value)


def _argument(root: Part, call: Part, kind: str, value: Node) -> Symbol | str:
    """What an argument stands for."""
    around, namespace = call.around, PARAMETERS[kind]
    written = Symbol(kind, "", call.place, around, -1, (kind, "", value))
    if not isinstance(value, str):
        check = _WRITTEN.get(kind)
        if check is None:
            raise Wrong("wrong-value", f"a {kind} is given by its name, not by a list")
        if fault := check(value):
            raise Wrong(fault.name, fault.message, fault.help)
        return written
    found = lookup(root, around, namespace, value)
    if namespace == "name":
        return found if isinstance(found, str) else value
    if isinstance(found, Symbol):
        return found
    if kind == "ipaddr" and address(value) is None:
        return written
    raise Missing(kind, value, namespace)
