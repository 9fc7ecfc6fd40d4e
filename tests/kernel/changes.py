"""Draws policies about changes of profile: at once, at the next execution, on top, into hats."""

from __future__ import annotations

import random

from tests.kernel.cases import Case, program
from tests.kernel.draw import flags, glob, hat, path, profile, qualifiers

_TARGETS = ("q", "r", "[qr]", "*", "**", "p", "none", "&q", "&*", "&[qr]")


def changes(rng: random.Random) -> tuple[str, list[Case]]:
    """Profiles with hats and a child, and two to change to."""
    hats = [name for name in ("h", "g") if rng.random() < 0.6]
    inner = [line for name in hats for line in hat(f"{name} {flags(rng)}", _rules(rng))]
    if rng.random() < 0.3:
        inner += ["profile c {", "  /t/** r,", "}"]
    text = profile(f"p {flags(rng)}", [*_rules(rng), *inner])
    text += profile(f"q {flags(rng)}", [*_rules(rng), *hat("h", _rules(rng))])
    text += profile("r", ["/t/** r,"])
    subjects = ["p", "p", "p", "q", "p//&q", *(f"p//{name}" for name in hats)]
    return text, [_case(rng, rng.choice(subjects)) for _ in range(16)]


def _rules(rng: random.Random) -> list[str]:
    rules = ["capability,", "/t/** r,"]
    for _ in range(rng.randint(1, 4)):
        where = ""
        if rng.random() < 0.5:
            where = f" {rng.choice(('', '', 'safe ', 'unsafe '))}{glob(rng, path(rng))}"
        rules.append(f"{qualifiers(rng)}change_profile{where} -> {rng.choice(_TARGETS)},")
    if rng.random() < 0.5:
        rules.append("/t/** ix,")
    return rules


def _case(rng: random.Random, subject: str) -> Case:
    target, one = rng.choice(("q", "q", "r", "p")), path(rng)
    match rng.randrange(8):
        case 0 | 1:
            return Case(subject, ("change_hat", rng.choice("hgc")))
        case 2 | 3:
            return Case(subject, ("onexec", target, one), (program(one),))
        case 4:
            return Case(subject, ("stack_onexec", target, one), (program(one),))
        case 5:
            return Case(subject, ("stack", target))
    return Case(subject, ("change_profile", target))
