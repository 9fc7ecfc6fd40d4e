"""Compiles files of policy to what a kernel loads."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, literals
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.processes import map_tasks
from lsmc.base.source import to_display
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import Options, files_of
from lsmc.compiler.linking import distinct, policy_files, refuse
from lsmc.compiler.outcome import Rendered
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import Effect, Transition
from lsmc.ir.model import Profile, Rule
from lsmc.kernels.positions import Positions
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.classes import CAPABILITY, CHANGE_PROFILE, ONEXEC
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.kernel.automata import Minimal, Patterns
from lsmc.modules.apparmor.kernel.blob import MAX_STATES, automaton, named_targets
from lsmc.modules.apparmor.kernel.keys import (
    CLASS_DBUS,
    CLASS_FILE,
    CLASS_IO_URING,
    CLASS_MOUNT,
    CLASS_NET,
    CLASS_NS,
    CLASS_POSIX_MQUEUE,
    CLASS_PTRACE,
    CLASS_SIGNAL,
    CLASS_SYSV_MQUEUE,
    file_pattern,
    other_patterns,
)
from lsmc.modules.apparmor.kernel.stream import (
    PATH_FLAGS,
    Capabilities,
    KernelProfile,
    written,
)
from lsmc.modules.apparmor.kernel.target import given_features, interface, kernel_features
from lsmc.modules.apparmor.kernel.words import ATTACHED, STUB, Access
from lsmc.modules.apparmor.names import CAPABILITIES, RESOURCES
from lsmc.modules.parts import POLICY_ALONE, Deployment

#: The classes that the strings of each of lsmc's classes begin with.
_STUBS = {
    "mount": (CLASS_MOUNT,),
    "dbus": (CLASS_DBUS,),
    "signal": (CLASS_SIGNAL,),
    "ptrace": (CLASS_PTRACE,),
    "network": (CLASS_NET,),
    "mqueue": (CLASS_POSIX_MQUEUE, CLASS_SYSV_MQUEUE),
    "userns": (CLASS_NS,),
    "io_uring": (CLASS_IO_URING,),
}
_FREE_MODES = ("unconfined", "default_allow")
_STUB = Access(None, Facts(0, Effect.ALLOW, 0, 0), STUB)
_ATTACH = Access(None, Facts(0, Effect.ALLOW, 0, 0), ATTACHED)
#: Profiles whose automata are built together.
_TOGETHER = 250
_ALL_CAPABILITIES = (1 << 64) - 1
_INFINITY = (1 << 64) - 1
_MOST_NAMES = 1 << 10


def render(
    paths: Sequence[str], options: Options, jobs: int, deployment: Deployment = POLICY_ALONE
) -> Iterator[Rendered]:
    """The stream of each file of policy, in order; raises `PolicyError`, which names bad files.

    `options.features` are those of the kernel, by default of the running one; a profile has of them
    what its abi counts on.
    """
    kernel = kernel_features(options)
    front = front_end(
        replace(options, features=deployment.every_abi),
        kernel=kernel,
        unnamed=given_features(deployment.abi),
    )
    found, missing = policy_files(paths, files_of(options))
    told: dict[str, Sequence[Diagnostic]] = {}
    files: list[_File] = []
    for path in found:
        try:
            compiled = front.compile(path)
        except OSError as fault:
            told[path] = [unreadable(path, fault)]
            continue
        told[path] = compiled.diagnostics
        version = interface(kernel or compiled.features)
        complain = path in deployment.complain
        profiles = [_moved(one, deployment.namespace) for one in compiled.profiles]
        files.append(_File(path, profiles, version, complain))
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
    interface: int
    complain: bool


class _Starts(NamedTuple):
    """Where the automata of a profile begin: of files, of all else, of its attachment."""

    files: int | None
    other: int | None
    attach: int | None


def _streams(files: Sequence[_File]) -> list[Rendered]:
    """The streams of some files, or for each what its format has no room for."""
    patterns = Patterns()
    starts: list[Positions] = []
    placed: list[list[_Starts]] = []

    def begin(found: Positions) -> int | None:
        if not found:
            return None
        starts.append(found)
        return len(starts) - 1

    for file in files:
        some = []
        for profile in file.profiles:
            parts = (
                _file_patterns(profile),
                _other_patterns(profile, file.interface),
                _attachment(profile),
            )
            some.append(_Starts(*(begin(patterns.start(part)) for part in parts)))
        placed.append(some)
    minimal = patterns.minimal(starts)
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
    return Rendered(file.path, b"".join(parts))


def _file_patterns(profile: Profile) -> Iterator[tuple[Pattern, Access]]:
    for rule in profile.rules:
        pattern = file_pattern(rule)
        if pattern is not None:
            yield pattern, _access(rule)
        if rule.cls is ONEXEC and rule.effect is Effect.ALLOW:
            # the executable alone, to which the target is added at the execution
            facts = _facts(rule)._replace(transition=None)
            bit = CHANGE_PROFILE.mask(("onexec",))
            yield rule.fields[0], Access(CHANGE_PROFILE, facts._replace(owner=bit, other=bit))


def _other_patterns(profile: Profile, version: int) -> Iterator[tuple[Pattern, Access]]:
    free = profile.mode in _FREE_MODES
    for name in sorted(profile.mediated):
        if not free or name == "userns":
            for code in _STUBS.get(name, ()):
                yield Literal(bytes((code,))), _STUB
    if version > 5 and not free:
        yield Literal(bytes((CLASS_FILE,))), _STUB
    for rule in profile.rules:
        if rule.cls.name in profile.mediated:
            for pattern in other_patterns(rule):
                yield pattern, _access(rule)


def _attachment(profile: Profile) -> Iterator[tuple[Pattern, Access]]:
    found = profile.attachment
    if found is None or found.by_name or _is_own_name(profile):
        return
    for pattern in found.patterns:
        yield pattern, _ATTACH


def _is_own_name(profile: Profile) -> bool:
    assert profile.attachment is not None
    own = Literal(profile.name.rpartition("//")[2].encode("latin-1"))
    return profile.attachment.patterns == (own,) and not profile.attachment.xattrs


def _facts(rule: Rule) -> Facts:
    return Facts(
        0,
        int(rule.effect),
        rule.owner,
        rule.other,
        rule.audit,
        rule.priority,
        rule.exact and bool(rule.cls.specific),
        rule.transition,
        rule.adds_log,
        rule.weak,
    )


def _access(rule: Rule) -> Access:
    return Access(rule.cls, _facts(rule))


def _profile(
    profile: Profile, where: _Starts, minimal: Minimal, numbers: array[int], file: _File
) -> bytes:
    """A profile's part of a stream; raises `PolicyError` where the format has no room for it."""

    def packed(start: int | None, targets: dict[Transition, int]) -> bytes | None:
        if start is None:
            return None
        return automaton(minimal, minimal.starts[start], numbers, targets)

    targets: dict[Transition, int] = {}
    names: list[bytes] = []
    if where.files is not None:
        for target in named_targets(minimal, minimal.starts[where.files], numbers):
            name = _target_name(target, profile)
            if name not in names:
                names.append(name)
            targets[target] = names.index(name)
    attach = packed(where.attach, {})
    settings = dict(profile.settings)
    try:
        return written(
            KernelProfile(
                name=profile.name.encode("latin-1"),
                namespace=profile.namespace.encode("latin-1"),
                attach=(attach, _rank(profile)) if attach is not None else None,
                disconnected=settings.get("attach_disconnected.path", "").encode("latin-1"),
                hat=profile.is_hat,
                mode=profile.mode,
                audit=profile.audit,
                path_flags=sum(bit for flag, bit in PATH_FLAGS.items() if flag in settings),
                capabilities=_capabilities(profile.rules),
                rlimits=_rlimits(profile),
                other=packed(where.other, {}),
                files=packed(where.files, targets),
                targets=names,
            ),
            file.interface,
            file.complain,
        )
    except StateLimit:
        raise PolicyError([_too_large(profile)]) from None
    except ValueError as fault:
        raise PolicyError([error("too-complex", profile.origin, str(fault))]) from None


def _too_large(profile: Profile) -> Diagnostic:
    return error(
        "too-complex",
        profile.origin,
        f"profile `{to_display(profile.name)}` needs more than {MAX_STATES} states, and a kernel "
        "has numbers for no more",
        "divide it into children, or join rules with many `*` and `{}`",
    )


def _target_name(target: Transition, profile: Profile) -> bytes:
    """A named target as the kernel reads it."""
    name = target.name
    if target.kind == "child":
        name = f"{profile.name}//{name}"
    encoded = name.encode("latin-1")
    if encoded.startswith(b":"):
        space, _, rest = encoded[1:].partition(b":")
        return b":" + space + b"\0" + rest.removeprefix(b"//")
    return encoded


def _rank(profile: Profile) -> int:
    """The length by which the kernel ranks an attachment: what stands before its first loop."""
    assert profile.attachment is not None
    return min(_fixed(pattern)[0] for pattern in profile.attachment.patterns)


def _fixed(pattern: Pattern) -> tuple[int, bool]:
    """The least length before a loop or `?`, and whether the pattern goes on behind it."""
    match pattern:
        case Literal(text):
            return len(text), True
        case Chars(mask):
            return 1, mask.bit_count() < 128
        case Star():
            return 0, False
        case Union(options):
            found = [_fixed(option) for option in options]
            return min(length for length, _ in found), all(on for _, on in found)
        case Concat(parts):
            total = 0
            for part in parts:
                length, goes_on = _fixed(part)
                total += length
                if not goes_on:
                    return total, False
            return total, True


def _capabilities(rules: Iterable[Rule]) -> Capabilities:
    allow = audit = deny = quiet = 0
    for rule in rules:
        if rule.cls is not CAPABILITY:
            continue
        listed = literals(rule.fields[0], _MOST_NAMES)
        mask = _ALL_CAPABILITIES
        if listed is not None:
            mask = sum({1 << CAPABILITIES.index(name.decode()) for name in listed})
        if rule.effect is Effect.DENY:
            deny |= mask
            quiet |= 0 if rule.audit else mask
        else:
            allow |= mask
            audit |= mask if rule.audit else 0
    return Capabilities(allow & ~deny, audit & ~deny, quiet)


def _rlimits(profile: Profile) -> tuple[int, Sequence[int]] | None:
    if not profile.rlimits:
        return None
    limits = [0] * len(RESOURCES)
    mask = 0
    for name, value in profile.rlimits:
        number = RESOURCES.index(name)
        mask |= 1 << number
        limits[number] = _INFINITY if value is None else value
    return mask, limits
