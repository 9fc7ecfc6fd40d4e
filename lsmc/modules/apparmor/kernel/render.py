"""Compiles files of policy to what a kernel loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsmc.base.diagnostics import Diagnostic, distinct
from lsmc.compiler.cache.store import facts_of, place_of, read_entry, write_entry
from lsmc.compiler.inputs import (
    FileQuery,
    FileState,
    Options,
    RecordedFiles,
    agreed,
    files_of,
)
from lsmc.compiler.outcome import Rendered
from lsmc.modules.apparmor.kernel.kept import NOTHING, Kept, KeptFile, entry_of, from_entry
from lsmc.modules.apparmor.kernel.target import features_text
from lsmc.modules.parts import POLICY_ALONE, Deployment

if TYPE_CHECKING:
    from lsmc.modules.apparmor.kernel.shares import Run

#: What is written for one policy; another number where that changed.
_FORMAT = "kernel 1"


def render(
    paths: Sequence[str],
    options: Options,
    jobs: int,
    deployment: Deployment = POLICY_ALONE,
    directory: str | None = None,
) -> Iterator[Rendered]:
    """The stream of each file of policy, in order; raises `PolicyError`, which names bad files.

    `options.features` are those of the kernel, by default of the running one; a profile has of them
    what its abi counts on.  `directory` holds the cache; nothing is kept when it is None.
    """
    place = None
    if directory is not None and not options.texts:
        place = _place(directory, paths, options, deployment)
    kept = from_entry(read_entry(place)) if place is not None else NOTHING
    rendered: Iterable[Rendered] = map(_again, kept.files.values())
    if not kept.whole:
        rendered = _compiled(paths, options, jobs, deployment, place, kept)
    rendered = list(rendered)
    told = distinct(one for file in rendered for one in file.diagnostics)
    once = {id(one) for one in _first_of_kernel(told)}
    for file in rendered:
        about = tuple(one for one in file.diagnostics if id(one) in once)
        yield file._replace(diagnostics=about)


def _again(file: KeptFile) -> Rendered:
    return Rendered(file.path, bytes(file.data), tuple(file.diagnostics))


def _first_of_kernel(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Diagnostics, of those that are about the kernel the first of each text."""
    seen: set[str] = set()
    for one in diagnostics:
        if one.severity != "info" or one.message not in seen:
            yield one
            seen.add(one.message)


def _compiled(
    paths: Sequence[str],
    options: Options,
    jobs: int,
    deployment: Deployment,
    place: str | None,
    kept: Kept,
) -> Iterator[Rendered]:
    """The files where some are to be compiled; what they have in common is told with each."""
    # a run that finds all in the cache needs none of them
    from lsmc.compiler.linking import policy_files, refuse
    from lsmc.modules.apparmor.kernel.shares import Sharer

    files = RecordedFiles() if place is not None else files_of(options)
    found, missing = policy_files(paths, files)
    listed = dict(files.record) if isinstance(files, RecordedFiles) else {}
    left = [path for path in found if path not in kept.files]
    run = Sharer(options, deployment, files).run(left, jobs)
    told = [*missing, *(one for file in run.files for one in file.diagnostics)]
    refuse(told, {file.path: file.diagnostics for file in run.files})
    if place is not None:
        _keep(place, found, run, listed, kept)
    made = {file.path: file for file in run.files}
    for path in found:
        if path in made:
            file = made[path]
            yield Rendered(path, file.data, file.diagnostics, file.newest)
        else:
            yield _again(kept.files[path])


def _place(
    directory: str, paths: Sequence[str], options: Options, deployment: Deployment
) -> str | None:
    """Where the cache has such a run; None for features that cannot be read."""
    facts: list[Any] = [_FORMAT, *facts_of(paths, options), sorted(deployment.complain)]
    facts += [deployment.namespace, deployment.abi, deployment.every_abi]
    given = {deployment.abi, deployment.every_abi} - {None}
    try:
        for path in (options.features, *sorted(filter(None, given))):
            text = features_text(path)
            facts.append(text and text.decode("latin-1"))
    except OSError:
        return None
    return place_of(directory, facts)


def _keep(
    place: str,
    found: Sequence[str],
    run: Run,
    listed: Mapping[FileQuery, FileState],
    kept: Kept,
) -> None:
    """Keep what later runs can use, unless files changed while they were read."""
    record = agreed([kept.record, listed, *run.records])
    if record is None:
        return
    new = {
        file.path: KeptFile(file.path, sorted(file.asked), file.data, file.diagnostics)
        for file in run.files
        if file.asked <= record.keys()
    }
    every = {**kept.files, **new}
    files = [every[path] for path in found if path in every]
    if new or len(files) < len(kept.files) or not listed.keys() <= kept.record.keys():
        parts = entry_of(files, listed, record, len(found))
        write_entry(place, parts)
