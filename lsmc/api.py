"""The functions of the public API; `lsmc` re-exports them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.files import StrPath, map_file
from lsmc.policy import Policy

if TYPE_CHECKING:
    from lsmc.analysis.diff import Change
    from lsmc.diagnostics import Diagnostic

Variables = Mapping[str, str | Sequence[str]]


def compile(  # noqa: A001 - the contract's name
    paths: StrPath | Iterable[StrPath],
    *,
    base: StrPath | None = None,
    include: Iterable[StrPath] = (),
    features: StrPath | None = None,
    variables: Variables | None = None,
    restrict: Iterable[StrPath] = (),
    target: str | None = None,
    jobs: int | None = None,
    cache: StrPath | None = None,
) -> Policy:
    """Compile profile files, or the files of directories; raises `PolicyError`.

    ValueError for an unknown target.

    Args:
        paths: files and directories of profiles.
        base: the directory of `<magic>` includes, `/etc/apparmor.d` when not given.
        include: more directories for them.
        features: a features or abi file that overrides `abi` lines.
        variables: values that set or override variables of the policy.
        restrict: directories outside of which nothing is read; anywhere when there are none.
        target: the release of AppArmor's compiler to decide as, `3.0`, `4.1` or `6.0`; the one
            that the abi of each profile stands for when not given.
        jobs: processes to use; as many as there are processors when not given.
        cache: a directory that keeps compiled units between runs; none when not given.
    """
    from lsmc.cache.cached import compile_cached
    from lsmc.inputs import Options

    options = Options.of(base, include, features, variables, restrict, target)
    data, _ = compile_cached(_several(paths), options, jobs=jobs, directory=cache)
    return Policy(data)


def compile_text(
    text: str | bytes,
    *,
    name: str = "<text>",
    base: StrPath | None = None,
    include: Iterable[StrPath] = (),
    features: StrPath | None = None,
    variables: Variables | None = None,
    restrict: Iterable[StrPath] = (),
    target: str | None = None,
) -> Policy:
    """Compile a policy text; `name` stands for its file in messages.

    Raises `PolicyError`, ValueError for an unknown target.  The arguments are those of `compile`.
    """
    from lsmc.driver import compile_source
    from lsmc.inputs import Options

    data, _ = compile_source(
        text, name, Options.of(base, include, features, variables, restrict, target)
    )
    return Policy(data)


def check(
    paths: StrPath | Iterable[StrPath],
    *,
    base: StrPath | None = None,
    include: Iterable[StrPath] = (),
    features: StrPath | None = None,
    variables: Variables | None = None,
    restrict: Iterable[StrPath] = (),
    target: str | None = None,
    jobs: int | None = None,
    cache: StrPath | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    config: StrPath | None = None,
) -> list[Diagnostic]:
    """Lint profile files, or the files of directories, together: errors first, then findings.

    Comments in the policy suppress findings as they do for `lsmc lint`.  No configuration is looked
    for: `config` names one.  A check that fails is an entry with the code LSM999.  Raises
    `PolicyError` for a bad features file, `ValueError` for an unknown code or target or a bad
    configuration, OSError when a process is lost.

    Args:
        paths: files and directories of profiles.
        base: the directory of `<magic>` includes, `/etc/apparmor.d` when not given.
        include: more directories for them.
        features: a features or abi file that overrides `abi` lines.
        variables: values that set or override variables of the policy.
        restrict: directories outside of which nothing is read; anywhere when there are none.
        target: the release of AppArmor's compiler to decide as, `3.0`, `4.1` or `6.0`; the one
            that the abi of each profile stands for when not given.
        jobs: processes to use for many profiles; as many as there are processors when not given.
        cache: taken for the sake of one set of arguments; lint needs the text of every file.
        select: codes, prefixes of codes or names of the checks to run; else the default set.
        ignore: those of the checks not to run.
        config: a `lsmc.toml`, or a `pyproject.toml` with `[tool.lsmc]`.
    """
    from lsmc.checker.configuration import check_paths

    del cache
    return check_paths(
        _several(paths),
        base=base,
        include=include,
        features=features,
        variables=variables,
        restrict=restrict,
        target=target,
        jobs=jobs,
        select=select,
        ignore=ignore,
        config=config,
    )


def diff(old: Policy, new: Policy) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, exec transitions, and
    what decides which profile a program gets.  Raises `automata.dfa.StateLimit` when the policies
    are too complex to compare.
    """
    from lsmc.analysis.diff import diff as differences

    return differences(old.engine, new.engine)


def load(path: StrPath) -> Policy:
    """Open a bundle; OSError when it cannot be read, `BundleError` when it is none."""
    return Policy(map_file(path), str(path))


def _several(paths: StrPath | Iterable[StrPath]) -> list[StrPath]:
    if isinstance(paths, (str, bytes)) or hasattr(paths, "__fspath__"):
        return [paths]  # type: ignore[list-item]
    return list(paths)
