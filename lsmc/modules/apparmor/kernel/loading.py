"""Loads compiled profiles into the running kernel, and removes them (securityfs, apparmorfs.c).

A kernel takes what one call of write(2) gives it as one set: it takes all profiles of it or none.
Where it says that it does (`policy/set_load`), the profiles of a file that are in one namespace are
such a set; elsewhere each profile is one of its own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsmc.base.errors import Error, KernelRefusal
from lsmc.base.text import counted
from lsmc.modules.apparmor.kernel.compiled import profiles, sets
from lsmc.modules.parts import Part

#: Where the kernel takes policy.
FOLDER = Path("/sys/kernel/security/apparmor")
#: What the kernel says of itself where it has AppArmor, in use or not.
_ENABLED = Path("/sys/module/apparmor/parameters/enabled")
_FILES = {"add": ".load", "replace": ".replace", "remove": ".remove"}
#: Why no file of the kernel's can be opened.
_CLOSED = {
    errno.EACCES: "only root may: run it as root, outside of a container",
    errno.EPERM: "only root may: run it as root, outside of a container",
    errno.ENOENT: "the kernel does not take policy here",
    errno.EROFS: "securityfs is mounted read-only",
}
#: Why the kernel does not take what is written (policy.c, policy_unpack.c, apparmorfs.c).
_REASONS = {
    errno.EPERM: "the kernel lets nobody change it",
    errno.EACCES: "not permitted: CAP_MAC_ADMIN in this namespace is needed, and that policy is not"
    " locked (/sys/module/apparmor/parameters/lock_policy)",
    errno.EEXIST: "there is such a profile already: replace it",
    errno.ENOENT: "there is no such profile or namespace, or a child's parent is not there",
    errno.EPROTO: "the kernel does not understand it: compile it with this kernel's features",
    errno.EPROTONOSUPPORT: "the kernel does not know this version: compile it with its features",
    errno.EBADMSG: "the kernel finds it damaged: compile it anew",
    errno.ENOMEM: "the kernel has no memory for it",
    errno.ENOSPC: "the kernel has no room for it",
    errno.E2BIG: "the kernel finds it too large",
    errno.EFBIG: "the kernel finds it too large",
    errno.EINVAL: "the kernel finds no sense in it",
    errno.ESPIPE: "the kernel takes it in one piece only, and got a part of it",
    errno.EBUSY: "the kernel is busy with it: try again",
    errno.EOPNOTSUPP: "the kernel does not do this",
    errno.ENAMETOOLONG: "a name is too long for the kernel",
}
#: Names of a set that a message lists.
_LISTED = 3


class LoadError(Error):
    """There is no place to load policy, or not for this user."""


def parts(data: bytes, folder: str | None = None) -> Iterator[Part]:
    """What of compiled policy is given to the kernel by one write each; raises `DamagedPolicy`.

    `folder` is where the kernel takes policy, if not in the usual place.
    """
    if _offers("set_load", folder):
        yield from sets(data, _offers("compressed_load", folder))
    else:
        for name, part in profiles(data):
            yield Part((name,), part)


def _offers(feature: str, folder: str | None) -> bool:
    try:
        return (_place(folder) / "features/policy" / feature).read_text().strip() == "yes"
    except (OSError, UnicodeDecodeError):
        return False


def _place(folder: str | None) -> Path:
    return FOLDER if folder is None else Path(folder)


def send(how: str, part: Part, folder: str | None = None) -> None:
    """Give the kernel a part, or take a profile away; raises `KernelRefusal`, `LoadError`.

    Args:
        how: `add`, `replace` (which also adds) or `remove`.
        part: a set of profiles; to remove one, its name counts.
        folder: where the kernel takes policy, if not in the usual place.
    """
    place = _place(folder)
    if not place.is_dir():
        raise LoadError(_missing(place))
    content = part.names[0].encode("latin-1") if how == "remove" else part.data
    try:
        descriptor = os.open(place / _FILES[how], os.O_WRONLY | os.O_CLOEXEC)
    except OSError as fault:
        raise LoadError(f"`{place / _FILES[how]}`: {_reason(fault, _CLOSED)}") from None
    try:
        sent = os.write(descriptor, content)
    except OSError as fault:
        told = f"{_shown(part.names)}: {_reason(fault, _REASONS)}"
        raise KernelRefusal(told, fault.errno or 0) from None
    finally:
        os.close(descriptor)
    if sent < len(content):  # of what is compressed, the kernel tells how much it holds
        told = f"{_shown(part.names)}: the kernel took {sent} of {len(content)} bytes"
        raise KernelRefusal(told, errno.EIO)


def _missing(place: Path) -> str:
    if place == FOLDER:
        try:
            if _ENABLED.read_text().strip() == "N":
                return "AppArmor is switched off: boot with `apparmor=1 security=apparmor`"
        except OSError:
            pass
    return f"`{place}` is not there: the kernel runs without AppArmor, or securityfs is not mounted"


def _reason(fault: OSError, reasons: Mapping[int, str]) -> str:
    number = fault.errno or 0
    reason = reasons.get(number, os.strerror(number).lower())
    return f"{reason} ({errno.errorcode.get(number, number)})"


def _shown(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:_LISTED])
    left = len(names) - _LISTED
    return f"{listed} and {counted(left, 'profile')} more" if left > 0 else listed


def held(folder: str | None = None) -> Mapping[str, str] | None:
    """The modes of the profiles in the kernel by their full names; None if it does not tell."""
    try:
        text = (_place(folder) / "profiles").read_text("latin-1")
    except OSError:
        return None
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, mode = line.rpartition(" (")
        namespace, colon, local = name[1:].partition("://") if name.startswith(":") else ("",) * 3
        found[f":{namespace}:{local}" if colon else name] = mode.rstrip(")")
    return found


def removed(names: Sequence[str]) -> Sequence[str]:
    """Of some names those of profiles to remove: a kernel removes children with their parent."""
    known = set(names)
    return [name for name in names if name.rpartition("//")[0] not in known]
