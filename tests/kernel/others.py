"""Draws policies about everything that is no file, with cases."""

from __future__ import annotations

import random

from tests.kernel.asks import FAMILIES, RESOURCES, SIGNALS, TYPES
from tests.kernel.cases import UNCONFINED, Case, file, mounted, program
from tests.kernel.draw import flags, glob, path, profile, qualifiers, some

CAPABILITIES = (
    *("sys_chroot", "sys_admin", "sys_nice", "sys_time", "sys_tty_config", "sys_resource"),
    *("sys_module", "sys_boot", "setuid", "setgid", "setpcap", "ipc_lock"),
)
_STEPS = ("socket_create", "bind", "listen", "connect", "getsockname", "setsockopt", "getsockopt")
_LABELS = ("p", "q", "r", "{p,q}", "[qr]", "*", "un*")


def capabilities(rng: random.Random) -> tuple[str, list[Case]]:
    """Capabilities that a process has."""
    rules = [
        f"{qualifiers(rng)}capability {' '.join(some(rng, CAPABILITIES)[: rng.randint(1, 6)])},"
        for _ in range(rng.randint(1, 4))
    ]
    text = profile(f"p {flags(rng)}", rules)
    return text, [Case("p", ("capable", name)) for name in CAPABILITIES]


def sockets(rng: random.Random) -> tuple[str, list[Case]]:
    """Sockets by family and type, and what is done with them."""
    rules = ["capability,"]
    for _ in range(rng.randint(2, 5)):
        words = rng.choice(("", "inet", "inet6", "unix", "netlink", "stream", "dgram", "raw"))
        if words in ("inet", "inet6", "unix", "netlink") and rng.random() < 0.5:
            words += rng.choice((" stream", " dgram", " raw"))
        elif words in ("inet", "inet6") and rng.random() < 0.3:
            words += rng.choice((" tcp", " udp"))
        rules.append(f"{qualifiers(rng)}network {words},".replace(" ,", ","))
    text = profile(f"p {flags(rng)}", rules)
    cases = []
    for _ in range(14):
        family = rng.choice(tuple(FAMILIES))
        kind = rng.choice(tuple(TYPES) if family == 1 else (1, 2, 3) if family != 16 else (2, 3))
        kind = {(1, 3): 5}.get((family, kind), kind)  # the kernel makes no raw unix sockets
        protocol = "1" if family in (2, 10) and kind == 3 else "0"
        step = rng.choice(_STEPS) if family == 2 and kind == 1 else "socket_create"
        cases.append(Case("p", ("socket", step, str(family), str(kind), protocol)))
    return text, cases


def _peers(rng: random.Random, rule: str, permissions: tuple[str, ...]) -> tuple[str, list[str]]:
    """Three profiles with rules about one another, and the labels to try."""
    heads = [f"{name} {flags(rng)}" for name in "pqr"]
    text = ""
    for head in heads:
        rules = ["capability,"]
        for _ in range(rng.randint(1, 4)):
            given = f" ({' '.join(some(rng, permissions))})" if rng.random() < 0.6 else ""
            extra = ""
            if rule == "signal" and rng.random() < 0.5:
                extra = f" set=({' '.join(some(rng, tuple(SIGNALS.values()))[:4])})"
            peer = f" peer={rng.choice(_LABELS)}" if rng.random() < 0.7 else ""
            rules.append(f"{qualifiers(rng)}{rule}{given}{extra}{peer},")
        text += profile(head, rules)
    return text, ["p", "q", "r", UNCONFINED]


def signals(rng: random.Random) -> tuple[str, list[Case]]:
    """Signals from profile to profile, both sides asked."""
    text, labels = _peers(rng, "signal", ("send", "receive"))
    return text, [
        Case(rng.choice(labels), ("kill", str(rng.choice(tuple(SIGNALS)))), peer=rng.choice(labels))
        for _ in range(14)
    ]


def traces(rng: random.Random) -> tuple[str, list[Case]]:
    """Tracing and reading another process, both sides asked."""
    text, labels = _peers(rng, "ptrace", ("trace", "read", "tracedby", "readby"))
    return text, [
        Case(rng.choice(labels), (rng.choice(("trace", "peek")),), peer=rng.choice(labels))
        for _ in range(12)
    ]


_PLACES = ("/t/m/a", "/t/m/b", "/t/m/ab")
#: Words of a rule, and the flags of mount(2) that are tried.
_OPTIONS = ("ro", "rw", "nosuid", "ro,nosuid", "remount,ro", "bind", "rbind", "move")
_PROPAGATION = ("make-private", "make-slave", "make-shared", "make-rprivate")
_FLAGS = (0, 0x1, 0x3, 0x21, 0x23, 0x1000, 0x1000, 0x5000, 0x2000, 0x40000, 0x44000, 0x80000)


def mounts(rng: random.Random) -> tuple[str, list[Case]]:
    """Mounting of every kind, unmounting, and changing the root."""

    def place() -> str:
        return rng.choice((*(f"{p}/" for p in _PLACES), "/t/m/*/", "/t/m/a*/", "/t/**", "/t/m/?/"))

    rules = ["capability,", "/t/** rw,"]
    for _ in range(rng.randint(3, 7)):
        before = qualifiers(rng)
        match rng.randrange(7):
            case 0 | 1:
                kind = rng.choice(("", " fstype=tmpfs", " fstype=(proc tmpfs)"))
                how = rng.choice(("", " options=ro", " options in (ro,nosuid)", " options=(rw)"))
                source = rng.choice(("", " made", " *"))
                rules.append(f"{before}mount{kind}{how}{source} -> {place()},")
            case 2 | 3:
                how = rng.choice(_OPTIONS)
                rules.append(f"{before}mount options=({how}) {place()} -> {place()},")
            case 4:
                rules.append(f"{before}mount options=({rng.choice(_PROPAGATION)}) -> {place()},")
            case 5:
                rules.append(f"{before}umount {place()},")
            case _:
                rules.append(f"{before}pivot_root oldroot=/t/m/a/old/ {place()},")
    text = profile(f"p {flags(rng)}", rules)
    return text, [_mount_case(rng) for _ in range(12)]


def _mount_case(rng: random.Random) -> Case:
    one, two = rng.sample(_PLACES, 2)
    setup = (mounted(one), file(f"{two}/"))
    match rng.randrange(9):
        case 0:
            return Case("p", ("umount", one), setup)
        case 1:
            return Case("p", ("pivot_root", one, f"{one}/old"), (*setup, file(f"{one}/old/")))
    flags = rng.choice(_FLAGS)
    if flags & 0x1C0020:
        return Case("p", ("mount", "", one, "", f"{flags:x}"), setup)
    if flags & 0x3000:
        return Case("p", ("mount", one, two, "", f"{flags:x}"), setup)
    return Case("p", ("mount", "made", two, "tmpfs", f"{flags:x}"), setup)


def changes(rng: random.Random) -> tuple[str, list[Case]]:
    """Changing the profile, at once and at the next execution, and entering hats."""
    rules = ["capability,", "/t/** r,"]
    for _ in range(rng.randint(1, 4)):
        target = rng.choice(("q", "r", "[qr]", "*", "**", "p", "none"))
        where = f" {glob(rng, path(rng))}" if rng.random() < 0.4 else ""
        rules.append(f"{qualifiers(rng)}change_profile{where} -> {target},")
    if rng.random() < 0.5:
        rules.append("/t/** ix,")
    inner = [line for name in some(rng, ("h", "g"), 0) for line in _hat(name)]
    if rng.random() < 0.3:
        inner += ["profile c {", "  /t/** r,", "}"]
    text = profile(f"p {flags(rng)}", [*rules, *inner])
    text += "".join(profile(name, ["/t/** r,"]) for name in ("q", "r"))
    cases = []
    for _ in range(12):
        one = path(rng)
        target = rng.choice(("q", "q", "r", "p"))
        match rng.randrange(4):
            case 0:
                subject = "p//h" if "^h {" in inner and rng.random() < 0.4 else "p"
                cases.append(Case(subject, ("change_hat", rng.choice("hgc"))))
            case 1:
                cases.append(Case("p", ("onexec", target, one), (program(one),)))
            case _:
                cases.append(Case("p", ("change_profile", target)))
    return text, cases


def _hat(name: str) -> list[str]:
    return [f"^{name} {{", "  /t/** r,", "}"]


def limits(rng: random.Random) -> tuple[str, list[Case]]:
    """Hard limits above and below those of the profile."""
    names = some(rng, tuple(RESOURCES.values()))
    rules = ["capability,", *(f"set rlimit {name} <= {rng.choice((8, 16, 32))}," for name in names)]
    text = profile(f"p {flags(rng)}", rules)
    tries = [(rng.choice(tuple(RESOURCES)), rng.choice((8, 16, 32, 64))) for _ in range(6)]
    return text, [Case("p", ("setrlimit", str(name), str(value))) for name, value in tries]
