"""Compiles files of policy to what a kernel loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import Options, files_of
from lsmc.compiler.linking import distinct, policy_files, refuse
from lsmc.compiler.outcome import Rendered
from lsmc.modules.apparmor.kernel.shares import Sharer
from lsmc.modules.parts import POLICY_ALONE, Deployment


def render(
    paths: Sequence[str], options: Options, jobs: int, deployment: Deployment = POLICY_ALONE
) -> Iterator[Rendered]:
    """The stream of each file of policy, in order; raises `PolicyError`, which names bad files.

    `options.features` are those of the kernel, by default of the running one; a profile has of them
    what its abi counts on.
    """
    files = files_of(options)
    found, missing = policy_files(paths, files)
    made = Sharer(options, deployment, files).made(found, jobs)
    told = [*missing, *(one for file in made for one in file.diagnostics)]
    refuse(told, {file.path: file.diagnostics for file in made})
    once = {id(one) for one in _first_of_kernel(distinct(told))}
    for file in made:
        kept = tuple(one for one in file.diagnostics if id(one) in once)
        yield Rendered(file.path, file.data, kept, file.newest)


def _first_of_kernel(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Diagnostics, of those that are about the kernel the first of each text."""
    seen: set[str] = set()
    for one in diagnostics:
        if one.severity != "info" or one.message not in seen:
            yield one
            seen.add(one.message)


def modified(
    paths: Sequence[str], options: Options, deployment: Deployment = POLICY_ALONE
) -> dict[str, int]:
    """When the newest source of each file was modified, of files that can be compiled.

    In nanoseconds since the epoch, as `Rendered.newest`; raises `PolicyError` for bad features.
    """
    return Sharer(options, deployment, files_of(options)).modified(paths)
