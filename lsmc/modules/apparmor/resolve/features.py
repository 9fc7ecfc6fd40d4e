"""Feature sets: which mediation a policy may count on.

A features file is nested text, `name { … }`, with words in its leaves; a feature is named by its
path, `network_v8/af_inet`.  `abi` lines name such a file; without one the compiler's built-in set
holds. Format: apparmor_parser(8) "--policy-features", and the files under `/etc/apparmor.d/abi`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.errors import error

_TOKEN = re.compile(r"[{}]|[^\s{}]+")
_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Features:
    """The active feature paths; a word in a leaf is a path of its own (`caps/mask/chown`)."""

    paths: frozenset[str]
    name: str = ""

    def __contains__(self, path: str) -> bool:
        return path in self.paths

    def words(self, path: str) -> frozenset[str]:
        """The names directly below a path."""
        return _words(self.paths, path + "/")


_LATER_NETWORKS = ("network_v8", "network_v9")
_FINE_UNIX = "network_v9/af_unix"


@lru_cache(maxsize=256)
def supported(policy: Features, kernel: Features) -> Features:
    """What of the features that a policy counts on a kernel has.

    The coarsest way to mediate networks of a policy goes with the coarsest of a kernel.  A kernel
    with `network_v9/af_unix` asks about unix sockets by their addresses wherever a profile has
    strings of that class (security/apparmor/af_unix.c): who counts on the class gets both.
    """
    paths = policy.paths & kernel.paths
    if "network" in policy and "network" not in kernel and paths.isdisjoint(_LATER_NETWORKS):
        coarsest = [name for name in _LATER_NETWORKS if name in kernel][:1]
        masks = {f"{name}/af_mask" for name in coarsest}
        paths |= {path for path in kernel.paths if path in coarsest or path in masks}
    if "network_v9" in paths and _FINE_UNIX in kernel:
        paths |= {_FINE_UNIX}
    return Features(paths, policy.name)


@lru_cache(maxsize=256)
def _words(paths: frozenset[str], head: str) -> frozenset[str]:
    found = (path[len(head) :] for path in paths if path.startswith(head))
    return frozenset(name for name in found if "/" not in name)


def parse_features(source: Source) -> tuple[Features, tuple[Diagnostic, ...]]:
    """The features of a file; a diagnostic for text that is not a features file."""
    paths: set[str] = set()
    stack: list[str] = []
    last: str | None = None
    for token in _TOKEN.finditer(source.text):
        word = token.group()
        here = Span(source, token.start(), token.end())
        if word == "{":
            if last is None or len(stack) >= _MAX_DEPTH:
                return Features(frozenset()), (_bad(here, "`{` without a name before it"),)
            stack.append(last)
            last = None
        elif word == "}":
            if not stack:
                # two abi files that AppArmor ships close one brace too many: the compiler sees
                # nothing of what follows
                break
            stack.pop()
            last = None
        else:
            if not word.isprintable() or not word.isascii():
                return Features(frozenset()), (_bad(here, "bytes that are not text"),)
            paths.add("/".join((*stack, word)))
            last = word
    if stack:
        end = Span(source, len(source.text), len(source.text))
        return Features(frozenset()), (_bad(end, f"`{stack[-1]} {{` is not closed"),)
    return Features(frozenset(paths), source.path), ()


def _bad(span: Span, what: str) -> Diagnostic:
    return error(
        "bad-features-file",
        span,
        f"not a features file: {what}",
        "a features file is nested `name {words}`, as in /etc/apparmor.d/abi",
    )


def _build(spec: Iterable[str]) -> Features:
    paths: set[str] = set()
    for entry in spec:
        path, _, words = entry.partition(":")
        parts = path.split("/")
        paths.update("/".join(parts[: i + 1]) for i in range(len(parts)))
        paths.update(f"{path}/{word}" for word in words.split())
    return Features(frozenset(paths), "<default>")


#: What policy without an `abi` line may count on (apparmor_parser's built-in set): no inet
#: conditions, user namespaces, message queues or io_uring.
DEFAULT = _build(
    (
        (
            "caps/mask:chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap "
            "linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner "
            "sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice "
            "sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap "
            "mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf"
        ),
        "dbus/mask:acquire send receive",
        "domain:change_hat change_hatv change_onexec change_profile stack",
        "domain/attach_conditions:xattr",
        "file/mask:create read write exec append mmap_exec link lock",
        "mount/mask:mount umount pivot_root",
        "namespaces:profile pivot_root",
        "network:af_mask af_unix",
        "policy/versions:v5 v6 v7",
        "policy:set_load outofband",
        "ptrace/mask:read trace",
        (
            "rlimit/mask:cpu fsize data stack core rss nproc nofile memlock as locks sigpending "
            "msgqueue nice rtprio rttime"
        ),
        (
            "signal/mask:hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term "
            "stkflt chld cont stop stp ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys "
            "emt lost"
        ),
    )
)
