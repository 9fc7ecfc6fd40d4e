"""The kernel that policy is compiled for: its features, and the interface that they call for."""

from __future__ import annotations

from pathlib import Path

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.front import read_features
from lsmc.modules.apparmor.resolve.features import Features, parse_features

#: Where a running kernel tells its features.
_RUNNING = Path("/sys/kernel/security/apparmor/features")
#: Features for networks that what is written does not make use of: rules become coarser.
NETWORKS_NOT_WRITTEN = ("network_v8/af_inet", "network_v9")
#: Features of what profiles may set.
KILL_SIGNAL = "policy/profile/kill.signal"
ERROR = "policy/profile/error"
INTERRUPTIBLE = "policy/profile/interruptible"


def kernel_features(options: Options) -> Features | None:
    """The features of the kernel that policy is for; None for any that has those of its abi."""
    if options.features is None:
        return features_below(_RUNNING) if _RUNNING.is_dir() else None
    return given_features(options.features)


def given_features(path: str | None) -> Features | None:
    """The features that a file or a directory tells, None without one; raises `PolicyError`."""
    if path is None:
        return None
    given = Path(path)
    return features_below(given) if given.is_dir() else read_features(path)


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
