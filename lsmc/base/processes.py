"""Work in forked processes, each at the end of a pipe.

A forked process has all that there is here, so only what it is asked and what it answers is sent.
One whose parent is gone finds its pipe closed and ends.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, TypeVar

from lsmc.base.gc import exhausted

T = TypeVar("T")
R = TypeVar("R")


class Failure(NamedTuple):
    """What a process says in place of an answer when its work failed."""

    kind: type[Exception]
    reason: str


def can_fork() -> bool:
    """Whether this system has such processes."""
    return "fork" in multiprocessing.get_all_start_methods()


@contextmanager
def forked(serve: Callable[[Connection], None], count: int) -> Iterator[list[Connection]]:
    """The pipes to so many processes, which serve the other ends; none of them is left behind."""
    context = multiprocessing.get_context("fork")
    ours: list[Connection] = []
    running = []
    try:
        with _uninterrupted():
            for _ in range(count):
                mine, theirs = context.Pipe()
                ours.append(mine)
                living = (serve, theirs, tuple(ours))
                process = context.Process(target=_live, args=living, daemon=True)
                process.start()
                running.append(process)
                theirs.close()
        yield ours
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


def _live(
    serve: Callable[[Connection], None], connection: Connection, others: Sequence[Connection]
) -> None:
    """The life of a process; a failure is its last word."""
    gc.freeze()  # to look for garbage among what came from the parent would copy all of it
    for other in others:
        other.close()
    try:
        serve(connection)
    except (EOFError, ConnectionError):
        return
    except Exception as fault:  # noqa: BLE001 - the parent reports it
        kind = MemoryError if exhausted(fault) else RuntimeError
        failure = Failure(kind, f"{type(fault).__name__}: {fault}")
    with suppress(Exception):  # then it is taken for lost
        connection.send(failure)


def send(connection: Connection, message: Any) -> None:
    """Send something to a process; OSError when it is lost."""
    try:
        connection.send(message)
    except ConnectionError:
        raise _lost() from None


def receive(busy: Iterable[Connection]) -> Iterator[tuple[Connection, Any]]:
    """What some processes say, as soon as one of them says something; OSError when one is lost.

    MemoryError when one had too little memory, RuntimeError when its work failed otherwise.
    """
    for connection in wait(list(busy)):
        assert isinstance(connection, Connection)
        try:
            message = connection.recv()
        except (EOFError, ConnectionError):
            raise _lost() from None
        if isinstance(message, Failure):
            raise message.kind(message.reason)
        yield connection, message


def _lost() -> OSError:
    return OSError("a process of lsmc was lost")


def map_tasks(
    work: Callable[[T], R], tasks: Sequence[T], jobs: int, *, ends: bool = False
) -> list[R]:
    """What some work makes of each task, in order; up to `jobs` tasks are done at a time.

    Tasks are begun in order, so the largest should come first.  With `ends` every other process
    begins at the end: tasks that share work then stand side by side, the largest at both ends.
    OSError when a process is lost.
    """
    count = min(jobs, len(tasks))
    if count < 2 or not can_fork():
        return [work(task) for task in tasks]

    def serve(connection: Connection) -> None:
        while True:
            connection.send(work(tasks[connection.recv()]))

    left = deque(range(len(tasks)))
    busy: dict[Connection, int] = {}
    done: dict[int, R] = {}
    with forked(serve, count) as connections:
        backwards = frozenset(connections[1::2]) if ends else frozenset()

        def begin(connection: Connection) -> None:
            if left:
                busy[connection] = left.pop() if connection in backwards else left.popleft()
                send(connection, busy[connection])

        for connection in connections:
            begin(connection)
        while busy:
            for connection, answer in receive(busy):
                done[busy.pop(connection)] = answer
                begin(connection)
    return [done[number] for number in range(len(tasks))]
