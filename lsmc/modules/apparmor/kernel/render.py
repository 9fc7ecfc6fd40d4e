"""Compiles files of policy to what a kernel loads."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lsmc.automata.dfa import StateLimit
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.processes import map_tasks
from lsmc.base.source import to_display
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import FileQuery, Options, files_of
from lsmc.compiler.linking import distinct, policy_files, refuse
from lsmc.compiler.outcome import Rendered
from lsmc.ir.mediation import Transition
from lsmc.ir.model import Profile, Unit
from lsmc.kernels.positions import Positions
from lsmc.modules.apparmor.build.compile import Compiled, Compiler
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.kernel.automata import Minimal, Patterns, joined
from lsmc.modules.apparmor.kernel.blob import (
    Database,
    Part,
    database,
    named_targets,
    part_from,
)
from lsmc.modules.apparmor.kernel.chain import chained
from lsmc.modules.apparmor.kernel.fields import (
    capabilities,
    disconnected,
    error_number,
    family_types,
    kill_signal,
    path_flags,
    rlimits,
    target_name,
)
from lsmc.modules.apparmor.kernel.policy_cache import newest
from lsmc.modules.apparmor.kernel.profile_patterns import (
    all_other_patterns,
    attachment,
    conditions,
    file_patterns,
    rank,
    stubs,
)
from lsmc.modules.apparmor.kernel.sockets import Networks, networks
from lsmc.modules.apparmor.kernel.stream import KernelProfile, written
from lsmc.modules.apparmor.kernel.target import (
    INTERRUPTIBLE,
    NETWORKS_NOT_WRITTEN,
    Format,
    format_for,
    given_features,
    kernel_features,
)
from lsmc.modules.apparmor.kernel.unwritten import unwritten
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.parts import POLICY_ALONE, Deployment

#: Profiles whose automata are built together.
_TOGETHER = 250


def render(
    paths: Sequence[str], options: Options, jobs: int, deployment: Deployment = POLICY_ALONE
) -> Iterator[Rendered]:
    """The stream of each file of policy, in order; raises `PolicyError`, which names bad files.

    `options.features` are those of the kernel, by default of the running one; a profile has of them
    what its abi counts on.
    """
    kernel = kernel_features(options)
    front = _front(options, kernel, deployment)
    found, missing = policy_files(paths, files_of(options))
    told: dict[str, Sequence[Diagnostic]] = {}
    files: list[_File] = []
    for path in found:
        try:
            compiled = front.compile(path)
        except OSError as fault:
            told[path] = [unreadable(path, fault)]
            continue
        told[path] = (*compiled.diagnostics, *unwritten(compiled, kernel))
        form = format_for(kernel or compiled.features)
        complain = path in deployment.complain
        profiles = [_moved(one, deployment.namespace) for one in compiled.profiles]
        when = newest(_sources(compiled, options, deployment))
        files.append(_File(path, profiles, compiled.features, form, complain, when))
    everything = [*missing, *(one for some in told.values() for one in some)]
    refuse(everything, told)
    by_file: dict[str | None, list[Diagnostic]] = {}
    for one in distinct(everything):
        by_file.setdefault(one.file, []).append(one)
    shards = list(_shards(files))
    made = map_tasks(lambda number: _streams(shards[number]), range(len(shards)), jobs)
    rendered = [one for shard in made for one in shard]
    faults = {one.source: one.diagnostics for one in rendered}
    refuse((one for some in faults.values() for one in some), faults)
    for file in rendered:
        yield file._replace(diagnostics=tuple(by_file.get(file.source, ())))


def modified(
    paths: Sequence[str], options: Options, deployment: Deployment = POLICY_ALONE
) -> dict[str, int]:
    """When the newest source of each file was modified, of files that can be compiled.

    In nanoseconds since the epoch, as `Rendered.newest`; raises `PolicyError` for bad features.
    """
    front = _front(options, kernel_features(options), deployment)
    found: dict[str, int] = {}
    for path in paths:
        try:
            compiled = front.compile(path)
        except OSError:
            continue
        if not any(one.severity == "error" for one in compiled.diagnostics):
            found[path] = newest(_sources(compiled, options, deployment))
    return found


def _front(options: Options, kernel: Features | None, deployment: Deployment) -> Compiler:
    return front_end(
        replace(options, features=deployment.every_abi),
        kernel=kernel,
        unnamed=given_features(deployment.abi),
        without=NETWORKS_NOT_WRITTEN,
    )


def _sources(compiled: Compiled, options: Options, deployment: Deployment) -> Iterator[FileQuery]:
    """What was read of a file of policy; the features of the kernel tell caches apart."""
    yield from compiled.asked
    if deployment.abi is not None and deployment.abi != options.features:
        yield "read", deployment.abi


def _moved(profile: Profile, namespace: str | None) -> Profile:
    """A profile in a namespace, whatever policy says; as it is without one."""
    return profile if namespace is None else replace(profile, namespace=namespace)


def _shards(files: Iterable[_File]) -> Iterator[list[_File]]:
    """The files in parts whose automata are built together, so that memory has a bound."""
    shard: list[_File] = []
    count = 0
    for file in files:
        shard.append(file)
        count += len(file.profiles)
        if count >= _TOGETHER:
            yield shard
            shard, count = [], 0
    if shard:
        yield shard


class _File(NamedTuple):
    path: str
    profiles: Sequence[Profile]
    features: Features
    form: Format
    complain: bool
    newest: int


class _Starts(NamedTuple):
    """Where the automata of a profile begin: of files, of all else, of its attachment.

    The last are that of paths and those of the conditions on extended attributes.
    """

    files: int | None
    other: int | None
    attach: Sequence[int]


class _Beginnings:
    """Where the automata of profiles begin; what the units begin with is found once."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._files: dict[Unit, Positions] = {}
        self._other: dict[tuple[Unit, frozenset[str], Networks], Positions] = {}

    def files(self, profile: Profile) -> Positions:
        """The start of the automaton of files."""
        return joined(self._of_files(use.unit) for use in profile.uses)

    def other(self, profile: Profile, version: int, sockets: Networks) -> Positions:
        """The start of the automaton of all else, for a version of the kernel's interface."""
        alone = self._patterns.start(stubs(profile, version, sockets))
        units = (self._of_other(use.unit, profile.mediated, sockets) for use in profile.uses)
        return joined((alone, *units))

    def _of_files(self, unit: Unit) -> Positions:
        known = self._files.get(unit)
        if known is None:
            known = self._files[unit] = self._patterns.start(file_patterns(unit.rules))
        return known

    def _of_other(self, unit: Unit, mediated: frozenset[str], sockets: Networks) -> Positions:
        key = (unit, mediated, sockets)
        known = self._other.get(key)
        if known is None:
            found = all_other_patterns(unit.rules, mediated, sockets)
            known = self._other[key] = self._patterns.start(found)
        return known


def _streams(files: Sequence[_File]) -> list[Rendered]:
    """The streams of some files, or for each what its format has no room for."""
    patterns = Patterns()
    beginnings = _Beginnings(patterns)
    starts: list[Positions] = []
    placed: list[list[_Starts]] = []

    def begin(found: Positions) -> int | None:
        if not found:
            return None
        starts.append(found)
        return len(starts) - 1

    for file in files:
        some = []
        sockets = networks(file.features)
        for profile in file.profiles:
            values = conditions(profile) if file.form.steps else ()
            chain = [list(attachment(profile)), *([value] for _, value in values)]
            parts = (begin(patterns.start(one)) for one in chain)
            some.append(
                _Starts(
                    begin(beginnings.files(profile)),
                    begin(beginnings.other(profile, file.form.interface, sockets)),
                    [one for one in parts if one is not None],
                )
            )
        placed.append(some)
    try:
        minimal = patterns.minimal(starts)
    except StateLimit as fault:
        if len(files) > 1:
            half = len(files) // 2
            return _streams(files[:half]) + _streams(files[half:])
        return [Rendered(files[0].path, b"", (_too_large_file(files[0], fault.limit),))]
    numbers = array("I", bytes(4 * len(minimal.defaults)))
    return [_stream(file, some, minimal, numbers) for file, some in zip(files, placed, strict=True)]


def _stream(
    file: _File, starts: Sequence[_Starts], minimal: Minimal, numbers: array[int]
) -> Rendered:
    try:
        parts = [
            _profile(profile, where, minimal, numbers, file)
            for profile, where in zip(file.profiles, starts, strict=True)
        ]
    except PolicyError as fault:
        return Rendered(file.path, b"", fault.diagnostics)
    return Rendered(file.path, b"".join(parts), newest=file.newest)


def _profile(
    profile: Profile, where: _Starts, minimal: Minimal, numbers: array[int], file: _File
) -> bytes:
    """A profile's part of a stream; raises `PolicyError` where the format has no room for it."""

    def part(start: int) -> Part:
        return part_from(minimal, minimal.starts[start], numbers, file.form.wide)

    def packed(some: Part | None, files: bool = False) -> Database | None:
        if some is None:
            return None
        return database(minimal, some, targets, files, file.form.tables)

    targets: dict[Transition, int] = {}
    names: list[bytes] = []
    settings = dict(profile.settings)
    try:
        files = None if where.files is None else part(where.files)
        if files is not None:
            for target in named_targets(minimal, files):
                name = target_name(target, profile)
                if name not in names:
                    names.append(name)
                targets[target] = names.index(name)
        attach, attributes = _attachment(profile, [*map(part, where.attach)], minimal)
        return written(
            KernelProfile(
                name=profile.name.encode("latin-1"),
                namespace=profile.namespace.encode("latin-1"),
                attach=attach,
                kill=kill_signal(settings, file.features),
                error=error_number(settings, file.features),
                interruptible=INTERRUPTIBLE in file.features and "interruptible" in settings,
                disconnected=disconnected(settings, file.features),
                hat=profile.is_hat,
                mode=profile.mode,
                audit=profile.audit,
                path_flags=path_flags(settings, file.features),
                capabilities=capabilities(profile.rules),
                attributes=attributes,
                rlimits=rlimits(profile),
                families=family_types(profile, file.features),
                other=None if where.other is None else packed(part(where.other)),
                files=packed(files, True),
                targets=names,
            ),
            file.form.interface,
            file.complain,
        )
    except StateLimit as fault:
        raise PolicyError([_too_large(profile, fault.limit)]) from None
    except ValueError as fault:
        raise PolicyError([error("too-complex", profile.origin, str(fault))]) from None


def _attachment(
    profile: Profile, parts: Sequence[Part], minimal: Minimal
) -> tuple[tuple[bytes, int] | None, Sequence[bytes]]:
    """The automaton of an attachment with its rank, and the extended attributes it asks for."""
    if not parts:
        return None, ()
    found = chained(minimal, parts)
    names = [name for name, _ in conditions(profile)] if found.steps else []
    packed = database(minimal, found.part, {}, steps=found.steps)
    return (packed.automaton, rank(profile)), names


def _too_large(profile: Profile, limit: int) -> Diagnostic:
    return error(
        "too-complex",
        profile.origin,
        f"profile `{to_display(profile.name)}` needs more than {limit} states, and a kernel "
        "has numbers for no more",
        "divide it into children, or join rules with many `*` and `{}`",
    )


def _too_large_file(file: _File, limit: int) -> Diagnostic:
    return error(
        "too-complex",
        file.profiles[0].origin,
        f"the profiles of this file need more than {limit:,} states before equal ones are joined",
        "join rules with many `*`, `?` and `{}`",
    )
