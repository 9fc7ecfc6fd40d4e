"""Writes an sdist anew, so that the same files give the same bytes.

    python scripts/normal_sdist.py FILE     # SOURCE_DATE_EPOCH is the time of all that is in it

setuptools leaves in it who built it, when, and the modes of their files.
"""

from __future__ import annotations

import gzip
import os
import sys
import tarfile
from pathlib import Path


def normal(member: tarfile.TarInfo, time: int) -> tarfile.TarInfo:
    """What an archive says of a file, without what is the builder's."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = time
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    member.pax_headers = {}
    return member


def main(name: str) -> None:
    """Write the file anew."""
    path = Path(name)
    time = int(os.environ["SOURCE_DATE_EPOCH"])
    made = path.with_suffix(".new")
    with (
        tarfile.open(path) as old,
        made.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=time) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda one: one.name):
            new.addfile(normal(member, time), old.extractfile(member) if member.isfile() else None)
    made.replace(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
