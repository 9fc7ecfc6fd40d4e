"""Draws policies about files that another profile opened, and what is done with the descriptors."""

from __future__ import annotations

import random

from tests.kernel.cases import Case, file, program
from tests.kernel.draw import flags, glob, path, profile, qualifiers, several, some

#: The profile that opens; the program that inherits, and its profile.
_OPENER, _PROGRAM, _HEIR = "o", "/t/p/run", "i"
_USES = (("read", "r"), ("write", "w"), ("write", "wa"), ("lock", "r"), ("map", "r"))
_MODES = ("r", "w", "rw", "wa")


def held(rng: random.Random) -> tuple[str, list[Case]]:
    """Descriptors that are used, received from a socket, and inherited by a program."""
    extra = ["/t/p/* rm,", f"{_PROGRAM} px -> {_HEIR},"]

    def rules(everywhere: bool = True) -> list[str]:
        found = ["capability,", *(_rule(rng, everywhere) for _ in range(rng.randint(2, 5)))]
        if rng.random() < 0.8:
            found.append(rng.choice(("network unix,", "unix,", "audit network,")))
        return [*found, *extra]

    text, subjects = several(rng, rules)
    text += profile(_OPENER, ["/t/** rwkml,"])
    text += profile(f"{_HEIR} {flags(rng)}", rules(everywhere=False))
    return text, [_case(rng, rng.choice(subjects)) for _ in range(14)]


def _rule(rng: random.Random, everywhere: bool) -> str:
    """A rule about files; one that is not about all must not speak of the program itself."""
    what = glob(rng, path(rng))
    if what.startswith("/t/**") and not everywhere:
        what = path(rng)
    letters = "".join(some(rng, "rwakm"))
    letters = letters.replace("a", "") if "w" in letters else letters
    return f"{qualifiers(rng, owner=True)}{what} {letters},"


def _case(rng: random.Random, subject: str) -> Case:
    one = path(rng)
    setup = (file(one, rng.choice((0, 0, 1000))),)
    match rng.randrange(4):
        case 0:
            act = ("held", "receive", rng.choice(_MODES), one, _OPENER)
        case 1:
            act = ("held", "inherit", rng.choice(_MODES), one, _OPENER, _PROGRAM, _HEIR)
            setup += (program(_PROGRAM),)
        case _:
            act = ("held", *rng.choice(_USES), one, _OPENER)
    return Case(subject, act, setup)
