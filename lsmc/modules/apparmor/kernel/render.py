"""Compiles files of policy to what a kernel loads."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, literals
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.processes import map_tasks
from lsmc.base.source import Source, to_display
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import Options
from lsmc.compiler.linking import distinct, policy_files, refuse
from lsmc.compiler.outcome import Rendered
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import Effect, Transition
from lsmc.ir.model import Profile, Rule
from lsmc.kernels.positions import Positions
from lsmc.modules.apparmor.build.front import front_end, read_features
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
from lsmc.modules.apparmor.kernel.words import ATTACHED, STUB, Access
from lsmc.modules.apparmor.names import CAPABILITIES, RESOURCES
from lsmc.modules.apparmor.resolve.features import Features, parse_features

#: Where a running kernel tells its features.
_RUNNING = Path("/sys/kernel/security/apparmor/features")
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


def render(paths: Sequence[str], options: Options, jobs: int) -> Iterator[Rendered]:
    """The stream of each file of policy, in order; raises `PolicyError`.

    `options.features` are those of the kernel, by default of the running one; a profile has of them
    what its abi counts on.
    """
    kernel = kernel_features(options)
    front = front_end(replace(options, features=None), kernel=kernel)
    found, diagnostics = policy_files(paths)
    files: list[_File] = []
    for path in found:
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        diagnostics += compiled.diagnostics
        files.append(_File(path, compiled.profiles, interface(kernel or compiled.features)))
    refuse(diagnostics)
    by_file: dict[str | None, list[Diagnostic]] = {}
    for one in distinct(diagnostics):
        by_file.setdefault(one.file, []).append(one)
    shards = list(_shards(files))

    def work(number: int) -> tuple[list[bytes], list[Diagnostic]]:
        try:
            return _streams(shards[number]), []
        except PolicyError as fault:
            return [], list(fault.diagnostics)

    made = map_tasks(work, range(len(shards)), jobs)
    refuse(fault for _, faults in made for fault in faults)
    for shard, (streams, _) in zip(shards, made, strict=True):
        for file, data in zip(shard, streams, strict=True):
            yield Rendered(file.path, data, tuple(by_file.get(file.path, ())))


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


def kernel_features(options: Options) -> Features | None:
    """The features of the kernel that policy is for; None for any that has those of its abi."""
    if options.features is None:
        return features_below(_RUNNING) if _RUNNING.is_dir() else None
    given = Path(options.features)
    return features_below(given) if given.is_dir() else read_features(options.features)


def features_below(folder: Path) -> Features:
    """The features that a directory tells, as the kernel lays it out; raises `PolicyError`."""

    def text(path: Path) -> str:
        if path.is_dir():
            return " ".join(f"{one.name} {{{text(one)}}}" for one in sorted(path.iterdir()))
        return path.read_text("latin-1")

    features, faults = parse_features(Source(str(folder), text(folder)))
    if faults:
        raise PolicyError(faults)
    return features


def interface(features: Features) -> int:
    """The version of the kernel's interface that the compiler chooses for some features."""
    if "policy/versions/v7" in features:
        return 7
    return 6 if "policy/versions/v6" in features else 5


class _File(NamedTuple):
    path: str
    profiles: Sequence[Profile]
    interface: int


class _Starts(NamedTuple):
    """Where the automata of a profile begin: of files, of all else, of its attachment."""

    files: int | None
    other: int | None
    attach: int | None


def _streams(files: Sequence[_File]) -> list[bytes]:
    """The streams of some files; raises `PolicyError`."""
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
    return [
        b"".join(
            _profile(profile, where, minimal, numbers, file.interface)
            for profile, where in zip(file.profiles, some, strict=True)
        )
        for file, some in zip(files, placed, strict=True)
    ]


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
    profile: Profile, where: _Starts, minimal: Minimal, numbers: array[int], version: int
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
            version,
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
