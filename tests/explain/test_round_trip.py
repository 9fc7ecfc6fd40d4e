"""A record that the kernel writes for a name suggests a rule that opens that name and no other."""

from __future__ import annotations

import random

import pytest

import lsmc
from lsmc.modules.apparmor.explain.reasons import explain_request
from lsmc.modules.apparmor.log.parse import parse
from lsmc.modules.apparmor.log.request import asked

HEAD = 'audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" profile="p" pid=7 '
#: Bytes that are special somewhere on the way: to the kernel, to policy, to a pattern, to JSON.
ODD = b"\\\"'*?[]{}^@#,;=()&:%$<>! \t\n\x01\x7f\x80\xc3\xa9\xff\xfe0aF-"


def untrusted(data: bytes) -> str:
    """A string as `audit_log_untrustedstring` writes it."""
    plain = all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in data)
    return f'"{data.decode()}"' if plain else data.hex().upper()


def address(data: bytes) -> str:
    """The name of an abstract socket as `audit_unix_addr` writes it."""
    plain = all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in data)
    return f'"@{data.decode() if plain else data.hex().upper()}"'


def name(draw: random.Random, more: bytes = b"") -> bytes:
    odd = bytes(draw.choice(ODD + more) for _ in range(draw.randint(1, 7)))
    return b"x" + odd.replace(b"..", b"-") + b"y"


def path(draw: random.Random) -> bytes:
    return b"/srv/" + name(draw)


def lines(draw: random.Random, changed: bool) -> list[str]:
    """A record of each kind; `changed` ones differ in one byte of a name."""
    end = b"z" if changed else b""
    link = f'operation="link" name="/l" denied_mask="l" target={untrusted(path(draw) + end)}'
    unix = 'class="net" family="unix" sock_type="stream" protocol=0'
    bound = f"addr={address(name(draw, bytes(1)) + end)}"
    peer = f'addr=none peer_addr={address(name(draw, bytes(1)) + end)} peer="q"'
    return [
        f'operation="open" name={untrusted(path(draw) + end)} denied_mask="r" fsuid=1 ouid=2',
        link,
        f'operation="bind" {unix} denied_mask="bind" {bound}',
        f'operation="connect" {unix} denied_mask="connect" {peer}',
        f'operation="umount" name={untrusted(path(draw) + b"/" + end + b"/" * changed)}',
        f'operation="pivotroot" name="/n/" srcname={untrusted(b"/n/" + name(draw) + end)}',
    ]


def verdict(rules: str, line: str) -> bool:
    record = parse(HEAD + line)
    assert record is not None
    (request,) = asked(record).requests
    policy = lsmc.compile_text(f"profile p {{\n{rules}\n}}\n")
    return policy.answer({**request, "mediated": True}).allowed


@pytest.mark.parametrize("seed", range(40))
def test_the_suggested_rule_opens_just_that_name(seed: int) -> None:
    pairs = zip(*(lines(random.Random(seed), changed) for changed in (False, True)), strict=True)
    for line, other in pairs:
        record = parse(HEAD + line)
        assert record is not None
        (request,) = asked(record).requests
        empty = lsmc.compile_text("profile p { }")
        found = explain_request(empty.engine, {**request, "mediated": True}, record.operation or "")
        (rule,) = [one.rule for one in found.suggestions]
        assert verdict(rule, line), (line, rule)
        assert not verdict(rule, other), (other, rule)
