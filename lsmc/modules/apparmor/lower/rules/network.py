"""Network and unix socket rules (apparmor.d(5), "Network rules", "Unix socket rules").

What a rule restricts depends on the feature set: coarse mediation knows family and type only, so
the conditions of a rule are dropped there (and the rule is wider than it reads).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from lsmc.automata.pattern import NEVER, Chars, Literal, Pattern, concat, mask_of, union
from lsmc.base.addresses import ip_text
from lsmc.base.source import Span
from lsmc.base.text import listing
from lsmc.ir.model import Effect, Rule
from lsmc.modules.apparmor.classes import NETWORK, UNIX
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.aare import Glob
from lsmc.modules.apparmor.lower.context import (
    ANY,
    SEND_RECEIVE,
    Conditions,
    Lowering,
    RuleHead,
    literal,
    one_of,
    words_to_mask,
)
from lsmc.modules.apparmor.names import FAMILIES, PROTOCOLS, SOCKET_TYPES
from lsmc.modules.apparmor.releases import ONE_OPTION
from lsmc.modules.apparmor.requests.socket_address import pack_pattern
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.syntax import ast

_INET = ("inet", "inet6")
PERMISSION_WORDS = frozenset((*NETWORK.permissions, *SEND_RECEIVE))
_CREATE = NETWORK.mask(("create",))
_BIND = NETWORK.mask(("bind",))
_PEER = NETWORK.mask(("send", "receive", "connect", "accept"))
_MESSAGES = NETWORK.mask(("send", "receive", "connect"))
_OPTIONS = UNIX.mask(("getopt", "setopt"))
_MEDIATED = ("network", "network_v8", "network_v9")
_FINE_INET = ("network_v8/af_inet", "network_v9/af_inet")
_FINE_UNIX = ("network/af_unix", "network_v9/af_unix")
_LOCAL_CONDITIONS = ("ip", "port", "interface", "label")
_PEER_CONDITIONS = ("ip", "port", "label")


def lower_network(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a network rule; raises `Refused`."""
    words = list(rule.words)
    perms = rule.perms
    if perms is None and words and words[0].text in PERMISSION_WORDS:
        perms = (words.pop(0),)
    mask = words_to_mask(NETWORK, perms, SEND_RECEIVE, "network") if perms else NETWORK.all
    families, types, protocol = _socket(words)
    local = Conditions(rule.conditions, _LOCAL_CONDITIONS, "a network rule", operators=("=", ":="))
    peer = Conditions(
        rule.peer or (),
        _PEER_CONDITIONS,
        "`peer=` in a network rule",
        operators=("=", ":="),
    )
    if local or peer:
        if families is None:
            families = _INET
        elif not set(families) <= set(_INET):
            where = (*rule.conditions, *(rule.peer or ()))[0]
            raise refusal(
                "bad-network-condition",
                where.span,
                f"`{where.name.text}` needs the family inet or inet6",
            )
    if peer and perms and mask & ~_PEER:
        raise refusal(
            "bad-network-peer",
            rule.peer[0].span if rule.peer else head.origin,
            "a `peer=` condition goes with send, receive, connect and accept only",
        )
    features = context.features
    if not _has(context, "network_v8", "network_v9"):
        mask = NETWORK.all
    fine = _has(context, *_FINE_INET)
    if _has(context, *_MEDIATED):
        _downgraded(rule, bool(perms), fine, context)
    local_fields = _endpoint(local, fine, context)
    peer_fields = _endpoint(peer, fine, context)
    kind = (one_of(families) if families else ANY, one_of(types) if types else ANY)
    fine = fine and families is not None and set(families) <= set(_INET)
    if not fine or not (local or peer):
        proto = literal(protocol) if fine and protocol else ANY
        yield head.rule(NETWORK, (*kind, proto, *(ANY,) * 7), mask)
    else:
        proto = literal(protocol) if protocol else ANY
        if mask & _CREATE:
            yield head.rule(NETWORK, (*kind, *(ANY,) * 8), _CREATE)
            mask &= ~_CREATE
        iface = local.single("interface")
        device = ANY
        if iface is not None and "network_v9_skb/iface" in features:
            device = context.glob(iface.text, iface)
        if peer and mask & ~_MESSAGES:
            # nothing that concerns the socket alone knows of a peer, nor does accepting yet
            own = (*kind, proto, *local_fields, *(ANY,) * 3, device)
            yield head.rule(NETWORK, own, mask & ~_MESSAGES)
            mask &= _MESSAGES
        if mask:
            yield head.rule(NETWORK, (*kind, proto, *local_fields, *peer_fields, device), mask)
    if families is None or "unix" in families:
        yield from _unix_of_network(types, head, context)


def _unix_of_network(
    types: Sequence[str] | None, head: RuleHead, context: Lowering
) -> Iterator[Rule]:
    """A coarse rule for the unix family speaks of every unix socket too."""
    if unix_is_fine(context):
        kind = one_of(types) if types else ANY
        yield head.rule(UNIX, (kind, ANY, ANY, ANY), UNIX.all)


def _has(context: Lowering, *features: str) -> bool:
    """Whether the feature set has one of some features."""
    return not context.features.paths.isdisjoint(features)


def _downgraded(rule: ast.ClassRule, perms: bool, fine: bool, context: Lowering) -> None:
    """Note what of a network rule its features lose: the first thing is enough."""
    named = [condition.name.text for condition in (*rule.conditions, *(rule.peer or ()))]
    if named and not fine:
        lost = listing(f"`{name}`" for name in named)
        context.lose(f"loses {lost}: it speaks of every address", *_FINE_INET)
    elif "interface" in named and not _has(context, "network_v9_skb/iface"):
        context.lose("loses `interface`: it speaks of every one", "network_v9_skb/iface")
    elif perms and not _has(context, "network_v8", "network_v9"):
        context.lose("speaks of every permission", "network_v8", "network_v9")
    elif not fine and any(word.text == "icmp" for word in rule.words):
        context.lose("becomes every raw socket of the family", *_FINE_INET)


def unix_is_fine(context: Lowering) -> bool:
    """Whether addresses and labels of unix sockets are mediated."""
    return _has(context, *_FINE_UNIX)


def _socket(
    words: Sequence[ast.Word],
) -> tuple[Sequence[str] | None, Sequence[str] | None, str]:
    """Families, types (None: all) and protocol of the bare words; raises `Refused`."""
    families: Sequence[str] | None = None
    rest = list(words)
    if rest and rest[0].text in FAMILIES:
        families = (rest.pop(0).text,)
    if not rest:
        return families, None, ""
    word = rest.pop(0)
    if rest:
        raise _unknown_network(rest[0], "a network rule takes a family and a type or protocol")
    if word.text in SOCKET_TYPES:
        return families, (word.text,), ""
    if word.text in PROTOCOLS:
        possible, kind = PROTOCOLS[word.text]
        if families is not None and families[0] not in possible:
            raise _unknown_network(
                word, f"`{word.text}` goes with {' and '.join(possible)}, not `{families[0]}`"
            )
        return families or possible, (kind,), word.text
    raise _unknown_network(word, "")


def _unknown_network(word: ast.Word, why: str) -> Refused:
    known = [*FAMILIES, *SOCKET_TYPES, *PROTOCOLS, *PERMISSION_WORDS]
    message = why or f"`{word.text}` is not a network family, type or protocol"
    return refusal("unknown-network-word", word.span, message, did_you_mean(word.text, known))


def _endpoint(conditions: Conditions, fine: bool, context: Lowering) -> tuple[Glob, Glob, Glob]:
    """Patterns of the address, the port and the label of one side.

    A label is read only under an abi that mediates it.
    """
    ip = port = label = ANY
    for name in ("ip", "port"):
        for condition in conditions.get(name):
            if len(condition.values) > 1:
                context.alter(
                    f"counts `{name}={condition.values[0].text}` only: "
                    "the other values are passed over",
                    "write one rule for each value",
                    condition.span,
                )
    if words := conditions.words("ip"):
        ip = literal(_address(words[0]))
    if words := conditions.words("port"):
        port = _ports(words[0])
        if port is ANY:
            context.alter(
                "matches every port: `port=0` is as none",
                "drop it",
                conditions.get("port")[0].span,
            )
    if fine and (words := conditions.words("label")):
        label = context.label(words[0])
    return ip, port, label


def _address(word: ast.Word) -> str:
    if word.text == "none":
        return "none"
    if "%" not in word.text:  # the compilers read no zone
        with suppress(ValueError):
            return ip_text(word.text)
    raise refusal(
        "bad-network-condition",
        word.span,
        f"`{word.text}` is not an IPv4 or IPv6 address",
        "one address, without prefix length, zone or brackets, or `none`",
    )


_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?\Z")


def _ports(word: ast.Word) -> Glob:
    match = _PORTS.match(word.text)
    low = int(match.group(1)) if match else -1
    high = int(match.group(2) or low) if match else -1
    if match is None or low > high or high > 65535:
        raise refusal(
            "bad-network-condition",
            word.span,
            f"`{word.text}` is neither a port nor a range of ports",
            "write N or N-M with 0 <= N <= M <= 65535",
        )
    return Glob(decimal_range(low, high), True) if (low, high) != (0, 0) else ANY


def decimal_range(low: int, high: int) -> Pattern:
    """The decimal numbers of a range, without leading zeros."""
    options: list[Pattern] = []
    while low <= high:
        step = 1
        while low % (step * 10) == 0 and low + step * 10 - 1 <= high and low >= step * 10:
            step *= 10
        top = min(high, low + step - 1)
        count = min((high - low + 1) // step, 10 - low // step % 10)
        if low == 0:
            options.append(Literal(b"0"))
            low = 1
            continue
        digits = str(low // step)
        last = chr(ord(digits[-1]) + count - 1)
        parts: list[Pattern] = [Literal(digits[:-1].encode())]
        parts.append(Chars(mask_of(bytes(range(ord(digits[-1]), ord(last) + 1)))))
        parts += [Chars(mask_of(b"0123456789"))] * (len(str(top)) - len(digits))
        options.append(concat(parts))
        low += count * step
    return union(options)


def lower_unix(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a unix rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, ("type", "addr"), "a unix rule")
    peer = Conditions(rule.peer or (), ("addr", "label"), "`peer=` in a unix rule")
    if rule.words:
        word = rule.words[0]
        raise refusal(
            "bad-unix-condition",
            word.span,
            f"`{word.text}` is not a permission of a unix rule",
            "write the socket type as `type=…`" if word.text in SOCKET_TYPES else "",
        )
    mask = words_to_mask(UNIX, rule.perms, SEND_RECEIVE, "unix") if rule.perms else UNIX.all
    kind = conditions.single("type")
    if kind is not None and kind.text not in SOCKET_TYPES:
        raise refusal(
            "bad-unix-condition",
            kind.span,
            f"`{kind.text}` is not a socket type",
            did_you_mean(kind.text, SOCKET_TYPES),
        )
    if peer and rule.perms and mask & ~_PEER:
        raise refusal(
            "bad-unix-peer",
            rule.peer[0].span if rule.peer else head.origin,
            "a `peer=` condition goes with send, receive, connect and accept only",
        )
    type_ = literal(kind.text) if kind is not None else ANY
    local = conditions.single("addr")
    addr = _unix_address(local, context)
    peer_addr = _unix_address(peer.single("addr"), context)
    label = peer.single("label")
    peer_label = context.label(label) if label is not None else ANY
    if not unix_is_fine(context):
        if _has(context, *_MEDIATED):
            lost = "is dropped: nothing is denied"
            if head.effect is not Effect.DENY:
                coarse = f"network unix {kind.text if kind is not None else ''}".strip()
                lost = f"becomes `{coarse}`: every address, peer and permission"
            context.lose(lost, *_FINE_UNIX)
        if head.effect is not Effect.DENY:
            yield head.rule(NETWORK, (literal("unix"), type_, *(ANY,) * 8), NETWORK.all)
        return
    if mask & _CREATE and not peer:
        yield head.rule(UNIX, (type_, ANY, ANY, ANY), _CREATE)
    auto = local is not None and context.path(local) == "auto"
    if mask & _BIND and (auto or (peer and local is None)):
        # autobind asks with the empty address, whatever the peer; the kernel then picks a name
        yield head.rule(UNIX, (type_, literal("auto"), ANY, ANY), _BIND)
        mask &= ~_BIND
    if peer:
        yield head.rule(UNIX, (type_, addr, peer_addr, peer_label), mask & _PEER)
        accept = mask & UNIX.mask(("accept",))
        if accept:
            yield head.rule(UNIX, (type_, addr, ANY, ANY), accept)
    elif mask & ~_CREATE:
        made = head.rule(UNIX, (type_, addr, ANY, ANY), mask & ~_CREATE)
        yield made
        if ONE_OPTION.older(context.release):
            yield from _other_option(made, context)


def _other_option(rule: Rule, context: Lowering) -> Iterator[Rule]:
    """What becomes of the other socket option where the log or the silence of one goes with both.

    The rule neither grants nor denies it, and counts as one about it: for it, no rule of lower
    priority does.
    """
    other = _OPTIONS & ~rule.owner
    denies = rule.effect is Effect.DENY
    if other in (0, _OPTIONS) or rule.audit is denies:
        return
    (name,) = UNIX.names(other)
    what = "silences" if denies else "logs"
    context.alter(
        f"{what} `{name}` too, in 4.1.0, and no rule of lower priority grants it",
        f"say what holds for `{name}` in a rule of higher priority",
    )
    yield replace(rule, owner=other, other=other, effect=Effect.DENY, adds_log=True, weak=True)


def _unix_address(word: ast.Word | None, context: Lowering) -> Glob:
    if word is None:
        return ANY
    if word.text not in ("none", "auto") and not word.text.startswith("@"):
        raise _bad_address(word.span, word.text)
    text = context.path(word)
    if text == "none":
        return literal("none")
    if text == "auto":
        digit = Chars(mask_of(b"0123456789abcdef"))
        chosen = concat((Literal(b"@"), *(digit,) * 5))
        return Glob(chosen, True)
    if not text:
        # the compilers read behind the end of the empty value: some address that no one chose
        return Glob(NEVER, True)
    # the compilers drop the first letter, be it the `@` or that of a variable's value
    name, exact = context.glob(text[1:], word, null=True)
    return Glob(concat((Literal(b"@"), pack_pattern(name))), exact)


def _bad_address(span: Span, text: str) -> Refused:
    return refusal(
        "bad-unix-condition",
        span,
        f"`{text}` is not a unix socket address",
        "`@name`, `none` or `auto`; sockets with a path are covered by file rules",
    )
