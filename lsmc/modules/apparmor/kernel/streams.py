"""From the profiles of some files to the streams that a kernel loads."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from lsmc.automata.dfa import StateLimit
from lsmc.base.diagnostics import Diagnostic, Label, PolicyError
from lsmc.base.source import to_display
from lsmc.base.text import counted
from lsmc.compiler.outcome import Rendered
from lsmc.ir.mediation import Transition
from lsmc.ir.model import Profile, Unit
from lsmc.kernels.positions import Positions
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.kernel.automata import Minimal, Patterns, joined
from lsmc.modules.apparmor.kernel.blob import (
    MAX_STATES,
    Database,
    Part,
    database,
    named_targets,
    part_from,
)
from lsmc.modules.apparmor.kernel.chain import chained
from lsmc.modules.apparmor.kernel.costly import costly
from lsmc.modules.apparmor.kernel.fields import (
    capabilities,
    disconnected,
    error_number,
    family_types,
    identities,
    kill_signal,
    path_flags,
    rlimits,
    target_name,
)
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
    Format,
)
from lsmc.modules.apparmor.resolve.features import Features

#: States before equal ones are joined: for each that a kernel has a number for, for each profile
#: beside others, for a kernel with numbers of 32 bits, and where rules are tried without.
_UNJOINED, _OF_EACH = 4, 2_000
_MOST_WIDE, _PROBED = 1_000_000, 2 * MAX_STATES
#: Rules that a message shows.
_SHOWN = 5


class File(NamedTuple):
    """A file of policy with what its stream depends on.

    Attributes:
        path: where it is.
        profiles: its profiles.
        features: the features that they count on.
        form: what the kernel reads.
        complain: whether its profiles are only to log.
    """

    path: str
    profiles: Sequence[Profile]
    features: Features
    form: Format
    complain: bool


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

    def other(self, profile: Profile, file: File) -> Positions:
        """The start of the automaton of all else of a profile of a file."""
        alone = self._patterns.start(stubs(profile, file.form.interface, file.features))
        sockets = networks(file.features)
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


def streams(files: Sequence[File]) -> list[Rendered]:
    """The streams of some files, or for each what its format has no room for.

    Their automata are made together, so that they share what they have alike.
    """
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
        for profile in file.profiles:
            values = conditions(profile) if file.form.steps else ()
            chain = [list(attachment(profile)), *([value] for _, value in values)]
            parts = (begin(patterns.start(one)) for one in chain)
            some.append(
                _Starts(
                    begin(beginnings.files(profile)),
                    begin(beginnings.other(profile, file)),
                    [one for one in parts if one is not None],
                )
            )
        placed.append(some)
    try:
        minimal = patterns.minimal(starts, _limit(files))
    except StateLimit as fault:
        if len(files) > 1:
            half = len(files) // 2
            return streams(files[:half]) + streams(files[half:])
        return [Rendered(files[0].path, b"", (_too_large_file(files[0], fault.limit),))]
    numbers = array("I", bytes(4 * len(minimal.defaults)))
    return [_stream(file, some, minimal, numbers) for file, some in zip(files, placed, strict=True)]


def _stream(
    file: File, starts: Sequence[_Starts], minimal: Minimal, numbers: array[int]
) -> Rendered:
    try:
        parts = [
            _profile(profile, where, minimal, numbers, file)
            for profile, where in zip(file.profiles, starts, strict=True)
        ]
    except PolicyError as fault:
        return Rendered(file.path, b"", fault.diagnostics)
    return Rendered(file.path, b"".join(parts))


def _profile(
    profile: Profile, where: _Starts, minimal: Minimal, numbers: array[int], file: File
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
                identities=identities(settings, file.features),
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
        raise PolicyError([_too_large(profile, file, fault.limit)]) from None
    except ValueError as fault:
        cure = "shorten it, or divide the profile into children"
        raise PolicyError([error("too-complex", profile.origin, str(fault), cure)]) from None


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


def _limit(files: Sequence[File]) -> int:
    """The states that some files may need before equal ones are joined.

    Those of a profile may be four times as many as a kernel has numbers for; of the profiles of
    apparmor.d, most states are shared with others.
    """
    if any(file.form.wide for file in files):
        return _MOST_WIDE
    return max(_UNJOINED * MAX_STATES, _OF_EACH * sum(len(file.profiles) for file in files))


def _states(profile: Profile, file: File, limit: int) -> int | None:
    """The states of the larger automaton of a profile; None if they are too many."""
    patterns = Patterns()
    beginnings = _Beginnings(patterns)
    starts = [beginnings.files(profile), beginnings.other(profile, file)]
    try:
        minimal = patterns.minimal(starts, limit)
        numbers = array("I", bytes(4 * len(minimal.defaults)))
        parts = [part_from(minimal, start, numbers, file.form.wide) for start in minimal.starts]
    except StateLimit:
        return None
    return max(len(part.states) for part in parts)


def _too_large(profile: Profile, file: File, limit: int) -> Diagnostic:
    return _with_costly(
        profile,
        file,
        f"profile `{to_display(profile.name)}` needs more than {limit:,} states, and a kernel "
        "has numbers for no more",
    )


def _too_large_file(file: File, limit: int) -> Diagnostic:
    """An error for the first profile that is too large alone, or for all of a file together."""
    for profile in file.profiles:
        if _states(profile, file, limit) is None:
            return _with_costly(
                profile,
                file,
                f"profile `{to_display(profile.name)}` needs more than {limit:,} states before "
                "equal ones are joined",
            )
    return error(
        "too-complex",
        file.profiles[0].origin,
        f"the profiles of this file need more than {limit:,} states before equal ones are joined",
        "divide the file",
    )


def _with_costly(profile: Profile, file: File, message: str) -> Diagnostic:
    """An error with the rules that cost most, if some are found to."""
    found = costly(profile, lambda less: _states(less, file, _PROBED))
    if found is None:
        return error("too-complex", profile.origin, message, "divide it into children")
    count = len(found.rules)
    without = "this rule" if count == 1 else f"these {counted(count, 'rule')}"
    return error(
        "too-complex",
        profile.origin,
        message,
        "write fewer wildcards before fixed text, or begin with a folder",
        [
            Label(rule, f"without {without} it needs {found.states:,}")
            for rule in found.rules[:_SHOWN]
        ],
    )
