"""The comparison: every question put to a compiled policy and to the compiler's own automata."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lsmc.automata.pattern import Pattern
from lsmc.diagnostics import PolicyError
from lsmc.driver import bundle, compiler
from lsmc.frontend.apparmor.rules.capability import NAMES as CAPABILITIES
from lsmc.frontend.apparmor.rules.network import FAMILIES, TYPES
from lsmc.inputs import Options
from lsmc.ir.address import unpack
from lsmc.ir.classes import BY_NAME
from lsmc.ir.model import MediationClass, Profile, Rule, Transition
from lsmc.ir.mount import BIND, FLAGS, MOVE, PROPAGATION, REC, REMOUNT, flag_string
from lsmc.policy import Policy
from lsmc.tables.groups import make_key
from tests.differential.known import Known, explain
from tests.differential.objects import around, members, near, paths, values
from tests.differential.oracle import (
    Answer,
    Oracle,
    Refused,
    Xindex,
    compile_with_parser,
    oracles,
)

#: Mount flags that say which kind of mount is asked for, in the order in which the kernel looks.
_KINDS: tuple[tuple[int, int], ...] = (
    (REMOUNT, sum(FLAGS)),
    (BIND, BIND | REC),
    (PROPAGATION, PROPAGATION | REC | 0x8000),
    (MOVE, MOVE),
)
_LABELS = (b"unconfined", b"other", b"a//b", b":ns:x")


class Question(NamedTuple):
    """One question: the class, the object as people write it, the owner flag and further fields."""

    profile: str
    cls: str
    object: str
    owner: bool
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        extra = "".join(f" {name}={value}" for name, value in self.fields)
        who = "" if self.owner else " (other)"
        return f"{self.profile}: {self.cls} {self.object}{extra}{who}"


class Disagreement(NamedTuple):
    """A question with both answers."""

    question: Question
    ours: Answer
    theirs: Answer

    def __str__(self) -> str:
        return f"{self.question}\n    ours   {show(self.ours)}\n    theirs {show(self.theirs)}"


def show(answer: Answer) -> str:
    """An answer on one line."""
    if not answer.mediated:
        return "not mediated"
    allow, audit, quiet = (" ".join(sorted(s)) or "-" for s in answer[:3])
    extra = f" -> {answer.extra}" if answer.extra is not None else ""
    return f"allow {allow}; audit {audit}; quiet {quiet}{extra}"


@dataclass
class Report:
    """What came of one file."""

    path: str
    profiles: int = 0
    questions: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    skipped: str = ""
    refused_by_us: str = ""

    @property
    def asked(self) -> int:
        """The number of questions."""
        return sum(self.questions.values())


def compare_file(
    path: Path,
    base: Path,
    features: Path,
    api: Any,
    *,
    samples: int = 2000,
    seed: int = 0,
    include: Sequence[Path] = (),
) -> Report:
    """Compare all profiles of a file."""
    report = Report(str(path))
    options = Options.of(base, include, features, None)
    try:
        compiled = compiler(options).compile(str(path))
        data, _ = bundle(list(compiled.profiles), list(compiled.diagnostics))
    except PolicyError as fault:
        report.refused_by_us = fault.diagnostics[0].message
    try:
        theirs = oracles(compile_with_parser(path, base, features, include), api)
    except Refused as refused:
        report.skipped = str(refused)
        return report
    if report.refused_by_us:
        return report
    compare(compiled.profiles, Policy(data), theirs, report, samples, seed)
    return report


def compare(
    profiles: Sequence[Profile],
    policy: Policy,
    theirs: Mapping[str, Oracle],
    report: Report,
    samples: int,
    seed: int,
) -> None:
    """Compare the profiles of a policy with those of the compiler."""
    ours = {profile.full_name for profile in profiles}
    for name in sorted(ours ^ theirs.keys()):
        where = Answer(frozenset((("theirs", "ours")[name in ours],)))
        report.disagreements.append(
            Disagreement(Question(name, "profile", "exists", True), where, Answer())
        )
    for profile in profiles:
        if profile.full_name in theirs:
            report.profiles += 1
            rng = random.Random(f"{seed}:{profile.full_name}")
            one = _One(profile, policy, theirs[profile.full_name], rng, samples)
            for question, our, their in one.run():
                report.questions[question.cls] = report.questions.get(question.cls, 0) + 1
                if our == their:
                    continue
                known: Known | None = explain(one.rules(), question, our, their)
                if known is not None:
                    report.known[known.name] = report.known.get(known.name, 0) + 1
                else:
                    report.disagreements.append(Disagreement(question, our, their))


_Compared = Iterator[tuple[Question, Answer, Answer]]


class _One:
    """The questions about one profile."""

    def __init__(
        self, profile: Profile, policy: Policy, oracle: Oracle, rng: random.Random, samples: int
    ) -> None:
        self.profile = profile
        self.policy = policy
        self.oracle = oracle
        self.rng = rng
        self.samples = samples
        self._by_class: dict[str, list[Rule]] = {}
        for use in profile.uses:
            for rule in use.unit.rules:
                self._by_class.setdefault(rule.cls.name, []).append(rule)

    def rules(self) -> dict[str, list[Rule]]:
        """The profile's rules by class."""
        return self._by_class

    def of(self, cls: str) -> list[Rule]:
        """The rules of a class."""
        return self._by_class.get(cls, [])

    def column(self, cls: str, name: str) -> list[Pattern]:
        """The patterns of one field in all rules of a class."""
        index = BY_NAME[cls].fields.index(name)
        return [rule.fields[index] for rule in self.of(cls)]

    def run(self) -> _Compared:
        """All questions with both answers."""
        parts: tuple[Callable[[], _Compared], ...] = (
            self.head,
            self.files,
            self.links,
            self.changes,
            self.capabilities,
            self.networks,
            self.units,
            self.signals,
            self.ptraces,
            self.buses,
            self.mounts,
            self.umounts,
            self.pivots,
            self.namespaces,
        )
        for part in parts:
            yield from part()

    def ours(self, cls: str, obj: bytes = b"", *, owner: bool = True, **fields: bytes) -> Answer:
        """What the policy answers, with the transition of file rules."""
        given = {name: text(value) for name, value in fields.items()}
        found = self.policy.permissions(
            self.profile.full_name, cls, text(obj), owner=owner, **given
        )
        if not found.mediated:
            return Answer(mediated=False)
        assert not found.allow & found.deny
        assert found.audit <= found.allow
        return Answer(found.allow, found.audit, found.quiet - found.allow)

    def asked(
        self, cls: str, obj: bytes, owner: bool = True, **fields: bytes
    ) -> tuple[Question, Answer]:
        """A question and our answer."""
        pairs = tuple((name, text(value)) for name, value in fields.items())
        question = Question(self.profile.full_name, cls, text(obj), owner, pairs)
        return question, self.ours(cls, obj, owner=owner, **fields)

    def head(self) -> _Compared:
        """Mode, audit flag, hat flag, limits."""
        mine, other = self.profile, self.oracle.profile
        mode = {"default_allow": "unconfined"}.get(mine.mode, mine.mode)
        limits = {name: 2**64 - 1 if v is None else v for name, v in mine.rlimits}
        for name, our, their in (
            ("mode", mode, other.mode),
            ("audit", mine.audit, other.audit_all),
            ("hat", mine.is_hat, other.is_hat),
            ("rlimits", sorted(limits.items()), sorted(other.rlimits.items())),
        ):
            question = Question(mine.full_name, "profile", name, True)
            yield question, Answer(extra=our), Answer(extra=their)

    # --- files

    def decision(self, path: bytes, owner: bool) -> Transition | None:
        """The transition that the rules give, before names are looked up."""
        cls = BY_NAME["file"]
        record = self.policy.profile(self.profile.full_name)
        assert record is not None
        matcher = self.policy.matcher(record)
        return matcher.decide(matcher.walk(make_key(cls.code, (path,))), cls, owner).transition

    def files(self) -> _Compared:
        """Permissions and transitions of paths."""
        rules = self.of("file") + self.of("onexec")
        for path in paths(rules, self.rng, self.samples):
            for owner in (True, False):
                question, ours = self.asked("file", path, owner)
                if "x" in ours.allow:
                    ours = ours._replace(extra=xindex(self.decision(path, owner), self.profile))
                theirs = self.oracle.file(path, owner)
                yield question, ours, theirs
                if "x" in ours.allow and ours == theirs:
                    found = self.policy.permissions(
                        self.profile.full_name, "file", text(path), owner=owner
                    ).exec
                    target = found.target if found else None
                    yield (
                        question._replace(cls="exec"),
                        Answer(extra=target),
                        Answer(extra=self.oracle.exec_label(path, owner)),
                    )

    def links(self) -> _Compared:
        """Pairs of names."""
        new = values(self.column("link", "link"), self.rng, 3, (b"/tmp/new",))
        old = values(self.column("link", "target"), self.rng, 3, (b"/etc/shadow", b"/tmp/x"))
        old += [
            path
            for rule in self.rng.sample(self.of("file"), min(8, len(self.of("file"))))
            for path in members(rule.fields[0], self.rng, 2)
        ]
        for one, other in self.pairs(new, old, self.samples // 4):
            for owner in (True, False):
                question, ours = self.asked("link", one, owner, target=other)
                if "link" not in ours.allow:
                    ours = ours._replace(allow=frozenset())
                audit = ours.audit & {"link"}
                quiet = ours.quiet & {"link"}
                theirs = self.oracle.link(one, other, owner)
                yield (
                    question,
                    ours._replace(audit=audit, quiet=quiet),
                    theirs._replace(audit=theirs.audit & {"link"}, quiet=theirs.quiet & {"link"}),
                )
                verdict = self.policy.query(
                    self.profile.full_name, "link", text(one), owner=owner, target=text(other)
                )
                granted = verdict.allowed and verdict.decision != "complain"
                yield (
                    question._replace(cls="link test"),
                    Answer(extra=granted),
                    Answer(extra=self.oracle.link_allowed(one, other, owner)),
                )

    def pairs(
        self, one: Sequence[bytes], other: Sequence[bytes], count: int
    ) -> list[tuple[bytes, bytes]]:
        """Some pairs, all of them where they are few."""
        if len(one) * len(other) <= count:
            return [(a, b) for a in one for b in other]
        return [(self.rng.choice(one), self.rng.choice(other)) for _ in range(count)]

    def changes(self) -> _Compared:
        """Changes of profile, directly and at an exec."""
        mine = self.profile.full_name.encode("latin-1")
        targets = values(
            self.column("change_profile", "target"), self.rng, 6, (*_LABELS, mine, b"&other")
        )
        for target in targets:
            question, ours = self.asked("change_profile", target)
            yield question, ours, self.oracle.change_profile(target)
        executables = values(self.column("onexec", "exec"), self.rng, 3, (b"/bin/x",))
        executables = [path for path in executables if path]
        for path, target in self.pairs(executables, targets, self.samples // 10):
            question, ours = self.asked("onexec", target, exec=path)
            if ours.allow:
                ours = ours._replace(extra=self._unsafe(path, target))
            yield question, ours, self.oracle.onexec(path, target)

    def _unsafe(self, path: bytes, target: bytes) -> bool:
        """Whether the rules for a change at an exec keep the environment."""
        cls = BY_NAME["onexec"]
        record = self.policy.profile(self.profile.full_name)
        assert record is not None
        matcher = self.policy.matcher(record)
        node = matcher.walk(make_key(cls.code, (path, target)))
        winners = {rule for _, rule in matcher.decide(node, cls, True).winners}
        return any(
            match.rule.facts.transition is not None and match.rule.facts.transition.unsafe
            for match in matcher.matched(node)
            if match.rule.facts.id in winners
        )

    # --- other classes

    def capabilities(self) -> _Compared:
        """Every capability."""
        for name in CAPABILITIES:
            question, ours = self.asked("capability", name.encode())
            yield question, ours, self.oracle.capability(name)

    def networks(self) -> _Compared:
        """Every family and type."""
        for family in FAMILIES:
            if family == "unix" and "unix" in self.profile.mediated:
                continue  # asked as class unix; here the compiler adds a coarse rule of its own
            for kind in TYPES:
                question, ours = self.asked("network", family.encode(), type=kind.encode())
                yield question, ours, self.oracle.network(family, kind)

    def units(self) -> _Compared:
        """Unix sockets by type, address and peer."""
        if "unix" not in self.profile.mediated:
            return
        fixed = (
            b"none",
            b"@a",
            b"@/tmp/.X11-unix/X0",
            b"@0f1a2",
            b"auto",
            b"@a\0b",
            b"@a\0\0",
            b"@\xff\0",
        )
        local = self._addresses("addr", fixed)
        peers = self._addresses("peer_addr", fixed)
        labels = values(self.column("unix", "peer_label"), self.rng, 2, _LABELS)
        for _ in range(min(self.samples, 40 * (1 + len(self.of("unix"))))):
            kind = self.rng.choice(TYPES[:5] if self.rng.random() < 0.2 else TYPES[:2])
            addr, peer = self.rng.choice(local), self.rng.choice(peers)
            label = self.rng.choice(labels)
            question, ours = self.asked(
                "unix", b"", type=kind.encode(), addr=addr, peer_addr=peer, peer_label=label
            )
            theirs = self.oracle.unix(kind, _address(addr), _address(peer), label)
            if addr == b"auto":  # asked for bind alone; a name is chosen then
                ours, theirs = ours.only("bind"), theirs.only("bind")
            yield question, ours, theirs

    def _addresses(self, name: str, fixed: Iterable[bytes]) -> list[bytes]:
        found = dict.fromkeys(fixed)
        for pattern in self.column("unix", name):
            for address in map(unpack, members(pattern, self.rng, 4)):
                if address.startswith(b"@"):
                    found[address] = None
                    found[b"@" + near(address[1:], self.rng)] = None
        return list(found)

    def signals(self) -> _Compared:
        """Signals by number and peer."""
        numbers = self.oracle.api.SIGNALS
        names = ["hup", "kill", "term", "stp", "io", "exists", "emt", "rtmin+0", "rtmin+32", "sys"]
        names += [
            member.decode()
            for pattern in self.column("signal", "signal")
            for member in members(pattern, self.rng, 3)
            if member.decode("latin-1") in numbers
        ]
        peers = values(self.column("signal", "peer"), self.rng, 4, (*_LABELS, self._name()))
        for name in dict.fromkeys(names):
            for peer in peers if len(peers) < 30 else self.rng.sample(peers, 30):
                if peer:
                    question, ours = self.asked("signal", peer, signal=name.encode())
                    yield question, ours, self.oracle.signal(numbers[name], peer)

    def _name(self) -> bytes:
        return self.profile.full_name.encode("latin-1")

    def ptraces(self) -> _Compared:
        """Peers of ptrace."""
        for peer in values(self.column("ptrace", "peer"), self.rng, 8, (*_LABELS, self._name())):
            if peer:
                question, ours = self.asked("ptrace", peer)
                yield question, ours, self.oracle.ptrace(peer)

    def buses(self) -> _Compared:
        """Messages and names on a bus."""
        names = BY_NAME["dbus"].fields
        extra = {
            "bus": (b"system", b"session"),
            "name": (b"org.freedesktop.DBus", b":1.5"),
            "label": _LABELS,
            "path": (b"/", b"/org/a"),
            "interface": (b"org.a.B", b""),
            "member": (b"Get", b""),
        }
        for key in self.keys("dbus", names, extra):
            fields = dict(zip(names, key, strict=True))
            question, ours = self.asked("dbus", b"", True, **fields)
            yield question, ours, self.oracle.dbus(key)

    def keys(
        self, cls: str, names: Sequence[str], extra: Mapping[str, Iterable[bytes]]
    ) -> list[tuple[bytes, ...]]:
        """Tuples of fields: those of a rule with some exchanged, and mixtures."""
        columns = [
            values(self.column(cls, name), self.rng, 3, extra.get(name, ())) for name in names
        ]
        rules = self.of(cls)
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

    def mounts(self) -> _Compared:
        """Mounts of every kind."""
        names = ("mountpoint", "source", "fstype")
        extra = {
            "mountpoint": (b"/mnt/", b"/"),
            "source": (b"/dev/sda1", b"/src/"),
            "fstype": (b"ext4", b"tmpfs"),
        }
        for mountpoint, source, fstype in self.keys("mount", names, extra):
            flags = 0
            for flag in self.rng.sample(FLAGS, self.rng.choice((0, 1, 1, 2, 3, 5))):
                flags |= flag
            own = self.column("mount", "options")
            if own and self.rng.random() < 0.7:
                flags = flags_of((members(self.rng.choice(own), self.rng, 2) or [b""])[-1])
                if self.rng.random() < 0.2:
                    flags ^= self.rng.choice(FLAGS)
            kind = next((flag for flag, _ in _KINDS if flags & flag), 0)
            flags &= dict(_KINDS).get(kind, flags)
            device = b"" if kind in (REMOUNT, PROPAGATION) else source
            type_ = b"" if kind else fstype
            question, ours = self.asked(
                "mount", mountpoint, source=device, fstype=type_, options=flag_string(flags)
            )
            yield question, ours, self.oracle.mount(mountpoint, device, type_, flags)

    def umounts(self) -> _Compared:
        """Unmounts."""
        found = values(self.column("umount", "mountpoint"), self.rng, 6, (b"/mnt/", b"/"))
        for path in dict.fromkeys(p for base in found for p in around(base, self.rng)):
            if path:
                question, ours = self.asked("umount", path)
                yield question, ours, self.oracle.umount(path)

    def pivots(self) -> _Compared:
        """Changes of the root."""
        new = values(self.column("pivot_root", "newroot"), self.rng, 4, (b"/mnt/", b"/new/"))
        old = values(self.column("pivot_root", "oldroot"), self.rng, 4, (b"/mnt/old/", b"/new/o/"))
        for one, other in self.pairs(new, old, 200):
            question, ours = self.asked("pivot_root", one, oldroot=other)
            yield question, ours, self.oracle.pivot_root(one, other)

    def namespaces(self) -> _Compared:
        """User namespaces."""
        question, ours = self.asked("userns", b"")
        yield question, ours, self.oracle.userns()


def text(value: bytes) -> str:
    """Bytes as the API takes them."""
    return value.decode("utf-8", "surrogateescape")


def flags_of(options: bytes) -> int:
    """The flags of the options field of a key."""
    words = {flag_string(flag): flag for flag in FLAGS}
    return sum(words[word + b","] for word in options.split(b",") if word)


def _address(addr: bytes) -> bytes:
    """An address of a unix socket as the kernel has it."""
    if addr == b"none":
        return b"\1"
    if addr == b"auto":
        return b""
    return b"\0" + addr[1:]


def xindex(transition: Transition | None, profile: Profile) -> Xindex | None:
    """A transition as the kernel stores it (apparmor_parser's exec index)."""
    if transition is None:
        return None
    kind = {
        "inherit": "",
        "unconfined": "",
        "attach": "name",
        "attach-child": "name",
    }.get(transition.kind, "table")
    name = transition.name
    if transition.kind == "child":
        name = f"{profile.name}//{name}"
    return Xindex(
        kind,
        name,
        transition.kind == "attach-child",
        transition.inherit,
        transition.unconfined or transition.kind == "unconfined",
        transition.unsafe,
    )


__all__ = ["Disagreement", "MediationClass", "Report", "compare", "compare_file"]
