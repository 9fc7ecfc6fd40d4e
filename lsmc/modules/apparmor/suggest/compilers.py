"""For which compiler a rule is suggested, and what that compiler can be told.

It is the one that the caller names; else the one that is installed, or what the profile's abi asks
for where that is newer, as such a policy is not for this machine.  Which release first had what is
from the release notes of AppArmor 4.0 and 4.1; 3.0.8 refuses all of it.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache

from lsmc.modules.apparmor.releases import NEWEST, TARGETS

Version = tuple[int, int]

#: The first release with rules of a class.
_CLASSES: Mapping[str, Version] = {"userns": (4, 0), "io_uring": (4, 0), "mqueue": (4, 0)}
#: The first release with `priority=`, and with permissions and addresses in network rules.
_PRIORITY: Version = (4, 1)
_FINE_NETWORK: Version = (4, 0)

_ABI = re.compile(r"(\d{1,3})\.(\d{1,3})")
_PRINTED = re.compile(rb"version (\d{1,3})\.(\d{1,3})")
_SYSTEM = ("/sbin", "/usr/sbin")
#: Seconds within which a compiler must tell its version.
_PATIENCE = 5


def compiler_for(
    settings: Mapping[str, str], named: str | None = None, cls: str = ""
) -> Version | None:
    """The release that rules of a profile are written for, None when nothing tells it.

    `settings` are those of the profile's record, `named` is the target of the caller.  Where a
    class is asked that later compilers have rules for, one of them compiled the policy.
    """
    if named is not None:
        return _version(named)
    target = settings.get("target", NEWEST.target)
    least = first_with(cls)
    match = _ABI.fullmatch(posixpath.basename(settings.get("abi", "")))
    if match is None:
        here = installed()
        return _version(target) if target != NEWEST.target else here and max(here, least)
    abi = int(match[1]), int(match[2])
    first = {3: "3.0", 4: "4.1"}.get(max(abi[0], 3), NEWEST.target)
    if target != first:  # it was named when the profile was compiled
        return _version(target)
    return max(abi, installed() or abi, least)


def takes_class(compiler: Version | None, cls: str) -> bool:
    """Whether a compiler has rules of a class; an unknown one is taken to have them."""
    return compiler is None or compiler >= first_with(cls)


def first_with(cls: str) -> Version:
    """The first compiler with rules of a class."""
    return _CLASSES.get(cls, (0, 0))


def takes_priority(compiler: Version | None) -> bool:
    """Whether a compiler is known to take `priority=`."""
    return compiler is not None and compiler >= _PRIORITY


def takes_fine_network(compiler: Version | None) -> bool:
    """Whether a compiler takes permissions and addresses in network rules."""
    return compiler is None or compiler >= _FINE_NETWORK


@lru_cache(maxsize=1)
def installed() -> Version | None:
    """The version of the `apparmor_parser` on the search path or in /sbin, None without one."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_SYSTEM]
    found = shutil.which("apparmor_parser", path=os.pathsep.join(filter(os.path.isabs, folders)))
    if found is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path, and no shell
            [found, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env={"LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = _PRINTED.search(done.stdout)
    return (int(match[1]), int(match[2])) if match is not None else None


def _version(target: str) -> Version | None:
    major, _, minor = target.partition(".")
    return (int(major), int(minor)) if target in TARGETS else None
