"""A tree of texts for tests, and places in them by a mark."""

from __future__ import annotations

from typing import NamedTuple

from lsmc.base.source import Span
from lsmc.compiler.inputs import Options, TextFiles
from lsmc.modules.apparmor.editing.snapshot import Snapshot, snapshot
from lsmc.modules.apparmor.lint.linter import TreeReader

BASE = "/p"
TEXTS = {
    "abi/4.0": "",
    "tunables/global": "include <tunables/home>\n@{bin} = /bin /usr/bin\n",
    "tunables/home": "@{HOMEDIRS} = /home\n@{HOME} = @{HOMEDIRS}/* /root\n",
    "abstractions/base": "# What all need.\n  /etc/ld.so.cache r,\n  @{mine}/x r,\n",
    "a": """include <tunables/global>
@{mine} = /srv/a
profile a @{bin}/a {
  include <abstractions/base>
  owner @{HOME}/.a/** rw,
  deny @{HOME}/.a/b r,
  capability chown,
  @{bin}/b Px,
  /bin/c Cx -> kid,
  change_profile -> c,
  signal send set=(term) peer=b,
  @{mine}/y r,
  profile kid {
    /etc/kid r,
  }
}
""",
    "b": """include <tunables/global>
@{mine} = /srv/b
profile b @{bin}/b {
  include <abstractions/base>
  signal receive peer=a,
  ptrace read peer=a//kid,
}
""",
    "d": "profile d {\n  include if exists <local/d>\n}\n",
    "c": "@{mine} = /srv/c\nprofile c { @{mine}/z r, # @{mine} a\n}\n",
}


class Marked(NamedTuple):
    """A snapshot, and the offset of the mark in its text."""

    snapshot: Snapshot
    offset: int


def snap(path: str, **texts: str) -> Snapshot:
    """A file of the tree; other texts may stand for those of files."""
    found = {f"{BASE}/{name}": text for name, text in {**TEXTS, **texts}.items()}
    files = TextFiles((name, text.encode()) for name, text in found.items())
    return snapshot(TreeReader(Options(base=BASE)), files, f"{BASE}/{path}")


def marked(path: str, before: str, more: str = "") -> Marked:
    """A file of the tree, at the end of the first place of a text, behind which stands more."""
    found = snap(path)
    return Marked(found, found.source.text.index(before + more) + len(before))


def shown(span: Span) -> tuple[str, int]:
    """The file and the line of a place."""
    place = span.location()
    return place.file.removeprefix(f"{BASE}/"), place.line
