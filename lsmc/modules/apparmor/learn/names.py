"""Names of profiles as logs have them and as policy writes them."""

from __future__ import annotations

import re

#: The last child of a name; one that is called like a path has a third slash (`a///usr/bin/b`).
_CHILD = re.compile(r"(.*[^/])//(.+)", re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9/_.+-]+")
_GLOB = frozenset("*?[]{}^\\")


def split(name: str) -> tuple[str, str]:
    """The name of the parent, empty for a profile without one, and the last part of a name."""
    match = _CHILD.fullmatch(name)
    return (match[1], match[2]) if match is not None else ("", name)


def written(name: str) -> str:
    """A name in policy, which takes it as it stands."""
    return name if _BARE.fullmatch(name) else f'"{name}"'


def is_pattern(name: str) -> bool:
    """Whether a profile that is called like a path attaches to more than that path."""
    return name.startswith("/") and not _GLOB.isdisjoint(name)
