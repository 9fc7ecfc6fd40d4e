"""`lsmc learn --interactive` on a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

from tests.modules.apparmor.learn.support import execution, file
from tests.places import PROFILES, ROOT

LINES = [
    execution("app", "/opt/tool"),
    file("app//null-/opt/tool", "/srv/tool"),
    file("app", "/home/kim/.netrc"),
]


def talk(folder: Path, typed: str) -> tuple[int, str, str]:
    """The exit status, what was printed, and what was shown on the terminal."""
    log = folder / "log"
    log.write_text("".join(f"{one}\n" for one in LINES))
    args = [sys.executable, "-m", "lsmc.cli", "learn", str(PROFILES), "--base", str(PROFILES)]
    args += ["--log", str(log), "--exec", "/opt/app", "--interactive", "--no-cache"]
    ours, theirs = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, shown))
    with subprocess.Popen(
        args, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT
    ) as done:
        os.close(theirs)
        reader.start()
        os.write(ours, typed.encode())
        printed, _ = done.communicate(timeout=120)
    reader.join()
    os.close(ours)
    return done.returncode, printed.decode(), b"".join(shown).decode()


def _read(terminal: int, shown: list[bytes]) -> None:
    """Read what a terminal shows, until the program is gone."""
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            shown.append(piece)


def test_the_defaults(tmp_path: Path) -> None:
    code, printed, shown = talk(tmp_path, "\n" * 8)
    assert code == 0, shown
    assert "/opt/tool Cx -> tool," in printed
    assert "@{HOME}/.netrc r," in printed
    assert "Cx: a child profile of its own (default)" in shown


def test_other_answers(tmp_path: Path) -> None:
    code, printed, shown = talk(tmp_path, "ix\nnames\nno\n")
    assert code == 0, shown
    assert "/opt/tool mrix,  # chosen" in printed
    assert ".netrc" not in printed
    assert "/srv/tool r," in printed


def test_an_interrupt_prints_nothing(tmp_path: Path) -> None:
    code, printed, _ = talk(tmp_path, "ix\n\x04")
    assert (code, printed) == (130, "")
