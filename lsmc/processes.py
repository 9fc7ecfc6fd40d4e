"""Running shards in processes of their own.

Each process is forked and serves one shard over a pipe: read these files, then build these units.
A process whose parent is gone finds its pipe closed and ends.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any

from lsmc.diagnostics import Diagnostic
from lsmc.shards import Reading, Shard, Tick, divide, shares

#: A process for fewer files than this costs more than it saves.
MIN_FILES = 4
_EVERY = 16  # files or units between two messages of progress


class Shards:
    """Shards that work side by side, or one that works here."""

    def __init__(self, make: Callable[[], Shard], connections: Sequence[Connection]) -> None:
        self._here = make() if not connections else None
        self._connections = connections

    def read(self, paths: Sequence[str], tick: Tick) -> list[Reading]:
        """Read profile files, each in some shard; OSError when a process is lost."""
        if self._here is not None:
            return [self._here.read(paths, tick)]
        found: list[Reading] = self._all("read", list(divide(paths, len(self._connections))), tick)
        return found

    def build(
        self, readings: Sequence[Reading], done: Sequence[str], tick: Tick
    ) -> list[tuple[bytes, tuple[Diagnostic, ...]]]:
        """What each shard made, where units whose digests are `done` need no groups; OSError."""
        needed = shares([reading.needs for reading in readings], done)
        if self._here is not None:
            return [self._here.build(needed[0], tick)]
        found: list[tuple[bytes, tuple[Diagnostic, ...]]] = self._all("build", needed, tick)
        return found

    def _all(self, order: str, arguments: Sequence[Any], tick: Tick) -> list[Any]:
        """The answers of all processes to one order each."""
        for connection, argument in zip(self._connections, arguments, strict=True):
            connection.send((order, argument))
        answers: dict[int, Any] = {}
        waiting = {id(c): number for number, c in enumerate(self._connections)}
        while waiting:
            ready = wait([c for c in self._connections if id(c) in waiting])
            for connection in self._connections:
                if connection not in ready:
                    continue
                try:
                    message = connection.recv()
                except (EOFError, ConnectionError):
                    raise OSError("a process of the compiler was lost") from None
                if isinstance(message, int):
                    tick(message)
                else:
                    answers[waiting.pop(id(connection))] = message
        return [answers[number] for number in range(len(self._connections))]


@contextmanager
def shards(make: Callable[[], Shard], files: int, jobs: int) -> Iterator[Shards]:
    """Shards for so many files in at most `jobs` processes; none of them is left behind."""
    count = min(jobs, files // MIN_FILES)
    if count < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield Shards(make, ())
        return
    context = multiprocessing.get_context("fork")
    ours: list[Connection] = []
    running = []
    try:
        with _uninterrupted():
            for _ in range(count):
                mine, theirs = context.Pipe()
                ours.append(mine)
                serving = (make, theirs, tuple(ours))
                process = context.Process(target=_serve, args=serving, daemon=True)
                process.start()
                running.append(process)
                theirs.close()
        yield Shards(make, ours)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.join()
        for connection in ours:
            connection.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Interrupts wait; a process that begins meanwhile sees none at all, as its parent ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(make: Callable[[], Shard], connection: Connection, others: Sequence[Connection]) -> None:
    """The life of a process: one shard, and what it is asked to do."""
    for other in others:
        other.close()
    pending = 0

    def tick(count: int) -> None:
        nonlocal pending
        pending += count
        if pending >= _EVERY:
            connection.send(pending)
            pending = 0

    shard = make()
    try:
        while True:
            order, argument = connection.recv()
            work = shard.read if order == "read" else shard.build
            connection.send(work(argument, tick))
    except (EOFError, ConnectionError):
        return
