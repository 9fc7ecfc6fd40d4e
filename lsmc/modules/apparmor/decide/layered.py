"""Verdicts of the whole stack: a context's layers round the answer of the profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lsmc.engine.answer import Answer
from lsmc.engine.verdict import RequestError, Verdict
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.decide.evaluate import hats_of
from lsmc.modules.apparmor.operations import MAKING, listed
from lsmc.stack.asking import Asking, CapabilityAnswer
from lsmc.stack.chain import Layer, Module, chain, refuses, withheld
from lsmc.stack.context import Context, ContextError
from lsmc.stack.modules import APPARMOR
from lsmc.stack.orders import order_of

if TYPE_CHECKING:
    from lsmc.modules.apparmor.decide.engine import Engine

NOT_ACTIVE = "apparmor is not active: the profile is not asked"
_OWNED = frozenset(("file", "link"))
#: What a layer asks of the profile when it tries a capability.
USE = Operation("capable", "capability", ("use",), "capable")


def context_of(values: Context | Mapping[str, Any]) -> Context:
    """A context, or the one that a JSON object writes; raises `RequestError`."""
    if isinstance(values, Context):
        return values
    if not isinstance(values, Mapping):
        raise RequestError("`context` is not an object")
    try:
        return Context.of(values)
    except ContextError as fault:
        raise RequestError(str(fault)) from None


def owns(context: Context, operation: Operation, otherwise: bool) -> bool:
    """Whether rules for the owner apply: the user is the inode's, where both are known."""
    if operation.cls not in _OWNED:
        return otherwise
    if operation.name in MAKING:
        return True
    if context.uid is None or context.owner is None:
        return otherwise
    return context.uid == context.owner


def layered(
    engine: Engine,
    subject: str,
    operation: Operation,
    obj: str,
    owner: bool,
    fields: Mapping[str, str],
    mediated: bool,
    context: Context,
) -> Answer:
    """The profile's answer with the layers round it; raises as `Engine.ask` does.

    The look-ups are those of the profile, and of the capabilities that a refusing layer lacked.
    Of several that a layer tries the first is enough, and it is the least.
    """
    active = context.lsm is None or APPARMOR in context.lsm
    owner = owns(context, operation, owner)
    answer = engine.ask(subject, operation, obj, owner, fields, mediated)
    if not active:
        answer = Answer(Verdict.unconfined(operation.perms, note=NOT_ACTIVE))
    verdict = answer.verdict

    @cache
    def use(name: str) -> Answer:
        return engine.ask(subject, USE, name, True, {})

    def rule(name: str) -> CapabilityAnswer:
        if not active:
            return CapabilityAnswer(True, False)
        found = use(name).verdict
        return CapabilityAnswer(found.allowed, found.audited)

    known = listed(operation)
    asking = Asking(
        context=context,
        op=known.name,
        permissions=operation.perms,
        object=obj,
        fields=fields,
        rule=rule,
    )
    errno = "" if verdict.allowed else _errno(engine, subject, known, obj)
    module = Module(verdict.allowed, _reason(verdict), errno)
    answers = {(APPARMOR, known.hook): (module,)} if active else {}
    layers = chain(order_of(known.cls, known.name), known.hook, asking, answers)
    allowed = all(layer.verdict != "deny" for layer in layers)
    whole = verdict._replace(
        allowed=allowed,
        audited=_logged(layers, verdict),
        transition=verdict.transition if allowed or not verdict.allowed else None,
        chain=layers,
    )
    tried = dict.fromkeys(
        name for layer in layers if refuses(layer) for name in withheld(layer)[:1]
    )
    lookups = (look for name in tried for look in use(name).lookups)
    return Answer(whole, (*answer.lookups, *lookups))


def _reason(verdict: Verdict) -> str:
    """The profile's answer in a few words."""
    if verdict.note:
        return verdict.note
    missing = " ".join(verdict.missing)
    return {
        "allow": "the rules allow it",
        "unconfined": "the subject is not confined",
        "complain": f"complain mode; missing {missing}",
        "deny-explicit": f"a deny rule refuses {missing}",
        "deny-implicit": f"no rule allows {missing}",
    }[verdict.decision]


def _logged(layers: tuple[Layer, ...], verdict: Verdict) -> bool:
    """Whether AppArmor logs anything on the way."""
    if any(tried.logged for layer in layers for tried in layer.capabilities):
        return True
    reached = (layer for layer in layers if layer.layer == APPARMOR)
    return verdict.audited and any(layer.verdict != "not-reached" for layer in reached)


def _errno(engine: Engine, subject: str, operation: Operation, obj: str) -> str:
    """What a refusal by the profile gives; of a hat it depends on what there is in its place."""
    if operation.cls != "change_hat":
        return order_of(operation.cls, operation.name).errno
    profiles = engine.tables.components(subject)
    for profile in profiles:
        hat = engine.tables.find(f"{hats_of(profile)}//{obj}")
        if hat is not None and not hat.is_hat:
            return "EPERM"
        if hat is None and profile.mode != "complain":
            break
    below = tuple(f"{profile.full_name}//" for profile in profiles)
    return "ENOENT" if any(name.startswith(below) for name in engine.subjects) else "ECHILD"
