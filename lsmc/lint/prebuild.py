"""Builds the tables of a tree's units in other processes while the front end still reads files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from multiprocessing.connection import Connection
from typing import Self

from lsmc.automata.partition import Spare
from lsmc.base.processes import can_fork, forked, map_tasks, receive
from lsmc.ir.model import Profile, Unit
from lsmc.tables.build import build_groups, unit_digest, units
from lsmc.tables.groups import UNCOMPRESSED, BuiltGroup

#: Processes for fewer profiles than this cost more than they save.
MIN_PROFILES = 24
#: A process is forked for at least this part of the profiles so far, as it costs the more time the
#: more there is to be copied.
_PART = 4
#: Shares of the units for each process at the end, so that all are done at about the same time.
_SHARES = 8

#: Groups by the digest of their unit.
Groups = dict[str, Sequence[BuiltGroup]]


class GroupBuilder:
    """Builds the groups of units in up to `jobs` processes, including this one; none with one job.

    A context manager: leaving it ends the processes.
    """

    def __init__(self, jobs: int) -> None:
        self._others = max(jobs - 1, 0) if can_fork() else 0
        self._busy: dict[Connection, ExitStack] = {}
        self._units: dict[int, Unit] = {}  # by identity, in order of first use
        self._taken = 0  # so many of the units are being built
        self._waiting = 0  # so many profiles came since
        self._done = 0  # so many came before
        self._groups: Groups = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for begun in self._busy.values():
            begun.close()

    def add(self, profiles: Iterable[Profile]) -> None:
        """Add profiles; another process builds their units if one is free.

        OSError when a process is lost.
        """
        came = list(profiles)
        self._waiting += len(came)
        self._units |= {id(unit): unit for unit in units(came)}
        if not self._others or self._waiting < max(MIN_PROFILES, self._done // _PART):
            return
        self._collect([one for one in self._busy if one.poll()])
        if len(self._busy) < self._others:
            todo = self._todo()

            def serve(connection: Connection) -> None:
                connection.send(_build(todo))

            begun = ExitStack()
            (connection,) = begun.enter_context(forked(serve, 1))
            self._busy[connection] = begun

    def groups(self) -> Groups:
        """The groups of all units that can be built; OSError when a process is lost."""
        if self._done or (self._waiting >= MIN_PROFILES and self._others):
            todo = sorted(self._todo(), key=lambda unit: -len(unit.rules))
            count = min(_SHARES * (self._others + 1), len(todo))
            shares = [todo[number::count] for number in range(count)]
            for built in map_tasks(_build, shares, self._others + 1):
                self._groups |= built
            while self._busy:
                self._collect(list(self._busy))
        return self._groups

    def _todo(self) -> list[Unit]:
        """The units that no earlier call returned."""
        found = list(islice(self._units.values(), self._taken, None))
        self._taken = len(self._units)
        self._done += self._waiting
        self._waiting = 0
        return found

    def _collect(self, ready: Sequence[Connection]) -> None:
        """Take finished results from some processes, and wait for the first."""
        for connection, built in receive(ready) if ready else ():
            self._busy.pop(connection).close()
            self._groups |= built


def _build(todo: Sequence[Unit]) -> Groups:
    found: Groups = {}
    for unit in todo:
        with suppress(Exception):  # who needs them meets it again, and can say so
            found[unit_digest(unit)] = build_groups(unit.rules, UNCOMPRESSED, Spare(0))
    return found
