"""What a terminal shows while a command works, and what nothing else gets."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_patches import LSMC, environment

POLICY = "profile p /bin/p {\n  /a r,\n}\n"


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        (("lint", "p", "--no-config"), b"running checks"),
        (("lint", "p", "--no-config", "--diff"), b"running checks"),
        (("diff", "p", "p"), b"comparing"),
        (("graph", "p"), b"finding transitions"),
        (("who", "p", "read", "/a"), b"asking profiles"),
    ],
    ids=["lint", "fix", "diff", "graph", "who"],
)
def test_long_work_is_shown_on_a_terminal(
    words: tuple[str, ...], stage: bytes, tmp_path: Path
) -> None:
    (tmp_path / "p").write_text(POLICY)
    (tmp_path / "base").mkdir()
    command = [*LSMC, *words, "--base", "base"]
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment(), "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            check=False,
        )
        shown = os.read(ours, 1 << 16)
    finally:
        os.close(ours)
        os.close(theirs)
    assert stage in shown
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, check=False
    )
    assert stage not in done.stdout + done.stderr
