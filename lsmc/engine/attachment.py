"""Which profile an executable gets: the kernel's attachment search.

A profile's rank for a path is the number of leading bytes that its attachment consumes before its
automaton is in a state for the second time, which is the length of the part before the first star
(`find_attach` in the kernel's security/apparmor/domain.c).  Two profiles of equal rank are a
conflict and neither is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lsmc.automata.dfa import Dfa
from lsmc.numerals import natural
from lsmc.tables.bundle import Bundle, ProfileRecord
from lsmc.tables.errors import BundleError

_ONE_PATTERN = 1


class Candidate(NamedTuple):
    """A profile that may attach: its table, and a table for each extended attribute it asks for."""

    profile: ProfileRecord
    dfa: Dfa
    xattrs: tuple[tuple[str, Dfa], ...]


class Attachments:
    """The attachments of a bundle, by the profile that they belong to."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._candidates: dict[str, list[Candidate]] | None = None

    def _all(self) -> dict[str, list[Candidate]]:
        if self._candidates is None:
            found: dict[str, list[Candidate]] = {}
            for number, group, first, count in self._bundle.attachments():
                profile = self._bundle.profile(number)
                xattrs = tuple(
                    (name, self._table(value)) for name, value in self._bundle.pairs(first, count)
                )
                candidate = Candidate(profile, self._bundle.group(group, _ONE_PATTERN).dfa, xattrs)
                scope = profile.parent or f":{profile.namespace}:"
                found.setdefault(scope, []).append(candidate)
            self._candidates = found
        return self._candidates

    def of(self, profile: ProfileRecord) -> Candidate | None:
        """The attachment of a profile, or None."""
        scope = profile.parent or f":{profile.namespace}:"
        for candidate in self._all().get(scope, ()):
            if candidate.profile.number == profile.number:
                return candidate
        return None

    def _table(self, value: str) -> Dfa:
        group = natural(value)
        if group is None:
            raise BundleError("an attribute condition names no group")
        return self._bundle.group(group, _ONE_PATTERN).dfa

    def find(
        self,
        path: bytes,
        *,
        parent: str = "",
        namespace: str = "",
        xattrs: Mapping[str, bytes] | None = None,
    ) -> tuple[ProfileRecord | None, tuple[ProfileRecord, ...]]:
        """The profile for an executable, among a profile's children or a namespace's profiles.

        The second value is the profiles in conflict, when that is why there is none.
        """
        best: list[ProfileRecord] = []
        rank = (-1, -1)
        for candidate in self._all().get(parent or f":{namespace}:", ()):
            length = left_match(candidate.dfa, path)
            if length is None:
                continue
            met = xattrs_met(candidate, xattrs or {})
            if met is None:
                continue
            if (length, met) > rank:
                best, rank = [candidate.profile], (length, met)
            elif (length, met) == rank:
                best.append(candidate.profile)
        if len(best) > 1:
            return None, tuple(best)
        return (best[0] if best else None), ()


def xattrs_met(candidate: Candidate, xattrs: Mapping[str, bytes]) -> int | None:
    """How many attribute conditions hold, or None when one fails."""
    for name, dfa in candidate.xattrs:
        value = xattrs.get(name)
        if value is None or not dfa.match(value):
            return None
    return len(candidate.xattrs)


def left_match(dfa: Dfa, path: bytes) -> int | None:
    """The bytes consumed before a state is entered again, or None when the path does not match."""
    step = dfa.walker().step
    state = 1
    seen = {state}
    count = None
    for at, byte in enumerate(path):
        state = step(state, byte)
        if not state:
            return None
        if state in seen and count is None:
            count = at
        seen.add(state)
    if not dfa.accepts[state]:
        return None
    return len(path) if count is None else count
