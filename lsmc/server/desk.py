"""The desk: one thread that does all work on policy, so that messages never wait for it.

What the editor asks for comes first: it is done between the steps of an analysis that is under way.
An analysis waits until typing pauses, and one that a newer takes the place of is given up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
#: Is called between the steps of an analysis; raises `Stale`.
Pause = Callable[[], None]


class Stale(BaseException):
    """Nobody waits for an analysis any more.  No Exception, so that no step takes it for a fault of
    its own.
    """


class _Analysis(NamedTuple):
    due: float
    number: int
    work: Callable[[Pause], None]


class Desk:
    """The thread, what it is asked, and the analyses that are due."""

    def __init__(self, fault: Callable[[Exception], None]) -> None:
        """`fault` is told in the thread what an analysis raised."""
        self._fault = fault
        self._asked: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._analyses: dict[str, _Analysis] = {}
        self._wake = threading.Condition()
        self._closed = False
        self._count = 0
        self._running: tuple[str, int] | None = None
        self._thread = threading.Thread(target=self._serve, name="desk", daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Have something done as soon as may be."""
        found: Future[T] = Future()
        with self._wake:
            self._asked.append((found, work))
            self._wake.notify()
        return found

    def analyse(self, key: str, work: Callable[[Pause], None], delay: float = 0.0) -> None:
        """Have an analysis done after a delay in seconds, in place of the last of its key."""
        with self._wake:
            self._count += 1
            self._analyses[key] = _Analysis(time.monotonic() + delay, self._count, work)
            self._wake.notify()

    def drop(self, key: str) -> None:
        """Give up the analysis of a key."""
        with self._wake:
            self._count += 1
            self._analyses.pop(key, None)
            if self._running is not None and self._running[0] == key:
                self._running = None

    def close(self) -> None:
        """End the thread after what it does."""
        with self._wake:
            self._closed = True
            self._running = None
            self._wake.notify()

    def _serve(self) -> None:
        while True:
            with self._wake:
                while not self._closed and not self._asked and self._wait() > 0:
                    self._wake.wait(min(self._wait(), threading.TIMEOUT_MAX))
                if self._closed:
                    return
            self._answer()
            with self._wake:
                begun = self._begin()
            if begun is not None:
                self._analysed(begun)

    def _wait(self) -> float:
        """Seconds until the next analysis is due."""
        due = (one.due for one in self._analyses.values())
        return min(due, default=float("inf")) - time.monotonic()

    def _begin(self) -> _Analysis | None:
        now = time.monotonic()
        ready = [(one.due, key) for key, one in self._analyses.items() if one.due <= now]
        if not ready:
            return None
        key = min(ready)[1]
        begun = self._analyses.pop(key)
        self._running = key, begun.number
        return begun

    def _analysed(self, begun: _Analysis) -> None:
        try:
            begun.work(self._pause)
        except Stale:
            pass
        except Exception as fault:  # noqa: BLE001 - the desk serves on
            self._fault(fault)
        finally:
            self._running = None

    def _pause(self) -> None:
        with self._wake:
            if self._running is None or self._running[0] in self._analyses:
                raise Stale
        self._answer()

    def _answer(self) -> None:
        while True:
            with self._wake:
                if not self._asked or self._closed:
                    return
                found, work = self._asked.popleft()
            if not found.set_running_or_notify_cancel():
                continue
            try:
                found.set_result(work())
            except Exception as fault:  # noqa: BLE001 - it is the asker's
                found.set_exception(fault)
