"""Warnings about what policy says and the stream of it does not: nothing gets lost in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.ir.mediation import Effect
from lsmc.ir.model import Profile
from lsmc.modules.apparmor.build.compile import Compiled
from lsmc.modules.apparmor.classes import NETWORK
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.kernel.target import (
    DISCONNECTED_IPC,
    ERROR,
    IDENTITY,
    INTERRUPTIBLE,
    KILL_SIGNAL,
    format_for,
)
from lsmc.modules.apparmor.lower.context import ANY
from lsmc.modules.apparmor.resolve.enforced_classes import feature_of, mediated
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features

#: Settings of profiles, each with the feature that it needs.
_SETTINGS = {
    "kill.signal": KILL_SIGNAL,
    "error": ERROR,
    "interruptible": INTERRUPTIBLE,
    "attach_disconnected.ipc": DISCONNECTED_IPC,
    "identities": IDENTITY,
}
#: The features that conditions on extended attributes need.
_XATTR, _STEPS = "domain/attach_conditions/xattr", "policy/outofband"
_ANY = ANY.pattern
#: Where the labels stand among the fields of rules for networks.
_LABELS = tuple(NETWORK.fields.index(name) for name in ("label", "peer_label"))


def unwritten(compiled: Compiled, kernel: Features | None) -> Iterator[Diagnostic]:
    """A warning for each rule or flag of a file that is not written, or not whole.

    Of classes and features that the kernel lacks the first rule is told, with the same words for
    each file.  `kernel` are the features of the kernel, None for any that has those of the abi.
    """
    if kernel is not None:
        yield from _unmediated(compiled)
        yield from _downgraded(compiled)
    form = format_for(kernel or compiled.features)
    yield from _conditions(compiled, form.steps)
    for profile in compiled.profiles:
        for name, feature in _SETTINGS.items():
            if name in dict(profile.settings) and feature not in compiled.features.paths:
                yield _warning(
                    profile.origin,
                    f"`{name}` of {_shown(profile)} is not written: it needs `{feature}`",
                )
        for rule in profile.rules:
            if rule.effect is Effect.PROMPT and not form.tables:
                yield _warning(
                    rule.origin,
                    f"`{_text(rule.origin)}` is not written, which needs "
                    "`policy/permstable32_version` 2: it is denied",
                )
            if rule.cls is NETWORK and any(rule.fields[at] != _ANY for at in _LABELS):
                yield _warning(
                    rule.origin,
                    f"`{_text(rule.origin)}` loses `label`: it speaks of every one, "
                    "for a kernel asks for none",
                )


def _unmediated(compiled: Compiled) -> Iterator[Diagnostic]:
    """For each class that policy counts on and the kernel lacks, where the first rule for it is.

    It is no warning: policy that is to do for several kernels is never without.
    """
    firsts: dict[str, Span] = {}
    wanted = mediated(compiled.preamble.features or DEFAULT)
    for profile in compiled.profiles:
        missing = wanted - profile.mediated
        for rule in profile.rules if missing else ():
            if rule.cls.name in missing:
                firsts.setdefault(feature_of(rule.cls.name)[0], rule.origin)
    for feature, where in firsts.items():
        message = f"the kernel lacks `{feature}`: rules that need it are not enforced"
        yield replace(error("not-written", where, message), severity="info")


def _downgraded(compiled: Compiled) -> Iterator[Diagnostic]:
    """For each feature that policy counts on and the kernel lacks, the first rule that it changes.

    The words are the same for each file.  What the abi lacks already is for lint to tell.
    """
    abi = compiled.preamble.features or DEFAULT
    told: set[str] = set()
    for one in (one for some in compiled.altered.values() for one in some):
        wanted = [feature for feature in one.needs if feature in abi]
        if wanted and told.isdisjoint(wanted):
            told.update(wanted)
            message = f"the kernel lacks `{wanted[0]}`: rules lose what needs it"
            found = error("not-written", one.span, message, f"this one {one.becomes}")
            yield replace(found, severity="info")


def _conditions(compiled: Compiled, steps: bool) -> Iterator[Diagnostic]:
    """Attachments that lose their conditions: `steps` is whether automata may have steps."""
    needed = _STEPS if _XATTR in compiled.features else _XATTR
    if needed == _STEPS and steps:
        return
    conditional = {body.ast.head for body in compiled.bodies if body.ast.xattrs}
    for profile in compiled.profiles:
        if profile.origin in conditional:
            yield _warning(
                profile.origin,
                f"`xattrs=` of {_shown(profile)} is not written, which needs "
                f"`{needed}`: it attaches whatever the attributes of a file are",
            )


def _warning(where: Span, message: str) -> Diagnostic:
    return replace(error("not-written", where, message), severity="warning")


def _shown(profile: Profile) -> str:
    return f"`{to_display(profile.full_name)}`"


def _text(where: Span) -> str:
    return " ".join(to_display(where.text).split())
