"""Cases: an access by a process under a profile, and the files that it meets.

The words of a case are those of the probe (`probe.c`, `acts.h`).
"""

from __future__ import annotations

from typing import NamedTuple

#: Root with every capability: `uid:gid:groups:capabilities`.
ROOT = "0:0:-:all"
UNCONFINED = "unconfined"
#: Capabilities that cases hold alone, with their numbers (linux/capability.h).
CAPABILITY_BITS = (
    *(("chown", 0), ("dac_override", 1), ("dac_read_search", 2), ("fowner", 3), ("kill", 5)),
    *(("setgid", 6), ("setuid", 7), ("net_bind_service", 10), ("net_raw", 13), ("sys_chroot", 18)),
    *(("sys_ptrace", 19), ("sys_admin", 21), ("sys_boot", 22), ("sys_resource", 24)),
    *(("sys_time", 25), ("mknod", 27)),
)


class Case(NamedTuple):
    """A process under the profile `subject` does `act`, with the files of `setup` around it.

    `peer` is the label of a second process, for acts that need one, with `@` and its ids where it
    has others.  A case of root with every capability asks for the profile's answer alone, one with
    other ids for that of all layers.
    """

    subject: str
    act: tuple[str, ...]
    setup: tuple[str, ...] = ()
    peer: str = ""
    ids: str = ROOT

    def words(self) -> tuple[str, ...]:
        """The case for the probe; the folders of all paths are made first."""
        paths = [word.rstrip("/") for word in self.act if word.startswith("/t/")]
        folders = sorted({path.rpartition("/")[0] + "/" for path in paths} - {"/t/"})
        return (self.subject, self.peer, self.ids, *map(file, folders), *self.setup, "!", *self.act)


class Ids(NamedTuple):
    """The ids of a process; `caps` are its capabilities as a number, None for all."""

    uid: int
    gid: int = 0
    groups: tuple[int, ...] = ()
    caps: int | None = None

    def __str__(self) -> str:
        groups = ",".join(map(str, self.groups)) or "-"
        return f"{self.uid}:{self.gid}:{groups}:{'all' if self.caps is None else f'{self.caps:x}'}"


def ids_of(text: str) -> Ids:
    """The ids of a case."""
    uid, gid, groups, caps = text.split(":")
    members = tuple(int(group) for group in groups.split(",") if group != "-")
    return Ids(int(uid), int(gid), members, None if caps == "all" else int(caps, 16))


class Group(NamedTuple):
    """A policy and the cases about it; `kind` is the family that it was drawn from."""

    kind: str
    text: str
    cases: tuple[Case, ...]


class Made(NamedTuple):
    """A file of a setup."""

    kind: str
    uid: int
    gid: int
    mode: int
    path: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.uid}:{self.gid}:{self.mode:o}:{self.path}:{self.text}"


def made(entry: str) -> Made:
    """The file of an entry of a setup."""
    kind, uid, gid, mode, path, text = entry.split(":", 5)
    return Made(kind, int(uid), int(gid), int(mode, 8), path, text)


def file(path: str, uid: int = 0, mode: int | None = None, gid: int | None = None) -> str:
    """A file, or for a path that ends in a slash a directory, as an entry of a setup."""
    kind = "d" if path.endswith("/") else "f"
    if mode is None:
        mode = 0o777 if kind == "d" else 0o666
    return str(Made(kind, uid, uid if gid is None else gid, mode, path))


def symlink(path: str, target: str) -> str:
    """A symbolic link."""
    return str(Made("l", 0, 0, 0o777, path, target))


def program(path: str, uid: int = 0, mode: int = 0o755) -> str:
    """A program that says what it runs as."""
    return str(Made("x", uid, uid, mode, path))


def served(address: str, kind: str, uid: int = 0, mode: int = 0o666) -> str:
    """A unix socket that waits at an address: a path, or a name behind `@`."""
    return str(Made("s", uid, uid, mode, address, kind))


def mounted(path: str) -> str:
    """A directory with a file system of its own."""
    return str(Made("m", 0, 0, 0o777, path))
