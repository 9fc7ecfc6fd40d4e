"""The chain of layers in the order of the kernel, up to the first that refuses."""

from __future__ import annotations

from collections.abc import Iterator
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
    """The profile's answer: whether it allows, why, and the errno of its refusal."""

    allowed: bool
    reason: str
    errno: str


def chain(order: Order, hook: str, asking: Asking, profile: Module) -> tuple[Layer, ...]:
    """The layers in order; those after a refusal are not reached.

    Args:
        order: the operation's steps.
        hook: its LSM hook.
        asking: the operation in its context.
        profile: what AppArmor answers.
    """
    found: list[Layer] = []
    refused = False
    for step in _steps(order, hook, asking):
        layer = _layer(step, asking, profile)
        if refused:
            quiet = tuple(replace(tried, logged=False) for tried in layer.capabilities)
            layer = replace(
                layer, verdict="not-reached", would=layer.verdict, capabilities=quiet, errno=""
            )
        found.append(layer)
        refused = refused or layer.verdict == "deny"
    return tuple(found)


def _steps(order: Order, hook: str, asking: Asking) -> Iterator[LayerStep]:
    """The steps, with the active modules in place of `module`."""
    for step in order.steps:
        if step.layer == "module":
            yield from (LayerStep(name) for name in answering(hook, asking.context.lsm))
        else:
            yield step


def _layer(step: LayerStep, asking: Asking, profile: Module) -> Layer:
    if step.layer == APPARMOR:
        answer = _ANSWERS[profile.allowed]
        return Layer(
            layer=APPARMOR,
            test="",
            verdict=answer,
            reason=profile.reason,
            capabilities=(),
            errno=profile.errno,
        )
    if not step.test:
        return Layer(step.layer, "", "unknown", f"the policy of {step.layer} is not known")
    found = check(step, asking)
    return Layer(
        layer=step.layer,
        test=step.test,
        verdict=_ANSWERS[found.allowed],
        reason=found.reason,
        capabilities=found.tried,
        errno=found.errno,
    )


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
