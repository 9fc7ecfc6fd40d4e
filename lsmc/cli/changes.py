"""Reads a revision of the surrounding git repository: its files, and which files differ from them.

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
_FILE = re.compile(rb"(100\d{3}|120000) blob ([0-9a-f]+)\t(.+)", re.DOTALL)
_HEAD = re.compile(rb"[0-9a-f]+ blob (\d+)\n")
#: Files of a revision that are written; the largest policy in use has a twentieth.
_MOST_FILES = 50_000


def _batch(output: bytes) -> Iterator[bytes]:
    """The contents that `git cat-file --batch` printed."""
    at = 0
    while head := _HEAD.match(output, at):
        end = head.end() + int(head[1])
        yield output[head.end() : end]
        at = end + 1


def root_of(path: str) -> str | None:
    """The root of the repository around a path, or None when there is none."""
    folder = Path(path).resolve()
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            return str(above)
    return None


class GitRevision:
    """A revision of the surrounding repository.

    `texts` are contents of files, by real path, that count in place of those on disk.
    """

    def __init__(self, option: str, revision: str, texts: Mapping[str, bytes]) -> None:
        self._option = option
        self._texts = texts
        top = root_of(".")
        if top is None:
            raise self._fault("not in a git repository")
        self.top = top
        found = self._git("rev-parse", "--show-toplevel")
        if os.path.realpath(os.fsdecode(found.removesuffix(b"\n"))) != top:
            raise self._fault(f"`{top}/.git` is of another directory")
        wanted = f"{revision}^{{commit}}"
        name = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
        if not _NAME.fullmatch(name):
            raise self._fault(f"no revision `{revision}`")
        self._commit = name.decode().strip()
        self._changed: dict[str, bool] = {}

    def changed(self, paths: Iterable[str]) -> set[str]:
        """Those of some real paths whose files differ from the revision.

        A file outside of the repository did not change.
        """
        asked = sorted(set(paths))
        new = [path for path in asked if path not in self._changed]
        self._changed.update(dict.fromkeys(new, False))
        inside = iter([path for path in new if path.startswith(os.path.join(self.top, ""))])
        while some := list(islice(inside, _MANY)):
            blobs = dict(self._blobs([os.path.relpath(path, self.top) for path in some]))
            for path in some:
                name = blobs.get(os.path.relpath(path, self.top))
                self._changed[path] = name is None or not self._is(path, name)
        return {path for path in asked if self._changed[path]}

    def _blobs(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The object name of each of some files, by its path below the root."""
        listed = self._git("ls-tree", "-z", "--full-tree", self._commit, "--", *names)
        for entry in listed.split(b"\0"):
            if match := _BLOB.fullmatch(entry):
                yield os.fsdecode(match[2]), match[1].decode()

    def write(self, paths: Iterable[str], folder: str) -> None:
        """Write the revision's files at some real paths, and below them, into a folder.

        They lie there as they lie below the root of the repository.  Contents are those of the
        objects, without filters.
        """
        names = [os.path.relpath(path, self.top) for path in paths]
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", self._commit, "--", *names)
        files = [match for entry in listed.split(b"\0") if (match := _FILE.fullmatch(entry))]
        if len(files) > _MOST_FILES:
            raise self._fault(f"more than {_MOST_FILES} files: name a smaller directory")
        wanted = b"".join(match[2] + b"\n" for match in files)
        contents = _batch(self._git("cat-file", "--batch", text=wanted))
        links = []
        for match, content in zip(files, contents, strict=True):
            parts = match[3].split(b"/")
            if {b"", b".", b"..", b".git"} & set(parts):
                raise self._fault("a file has a name that leads elsewhere")
            path = os.path.join(os.fsencode(folder), *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if match[1] == b"120000":
                links.append((content, path))  # last, so that nothing is written through one
            else:
                with open(path, "xb") as file:
                    file.write(content)
        for content, path in links:
            os.symlink(content, path)

    def _fault(self, reason: str) -> UsageFault:
        return UsageFault(f"{self._option}: {reason}")

    def _git(self, *words: str, text: bytes = b"") -> bytes:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        environment = {key: text for key, text in os.environ.items() if key not in _LEADING}
        try:
            done = subprocess.run(  # noqa: S603 - no shell; a revision is not an option
                ["git", "--no-pager", *settings, *words],  # noqa: S607 - the user's git
                cwd=self.top,
                env={**environment, **_FIXED},
                input=text,
                capture_output=True,
                check=False,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise self._fault(f"git took longer than {_PATIENCE} s") from None
        except OSError as fault:
            raise self._fault(f"cannot run git: {fault.strerror}") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            fatal = [one.removeprefix("fatal: ") for one in said if one.startswith("fatal: ")]
            reason = (fatal or said or [f"no revision `{words[-1][:-9]}`"])[0]
            raise self._fault(reason)
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
