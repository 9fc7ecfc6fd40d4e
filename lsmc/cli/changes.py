"""What git says about the files around us."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lsmc.cli.faults import UsageFault


def root_of(path: str) -> str:
    """The root of the repository around a path, or the path when there is none."""
    folder = Path(path).resolve()
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            return str(above)
    return path


def changed_files(revision: str) -> frozenset[str]:
    """The real paths of files that differ from a revision, with those that git does not know."""
    top = _git("rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    differ = _git("diff", "--name-only", "-z", "--no-renames", commit.decode().strip(), "--")
    new = _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", f"{top}/")
    names = (os.fsdecode(name) for name in (differ + new).split(b"\0") if name)
    return frozenset(os.path.realpath(Path(top) / name) for name in names)


def _git(*words: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - no shell; a revision is no option
            ["git", *words],  # noqa: S607 - the user's git
            capture_output=True,
            check=False,
        )
    except OSError as fault:
        raise UsageFault(f"--changed-since: cannot run git: {fault.strerror}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1].removeprefix("fatal: ") if said else f"no revision `{words[-1][:-9]}`"
        raise UsageFault(f"--changed-since: {reason}")
    return done.stdout
