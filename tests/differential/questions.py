"""Which questions to ask about a profile: objects made from its own patterns, class by class."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lsmc.automata.pattern import Pattern
from lsmc.ir.model import Profile, Rule
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    FLAGS,
    MOVE,
    PROPAGATION,
    REC,
    REMOUNT,
    flag_string,
)
from lsmc.modules.apparmor.names import CAPABILITIES, FAMILIES, SIGNALS
from lsmc.modules.apparmor.names import SOCKET_TYPES as TYPES
from lsmc.modules.apparmor.requests.socket_address import unpack
from tests.differential.answers import Question, to_text
from tests.differential.objects import around, members, near, paths, values
from tests.differential.ours import rules_of

#: Mount flags that say which kind of mount is asked for, in the order in which the kernel looks.
_KINDS: tuple[tuple[int, int], ...] = (
    (REMOUNT, sum(FLAGS)),
    (BIND, BIND | REC),
    (PROPAGATION, PROPAGATION | REC | 0x8000),
    (MOVE, MOVE),
)
_LABELS = (b"unconfined", b"other", b"a//b", b":ns:x")
_ADDRESSES = (
    b"none",
    b"auto",
    b"@a",
    b"@/tmp/.X11-unix/X0",
    b"@0f1a2",
    b"@a\0b",
    b"@a\0\0",
    b"@\xff\0",
)


class Questions:
    """The questions about one profile."""

    def __init__(self, profile: Profile, rng: random.Random, samples: int) -> None:
        self.profile = profile
        self.rng = rng
        self.samples = samples
        self.rules = rules_of(profile)
        self._name = profile.full_name.encode("latin-1")

    def __iter__(self) -> Iterator[Question]:
        parts: tuple[Callable[[], Iterator[Question]], ...] = (
            self._heads,
            self._files,
            self._links,
            self._changes,
            self._capabilities,
            self._networks,
            self._sockets,
            self._signals,
            self._ptraces,
            self._messages,
            self._mounts,
            self._umounts,
            self._pivots,
            self._namespaces,
        )
        for part in parts:
            yield from part()

    def _ask(self, cls: str, obj: bytes = b"", owner: bool = True, **fields: bytes) -> Question:
        pairs = tuple((name, to_text(value)) for name, value in fields.items())
        return Question(self.profile.full_name, cls, to_text(obj), owner, pairs)

    def _of(self, cls: str) -> list[Rule]:
        return self.rules.get(cls, [])

    def _column(self, cls: str, name: str) -> list[Pattern]:
        """The patterns of one field in all rules of a class."""
        index = BY_NAME[cls].fields.index(name)
        return [rule.fields[index] for rule in self._of(cls)]

    def _pairs(
        self, one: Sequence[bytes], other: Sequence[bytes], count: int
    ) -> list[tuple[bytes, bytes]]:
        """Some pairs, all of them where they are few."""
        if len(one) * len(other) <= count:
            return [(a, b) for a in one for b in other]
        return [(self.rng.choice(one), self.rng.choice(other)) for _ in range(count)]

    def _keys(
        self, cls: str, names: Sequence[str], extra: Mapping[str, Iterable[bytes]]
    ) -> list[tuple[bytes, ...]]:
        """Tuples of fields: those of a rule with one exchanged, and mixtures."""
        columns = [
            values(self._column(cls, name), self.rng, 3, extra.get(name, ())) for name in names
        ]
        rules = self._of(cls)
        found: dict[tuple[bytes, ...], None] = {}
        for _ in range(min(self.samples, 30 * (1 + len(rules)))):
            key = [self.rng.choice(column) for column in columns]
            if rules and self.rng.random() < 0.9:
                rule = self.rng.choice(rules)
                indices = [rule.cls.fields.index(name) for name in names]
                own = [(members(rule.fields[i], self.rng, 2) or [b""])[-1] for i in indices]
                swapped = self.rng.randrange(len(names) * 2)
                if swapped < len(names):
                    own[swapped] = key[swapped]
                key = own
            found[tuple(key)] = None
        return list(found)

    def _heads(self) -> Iterator[Question]:
        for name in ("mode", "audit", "hat", "rlimits"):
            yield Question(self.profile.full_name, "profile", name)

    def _files(self) -> Iterator[Question]:
        for path in paths(self._of("file") + self._of("onexec"), self.rng, self.samples):
            for owner in (True, False):
                yield self._ask("file", path, owner)
                yield self._ask("exec", path, owner)

    def _links(self) -> Iterator[Question]:
        new = values(self._column("link", "link"), self.rng, 3, (b"/tmp/new",))
        old = values(self._column("link", "target"), self.rng, 3, (b"/etc/shadow", b"/tmp/x"))
        files = self._of("file")
        old += [
            path
            for rule in self.rng.sample(files, min(8, len(files)))
            for path in members(rule.fields[0], self.rng, 2)
        ]
        for one, other in self._pairs(new, old, self.samples // 4):
            for owner in (True, False):
                yield self._ask("link", one, owner, target=other)
                yield self._ask("link test", one, owner, target=other)

    def _changes(self) -> Iterator[Question]:
        extra = (*_LABELS, self._name, b"&other")
        targets = values(self._column("change_profile", "target"), self.rng, 6, extra)
        for target in targets:
            yield self._ask("change_profile", target)
        executables = values(self._column("onexec", "exec"), self.rng, 3, (b"/bin/x",))
        for path, target in self._pairs(executables, targets, self.samples // 10):
            if path:
                yield self._ask("onexec", target, exec=path)

    def _capabilities(self) -> Iterator[Question]:
        for name in CAPABILITIES:
            yield self._ask("capability", name.encode())

    def _networks(self) -> Iterator[Question]:
        for family in FAMILIES:
            if family == "unix" and "unix" in self.profile.mediated:
                continue  # asked as class unix; here the compiler adds a coarse rule of its own
            for kind in TYPES:
                yield self._ask("network", family.encode(), type=kind.encode())

    def _sockets(self) -> Iterator[Question]:
        if "unix" not in self.profile.mediated:
            return
        local, peers = self._addresses("addr"), self._addresses("peer_addr")
        labels = values(self._column("unix", "peer_label"), self.rng, 2, _LABELS)
        for _ in range(min(self.samples, 40 * (1 + len(self._of("unix"))))):
            kind = self.rng.choice(TYPES[:5] if self.rng.random() < 0.2 else TYPES[:2])
            yield self._ask(
                "unix",
                type=kind.encode(),
                addr=self.rng.choice(local),
                peer_addr=self.rng.choice(peers),
                peer_label=self.rng.choice(labels),
            )

    def _addresses(self, name: str) -> list[bytes]:
        found = dict.fromkeys(_ADDRESSES)
        for pattern in self._column("unix", name):
            for address in map(unpack, members(pattern, self.rng, 4)):
                if address.startswith(b"@"):
                    found[address] = None
                    found[b"@" + near(address[1:], self.rng)] = None
        return list(found)

    def _signals(self) -> Iterator[Question]:
        known = {*SIGNALS, *(f"rtmin+{n}" for n in range(33))}
        names = ["hup", "kill", "term", "stp", "io", "exists", "emt", "rtmin+0", "rtmin+32", "sys"]
        for pattern in self._column("signal", "signal"):
            names += (m.decode("latin-1") for m in members(pattern, self.rng, 3))
        peers = values(self._column("signal", "peer"), self.rng, 4, (*_LABELS, self._name))
        for name in dict.fromkeys(n for n in names if n in known):
            for peer in peers if len(peers) < 30 else self.rng.sample(peers, 30):
                if peer:
                    yield self._ask("signal", peer, signal=name.encode())

    def _ptraces(self) -> Iterator[Question]:
        for peer in values(self._column("ptrace", "peer"), self.rng, 8, (*_LABELS, self._name)):
            if peer:
                yield self._ask("ptrace", peer)

    def _messages(self) -> Iterator[Question]:
        names = BY_NAME["dbus"].fields
        extra = {
            "bus": (b"system", b"session"),
            "name": (b"org.freedesktop.DBus", b":1.5"),
            "label": _LABELS,
            "path": (b"/", b"/org/a"),
            "interface": (b"org.a.B", b""),
            "member": (b"Get", b""),
        }
        for key in self._keys("dbus", names, extra):
            fields = dict(zip(names, key, strict=True))
            yield self._ask("dbus", b"", True, **fields)

    def _mounts(self) -> Iterator[Question]:
        names = ("mountpoint", "source", "fstype")
        extra = {
            "mountpoint": (b"/mnt/", b"/"),
            "source": (b"/dev/sda1", b"/src/"),
            "fstype": (b"ext4", b"tmpfs"),
        }
        for mountpoint, source, fstype in self._keys("mount", names, extra):
            flags = 0
            for flag in self.rng.sample(FLAGS, self.rng.choice((0, 1, 1, 2, 3, 5))):
                flags |= flag
            own = self._column("mount", "options")
            if own and self.rng.random() < 0.7:
                flags = flags_of((members(self.rng.choice(own), self.rng, 2) or [b""])[-1])
                if self.rng.random() < 0.2:
                    flags ^= self.rng.choice(FLAGS)
            kind = next((flag for flag, _ in _KINDS if flags & flag), 0)
            flags &= dict(_KINDS).get(kind, flags)
            yield self._ask(
                "mount",
                mountpoint,
                source=b"" if kind in (REMOUNT, PROPAGATION) else source,
                fstype=b"" if kind else fstype,
                options=flag_string(flags),
            )

    def _umounts(self) -> Iterator[Question]:
        found = values(self._column("umount", "mountpoint"), self.rng, 6, (b"/mnt/", b"/"))
        for path in dict.fromkeys(p for base in found for p in around(base, self.rng)):
            if path:
                yield self._ask("umount", path)

    def _pivots(self) -> Iterator[Question]:
        new = values(self._column("pivot_root", "newroot"), self.rng, 4, (b"/mnt/", b"/new/"))
        old = values(self._column("pivot_root", "oldroot"), self.rng, 4, (b"/mnt/old/", b"/old/"))
        for one, other in self._pairs(new, old, 200):
            yield self._ask("pivot_root", one, oldroot=other)

    def _namespaces(self) -> Iterator[Question]:
        yield self._ask("userns")


def attachments(profiles: Iterable[Profile], rng: random.Random) -> Iterator[Question]:
    """Which profile executables get, from outside and among the children of each profile."""
    scopes: dict[tuple[str, str], list[Pattern]] = {}
    for profile in profiles:
        if profile.attachment is not None and not profile.attachment.xattrs:
            scope = (profile.namespace, profile.parent)
            scopes.setdefault(scope, []).extend(profile.attachment.patterns)
    for (namespace, parent), patterns in scopes.items():
        subject = f":{namespace}://{parent}" if namespace and parent else parent
        fields = (("namespace", namespace),) if namespace else ()
        found = dict.fromkeys(p for pattern in patterns for p in members(pattern, rng, 6))
        for path in dict.fromkeys(p for member in found for p in around(member, rng)):
            yield Question(subject, "attach", to_text(path), True, fields)


def flags_of(options: bytes) -> int:
    """The flags of the options field of a key."""
    words = {flag_string(flag): flag for flag in FLAGS}
    return sum(words[word + b","] for word in options.split(b",") if word)
