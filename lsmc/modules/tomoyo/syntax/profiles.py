"""Files of profiles: what each of them does with accesses that no line grants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import did_you_mean
from lsmc.base.source import Source
from lsmc.modules.tomoyo.model import Mode
from lsmc.modules.tomoyo.syntax.domains import fault_of
from lsmc.modules.tomoyo.syntax.exceptions import namespaced
from lsmc.modules.tomoyo.syntax.reader import Refused, Written, written_lines
from lsmc.modules.tomoyo.vocabulary import (
    CATEGORIES,
    FUNCTIONS,
    MODES,
    PREFERENCES,
    PROFILES,
)

VERSIONS: Final = (20110903, 20150505)
_NUMBERED: Final = re.compile(r"([0-9]*)-(.*)")
_NAMES: Final = (
    "CONFIG",
    *(f"CONFIG::{one}" for one in CATEGORIES),
    *(f"CONFIG::{one}::{word}" for one, words in FUNCTIONS.items() for word in words),
)


class ProfileLine(NamedTuple):
    """A line of a profile: `key` is `COMMENT`, `PREFERENCE` or a name of `CONFIG`."""

    namespace: str
    number: int
    key: str
    value: str
    written: Written


class Version(NamedTuple):
    """The line that names the version of the format."""

    namespace: str
    version: int
    written: Written


def read_profiles(source: Source, faults: list[Diagnostic]) -> Iterator[ProfileLine | Version]:
    """The lines of a file; those that the kernel does not take become faults."""
    for written in written_lines(source, faults):
        try:
            yield _line(written)
        except Refused as refused:
            faults.append(fault_of(refused, source))


def _line(written: Written) -> ProfileLine | Version:
    namespace, words = namespaced(written)
    text = words.rest
    first = words.take("a line of a profile")
    if found := re.match(r"PROFILE_VERSION=([0-9]+)", text):
        if int(found[1]) not in VERSIONS:
            raise first.refused(
                f"`{found[1]}` is no version that the kernel loads", f"known are {VERSIONS}"
            )
        return Version(namespace, int(found[1]), written)
    numbered = _NUMBERED.fullmatch(text)
    if numbered is None:
        raise first.refused(
            f"`{first.text}` is no line of a profile", "lines are written NUMBER-NAME=VALUE"
        )
    number = int(numbered[1] or "0")
    if number >= PROFILES:
        raise first.refused(f"`{numbered[1]}` is no profile; the largest is {PROFILES - 1}")
    key, equals, value = numbered[2].partition("=")
    at = len(numbered[1]) + 1
    if not equals:
        raise first.refused(f"expected `=` in `{text}`", at=at)
    if key not in ("COMMENT", "PREFERENCE", *_NAMES):
        raise first.refused(f"`{key}` is no name of a profile", _help(key), at)
    return ProfileLine(namespace, number, key, value, written)


def _help(key: str) -> str:
    category, _, word = key.removeprefix("CONFIG::").partition("::")
    if category == "file" and word in ("read", "write", "append"):
        return f"`CONFIG::file::open` has `{word}` as well"
    return did_you_mean(key, ("COMMENT", "PREFERENCE", *_NAMES))


class Profile(NamedTuple):
    """A profile: `modes` by the names of `CONFIG`, without those that are left to others."""

    comment: str = ""
    preferences: Mapping[str, int] = PREFERENCES
    modes: Mapping[str, Mode] = {"CONFIG": Mode()}

    def mode(self, category: str, word: str) -> Mode:
        """What is done with accesses of one kind."""
        for name in (f"CONFIG::{category}::{word}", f"CONFIG::{category}"):
            if name in self.modes:
                return self.modes[name]
        return self.modes["CONFIG"]

    def with_line(self, key: str, value: str) -> Profile:
        """The profile behind a line; what the kernel does not find in a value stays as it was."""
        if key == "COMMENT":
            return self._replace(comment=value)
        if key == "PREFERENCE":
            return self._replace(preferences=_preferences(self.preferences, value))
        if "use_default" in value:
            kept = {name: mode for name, mode in self.modes.items() if name != key}
            return self if key == "CONFIG" else self._replace(modes=kept)
        mode = _mode(self.modes.get(key), value)
        return self if mode is None else self._replace(modes={**self.modes, key: mode})

    def lines(self, number: int) -> Iterator[str]:
        """The profile as the kernel prints it."""
        yield f"{number}-COMMENT={self.comment}"
        numbers = " ".join(f"{name}={value}" for name, value in self.preferences.items())
        yield f"{number}-PREFERENCE={{ {numbers} }}"
        for name in _PRINTED:
            if name in self.modes:
                yield f"{number}-{name}={self.modes[name]}"


#: The names of `CONFIG` in the order in which the kernel prints them.
_PRINTED: Final = (
    "CONFIG",
    *(f"CONFIG::{one}::{word}" for one, words in FUNCTIONS.items() for word in words),
    *(f"CONFIG::{one}" for one in CATEGORIES),
)


def _preferences(known: Mapping[str, int], value: str) -> Mapping[str, int]:
    found = {name: re.search(rf"{name}=([0-9]+)", value) for name in known}
    return {name: int(at[1]) if (at := found[name]) else old for name, old in known.items()}


def _mode(known: Mode | None, value: str) -> Mode | None:
    """The mode that a value makes of an earlier one; None where there is still none."""
    named = [mode for mode in MODES if mode in value]
    if known is None and not named:
        return None
    base = known or Mode()
    return Mode(
        named[-1] if named else base.mode,
        _yes(value, "grant_log", base.grant_log),
        _yes(value, "reject_log", base.reject_log),
    )


def _yes(value: str, name: str, known: bool) -> bool:
    found = re.search(rf"{name}(=yes|=no)?", value)
    return known if found is None or found[1] is None else found[1] == "=yes"
