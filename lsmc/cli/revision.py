"""Compiles policy as it was in a revision of the surrounding git repository."""

from __future__ import annotations

import contextlib
import os
import tempfile

from lsmc.base.diagnostics import PolicyError
from lsmc.cli.changes import GitRevision
from lsmc.cli.faults import UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.reading import read_policy
from lsmc.cli.screen import Screen
from lsmc.output.styled import safe
from lsmc.policy import Policy


def read_revision(path: str, revision: str, reading: Reading, screen: Screen) -> Policy:
    """The policy at a path as it was; so are the directories of includes below the same root.

    The revision is written into a temporary folder and compiled there, so that files have the names
    that they have in the repository; the cache is not used.  Raises as `read_policy`.
    """
    found = GitRevision("--rev", revision, {})

    def inside(name: str) -> bool:
        return os.path.commonpath((found.top, os.path.realpath(name))) == found.top

    if not inside(path):
        raise UsageFault(f"--rev: `{path}` is not in the repository `{found.top}`")
    here = os.getcwd()

    def moved(name: str) -> str:
        real = os.path.realpath(name)
        return os.path.relpath(real, here) if inside(name) else real

    # what lies beside a file may be included
    beside = path if os.path.isdir(path) else os.path.dirname(path) or "."
    others = (reading.base, reading.features, *reading.include)
    needed = {path, beside, *(name for name in others if name and inside(name))}
    there = reading._replace(
        base=moved(reading.base) if reading.base else None,
        include=tuple(map(moved, reading.include)),
        features=moved(reading.features) if reading.features else None,
        restrict=tuple(map(moved, reading.restrict)),
        cache=None,
    )
    name = moved(path)
    with tempfile.TemporaryDirectory(prefix="lsmc-") as folder:
        found.write(sorted(map(os.path.realpath, needed)), folder)
        was = os.path.join(folder, os.path.relpath(here, found.top))
        os.makedirs(was, exist_ok=True)
        with contextlib.chdir(was):
            if not os.path.exists(name):
                raise UsageFault(f"--rev: `{path}` is not in revision `{revision}`")
            try:
                return read_policy(name, there, screen)
            except PolicyError:
                screen.remark(f"lsmc: note: this is revision `{safe(revision)}` of `{safe(path)}`")
                raise
