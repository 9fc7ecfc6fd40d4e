"""What a profile says beside its automata, as the stream has it."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence

from lsmc.automata.pattern import literals
from lsmc.ir.mediation import Effect, Transition
from lsmc.ir.model import Profile, Rule
from lsmc.modules.apparmor.classes import CAPABILITY
from lsmc.modules.apparmor.kernel.family_table import Types, family_table
from lsmc.modules.apparmor.kernel.keys import signal_number
from lsmc.modules.apparmor.kernel.sockets import networks
from lsmc.modules.apparmor.kernel.stream import PATH_FLAGS, Capabilities, Disconnected
from lsmc.modules.apparmor.kernel.target import DISCONNECTED_IPC, ERROR, IDENTITY, KILL_SIGNAL
from lsmc.modules.apparmor.names import CAPABILITIES, RESOURCES
from lsmc.modules.apparmor.resolve.features import Features

_ALL_CAPABILITIES = (1 << 64) - 1
_INFINITY = (1 << 64) - 1
_MOST_NAMES = 1 << 10
_IPC = "attach_disconnected.ipc"


def kill_signal(settings: Mapping[str, str], features: Features) -> int:
    """The signal of kill mode; 0 for the usual one."""
    name = settings.get("kill.signal")
    return signal_number(name) if name is not None and KILL_SIGNAL in features else 0


def error_number(settings: Mapping[str, str], features: Features) -> int:
    """The errno of denials; 0 for the usual one."""
    name = settings.get("error")
    return int(getattr(errno, name)) if name is not None and ERROR in features else 0


def identities(settings: Mapping[str, str], features: Features) -> Sequence[bytes]:
    """The identities of a profile."""
    text = settings.get("identities", "") if IDENTITY in features else ""
    return text.encode("latin-1").split(b"\n") if text else ()


def path_flags(settings: Mapping[str, str], features: Features) -> int:
    """How paths are made, as bits."""
    return sum(
        bit
        for flag, bit in PATH_FLAGS.items()
        if flag in settings and (flag != _IPC or DISCONNECTED_IPC in features)
    )


def disconnected(settings: Mapping[str, str], features: Features) -> Disconnected:
    """What is put before paths that do not reach the root, and before such names of queues."""
    ipc = settings.get(_IPC, "") if DISCONNECTED_IPC in features else ""
    path = settings.get("attach_disconnected.path", "")
    return Disconnected(path.encode("latin-1"), ipc.encode("latin-1"))


def target_name(target: Transition, profile: Profile) -> bytes:
    """A named target as the kernel reads it."""
    name = target.name
    if target.kind == "child":
        name = f"{profile.name}//{name}"
    encoded = name.encode("latin-1")
    if encoded.startswith(b":"):
        space, _, rest = encoded[1:].partition(b":")
        return b":" + space + b"\0" + rest.removeprefix(b"//")
    return encoded


def capabilities(rules: Iterable[Rule]) -> Capabilities:
    """The capabilities that rules speak of."""
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


def family_types(profile: Profile, features: Features) -> Sequence[Types]:
    """The types of sockets by family; empty for a kernel that has strings, and without rules."""
    if "network" not in features or networks(features).code is not None:
        return ()
    return family_table(profile.rules)


def rlimits(profile: Profile) -> tuple[int, Sequence[int]] | None:
    """The bits of the limits that are set, and all limits; None where none is."""
    if not profile.rlimits:
        return None
    limits = [0] * len(RESOURCES)
    mask = 0
    for name, value in profile.rlimits:
        number = RESOURCES.index(name)
        mask |= 1 << number
        limits[number] = _INFINITY if value is None else value
    return mask, limits
