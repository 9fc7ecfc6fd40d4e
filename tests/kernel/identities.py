"""Draws accesses by users, groups and capabilities, to objects with modes of every kind."""

from __future__ import annotations

import random

from tests.kernel.cases import CAPABILITY_BITS, Case, Ids, Made, file, served
from tests.kernel.draw import FOLDERS, NAMES, glob, path, profile, qualifiers, some
from tests.kernel.others import mount_case

_USERS = (0, 1000, 1001)
_GROUPS = (0, 1000, 2000)
_MODES = (0o000, 0o400, 0o200, 0o040, 0o004, 0o600, 0o640, 0o060, 0o644, 0o666, 0o755, 0o111, 0o100)
_FOLDER_MODES = (0o777, 0o777, 0o777, 0o755, 0o700, 0o1777, 0o111, 0o666)

_STEPS = ("create", "bind", "bind", "bind", "listen", "setsockopt", "getsockname", "send")
_CALLS = ("setuid", "setgid", "sys_chroot", "sys_admin", "sys_boot", "sys_time")


def identities(rng: random.Random) -> tuple[str, list[Case]]:
    """Files, programs, signals, sockets, capabilities, by processes that lack some power."""
    names = tuple(name for name, _ in CAPABILITY_BITS)
    rules = [f"{qualifiers(rng)}capability {' '.join(some(rng, names))}," for _ in range(2)]
    rules += ["/t/** rwkl,", "/t/** ix,", "signal,", "network,"]
    for _ in range(rng.randint(0, 2)):
        rules.append(f"deny {glob(rng, path(rng))} {rng.choice(('r', 'w', 'rw'))},")
    if rng.random() < 0.2:
        rules.remove("signal,")
    text = profile(rng.choice(("p ", "p ", "p ", "p flags=(complain) ")), rules)
    return text, [_case(rng) for _ in range(24)]


def _ids(rng: random.Random) -> Ids:
    held = sum(1 << bit for _, bit in rng.sample(CAPABILITY_BITS, rng.randint(1, 4)))
    match rng.randrange(5):
        case 0:
            return Ids(0, 0, (), held)
        case 1:
            return Ids(1000, 1000, (2000,), 0)
        case 2:
            return Ids(1000, 1000, (), held)
        case 3:
            return Ids(1000, 1000, (2000,), held)
    return Ids(1000, 1000, (), 0)


def _case(rng: random.Random) -> Case:
    ids = str(_ids(rng))
    folder = rng.choice(FOLDERS)
    first, second = rng.sample(NAMES, 2)
    one, two, inner = f"{folder}/{first}", f"{folder}/{second}", f"{folder}/d/"
    uid, gid, mode = rng.choice(_USERS), rng.choice(_GROUPS), rng.choice(_MODES)
    around = file(f"{folder}/", rng.choice(_USERS), rng.choice(_FOLDER_MODES), rng.choice(_GROUPS))
    there = (around, file(one, uid, mode, gid))
    act: tuple[str, ...]
    match rng.randrange(20):
        case 0 | 1 | 2:
            act = ("open", rng.choice(("r", "w", "wa", "rw")), one)
        case 3:
            return Case("p", ("open", "wc", one), (around,), ids=ids)
        case 4:
            act = ("unlink", one)
        case 5:
            act = ("rename", one, two)
        case 6:
            return Case("p", ("mkdir", inner), (around,), ids=ids)
        case 7:
            return Case("p", ("rmdir", inner), (around, file(inner, uid, 0o755, gid)), ids=ids)
        case 8:
            return Case("p", ("symlink", two, one), (around,), ids=ids)
        case 9:
            return Case("p", ("mknod", rng.choice("fpsc"), one), (around,), ids=ids)
        case 10:
            act = ("chmod", "640", one)
        case 11:
            act = ("chown", "5", "6", one)
        case 12:
            act = ("truncate", one)
        case 13:
            act = ("getattr", one)
        case 14 | 15:
            program = str(Made("x", uid, gid, mode, one))
            return Case("p", ("exec", one), (around, program), ids=ids)
        case 16:
            act = ("link", one, two)
        case 17:
            name = rng.choice(_CALLS)
            return Case("p", ("capable", name), ids=ids)
        case 18:
            return _on_network(rng, ids)
        case _:
            peer = f"{rng.choice(('p', 'unconfined'))}@{Ids(uid, uid, (), 0)}"
            return Case("p", ("kill", rng.choice(("0", "1", "9", "15"))), peer=peer, ids=ids)
    return Case("p", act, there, ids=ids)


def _on_network(rng: random.Random, ids: str) -> Case:
    family = rng.choice(("2", "2", "10"))
    kind, protocol = rng.choice((("1", "0"), ("2", "0"), ("3", "1" if family == "2" else "58")))
    step = "create" if kind == "3" else rng.choice(_STEPS[: 8 if kind == "1" else 4])
    port = rng.choice(("80", "1023", "1024")) if step == "bind" else ""
    return Case("p", ("own", family, kind, protocol, step, port), ids=ids)


def powers(rng: random.Random) -> tuple[str, list[Case]]:
    """Mounts, tracing, limits and unix sockets, by processes that lack some power."""
    names = tuple(name for name, _ in CAPABILITY_BITS)
    rules = [f"{qualifiers(rng)}capability {' '.join(some(rng, names))}," for _ in range(2)]
    rules += ["/t/** rw,", "mount,", "umount,", "pivot_root,", "ptrace,", "network,"]
    rules += [f"set rlimit {name} <= 32," for name in ("nofile", "core")]
    if rng.random() < 0.4:
        rules.remove(rng.choice(rules[2:]))
    text = profile(rng.choice(("p ", "p ", "p ", "p flags=(complain) ")), rules)
    return text, [_power(rng) for _ in range(20)]


def _power(rng: random.Random) -> Case:
    ids = str(_ids(rng))
    match rng.randrange(6):
        case 0 | 1:
            one = mount_case(rng, "p")
            folder = file("/t/m/", rng.choice(_USERS), rng.choice(_FOLDER_MODES), 0)
            return one._replace(setup=(*one.setup, folder), ids=ids)
        case 2:
            other = Ids(*rng.choice(((0, 0), (1000, 1000), (1000, 2000), (1001, 1001))), (), 0)
            peer = f"{rng.choice(('p', 'unconfined'))}@{other}"
            return Case("p", (rng.choice(("trace", "peek")),), peer=peer, ids=ids)
        case 3:
            resource, value = rng.choice((("7", "16"), ("7", "64"), ("7", "8192"), ("4", "64")))
            return Case("p", ("setrlimit", resource, value), ids=ids)
    return _on_unix(rng, ids)


def _on_unix(rng: random.Random, ids: str) -> Case:
    """A unix socket and its file, or its name."""
    folder = rng.choice(FOLDERS)
    around = file(f"{folder}/", rng.choice(_USERS), rng.choice(_FOLDER_MODES), rng.choice(_GROUPS))
    at = rng.choice((f"{folder}/x", f"{folder}/x", "@x"))
    kind, name = rng.choice((("1", "stream"), ("2", "dgram")))
    step = rng.choice(("bind", "connect", "sendto" if kind == "2" else "connect"))
    there: tuple[str, ...] = (around,)
    if step != "bind":
        there += (served(at, name, rng.choice(_USERS), rng.choice(_MODES)),)
    return Case("p", ("own", "1", kind, "0", step, at), there, ids=ids)
