"""What the drawn rules of all families are made of: paths, globs and qualifiers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

FOLDERS = ("/t/a", "/t/b", "/t/a/b", "/t/ab")
NAMES = ("x", "y", "xy", "yx", "xyx", "x.y", "y.y", "xé")


def path(rng: random.Random) -> str:
    """The path of a file."""
    return f"{rng.choice(FOLDERS)}/{rng.choice(NAMES)}"


def two_paths(rng: random.Random) -> tuple[str, str]:
    """The paths of two files."""
    first = path(rng)
    return first, rng.choice([other for other in _all_paths() if other != first])


def _all_paths() -> list[str]:
    return [f"{folder}/{name}" for folder in FOLDERS for name in NAMES]


def glob(rng: random.Random, of: str) -> str:
    """A glob that matches a path, or nearly."""
    folder, _, name = of.rpartition("/")
    match rng.randrange(12):
        case 0:
            return "/t/**"
        case 1:
            return f"{folder}/*"
        case 2:
            return f"{folder}/{name[0]}*"
        case 3:
            return f"/t/*/{name}"
        case 4:
            return f"{folder}/{'?' * len(name)}"
        case 5:
            return f"{folder}/[{name[0]}z]{name[1:]}"
        case 6:
            return f"{folder}/[^{rng.choice('xyz')}]{name[1:]}"
        case 7:
            return f"{folder}/{{{name},{rng.choice(NAMES)}}}"
        case 8:
            return f"/t/a{{,/b}}/{name}"
        case 9:
            return f"/t/**{name[-1]}"
    return of


def some(rng: random.Random, words: Sequence[str], least: int = 1) -> list[str]:
    """Some of the words, in their order."""
    chosen = set(rng.sample(range(len(words)), rng.randint(least, len(words))))
    return [word for number, word in enumerate(words) if number in chosen]


def qualifiers(rng: random.Random, owner: bool = False) -> str:
    """What may stand before a rule."""
    words = [
        "audit " if rng.random() < 0.25 else "",
        rng.choice(("", "", "", "allow ", "deny ", "deny ")),
        "owner " if owner and rng.random() < 0.25 else "",
    ]
    return "".join(words)


def flags(rng: random.Random) -> str:
    """The flags of a profile."""
    return rng.choice(("", "", "", "", "flags=(complain) ", "flags=(audit) "))


def profile(head: str, rules: Sequence[str]) -> str:
    """A profile of some rules."""
    return f"profile {head} {{\n" + "".join(f"  {rule}\n" for rule in rules) + "}\n"


def hat(head: str, rules: Sequence[str]) -> list[str]:
    """A hat of some rules, as lines of its profile."""
    return [f"^{head} {{", *(f"  {rule}" for rule in rules), "}"]


def several(rng: random.Random, rules: Callable[[], Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    """Profiles `p`, with the hat `h`, and `q`, of rules of their own, and subjects of all kinds."""
    inner = hat(f"h {flags(rng)}", rules())
    text = profile(f"p {flags(rng)}", [*rules(), *inner])
    text += profile(f"q {flags(rng)}", rules())
    return text, ("p", "p", "p", "q", "p//h", "p//&q", "p//h//&q")
