"""Finds the files that differ from a revision of the surrounding git repository.

A repository is untrusted input like any other.  Its configuration can name programs, such as
filters and file system monitors, that git starts when it looks at the working tree or the index.
So git is only asked for the objects of the revision, and files are compared here: byte by byte,
without filters or conversion of line ends.  The repository is the one whose `.git` is nearest above
the current directory, never one among the files; nothing is fetched for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from lsmc.base.files import read_regular
from lsmc.cli.faults import UsageFault
from lsmc.compiler.inputs import MAX_SOURCE

#: Files asked about at a time: few enough for a command line.
_MANY = 200
#: Seconds after which git is not waited for any longer.
_PATIENCE = 60
#: What a configuration may say and this run does not obey.
_SETTINGS = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
)
#: What would lead git elsewhere.
_LEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE")
_FIXED = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_NAME = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\n")
_BLOB = re.compile(rb"100(?:644|755|664) blob ([0-9a-f]+)\t(.*)", re.DOTALL)


def root_of(path: str) -> str | None:
    """The root of the repository around a path, or None when there is none."""
    folder = Path(path).resolve()
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            return str(above)
    return None


class Revision:
    """A revision of the surrounding repository.

    `texts` are contents of files, by real path, that count in place of those on disk.
    """

    def __init__(self, revision: str, texts: Mapping[str, bytes]) -> None:
        self._texts = texts
        top = root_of(".")
        if top is None:
            raise UsageFault("--changed-since: not in a git repository")
        self._top = top
        found = self._git("rev-parse", "--show-toplevel")
        if os.path.realpath(os.fsdecode(found.removesuffix(b"\n"))) != top:
            raise UsageFault(f"--changed-since: `{top}/.git` is of another directory")
        wanted = f"{revision}^{{commit}}"
        name = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
        if not _NAME.fullmatch(name):
            raise UsageFault(f"--changed-since: no revision `{revision}`")
        self._commit = name.decode().strip()
        self._changed: dict[str, bool] = {}

    def changed(self, paths: Iterable[str]) -> set[str]:
        """Those of some real paths whose files differ from the revision.

        A file outside of the repository did not change.
        """
        asked = sorted(set(paths))
        new = [path for path in asked if path not in self._changed]
        self._changed.update(dict.fromkeys(new, False))
        inside = iter([path for path in new if path.startswith(os.path.join(self._top, ""))])
        while some := list(islice(inside, _MANY)):
            blobs = dict(self._blobs([os.path.relpath(path, self._top) for path in some]))
            for path in some:
                name = blobs.get(os.path.relpath(path, self._top))
                self._changed[path] = name is None or not self._is(path, name)
        return {path for path in asked if self._changed[path]}

    def _blobs(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The object name of each of some files, by its path below the root."""
        listed = self._git("ls-tree", "-z", "--full-tree", self._commit, "--", *names)
        for entry in listed.split(b"\0"):
            if match := _BLOB.fullmatch(entry):
                yield os.fsdecode(match[2]), match[1].decode()

    def _git(self, *words: str) -> bytes:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        environment = {key: text for key, text in os.environ.items() if key not in _LEADING}
        try:
            done = subprocess.run(  # noqa: S603 - no shell; a revision is not an option
                ["git", "--no-pager", *settings, *words],  # noqa: S607 - the user's git
                cwd=self._top,
                env={**environment, **_FIXED},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise UsageFault(f"--changed-since: git took longer than {_PATIENCE} s") from None
        except OSError as fault:
            raise UsageFault(f"--changed-since: cannot run git: {fault.strerror}") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            fatal = [one.removeprefix("fatal: ") for one in said if one.startswith("fatal: ")]
            reason = (fatal or said or [f"no revision `{words[-1][:-9]}`"])[0]
            raise UsageFault(f"--changed-since: {reason}")
        return done.stdout

    def _is(self, path: str, name: str) -> bool:
        """Whether a file has the content of the object of this name."""
        data = self._texts.get(path)
        if data is None:
            try:
                data = read_regular(path, MAX_SOURCE)[0]
            except OSError:
                return False
        kind = "sha1" if len(name) == 40 else "sha256"
        digest = hashlib.new(kind, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest() == name
