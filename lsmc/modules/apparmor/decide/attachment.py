"""Which profile an executable gets: the kernel's attachment search.

A profile's rank for a path is the number of leading bytes that its attachment consumes before its
automaton is in a state for the second time, which is the length of the part before the first star
(`find_attach` in the kernel's security/apparmor/domain.c).  Two profiles of equal rank are a
conflict and neither is used.  A profile that the compiler gave no automaton, since its name is a
plain path, is taken at once where its name is the path.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lsmc.automata.dfa import Dfa
from lsmc.base.numbers import natural
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.records import Attached, ProfileRecord

_ONE_PATTERN = 1


class Candidate(NamedTuple):
    """A profile that may attach: its table, and a table for each extended attribute it asks for."""

    profile: ProfileRecord
    dfa: Dfa
    xattrs: tuple[tuple[str, Dfa], ...]


class Attachments:
    """The attachments of a bundle, each read when it is first needed."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._candidates: dict[int, Candidate] = {}

    def all(self) -> dict[str, list[Candidate]]:
        """All attachments by what they compete within; see `scope_of`."""
        found: dict[str, list[Candidate]] = {}
        for attached in self._bundle.attachments():
            candidate = self._candidate(attached)
            found.setdefault(scope_of(candidate.profile), []).append(candidate)
        return found

    def of(self, profile: ProfileRecord) -> Candidate | None:
        """The attachment of a profile, or None."""
        attached = self._bundle.attachment_of(profile.number)
        return self._candidate(attached) if attached is not None else None

    def _candidate(self, attached: Attached) -> Candidate:
        known = self._candidates.get(attached.profile)
        if known is None:
            conditions = self._bundle.pairs(attached.first_pair, attached.pairs)
            known = self._candidates[attached.profile] = Candidate(
                self._bundle.profile(attached.profile),
                self._bundle.group(attached.group, _ONE_PATTERN).dfa,
                tuple((name, self._table(value)) for name, value in conditions),
            )
        return known

    def _near(self, path: bytes, scope: str) -> Iterator[Candidate]:
        """The attachments of a scope that a path may match."""
        for number in self._bundle.attachments_near(path):
            attached = self._bundle.attachment(number)
            if scope_of(self._bundle.profile(attached.profile)) == scope:
                yield self._candidate(attached)

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
        ranked = (
            (rank, candidate)
            for candidate in self._near(path, scope_key(parent, namespace))
            if (rank := rank_of(candidate, path)) is not None
        )
        return best(ranked, xattrs or {})


def rank_of(candidate: Candidate, path: bytes) -> int | None:
    """How an attachment ranks for a path, or None when the path does not match."""
    length = left_match(candidate.dfa, path)
    if length is not None and candidate.profile.attaches_by_name:
        return len(path) + 1
    return length


def best(
    ranked: Iterable[tuple[int, Candidate]], xattrs: Mapping[str, bytes]
) -> tuple[ProfileRecord | None, tuple[ProfileRecord, ...]]:
    """Of attachments that match, each with its rank, the profile; or those in conflict.

    The kernel's search starts from a rank of nothing, which no attachment may tie with.
    """
    found: list[ProfileRecord] = []
    rank = (0, 0)
    for length, candidate in ranked:
        met = xattrs_met(candidate, xattrs)
        if met is None:
            continue
        if (length, met) > rank:
            found, rank = [candidate.profile], (length, met)
        elif found and (length, met) == rank:
            found.append(candidate.profile)
    if len(found) > 1:
        return None, tuple(sorted(found))
    return (found[0] if found else None), ()


def parent_of(profile: ProfileRecord) -> str:
    """The name of the profile whose children the kernel finds a profile among; empty for none.

    The kernel goes by the name: `a//b` is a child of `a`, be it written inside `a` or beside it.
    """
    return "//".join(profile.name.split("//")[:-1])


def scope_key(parent: str, namespace: str) -> str:
    """A name for what attachments compete within: a profile's children, or a namespace."""
    return f":{namespace}:{parent}"


def scope_of(profile: ProfileRecord) -> str:
    """The `scope_key` of what a profile's attachment competes within."""
    return scope_key(parent_of(profile), profile.namespace)


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
