"""Which mediation classes a kernel with some features enforces (apparmor(7), abi files)."""

from __future__ import annotations

from functools import lru_cache

from lsmc.modules.apparmor.classes import CLASSES
from lsmc.modules.apparmor.releases import NEWER_CLASSES, NEWEST, Release
from lsmc.modules.apparmor.resolve.features import Features

_FEATURE_OF = {
    "mount": ("mount",),
    "umount": ("mount",),
    "pivot_root": ("mount",),
    "dbus": ("dbus",),
    "signal": ("signal",),
    "ptrace": ("ptrace",),
    "network": ("network", "network_v8", "network_v9"),
    "unix": ("network/af_unix", "network_v9/af_unix"),
    "userns": ("namespaces/mask/userns_create",),
    "mqueue": ("ipc/posix_mqueue", "ipc/sysv_mqueue"),
    "io_uring": ("io_uring",),
}
#: The classes that came after the first release.
_NEWER = frozenset(("userns", "mqueue", "io_uring"))


def feature_of(name: str) -> tuple[str, ...]:
    """The features of which a class needs one to be enforced; none for a class that always is."""
    return _FEATURE_OF.get(name, ())


@lru_cache(maxsize=256)
def mediated(features: Features, release: Release = NEWEST) -> frozenset[str]:
    """The names of the enforced classes.

    They are those of a feature set for which a release of the compiler has rules.
    """
    unknown = _NEWER if NEWER_CLASSES.older(release) else frozenset()
    return frozenset(
        cls.name
        for cls in CLASSES
        if cls.name not in unknown
        and (cls.name not in _FEATURE_OF or any(f in features for f in _FEATURE_OF[cls.name]))
    )
