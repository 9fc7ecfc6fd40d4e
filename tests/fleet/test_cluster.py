"""The engine gives what one process gives, loses and doubles nothing, and fails in one line."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from lsmc.fleet.cluster import FleetError, connected, summarised
from lsmc.fleet.parts import all_parts
from lsmc.fleet.work import Wanted, summary_of
from lsmc.logs.reader import UnreadableLog
from tests.cli.conftest import Run, run
from tests.cli.test_replay import LOG, NEW, OLD
from tests.fleet.test_parts import RECORD

__all__ = ["run"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of the engine's own
]
WANTED = Wanted("apparmor")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    path.write_text("".join(RECORD.format(n=n % 100, p=n % 7) + "\n" for n in range(20_000)))
    return path


def _whole(log: Path) -> str:
    return json.dumps(summary_of(all_parts([str(log)])[0], WANTED).to_json())


def test_killed_workers_lose_and_double_nothing(log: Path) -> None:
    """A worker is killed by its own process id while parts are read."""
    parts = all_parts([str(log)], 1 << 17)
    assert len(parts) > 20
    with connected(None, 2) as client:
        pids: list[int] = list(client.run(os.getpid).values())
        killed = []

        def progress(what: str, done: int, whole: int) -> None:
            del what, whole
            if done == 3 and not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        found = summarised(client, parts, WANTED, progress)
    assert killed
    assert json.dumps(found.to_json()) == _whole(log)


def test_a_part_that_cannot_be_read_is_told(log: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.gz"
    torn.write_bytes(b"\x1f\x8b\x08\x00")
    with connected(None, 1) as client, pytest.raises(UnreadableLog, match="end-of-stream"):
        summarised(client, all_parts([str(log), str(torn)]), WANTED)


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsmc.fleet.cluster._PATIENCE", 1)
    with (
        pytest.raises(FleetError, match=r"no scheduler at `tcp://127\.0\.0\.1:1`"),
        connected("tcp://127.0.0.1:1", 1),
    ):
        pass


def test_workers_of_another_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        monkeypatch.setattr("lsmc.fleet.cluster.version", lambda: "9.9")
        with (
            pytest.raises(FleetError, match=r"has lsmc 9\.9"),
            connected(cluster.scheduler_address, 1),
        ):
            pass


@pytest.mark.parametrize("workers", ["1", "2"])
def test_replay_is_the_same_on_any_engine(run: Run, tmp_path: Path, workers: str) -> None:
    old, new, log = (tmp_path / name for name in ("old", "new", "log"))
    old.write_text(OLD)
    new.write_text(NEW)
    log.write_text(LOG * 50)
    words: list[Any] = ["replay", old, new, "--log", log, "--no-cache", "--format", "jsonl"]
    local = run(*words)
    dask = run(*words, "--engine", "dask", "-j", workers)
    assert (dask.exit_code, dask.stdout) == (local.exit_code, local.stdout)
