"""When the sources of policy were modified, which tells whether what is kept of it is too old.

Sources are the files that were read and the directories that were included.  Which these are is
kept, so that policy that did not change need not be read to know it.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from pathlib import Path

from lsmc.compiler.cache.store import facts_of, place_of, read_entry, write_entry
from lsmc.compiler.inputs import FileQuery, Options, RecordedFiles, agreed
from lsmc.modules.apparmor.kernel.kept import NOTHING, Kept, KeptFile, entry_of, from_entry
from lsmc.modules.parts import Deployment

#: What is kept for one policy; another number where that changed.
_FORMAT = "sources 1"


def modified(
    paths: Sequence[str], options: Options, deployment: Deployment, directory: str | None = None
) -> dict[str, int]:
    """When the newest source of each file was modified, of files that can be compiled.

    In nanoseconds since the epoch, as `Rendered.newest`; raises `PolicyError` for bad features.
    `directory` holds what is known of earlier runs; nothing is kept when it is None.
    """
    place = None
    if directory is not None:
        place = place_of(directory, [_FORMAT, *facts_of((), options), deployment.abi])
    kept = from_entry(read_entry(place)) if place is not None else NOTHING
    asked: dict[str, Sequence[FileQuery]] = {
        path: kept.files[path].asked for path in paths if path in kept.files
    }
    if len(asked) < len(paths):
        asked |= _asked(
            [path for path in paths if path not in asked], options, deployment, place, kept
        )
    seen: dict[str, int] = {}
    return {path: newest(some, options, deployment, seen) for path, some in asked.items()}


def _asked(
    paths: Sequence[str], options: Options, deployment: Deployment, place: str | None, kept: Kept
) -> dict[str, Sequence[FileQuery]]:
    """What is asked of the file system to compile files, of those that can be compiled."""
    # a run that finds all in the cache does not need it
    from lsmc.modules.apparmor.kernel.shares import Sharer

    files = RecordedFiles()
    found = Sharer(options, deployment, files).asked(paths)
    record = agreed((kept.record, files.record))
    if place is not None and record is not None:
        every = [*kept.files.values()]
        every += (KeptFile(path, some, b"", ()) for path, some in found.items())
        write_entry(place, entry_of(every, (), record, len(every)))
    return found


def newest(
    asked: Iterable[FileQuery],
    options: Options,
    deployment: Deployment,
    seen: MutableMapping[str, int],
) -> int:
    """When the last of the sources of some policy was modified, in nanoseconds since the epoch.

    What is not there any more was never modified.  The features that policy counts on are a source,
    if they are not those of the kernel, which tell caches apart.  `seen` are the times known so
    far.
    """
    found = 0
    paths = [path for what, path in asked if what != "exists"]
    if deployment.abi is not None and deployment.abi != options.features:
        paths.append(deployment.abi)
    for path in paths:
        when = seen.get(path)
        if when is None:
            try:
                when = Path(path).stat().st_mtime_ns
            except OSError:
                when = 0
            seen[path] = when
        found = max(found, when)
    return found
