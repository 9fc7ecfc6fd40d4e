"""Writes a run of the compiler to a cache entry, and reads what still holds of an earlier one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from lsmc.compiler.cache.entry import CacheEntry, FileAnswers, entry_bytes
from lsmc.compiler.inputs import FileQuery, FileState
from lsmc.modules.apparmor.build.details import Details, KeptFile, read_details
from lsmc.modules.apparmor.build.driver import Compilation, PreviousBuild
from lsmc.modules.apparmor.build.revise import RevisionCandidate
from lsmc.modules.apparmor.lower.environment import SavedEnvironment, VariableLayer
from lsmc.tables.bundle import Bundle


class Earlier(NamedTuple):
    """The entry of an earlier run, with its details."""

    entry: CacheEntry
    details: Details

    @classmethod
    def of(cls, entry: CacheEntry) -> Earlier:
        """An entry with its details; ValueError for one that is damaged."""
        return cls(entry, read_details(entry))


def from_entry(earlier: Earlier, stale: set[int]) -> PreviousBuild:
    """What still holds of an entry when the queries numbered in `stale` have other answers now.

    Raises `BundleError` for a damaged bundle.
    """
    entry, details = earlier
    files: dict[str, Sequence[str]] = {}
    candidates: dict[str, RevisionCandidate] = {}
    texts: dict[str, str] = {}
    numbers: set[int] = set()
    environments = _Environments(details)
    if not stale.intersection(entry.seen.common):
        for path, file in details.files.items():
            if stale.intersection(file.asks):
                continue
            numbers.update(file.asks, file.plain)
            changed = frozenset(entry.seen.asks[n][0][1] for n in stale.intersection(file.plain))
            if changed:
                candidates[path] = RevisionCandidate(
                    file.names, environments.read(file.environment), changed
                )
                texts |= {one: details.texts[one] for one in changed}
            else:
                files[path] = file.names
    record = dict(entry.seen.asks[number] for number in numbers - stale)
    return PreviousBuild(
        bundle=Bundle(entry.bundle),
        digests=details.digests,
        files=files,
        candidates=candidates,
        texts=texts,
        record=record,
    )


class _Environments:
    """The environments of an entry; those that share a layer have the same object."""

    def __init__(self, details: Details) -> None:
        self._environments = details.environments
        self._shared = details.shared
        self._layers: dict[int, VariableLayer] = {}

    def read(self, number: int) -> SavedEnvironment:
        layers, aliases, features, profiles = self._environments[number]
        return SavedEnvironment(
            tuple(self._layer(layer) for layer in layers),
            tuple((old, new) for old, new in self._shared[aliases]),
            features,
            tuple((name, attachment) for name, attachment in profiles),
        )

    def _layer(self, number: int) -> VariableLayer:
        known = self._layers.get(number)
        if known is None:
            known = self._layers[number] = VariableLayer(*self._shared[number])
        return known


def to_entry(outcome: Compilation, before: Earlier | None) -> bytes:
    """The cache entry of a run; `before` is the entry that it reused.

    A file with a warning is left out: it is compiled each time, so that the warning is seen.
    """
    return _EntryWriter(outcome, before).entry()


class _Table:
    """Plain data by number, equal ones once."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._numbers: dict[str, int] = {}
        self._known: dict[int, int] = {}  # by identity: most are the same objects

    def number(self, row: Any) -> int:
        known = self._known.get(id(row))
        if known is None:
            known = self._numbers.setdefault(json.dumps(row), len(self.rows))
            if known == len(self.rows):
                self.rows.append(row)
        return known

    def shared(self, row: Any) -> int:
        """The same for a row that lives as long as the table."""
        number = self._known[id(row)] = self.number(row)
        return number


class _EntryWriter:
    def __init__(self, outcome: Compilation, before: Earlier | None) -> None:
        self._outcome = outcome
        self._before = before
        self._numbers: dict[FileQuery, int] = {}
        self._answers: dict[FileQuery, FileState] = {}
        self._environments = _Table()
        self._shared = _Table()

    def entry(self) -> bytes:
        outcome = self._outcome
        common = [self._ask(ask, outcome.record[ask]) for ask in outcome.common]
        files = dict(self._files())
        asks = [(ask, self._answers[ask]) for ask in self._numbers]
        included = {asks[number][0][1] for file in files.values() for number in file.plain}
        texts = self._before.details.texts | outcome.texts if self._before else outcome.texts
        details = Details(
            digests=outcome.digests,
            files=files,
            environments=self._environments.rows,
            shared=self._shared.rows,
            texts={path: texts[path] for path in sorted(included)},
        )
        whole = len(files) == len(outcome.paths)
        return entry_bytes(FileAnswers(asks, common, whole), details, outcome.bundle)

    def _ask(self, ask: FileQuery, answer: FileState) -> int:
        self._answers[ask] = answer
        return self._numbers.setdefault(ask, len(self._numbers))

    def _files(self) -> Iterator[tuple[str, KeptFile]]:
        outcome = self._outcome
        times = Counter(name for file in outcome.files for name, _ in file.profiles)
        read = {file.path: file for file in outcome.files}
        details = self._before.details if self._before is not None else None
        again = cache(self._ask_again)  # most queries are those of many files
        for path in outcome.paths:
            file = read.get(path)
            if file is not None:
                names = [name for name, _ in file.profiles]
                if file.environment is None or file.diagnostics or any(times[n] > 1 for n in names):
                    continue
                plain = {("read", one) for one in file.plain}
                asks = sorted(file.asked - plain)
                yield (
                    path,
                    KeptFile(
                        names,
                        [self._ask(ask, outcome.record[ask]) for ask in asks],
                        [self._ask(ask, outcome.record[ask]) for ask in sorted(plain)],
                        self._environment(file.environment),
                    ),
                )
            elif details is not None:
                old = details.files[path]
                yield (
                    path,
                    KeptFile(
                        old.names,
                        list(map(again, old.asks)),
                        list(map(again, old.plain)),
                        self._old_environment(details, old.environment),
                    ),
                )

    def _ask_again(self, number: int) -> int:
        """The new number of a query of the entry before."""
        assert self._before is not None
        ask, answer = self._before.entry.seen.asks[number]
        return self._ask(ask, self._outcome.record.get(ask, answer))

    def _environment(self, environment: SavedEnvironment) -> int:
        layers = [self._shared.shared(layer) for layer in environment.layers]
        aliases = self._shared.number(environment.aliases)
        return self._environments.number(
            (layers, aliases, environment.features, environment.profiles)
        )

    def _old_environment(self, details: Details, number: int) -> int:
        layers, aliases, features, profiles = details.environments[number]
        layers = [self._shared.shared(details.shared[layer]) for layer in layers]
        aliases = self._shared.shared(details.shared[aliases])
        return self._environments.number((layers, aliases, features, profiles))
