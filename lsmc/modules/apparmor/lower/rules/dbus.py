"""D-Bus rules (apparmor.d(5), "DBus rules"); the message bus daemon enforces them."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import DBUS
from lsmc.modules.apparmor.lower.aare import Glob
from lsmc.modules.apparmor.lower.context import (
    ANY,
    SEND_RECEIVE,
    Conditions,
    Lowering,
    RuleHead,
    words_to_mask,
)
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

_BIND = DBUS.mask(("bind",))
_EAVESDROP = DBUS.mask(("eavesdrop",))
_MESSAGE = DBUS.mask(("send", "receive"))
_OUTSIDE = ("bus", "path", "interface", "member", "name")
_INSIDE = ("name", "label", "bus", "path", "interface", "member")


def lower_dbus(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a dbus rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, _OUTSIDE, "a dbus rule")
    # the compiler takes the outer conditions inside `peer=( )` too
    peer = Conditions(rule.peer or (), _INSIDE, "`peer=` in a dbus rule")
    for name in ("bus", "path", "interface", "member"):
        for condition in peer.get(name):
            context.alter(
                f"takes `{name}=` as if it stood outside of `peer=( )`",
                "move it out of the parentheses",
                condition.span,
            )
        if name in conditions and name in peer:
            raise refusal("repeated-condition", peer.get(name)[0].span, f"`{name}` is given twice")

    def value(name: str) -> Glob:
        word = conditions.single(name) or peer.single(name)
        if word is not None and name == "path":
            # the one value here whose slashes are filtered
            return context.glob(context.path(word), word)
        return label(word)

    def label(word: ast.Word | None) -> Glob:
        return context.label(word) if word is not None else ANY

    name_word, peer_name, peer_label = (
        conditions.single("name"),
        peer.single("name"),
        peer.single("label"),
    )
    message = bool(peer_name or peer_label) or any(
        n in conditions or n in peer for n in ("path", "interface", "member")
    )
    mask = words_to_mask(DBUS, rule.perms, SEND_RECEIVE, "dbus") if rule.perms else 0
    _check(mask, message, name_word is not None, head)
    if not mask:
        mask = _MESSAGE if message else _BIND if name_word is not None else DBUS.all
    bus = value("bus")
    if mask & _BIND:
        yield head.rule(DBUS, (bus, label(name_word), ANY, ANY, ANY, ANY), _BIND)
    if mask & _EAVESDROP:
        yield head.rule(DBUS, (bus, ANY, ANY, ANY, ANY, ANY), _EAVESDROP)
    if mask & _MESSAGE:
        message_fields = (value("path"), value("interface"), value("member"))
        fields = (bus, label(peer_name), label(peer_label), *message_fields)
        yield head.rule(DBUS, fields, mask & _MESSAGE)


def _check(mask: int, message: bool, service: bool, head: RuleHead) -> None:
    what = help_ = ""
    kind = "bad-dbus-rule"
    if message and service:
        what = "`name` outside of `peer=` names a service; it does not go with message conditions"
        help_ = "put the name of the other side into `peer=(name=…)`"
    elif mask & _BIND and message:
        what = "`bind` takes `bus` and `name` only"
    elif mask & _MESSAGE and service:
        what = "`send` and `receive` take the name of the other side in `peer=(name=…)`"
    elif mask & _EAVESDROP and (message or service):
        kind = "bad-dbus-eavesdrop"
        what = "`eavesdrop` takes `bus` only"
    if what:
        raise refusal(kind, head.origin, what, help_)
