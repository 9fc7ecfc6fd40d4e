"""Policy made for measuring: plain profiles, rules of many kinds, and texts made to explode."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_WORDS = ("cache", "config", "data", "icons", "lib", "log", "run", "share", "spool", "state", "tmp")


def paths(count: int, seed: int) -> Iterator[str]:
    """Paths below a few directories, no two the same."""
    rnd = random.Random(seed)
    for number in range(count):
        parts = rnd.sample(_WORDS, rnd.randint(1, 4))
        yield f"/srv/{'/'.join(parts)}/f{number}"


def rules(count: int, seed: int) -> list[tuple[str, str]]:
    """(path or directory with `/**`, permissions) of rules."""
    rnd = random.Random(seed)
    return [
        (f"{path}/**" if rnd.random() < 0.5 else path, rnd.choice(("r", "w", "rw", "rk")))
        for path in paths(count, seed)
    ]


def profile(name: str, count: int, seed: int) -> str:
    """A profile of so many file rules."""
    body = "".join(f"  {path} {perms},\n" for path, perms in rules(count, seed))
    return f"profile {name} /usr/bin/{name} {{\n  include <abstractions/common>\n{body}}}\n"


def tree(folder: Path, profiles: int, count: int) -> Path:
    """A directory of profiles that share an abstraction."""
    (folder / "abstractions").mkdir(parents=True)
    common = "".join(f"  /etc{path} r,\n" for path in paths(100, 0))
    (folder / "abstractions/common").write_text(common)
    for number in range(profiles):
        name = f"p{number}"
        (folder / name).write_text(profile(name, count, number + 1))
    return folder


def unanchored(count: int) -> str:
    """Globs that all may begin anywhere: together they would need a state for each subset."""
    rnd = random.Random(7)
    lines = (
        f"  /**/{rnd.choice(_WORDS)}{number}/**/{rnd.choice(_WORDS)}* r,\n"
        for number in range(count)
    )
    return f"profile p {{\n{''.join(lines)}}}\n"


def alternations(count: int) -> str:
    """A product of `count` alternations of ten words in one rule."""
    part = "{" + ",".join(_WORDS[:10]) + "}"
    return f"profile p {{\n  /{'/'.join([part] * count)} r,\n}}\n"


def nested(count: int) -> str:
    """Alternations inside each other."""
    return f"profile p {{\n  /{'{a,b' * count}{'}' * count} r,\n}}\n"


def gaps(count: int) -> str:
    """One rule with a byte that must stand `count` bytes before the end."""
    return f"profile p {{\n  /**a{'?' * count} r,\n}}\n"
