"""Opens a POLICY argument that is a bundle, without the option parser or the front end."""

from __future__ import annotations

import os

from lsmc.base.files import first_bytes, map_file
from lsmc.cli.screen import Screen
from lsmc.policy import Policy
from lsmc.tables.layout import MAGIC

SUFFIX = ".lsmb"


def is_bundle(path: str) -> bool:
    """Whether a path is a bundle, judged by its first bytes or its name; OSError."""
    if os.path.isdir(path):
        return False
    return first_bytes(path, len(MAGIC)) == MAGIC or path.endswith(SUFFIX)


def open_bundle(path: str, screen: Screen) -> Policy:
    """The policy of a bundle; OSError, `BundleError`."""
    screen.about = path
    return Policy(map_file(path), path)
