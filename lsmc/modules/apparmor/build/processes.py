"""Running shards in processes of their own.

Each process serves one shard: read these files, then build these units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from lsmc.base.processes import can_fork, forked, receive, send
from lsmc.modules.apparmor.build.shards import Built, Shard, ShardReading, Tick, divide, shares

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

#: A process for fewer files than this costs more than it saves.
MIN_FILES = 4
_EVERY = 16  # files or units between two messages of progress


class Shards:
    """Shards that work side by side, or one that works here."""

    def __init__(self, make: Callable[[], Shard], connections: Sequence[Connection]) -> None:
        self._here = make() if not connections else None
        self._connections = connections

    def read(self, paths: Sequence[str], tick: Tick) -> list[ShardReading]:
        """Read profile files, each in some shard; OSError when a process is lost."""
        if self._here is not None:
            return [self._here.read(paths, tick)]
        found: list[ShardReading] = self._all(
            "read", list(divide(paths, len(self._connections))), tick
        )
        return found

    def build(
        self, readings: Sequence[ShardReading], done: Sequence[str], tick: Tick
    ) -> list[Built]:
        """What each shard made, where units whose digests are `done` need no groups; OSError."""
        needed = shares([reading.needs for reading in readings], done)
        if self._here is not None:
            return [self._here.build(needed[0], tick)]
        found: list[Built] = self._all("build", needed, tick)
        return found

    def _all(self, order: str, arguments: Sequence[Any], tick: Tick) -> list[Any]:
        """The answers of all processes to one order each."""
        for connection, argument in zip(self._connections, arguments, strict=True):
            send(connection, (order, argument))
        found: dict[Connection, Any] = {}
        while len(found) < len(self._connections):
            for connection, message in receive(c for c in self._connections if c not in found):
                if isinstance(message, int):
                    tick(message)
                else:
                    found[connection] = message
        return [found[connection] for connection in self._connections]


@contextmanager
def shards(make: Callable[[], Shard], files: int, jobs: int) -> Iterator[Shards]:
    """Shards for so many files in at most `jobs` processes; none of them is left behind."""
    count = min(jobs, files // MIN_FILES)
    if count < 2 or not can_fork():
        yield Shards(make, ())
        return
    with forked(partial(_serve, make), count) as connections:
        yield Shards(make, connections)


def _serve(make: Callable[[], Shard], connection: Connection) -> None:
    """The life of a process: one shard, and what it is asked to do."""
    pending = 0

    def tick(count: int) -> None:
        nonlocal pending
        pending += count
        if pending >= _EVERY:
            connection.send(pending)
            pending = 0

    shard = make()
    while True:
        order, argument = connection.recv()
        work = shard.read if order == "read" else shard.build
        connection.send(work(argument, tick))
