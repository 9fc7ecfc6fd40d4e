"""The chain of layers in the order of the kernel, up to the first that refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lsmc.stack.asking import Asking, Tried
from lsmc.stack.checks import check
from lsmc.stack.modules import APPARMOR, answering
from lsmc.stack.orders import LayerStep, Order

Answer = Literal["allow", "deny", "unknown", "not-reached"]
_ANSWERS: dict[bool | None, Answer] = {True: "allow", False: "deny", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Layer:
    """The answer of one layer.

    Args:
        layer: `dac`, `capability`, `bus`, or the name of a security module.
        test: what it tests, as `lsmc ops` shows it; empty for a module.
        verdict: `unknown` where the context does not decide it.
        reason: why, for people.
        capabilities: those that it tried, in order.
        errno: what the caller gets from a refusal; empty otherwise.
        would: what a layer that is not reached would answer; empty for others.
    """

    layer: str
    test: str
    verdict: Answer
    reason: str
    capabilities: tuple[Tried, ...] = ()
    errno: str = ""
    would: Answer | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Module:
    """A module's answer: whether it allows, why, and the errno of its refusal; `test` if it names
    what it was asked."""

    allowed: bool
    reason: str
    errno: str
    test: str = ""


#: The answers of the modules whose policy is known, by module and hook, in the order of asking.
Answers = Mapping[tuple[str, str], Sequence[Module]]


def chain(order: Order, hook: str, asking: Asking, answers: Answers) -> tuple[Layer, ...]:
    """The layers in order; those after a refusal are not reached.

    Args:
        order: the operation's steps.
        hook: the LSM hook of its step `module`.
        asking: the operation in its context.
        answers: what the modules answer whose policy is known.
    """
    found: list[Layer] = []
    refused = False
    for layer in _layers(order, hook, asking, answers):
        if refused:
            quiet = tuple(replace(tried, logged=False) for tried in layer.capabilities)
            found.append(
                replace(
                    layer, verdict="not-reached", would=layer.verdict, capabilities=quiet, errno=""
                )
            )
        else:
            found.append(layer)
        refused = refused or layer.verdict == "deny"
    return tuple(found)


def _layers(order: Order, hook: str, asking: Asking, answers: Answers) -> Iterator[Layer]:
    """The layers of each step, with the active modules in the place of a hook.

    A module whose policy is not known is told once, where it may answer first.
    """
    told: set[str] = set()
    for step in order.steps:
        if step.layer in ("module", "hook"):
            for layer in _modules(step, hook, asking.context.lsm, answers):
                if layer.verdict != "unknown" or layer.layer not in told:
                    yield layer
                told.add(layer.layer)
        elif not step.test:
            yield Layer(step.layer, "", "unknown", f"the policy of {step.layer} is not known")
        else:
            found = check(step, asking)
            yield Layer(
                layer=step.layer,
                test=step.test,
                verdict=_ANSWERS[found.allowed],
                reason=found.reason,
                capabilities=found.tried,
                errno=found.errno,
            )


def _modules(
    step: LayerStep, hook: str, lsm: Sequence[str] | None, answers: Answers
) -> Iterator[Layer]:
    """What the modules say at a hook, in their order; `hook` is that of the step `module`."""
    known = {name for name, _ in answers}
    at = step.test or hook
    implementing = answering(at, lsm, labelling=bool(step.test))
    for name in lsm if lsm is not None else implementing:
        if name in known:
            for one in answers.get((name, at), ()):
                yield Layer(name, one.test, _ANSWERS[one.allowed], one.reason, (), one.errno)
        elif name in implementing and name != APPARMOR:
            yield Layer(name, "", "unknown", f"the policy of {name} is not known")


def of_policy(layer: Layer) -> bool:
    """Whether a layer is the module whose policy is asked."""
    return layer.layer == APPARMOR


def refuses(layer: Layer) -> bool:
    """Whether a layer refuses, or would refuse if it were reached."""
    return "deny" in (layer.verdict, layer.would)


def withheld(layer: Layer) -> tuple[str, ...]:
    """The capabilities that a layer would have used, had the profile allowed them."""
    return tuple(
        tried.capability
        for tried in layer.capabilities
        if tried.held is not False and tried.ruled is False
    )


def beyond_rules(layers: tuple[Layer, ...]) -> Layer | None:
    """The first layer that refuses, or would, whatever the rules of the profile say."""
    others = (layer for layer in layers if not of_policy(layer))
    return next((layer for layer in others if refuses(layer) and not withheld(layer)), None)
