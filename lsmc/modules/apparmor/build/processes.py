"""Running shards side by side, one in this process and each other in one of its own.

A process serves one shard: read these files, then build these units.
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
    """Shards that work side by side: one in this process, the others in processes of their own."""

    def __init__(self, make: Callable[[], Shard], connections: Sequence[Connection]) -> None:
        self._here = make()
        self._connections = connections

    def read(self, paths: Sequence[str], tick: Tick) -> list[ShardReading]:
        """Read profile files, each in some shard; OSError when a process is lost."""
        found: list[ShardReading] = self._all(
            "read", list(divide(paths, 1 + len(self._connections))), tick
        )
        return found

    def build(
        self, readings: Sequence[ShardReading], done: Sequence[str], tick: Tick
    ) -> list[Built]:
        """What each shard made, where units whose digests are `done` need no groups; OSError."""
        needed = shares([reading.needs for reading in readings], done)
        found: list[Built] = self._all("build", needed, tick)
        return found

    def _all(self, order: str, arguments: Sequence[Any], tick: Tick) -> list[Any]:
        """The answers of all shards to one order each."""
        mine, *others = arguments
        for connection, argument in zip(self._connections, others, strict=True):
            send(connection, (order, argument))
        own = _obey(self._here, order, mine, tick)
        found: dict[Connection, Any] = {}
        while len(found) < len(self._connections):
            for connection, message in receive(c for c in self._connections if c not in found):
                if isinstance(message, int):
                    tick(message)
                else:
                    found[connection] = message
        return [own, *(found[connection] for connection in self._connections)]


@contextmanager
def shards(make: Callable[[], Shard], files: int, jobs: int) -> Iterator[Shards]:
    """Shards for so many files in at most `jobs` processes; none of the others is left behind."""
    others = min(jobs, files // MIN_FILES) - 1
    if others < 1 or not can_fork():
        yield Shards(make, ())
        return
    with forked(partial(_serve, make), others) as connections:
        yield Shards(make, connections)


def _obey(shard: Shard, order: str, argument: Any, tick: Tick) -> Any:
    work = shard.read if order == "read" else shard.build
    return work(argument, tick)


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
        connection.send(_obey(shard, order, argument, tick))
