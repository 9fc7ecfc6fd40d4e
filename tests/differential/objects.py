"""Objects worth asking about: members of a policy's own patterns, and their near misses."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from lsmc.automata.algebra import intersection
from lsmc.automata.alphabet import bytes_of
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import (
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    example,
    is_empty_language,
)
from lsmc.ir.model import Effect, Rule

#: Paths that policy is usually about, whatever the profile.
SENSITIVE = tuple(
    b"""
    / /etc/ /etc/passwd /etc/shadow /etc/ld.so.preload /etc/sudoers /root/ /root/.ssh/id_rsa
    /home/u/ /home/u/.ssh/id_ed25519 /home/u/.bashrc /home/u/.gnupg/secring.gpg /proc/1/mem
    /proc/1234/attr/current /proc/1234/attr/apparmor/current /proc/1234/attr/exec
    /proc/sys/kernel/core_pattern /sys/kernel/security/apparmor/policy/ /dev/mem /dev/null
    /dev/sda /tmp/x /tmp/ /var/run/docker.sock /run/systemd/private /bin/sh /usr/bin/python3
    /usr/lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/ld-2.36.so /boot/vmlinuz
    /sys/module/apparmor/parameters/enabled /proc/1234/attr/apparmor/
    """.split()
)
_LIKELY = b"abcxyz019._-/"


def member(pattern: Pattern, rng: random.Random) -> bytes:
    """A random member of a language that is not empty."""
    out: list[bytes] = []
    _member(pattern, rng, out)
    return b"".join(out)


def _member(pattern: Pattern, rng: random.Random, out: list[bytes]) -> None:
    match pattern:
        case Literal(text):
            out.append(text)
        case Chars(mask):
            out.append(_byte(mask, rng))
        case Star(mask):
            out += [_byte(mask, rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 5))) if mask]
        case Concat(parts):
            for part in parts:
                _member(part, rng, out)
        case Union(options):
            full = [option for option in options if not is_empty_language(option)]
            _member(rng.choice(full), rng, out)


def _byte(mask: int, rng: random.Random) -> bytes:
    """A byte of a set: mostly a usual one, never NUL where another will do."""
    usual = [byte for byte in _LIKELY if mask >> byte & 1]
    if usual and rng.random() < 0.9:
        return bytes((rng.choice(usual),))
    others = [byte for byte in bytes_of(mask) if byte]
    return bytes((rng.choice(others),)) if others else b"\0"


def near(text: bytes, rng: random.Random) -> bytes:
    """A text that differs by one byte."""
    at = rng.randrange(len(text) + 1)
    byte = bytes((rng.choice(_LIKELY),))
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + byte + text[at:]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + byte + text[at + 1 :]


def around(path: bytes, rng: random.Random) -> Iterator[bytes]:
    """A path and what lies next to it: with or without a slash, its parent, a sibling, a miss."""
    yield path
    yield path.rstrip(b"/") if path.endswith(b"/") else path + b"/"
    parent, _, _ = path.rstrip(b"/").rpartition(b"/")
    yield parent + b"/"
    yield parent + b"/" + bytes(rng.choice(_LIKELY[:-1]) for _ in range(4))
    yield near(path, rng)
    yield path + b"/x"


def random_path(rng: random.Random) -> bytes:
    """Any path."""
    words = (b"usr", b"etc", b"lib", b"home", b"proc", b"run", b"a", b"b", b".x", b"1", b"var")
    parts = [rng.choice(words) for _ in range(rng.randrange(1, 6))]
    return b"/" + b"/".join(parts) + rng.choice((b"", b"", b"/"))


def members(pattern: Pattern, rng: random.Random, count: int, *, nul: bool = False) -> list[bytes]:
    """Some members, the shortest first; without NUL unless asked for."""
    first = example(pattern)
    if first is None:
        return []
    found = [first, *(member(pattern, rng) for _ in range(count - 1))]
    return [m for m in dict.fromkeys(found) if nul or b"\0" not in m]


def paths(rules: Sequence[Rule], rng: random.Random, count: int) -> list[bytes]:
    """About `count` paths around the patterns of some rules, and where rules meet."""
    found: dict[bytes, None] = dict.fromkeys(SENSITIVE)
    found.update(dict.fromkeys(random_path(rng) for _ in range(count // 20)))
    found.update(dict.fromkeys(_meetings(rules, rng, count // 20)))
    patterns = [rule.fields[0] for rule in rules if not is_empty_language(rule.fields[0])]
    rng.shuffle(patterns)
    rounds = 0
    while patterns and len(found) < count and rounds < 50:
        for pattern in patterns:
            path = (example(pattern) or b"/") if rounds == 0 else member(pattern, rng)
            found.update(dict.fromkeys(around(path, rng)))
            if len(found) >= count:
                break
        rounds += 1
    return [path for path in found if b"\0" not in path and path]


def _meetings(rules: Sequence[Rule], rng: random.Random, count: int) -> Iterator[bytes]:
    """Paths that two rules of different strength or transition share."""
    special = [
        rule
        for rule in rules
        if rule.effect is not Effect.ALLOW or rule.transition or rule.priority or rule.audit
    ]
    if not special:
        return
    for _ in range(count):
        one, other = rng.choice(special), rng.choice(rules)
        try:
            common = intersection(one.fields[0], other.fields[0], limit=2000)
        except StateLimit:
            continue
        if common is not None:
            yield common


def values(
    patterns: Iterable[Pattern], rng: random.Random, count: int, extra: Iterable[bytes] = ()
) -> list[bytes]:
    """Members of some patterns of a field, their near misses, and some given values."""
    found: dict[bytes, None] = dict.fromkeys(extra)
    for pattern in dict.fromkeys(patterns):
        for text in members(pattern, rng, count):
            found[text] = None
            found[near(text, rng)] = None
    return [text for text in found if b"\0" not in text]
