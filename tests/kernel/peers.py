"""Draws policies about other processes: signals and tracing."""

from __future__ import annotations

import random

from tests.kernel.cases import UNCONFINED, Case
from tests.kernel.draw import flags, hat, profile, qualifiers, some
from tests.kernel.other_asks import SIGNALS

_NAMES = ("p", "q", "r", "{p,q}", "[qr]", "*", "**", "un*", "p//h", "p//*", "p//&q")
_LABELS = ("p", "p", "q", "q", "r", "r", UNCONFINED, "p//h", "p//&q")


def _rules(rng: random.Random, rule: str, permissions: tuple[str, ...]) -> list[str]:
    rules = ["capability,"]
    for _ in range(rng.randint(1, 4)):
        given = f" ({' '.join(some(rng, permissions))})" if rng.random() < 0.6 else ""
        extra = ""
        if rule == "signal" and rng.random() < 0.5:
            extra = f" set=({' '.join(some(rng, tuple(SIGNALS.values()))[:5])})"
        peer = f" peer={rng.choice(_NAMES)}" if rng.random() < 0.7 else ""
        rules.append(f"{qualifiers(rng)}{rule}{given}{extra}{peer},")
    return rules


def _profiles(rng: random.Random, rule: str, permissions: tuple[str, ...]) -> str:
    """Three profiles with rules about one another, and a hat."""
    text = ""
    for name in "pqr":
        rules = _rules(rng, rule, permissions)
        if name == "p":
            rules += hat(f"h {flags(rng)}", _rules(rng, rule, permissions))
        text += profile(f"{name} {flags(rng)}", rules)
    return text


def signals(rng: random.Random) -> tuple[str, list[Case]]:
    """Signals from label to label, both sides asked."""
    text = _profiles(rng, "signal", ("send", "receive"))
    numbers = tuple(SIGNALS)
    return text, [
        Case(rng.choice(_LABELS), ("kill", str(rng.choice(numbers))), peer=rng.choice(_LABELS))
        for _ in range(16)
    ]


def traces(rng: random.Random) -> tuple[str, list[Case]]:
    """Tracing, being traced and reading another process, both sides asked."""
    text = _profiles(rng, "ptrace", ("trace", "read", "tracedby", "readby"))
    acts = ("trace", "traceme", "peek")
    return text, [
        Case(rng.choice(_LABELS), (rng.choice(acts),), peer=rng.choice(_LABELS)) for _ in range(16)
    ]
