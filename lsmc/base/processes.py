"""Work in forked processes, each connected to this one by a pipe.

A forked process inherits all data of its parent, so only tasks and results are sent.  A process
whose parent is gone finds its pipe closed and ends.
"""

from __future__ import annotations

import gc
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lsmc.base.errors import exhausted

if TYPE_CHECKING:  # who forks nothing need not wait for it
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")


class Failure(NamedTuple):
    """The message that a process sends instead of a result when its work failed."""

    kind: type[Exception]
    reason: str


def can_fork() -> bool:
    """Whether this system can fork processes."""
    import multiprocessing

    return "fork" in multiprocessing.get_all_start_methods()


@contextmanager
def forked(serve: Callable[[Connection], None], count: int) -> Iterator[list[Connection]]:
    """Start `count` processes that run `serve` and yield a pipe to each; all end on leaving."""
    import multiprocessing

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
    """Block SIGINT; a process forked meanwhile never sees it, its parent ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(
    serve: Callable[[Connection], None], connection: Connection, others: Sequence[Connection]
) -> None:
    """The main function of a process: serves its pipe and sends a `Failure` if that raises."""
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
    """Send a message to a process; OSError when the process is lost."""
    try:
        connection.send(message)
    except ConnectionError:
        raise _lost() from None


def receive(busy: Iterable[Connection]) -> Iterator[tuple[Connection, Any]]:
    """Wait for messages and yield each with its pipe; OSError when a process is lost.

    MemoryError when a process ran out of memory, RuntimeError when its work failed otherwise.
    """
    from multiprocessing.connection import Connection, wait

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
    """The results of `work` for each task, in order; up to `jobs` tasks run at a time.

    Tasks are started in order, so the largest should come first.  With `ends` every other process
    takes tasks from the end: put the largest at both ends and tasks that share work side by side.
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
