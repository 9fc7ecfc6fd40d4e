"""What AppArmor answers of an operation of the kernel: the operations are its own."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.modules.apparmor.operations import MAKING, find
from lsmc.stack.calls import HookCall, KernelCall
from lsmc.stack.orders import order_of

#: Fields that rules of AppArmor do not speak of.
_OF_OTHERS = frozenset(("perm", "major", "minor", "to"))


def calls(call: KernelCall) -> Sequence[HookCall]:
    """The request of an operation, at its hook."""
    fields = {name: str(value) for name, value in call.fields.items()}
    operation = find(call.op, {**fields, "object": call.object, "class": call.cls})
    if operation is None:
        return ()
    known = {name: text for name, text in fields.items() if name not in _OF_OTHERS}
    owner = call.owner or operation.name in MAKING
    request = {"op": call.op, "object": call.object, "owner": owner, **known}
    errno = order_of(operation.cls, operation.name).errno
    return (HookCall(operation.hook, request, errno),)
