"""What is at stake in the changes of a policy that give more.

A rule may open far more than the example that stands for it.  So both policies are also asked about
a list of objects that matter; what is asked is exact, what the list does not name is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from lsmc.analysis.change import Change
from lsmc.base.text import encode
from lsmc.engine.answer import Answer
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.classes import BY_NAME, FILE

#: Permissions, and files for which they are a hazard.
EXAMPLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("r", ("/etc/shadow", "/etc/gshadow", "/etc/security/opasswd")),
    ("r", ("/root/.ssh/id_rsa", "/home/user/.ssh/id_rsa", "/etc/ssh/ssh_host_rsa_key")),
    ("r", ("/etc/ssl/private/key.pem", "/home/user/.gnupg/secring.gpg", "/root/.aws/credentials")),
    ("r", ("/home/user/.kube/config", "/home/user/.netrc", "/home/user/.password-store/a.gpg")),
    ("rw", ("/dev/mem", "/dev/kmem", "/dev/sda", "/dev/nvme0n1", "/dev/dm-0", "/proc/1/mem")),
    ("w", ("/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d/a", "/etc/pam.d/login")),
    ("w", ("/usr/bin/a", "/usr/sbin/a", "/usr/lib/a.so", "/usr/local/bin/a", "/opt/a", "/boot/a")),
    ("w", ("/bin/a", "/lib/a.so", "/etc/ld.so.preload", "/lib/modules/a.ko")),
    ("w", ("/etc/crontab", "/etc/cron.d/a", "/etc/systemd/system/a.service", "/etc/profile")),
    ("w", ("/var/spool/cron/crontabs/root", "/root/.bashrc", "/home/user/.bashrc")),
    ("w", ("/home/user/.profile", "/home/user/.ssh/authorized_keys", "/root/.ssh/authorized_keys")),
    ("w", ("/home/user/.config/autostart/a.desktop", "/home/user/.config/systemd/user/a.service")),
    ("w", ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper")),
    ("w", ("/etc/apparmor.d/a", "/sys/kernel/security/apparmor/.load")),
    ("w", ("/run/docker.sock", "/run/containerd/containerd.sock", "/run/systemd/private")),
    ("x", ("/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/usr/bin/python3")),
    ("x", ("/usr/bin/perl", "/usr/bin/env", "/usr/bin/awk", "/bin/busybox")),
)

_Ask = Callable[[Mapping[str, Any]], Answer]


def with_hazards(changes: Sequence[Change], old: _Ask, new: _Ask) -> list[Change]:
    """The changes, each that gives more with the hazards of what it gives.

    `old` and `new` answer requests of `Policy.query_many`.
    """
    former = {change.profile: str(change.before) for change in changes if change.kind == "renamed"}
    known: dict[tuple[str, str], list[tuple[str, Answer]]] = {}

    def hazards_of(change: Change) -> tuple[str, ...]:
        name, moved = change.profile, change.kind == "program"
        before = str(change.before) if moved else former.get(name, name)
        key = (before, name)

        def allowed(path: str, permission: str) -> bool:
            return not old(_request(before, path, permission)).verdict.missing

        if change.cls == FILE.name and key not in known:
            known[key] = list(opened(name, new, allowed))
        found = [
            hazard for hazard, by in known.get(key, ()) if moved or change.rule in by.verdict.rules
        ]
        return tuple(dict.fromkeys((*change.hazards, *_own(change), *found)))

    return [
        change._replace(hazards=hazards_of(change)) if change.direction == "wider" else change
        for change in changes
    ]


def opened(
    subject: str, ask: _Ask, unless: Callable[[str, str], bool] | None = None
) -> Iterator[tuple[str, Answer]]:
    """The hazard of each example that a subject may touch, with the answer.

    Examples are left out of which `unless` says so: (path, permission).
    """
    for permissions, paths in EXAMPLES:
        for path, permission in product(paths, permissions):
            answer = ask(_request(subject, path, permission))
            if answer.verdict.missing or (unless is not None and unless(path, permission)):
                continue
            for hazard in hazards(FILE.name, {"path": path.encode()}, permission):
                yield hazard, answer


def _request(subject: str, path: str, permission: str) -> dict[str, Any]:
    asked = {"class": FILE.name, "object": path, "perms": [permission], "owner": True}
    return {"subject": subject, **asked}


def _own(change: Change) -> Iterator[str]:
    """The hazards of a change itself, at its witness."""
    if change.kind in ("removed", "attachment") or change.what == "mode":
        yield "leaves-confinement"
    if change.kind not in ("decision", "program") or not change.cls or change.witness is None:
        return
    cls, request = BY_NAME[change.cls], change.witness
    texts = {**request, cls.main: request["object"]} if cls.main else request
    fields = {name: encode(str(texts.get(name, ""))) for name in cls.fields}
    if change.kind == "program":
        yield from hazards(cls.name, fields, change.permissions, change.permissions)
        return
    gained = [name for name in change.permissions if name not in change.before.allow]
    yield from hazards(cls.name, fields, gained, change.after.allow)
    if _free(change.after.exec) and not _free(change.before.exec):
        yield "leaves-confinement"


def _free(transition: str) -> bool:
    """Whether a transition, as it is written, may lead out of confinement."""
    return "u" in transition.partition(" ")[0].lower()
