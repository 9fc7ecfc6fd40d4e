"""The kernel that policy is compiled for: its features, and the format that they call for."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.files import read_regular
from lsmc.base.source import Source, to_display
from lsmc.compiler.inputs import MAX_SOURCE, Options
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.resolve.features import Features, parse_features

#: Where a running kernel tells its features.
_RUNNING = Path("/sys/kernel/security/apparmor/features")
#: Features of what profiles may set.
KILL_SIGNAL = "policy/profile/kill.signal"
ERROR = "policy/profile/error"
INTERRUPTIBLE = "policy/profile/interruptible"
DISCONNECTED_IPC = "domain/disconnected.ipc"
IDENTITY = "domain/identity"
_TABLES = "policy/permstable32_version"
#: Features of which every kernel has some.
_OF_KERNELS = (
    *("capability", "caps", "dbus", "domain", "file", "mount", "namespaces", "network"),
    *("network_v8", "network_v9", "policy", "ptrace", "rlimit", "signal"),
)
#: The version of the format above that of the kernel's interface (the compiler's numbers).
_POLICY = 2 << 20 | 2 << 12
#: A profile that only logs, whatever its mode.
_FORCE_COMPLAIN = 1 << 11
_NUMBER = re.compile("0x[0-9a-fA-F]{1,8}")


def kernel_features(options: Options) -> Features | None:
    """The features of the kernel that policy is for; None for any that has those of its abi."""
    if options.features is None:
        return features_below(_RUNNING) if _RUNNING.is_dir() else None
    found = given_features(options.features)
    if found is not None and found.paths.isdisjoint(_OF_KERNELS):
        raise PolicyError([_no_kernel(options.features)])
    return found


def given_features(path: str | None) -> Features | None:
    """The features that a file or a directory tells, None without one; raises `PolicyError`."""
    if path is None:
        return None
    from lsmc.modules.apparmor.build.front import read_features  # which few runs need, and is large

    given = Path(path)
    return features_below(given) if given.is_dir() else read_features(path)


def features_below(folder: Path) -> Features:
    """The features that a directory tells, as the kernel lays it out; raises `PolicyError`."""
    features, faults = parse_features(Source(str(folder), _text(folder).decode("latin-1")))
    if faults:
        raise PolicyError(faults)
    return features


def features_text(path: str | None) -> bytes | None:
    """The text of the features of a kernel as AppArmor's library has it; None if nothing tells.

    `path` is a file or a directory, None for the running kernel; OSError when it cannot be read.
    """
    if path is None:
        return _text(_RUNNING) if _RUNNING.is_dir() else None
    return _text(Path(path)).partition(b"\0")[0]


def _text(path: Path) -> bytes:
    if not path.is_dir():
        return read_regular(path, MAX_SOURCE)[0]
    inner = (one for one in sorted(path.iterdir()) if not one.name.startswith("."))
    return b"".join(b"%s {%s}\n" % (os.fsencode(one.name), _text(one)) for one in inner)


def _no_kernel(path: str) -> Diagnostic:
    return error(
        "bad-features-file",
        None,
        f"`{to_display(path)}` does not tell the features of a kernel",
        "name a copy of /sys/kernel/security/apparmor/features of the kernel that is meant",
    )


class Format(NamedTuple):
    """What a kernel reads of the format.

    Attributes:
        interface: the version of its interface that the compiler chooses.
        tables: the version of its tables of permissions, 2 or 3; 0 for one that has none, or those
            of version 1, which it reads wrongly.
        wide: whether numbers of states may have 32 bits.
        steps: whether automata may have steps that no byte takes.
    """

    interface: int = 7
    tables: int = 0
    wide: bool = False
    steps: bool = False


def format_for(features: Features) -> Format:
    """What a kernel with some features reads."""
    if "policy/versions/v7" in features:
        interface = 7
    else:
        interface = 6 if "policy/versions/v6" in features else 5
    versions = {int(word, 16) for word in features.words(_TABLES) if _NUMBER.fullmatch(word)}
    newest = min(max(versions, default=0), 3)
    return Format(
        interface,
        newest if newest > 1 else 0,
        "policy/state32" in features,
        "policy/outofband" in features,
    )


def version_of(interface: int, complain: bool = False) -> int:
    """The version in the header of a profile, for a version of the kernel's interface."""
    if interface < 6:
        return interface
    return interface | _POLICY | (_FORCE_COMPLAIN if complain else 0)
