"""Draws policies about everything that is not a file, with cases."""

from __future__ import annotations

import random

from tests.kernel.cases import Case, file, mounted
from tests.kernel.draw import qualifiers, several, some
from tests.kernel.other_asks import RESOURCES

CAPABILITIES = (
    *("sys_chroot", "sys_admin", "sys_nice", "sys_time", "sys_tty_config", "sys_resource"),
    *("sys_module", "sys_boot", "setuid", "setgid", "setpcap", "ipc_lock"),
    *("sys_rawio", "sys_pacct", "wake_alarm"),
)


def capabilities(rng: random.Random) -> tuple[str, list[Case]]:
    """Capabilities that a process has."""

    def rules() -> list[str]:
        return [
            f"{qualifiers(rng)}capability {' '.join(some(rng, CAPABILITIES)[: rng.randint(1, 6)])},"
            for _ in range(rng.randint(1, 4))
        ]

    text, subjects = several(rng, rules)
    return text, [Case(rng.choice(subjects), ("capable", name)) for name in CAPABILITIES]


PLACES = ("/t/m/a", "/t/m/b", "/t/m/ab")
#: Words of a rule, and the flags of mount(2) that are tried.
_OPTIONS = ("ro", "rw", "nosuid", "ro,nosuid", "remount,ro", "bind", "rbind", "move")
_PROPAGATION = ("make-private", "make-slave", "make-shared", "make-rprivate")
_FLAGS = (0, 0x1, 0x3, 0x21, 0x23, 0x1000, 0x1000, 0x5000, 0x2000, 0x40000, 0x44000, 0x80000)


def mounts(rng: random.Random) -> tuple[str, list[Case]]:
    """Mounting of every kind, unmounting, and changing the root."""

    def rules() -> list[str]:
        return ["capability,", "/t/** rw,", *(_mount_rule(rng) for _ in range(rng.randint(2, 6)))]

    text, subjects = several(rng, rules)
    return text, [mount_case(rng, rng.choice(subjects)) for _ in range(14)]


def _mount_rule(rng: random.Random) -> str:
    def place() -> str:
        return rng.choice((*(f"{p}/" for p in PLACES), "/t/m/*/", "/t/m/a*/", "/t/**", "/t/m/?/"))

    before = qualifiers(rng)
    match rng.randrange(7):
        case 0 | 1:
            kind = rng.choice(("", " fstype=tmpfs", " fstype=(proc tmpfs)"))
            how = rng.choice(("", " options=ro", " options in (ro,nosuid)", " options=(rw)"))
            return f"{before}mount{kind}{how}{rng.choice(('', ' made', ' *'))} -> {place()},"
        case 2 | 3:
            return f"{before}mount options=({rng.choice(_OPTIONS)}) {place()} -> {place()},"
        case 4:
            return f"{before}mount options=({rng.choice(_PROPAGATION)}) -> {place()},"
        case 5:
            return f"{before}umount {place()},"
    return f"{before}pivot_root oldroot=/t/m/a/old/ {place()},"


def mount_case(rng: random.Random, subject: str) -> Case:
    """One act on a mount."""
    one, two = rng.sample(PLACES, 2)
    setup = (mounted(one), file(f"{two}/"))
    match rng.randrange(9):
        case 0:
            return Case(subject, ("umount", one), setup)
        case 1:
            return Case(subject, ("pivot_root", one, f"{one}/old"), (*setup, file(f"{one}/old/")))
    flags = rng.choice(_FLAGS)
    if flags & 0x1C0020:
        return Case(subject, ("mount", "", one, "", f"{flags:x}"), setup)
    if flags & 0x3000:
        return Case(subject, ("mount", one, two, "", f"{flags:x}"), setup)
    return Case(subject, ("mount", "made", two, "tmpfs", f"{flags:x}"), setup)


def limits(rng: random.Random) -> tuple[str, list[Case]]:
    """Hard limits above and below those of the profile."""

    def rules() -> list[str]:
        names = some(rng, tuple(RESOURCES.values()))
        return ["capability,", *(f"set rlimit {n} <= {rng.choice((8, 16, 32))}," for n in names)]

    text, subjects = several(rng, rules)
    tries = [(rng.choice(tuple(RESOURCES)), rng.choice((8, 16, 32, 64))) for _ in range(8)]
    return text, [
        Case(rng.choice(subjects), ("setrlimit", str(name), str(value))) for name, value in tries
    ]


def unmediated(rng: random.Random) -> tuple[str, list[Case]]:
    """What this kernel asks no rule about."""
    text, subjects = several(rng, lambda: ["capability,"])
    acts = [("userns",), ("ring", "sqpoll"), ("ring", "override_creds")]
    acts += [("queue", how, "/m") for how in _QUEUE]
    return text, [Case(rng.choice(subjects), act) for act in acts]


_QUEUE = ("create", "open", "delete", "getattr", "setattr", "read", "write")
