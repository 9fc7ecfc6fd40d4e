"""The functions of the public API; `lsmc` re-exports them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.base.diagnostics import MissingFile, UnreadableFile
from lsmc.base.errors import NoMeaning
from lsmc.base.files import StrPath, map_file, path_text
from lsmc.base.text import encode
from lsmc.modules.registry import DEFAULT, lint_of, module_named, module_of
from lsmc.policy import Policy

if TYPE_CHECKING:
    from datetime import datetime

    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.explain.diagnosis import Diagnosis
    from lsmc.logs.reader import BrokenLine

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
    module: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Policy:
    """Compile profile files, or the files of directories.

    Raises `PolicyError` for errors in the policy, and its kind `MissingFile` for a path that does
    not exist.
    ValueError for an unknown target.

    Args:
        paths: files and directories of profiles.
        base: the directory of `<magic>` includes, `/etc/apparmor.d` when not given.
        include: more directories for them.
        features: a features or abi file that overrides `abi` lines.
        variables: values that set or override variables of the policy.
        restrict: directories outside of which nothing is read; anywhere when there are none.
        target: the release of AppArmor's compiler to decide as (`3.0`, `3.1`, `4.0`, `4.1`,
            `5.0`, `6.0`); the one that the abi of each profile stands for when not given.
        jobs: processes to use; as many as there are processors when not given.
        cache: a directory that keeps compiled units between runs; none when not given.
        module: the security module whose policy it is; told by the paths when not given.
        settings: what only some modules take: `posture` (KubeArmor), `no-neverallow` (SELinux).
    """
    from lsmc.compiler.cache.store import compile_cached
    from lsmc.compiler.inputs import Given

    options = Given(base, include, features, variables, restrict, target, settings).options()
    given = _existing(paths)
    found = module_of([os.fspath(path) for path in given], module)
    found.check_settings(options)
    data, _ = compile_cached(given, options, compiler=found.compiler, jobs=jobs, directory=cache)
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
    module: str = DEFAULT,
    settings: Mapping[str, str] | None = None,
) -> Policy:
    """Compile a policy text; `name` stands for its file in messages.

    Raises `PolicyError`, ValueError for an unknown target.  The arguments are those of `compile`,
    but that no path tells the module.
    """
    from lsmc.compiler.inputs import Given

    if not isinstance(text, str | bytes):
        raise TypeError(f"a policy text is str or bytes, not {type(text).__name__}")
    options = Given(base, include, features, variables, restrict, target, settings).options()
    data = text if isinstance(text, bytes) else encode(text)
    found = module_named(module)
    found.check_settings(options)
    bundle, _ = found.compile_text(data, name, options)
    return Policy(bundle)


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
    module: str | None = None,
    included: bool = False,
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
        target: the release of AppArmor's compiler to decide as (`3.0`, `3.1`, `4.0`, `4.1`,
            `5.0`, `6.0`); the one that the abi of each profile stands for when not given.
        jobs: processes to use for many profiles; as many as there are processors when not given.
        cache: taken for the sake of one set of arguments; lint needs the text of every file.
        select: codes, prefixes of codes or names of the checks to run; else the default set.
        ignore: those of the checks not to run.
        config: a `lsmc.toml`, or a `pyproject.toml` with `[tool.lsmc]`.
        module: the security module whose policy it is; told by the paths when not given.
        included: report findings in included files that were not given, too.
    """
    from lsmc.compiler.inputs import Given
    from lsmc.lint.setup import check_paths

    del cache
    given = _several(paths)
    return check_paths(
        lint_of([os.fspath(path) for path in given], module),
        given,
        Given(base, include, features, variables, restrict, target),
        jobs=jobs,
        select=select,
        ignore=ignore,
        config=config,
        included=included,
    )


def diff(old: Policy, new: Policy) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, exec transitions, and
    what decides which profile a program gets.  Raises `StateLimit` when the policies are too
    complex to compare, `NoMeaning` for policies of two security modules, TypeError for what is not
    a policy.
    """
    for one in (old, new):
        if not isinstance(one, Policy):
            raise TypeError(
                f"diff compares two policies, not {type(one).__name__}: "
                "`lsmc.compile` and `lsmc.load` make them of files"
            )

    if old.module != new.module:
        raise NoMeaning(f"a policy of {old.module.title} is not compared with {new.module.title}")
    return old.module.diff(old.engine, new.engine)


def graph(policy: Policy) -> Graph:
    """Which profiles a task can come to from which; TypeError for what is not a policy."""
    if not isinstance(policy, Policy):
        raise TypeError(f"a graph is that of a policy, not of {type(policy).__name__}")
    module = policy.module
    return module.needs(module.graph, "a graph")(policy.engine)


class LogExplanation(NamedTuple):
    """What a policy says to the causes in logs, and what became of their lines.

    `faults` are lines that could not be read, with the reason: as long as there are any, there may
    be causes beside `diagnoses`.
    """

    diagnoses: tuple[Diagnosis, ...]
    faults: tuple[BrokenLine, ...]
    used: int
    skipped: int
    broken: int


def explain_log(
    policy: Policy,
    logs: StrPath | Iterable[StrPath],
    *,
    since: datetime | None = None,
    profile: str | None = None,
    enforce: bool = False,
) -> LogExplanation:
    """What a policy says to the records of logs, the same ones taken together.

    Raises `UnreadableFile` for a log that cannot be read, TypeError for wrong types.

    Args:
        policy: the policy that is asked.
        logs: files of the kernel's or auditd's log, the journal, or syslog, which may be packed;
            or directories of them.  Rotated files are read oldest first.
        since: leaves out what is older.
        profile: a glob; leaves out the records of other profiles.
        enforce: judge profiles in complain mode as if they were enforced.
    """
    from lsmc.explain.diagnosis import diagnose
    from lsmc.explain.log_groups import Causes
    from lsmc.logs.reader import LogReader
    from lsmc.logs.sets import log_files

    if not isinstance(policy, Policy):
        raise TypeError(f"a policy is asked, not {type(policy).__name__}")
    read = policy.module.needs(policy.module.logs, "a log")()
    moment = since.timestamp() if since is not None else None
    causes = Causes(read.grouping(), since=moment, profile=profile)
    try:
        files = log_files(path_text(path) for path in _existing(logs))
        reader = LogReader(files, read.form())
        causes.read(reader)
    except OSError as fault:
        raise _unread(fault) from None
    engine = policy.enforced.engine if enforce else policy.engine
    return LogExplanation(
        diagnoses=tuple(diagnose(read.questions(), engine, causes.sorted(), enforce=enforce)),
        faults=tuple(reader.faults),
        used=reader.used,
        skipped=reader.skipped,
        broken=reader.broken,
    )


def load(path: StrPath) -> Policy:
    """Open a bundle that `Policy.save` or `lsmc compile` wrote.

    Raises `MissingFile` or `UnreadableFile`, which are OSErrors too, when it cannot be read, and
    `BundleError` when it is not a bundle.
    """
    name = path_text(path)
    try:
        data = map_file(name)
    except OSError as fault:
        raise _unread(fault) from None
    return Policy(data, name)


def _unread(fault: OSError) -> UnreadableFile:
    """What to raise for a path that was given and cannot be read."""
    from lsmc.compiler.errors import unreadable

    kind = MissingFile if isinstance(fault, FileNotFoundError) else UnreadableFile
    return kind(unreadable(str(fault.filename), fault), fault)


def _existing(paths: StrPath | Iterable[StrPath]) -> list[StrPath]:
    """Paths that were given; raises `MissingFile` for the first that does not exist."""
    given = _several(paths)
    for path in given:
        try:
            os.stat(path)  # noqa: PTH116 - as `load` names it
        except FileNotFoundError as fault:
            raise _unread(fault) from None
        except OSError:
            continue  # told with the other faults
    return given


def _several(paths: StrPath | Iterable[StrPath]) -> list[StrPath]:
    if isinstance(paths, str | bytes | os.PathLike) or not isinstance(paths, Iterable):
        return [path_text(paths)]
    return [path_text(path) for path in paths]
