"""The attachments of a policy by path: the same answers as the search, without walking them all.

Most attachments match a few paths, which are looked up; the others are walked when the path has the
beginning that they all share.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from lsmc.automata.algebra import Table
from lsmc.automata.members import (
    UNSEEN,
    Accepting,
    Everything,
    KnownLanguages,
    all_members,
    common_prefix,
)
from lsmc.automata.prefix_index import Prefixes
from lsmc.kernels.walk import Walker
from lsmc.modules.apparmor.decide.attachment import (
    Attachments,
    Candidate,
    best,
    parent_of,
    rank_of,
    scope_key,
)
from lsmc.modules.apparmor.decide.subjects import Profiles
from lsmc.tables.bundle import Bundle
from lsmc.tables.records import ProfileRecord


class Open(NamedTuple):
    """An attachment with many paths, and what they all start with."""

    prefix: bytes
    candidate: Candidate
    walker: Walker
    table: Table


class AttachmentScope:
    """The attachments that compete: those of a namespace's profiles, or of a profile's children."""

    def __init__(self, candidates: list[Candidate], seen: KnownLanguages) -> None:
        self.candidates = candidates
        self.paths: dict[bytes, list[Candidate]] = {}
        self.open: list[Open] = []
        self._beginning: Prefixes[Open] = Prefixes()
        self.of: dict[int, tuple[bytes, ...] | None] = {}
        self.found: dict[bytes, tuple[ProfileRecord | None, tuple[ProfileRecord, ...]]] = {}
        for candidate in candidates:
            sight = seen.attachment(candidate.profile.number)
            found = sight.members if sight is not None else all_members(candidate.dfa)
            self.of[candidate.profile.number] = found
            if found is None:
                table = Table(candidate.dfa)
                accepting = Accepting(candidate.dfa.accepts)
                prefix = common_prefix(table, accepting, Everything())
                one = Open(prefix, candidate, candidate.dfa.walker(), table)
                self.open.append(one)
                self._beginning.add(prefix, one)
            for path in found or ():
                self.paths.setdefault(path, []).append(candidate)

    @cached_property
    def ordered(self) -> list[bytes]:
        """The paths that are listed, in order."""
        return sorted(self.paths)

    def starting(self, prefix: bytes) -> Iterator[bytes]:
        """The listed paths with a beginning, in order."""
        for at in range(bisect_left(self.ordered, prefix), len(self.ordered)):
            path = self.ordered[at]
            if not path.startswith(prefix):
                return
            yield path

    def at(self, path: bytes) -> Iterator[tuple[int, Candidate]]:
        """The attachments that match a path, each with its rank."""
        for candidate in self.paths.get(path, ()):
            yield len(path) + candidate.profile.attaches_by_name, candidate
        for _, candidate, walker, _ in self._beginning.of(path):
            if candidate.dfa.accepts[walker.walk(path)]:
                rank = rank_of(candidate, path)
                if rank is not None:
                    yield rank, candidate


class AttachmentIndex(Attachments):
    """The attachments of a bundle, indexed by path."""

    def __init__(self, bundle: Bundle, seen: KnownLanguages = UNSEEN) -> None:
        super().__init__(bundle)
        self._seen = seen
        self._scopes: dict[str, AttachmentScope] = {}
        self._by_scope = self.all()

    @classmethod
    def of_tables(cls, tables: Profiles, seen: KnownLanguages = UNSEEN) -> AttachmentIndex:
        """The index of some profiles, which use it from now on."""
        if not isinstance(tables.attachments, cls):
            tables.attachments = cls(tables.bundle, seen)
        assert isinstance(tables.attachments, cls)
        return tables.attachments

    def scope(self, parent: str = "", namespace: str = "") -> AttachmentScope:
        """The attachments that compete for an executable."""
        key = scope_key(parent, namespace)
        found = self._scopes.get(key)
        if found is None:
            found = self._scopes[key] = AttachmentScope(self._by_scope.get(key, []), self._seen)
        return found

    def scope_of(self, profile: ProfileRecord) -> AttachmentScope:
        """The attachments that a profile's own competes with."""
        return self.scope(parent_of(profile), profile.namespace)

    def scopes(self) -> Iterator[AttachmentScope]:
        """Every group of attachments that compete, in order of name."""
        for key in sorted(self._by_scope):
            _, namespace, parent = key.split(":", 2)
            yield self.scope(parent, namespace)

    def find(
        self,
        path: bytes,
        *,
        parent: str = "",
        namespace: str = "",
        xattrs: Mapping[str, bytes] | None = None,
    ) -> tuple[ProfileRecord | None, tuple[ProfileRecord, ...]]:
        """The profile for an executable; see `Attachments.find`."""
        scope = self.scope(parent, namespace)
        if xattrs:
            return best(scope.at(path), xattrs)
        known = scope.found.get(path)
        if known is None:
            known = scope.found[path] = best(scope.at(path), {})
        return known
