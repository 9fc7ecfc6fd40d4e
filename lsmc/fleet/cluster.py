"""Runs the work on Dask: on processes of this machine, or on a cluster that is there.

Summaries of parts stay on the workers and are merged there, in a tree; only their numbers of lines
and the last summary come back.  A part that is lost with its worker is summarised again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lsmc.base.errors import Error
from lsmc.compiler.outcome import Progress
from lsmc.explain.summary import Summary
from lsmc.fleet.parts import Part
from lsmc.fleet.work import Wanted, lines_of, merged, moved, summary_of
from lsmc.logs.reader import UnreadableLog
from lsmc.version import __version__

#: Summaries that are merged at once.
_FAN = 8
#: How often a part is tried again when its worker is lost or a store fails.
_RETRIES = 3
#: Seconds to wait for a scheduler.
_PATIENCE = 20


class FleetError(Error):
    """The engine cannot do the work; the message says why and what to do."""


def version() -> str:
    """The version of lsmc that runs here."""
    return __version__


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of a scheduler, or of so many processes of this machine; raises `FleetError`."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise FleetError(
            "--engine dask needs Dask: pip install 'lsmc[fleet]', here and on every worker"
        ) from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_PATIENCE)
        except (OSError, ValueError, TimeoutError) as fault:
            raise FleetError(f"no scheduler at `{scheduler}`: {_short(fault)}") from None
        with client:
            _check_workers(client, scheduler)
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def summarised(
    client: Any, parts: Sequence[Part], wanted: Wanted, progress: Progress | None = None
) -> Summary:
    """The summary of all parts, those of a log in order; `UnreadableLog`, `FleetError`."""
    from distributed import as_completed

    with _failures():
        found = [client.submit(summary_of, part, wanted, retries=_RETRIES) for part in parts]
        for number, future in enumerate(as_completed(found), 1):
            if future.status == "error":
                future.result()
            if progress is not None:
                progress("reading parts", number, len(parts))
        counts = client.gather([client.submit(lines_of, future) for future in found])
        placed = [
            client.submit(moved, future, before, wanted)
            for future, before in zip(found, _before(parts, counts), strict=True)
        ]
        while len(placed) > 1:
            groups = [placed[at : at + _FAN] for at in range(0, len(placed), _FAN)]
            placed = [client.submit(merged, group, wanted) for group in groups]
        result: Summary = placed[0].result()
        return result


def _before(parts: Sequence[Part], counts: Sequence[int]) -> Iterator[int]:
    """The number of lines of its log that stand before each part."""
    log, lines = "", 0
    for part, count in zip(parts, counts, strict=True):
        if part.log != log:
            log, lines = part.log, 0
        yield lines
        lines += count


def _check_workers(client: Any, scheduler: str) -> None:
    """Raise `FleetError` unless every worker has this version of lsmc."""
    found = _asked(client, version)
    if not found:
        raise FleetError(f"the scheduler at `{scheduler}` has no workers: start some")
    for worker, answer in sorted(found.items()):
        if answer != __version__:
            has = f"lsmc {answer}" if isinstance(answer, str) else "no lsmc that can be imported"
            raise FleetError(
                f"worker {worker} has {has}, this is lsmc {__version__}: install the same there"
            )


def _asked(client: Any, function: Callable[[], str]) -> dict[str, Any]:
    found: dict[str, Any] = client.run(function, on_error="return")
    return found


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what goes wrong on the way into one error."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except UnreadableLog:
        raise
    except KilledWorker as fault:
        raise FleetError(
            f"workers died again and again over one part ({_short(fault)}): is there memory enough?"
        ) from None
    except (CommClosedError, CancelledError, OSError, TimeoutError) as fault:
        raise FleetError(f"the scheduler went away: {_short(fault)}; nothing is told") from None


def _short(fault: BaseException) -> str:
    return (str(fault) or type(fault).__name__).splitlines()[0]
