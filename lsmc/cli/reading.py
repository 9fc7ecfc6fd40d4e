"""Turns POLICY arguments into policy: opens a bundle, or compiles source files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from lsmc.cli.faults import UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.screen import Screen

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.compiler.outcome import Progress
    from lsmc.policy import Policy

#: Names of files that are told in full.
_FEW = 5


def read_policy(path: str, reading: Reading, screen: Screen) -> Policy:
    """The policy of a POLICY argument; OSError, `BundleError`, `PolicyError`."""
    return read_policies([path], reading, screen)


def read_policies(paths: Sequence[str], reading: Reading, screen: Screen) -> Policy:
    """One policy of a bundle, or of files and directories; raises as `read_policy`."""
    from lsmc.cli.bundles import is_bundle, open_bundle
    from lsmc.modules.registry import MODULES
    from lsmc.policy import Policy

    for path in paths:
        name, equals, _ = path.partition("=")
        if equals and name in MODULES and not os.path.exists(path):
            raise UsageFault(f"`{path}`: only `lsmc query` puts a question to several modules")
    bundles = [path for path in paths if is_bundle(path)]
    if bundles and len(paths) > 1:
        raise UsageFault(
            f"`{bundles[0]}` is a bundle, which is a policy by itself: give its source instead, to"
            " join it with others"
        )
    for path in bundles:
        policy = open_bundle(path, screen)
        if reading.module not in (None, policy.module.name):
            raise UsageFault(f"`{path}` is policy of {policy.module.name}, not {reading.module}")
        _check_target(path, policy, reading.target)
        return policy
    data, _ = compile_paths(paths, reading, screen)
    policy = Policy(data, ", ".join(paths))
    if not len(policy) and all(map(os.path.isdir, paths)):
        from lsmc.compiler.inputs import DiskFiles

        _check_found(paths, policy.module.files(paths, DiskFiles())[0])
    return policy


def _check_target(path: str, policy: Policy, target: str | None) -> None:
    """Refuse a target other than the release that a bundle was compiled for."""
    if target is None:
        return
    policy.module.needs(policy.module.check_options, "`--target`")
    for number in range(policy.bundle.profiles):
        profile = policy.bundle.profile(number)
        was = dict(profile.settings).get("target", "")
        if was != target:
            raise UsageFault(
                f"`{path}`: profile `{profile.full_name}` was compiled for {was}, not {target}: "
                f"give its source, or compile it with `--target {target}`"
            )


def compile_paths(
    paths: Sequence[str], reading: Reading, screen: Screen
) -> tuple[bytes | memoryview, list[Diagnostic]]:
    """The bundle of source files, and the warnings; `PolicyError`."""
    from lsmc.compiler.cache.store import compile_cached
    from lsmc.modules.registry import module_of

    options = reading.options()
    module = module_of(list(paths), reading.module)
    if options.target is not None:
        module.needs(module.check_options, "`--target`")(options)
    module.check_settings(options)
    cache = usable_cache(reading, screen)
    with progress_bar(screen) as progress:
        return compile_cached(
            paths,
            options,
            compiler=module.compiler,
            jobs=reading.jobs,
            directory=cache,
            progress=progress,
        )


def usable_cache(reading: Reading, screen: Screen) -> str | None:
    """The directory of the cache; one that cannot be written is mentioned."""
    from lsmc.output.styled import safe

    cache = reading.cache
    if cache is not None and os.path.isdir(cache) and not os.access(cache, os.W_OK | os.X_OK):
        screen.remark(f"lsmc: note: `{safe(cache)}` cannot be written: compiled policy is not kept")
    return cache


def check_paths(paths: Sequence[str], found: Collection[object], screen: Screen) -> None:
    """Mention the files of directories that are skipped; `UsageFault` when no policy was found."""
    from lsmc.compiler.inputs import DiskFiles, other_files
    from lsmc.output.styled import safe

    others = [one for one in other_files(paths, DiskFiles()) if one not in found]
    if others:
        names = ", ".join(f"`{safe(name)}`" for name in others[:_FEW])
        more = f" and {len(others) - _FEW} more" if len(others) > _FEW else ""
        screen.remark(f"lsmc: note: taken for no policy by name: {names}{more}")
    _check_found(paths, found)


def _check_found(paths: Sequence[str], found: Collection[object]) -> None:
    """`UsageFault` when no file of policy was found."""
    if not found:
        folders = ", ".join(f"`{path}`" for path in paths)
        raise UsageFault(f"no files of policy in {folders}; directories below are not read")


@contextlib.contextmanager
def working(screen: Screen, what: str) -> Iterator[None]:
    """Show what takes long on a terminal, and for how long, until it ends; nothing elsewhere."""
    with progress_bar(screen) as progress:
        if progress is not None:
            progress(what, 0, 0)
        yield


@contextlib.contextmanager
def progress_bar(screen: Screen) -> Iterator[Progress | None]:
    """Show a progress bar on a terminal; nothing elsewhere."""
    if screen.quiet or not sys.stderr.isatty():
        yield None
        return
    from lsmc.cli.progress import bar

    with bar(color=screen.colored(sys.stderr)) as progress:
        yield progress
