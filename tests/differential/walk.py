"""Every reachable pair of states of the compiler's automata and our tables, compared.

A random object meets few of the states that two automata are in together; here all are met, by the
shortest object that leads there, and asked what they grant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.model import Rule
from lsmc.kernels.walk import HERE
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    FLAGS,
    MOVE,
    PROPAGATION,
    REC,
    REMOUNT,
    flag_word,
)
from lsmc.modules.apparmor.requests.socket_address import unpack
from lsmc.tables.records import ProfileRecord
from tests.differential import binary
from tests.differential.answers import Answer, Question, to_text
from tests.differential.compare import Compared
from tests.differential.masks import (
    CHANGE,
    DBUS,
    IO_URING,
    LOCAL_STAGES,
    MOUNT,
    MQUEUE,
    PIVOT_ROOT,
    PTRACE,
    SIGNAL,
    SIGNALS,
    SOCKET,
    STAGES,
    TYPES,
    UMOUNT,
)
from tests.differential.oracle import Oracle, answer, file_answer, link_answer, onexec_answer
from tests.differential.ours import Ours, stored, unsafe
from tests.differential.product import NUL, Pair, Stage, Walk, alphabet, text, word

Nodes = tuple[Node, ...]
#: The signals, as the kernel numbers them and as our keys name them.
_SIGNAL_LETTERS = tuple((bytes((number,)), name.encode()) for name, number in SIGNALS.items())
_SILENT = 0x8000


class ProfileWalk:
    """One profile on both sides."""

    def __init__(self, ours: Ours, oracle: Oracle, name: str, rules: Mapping[str, list[Rule]]):
        self.ours, self.oracle, self.name, self.rules = ours, oracle, name, rules
        self.theirs = oracle.profile
        record = ours.policy.engine.tables.find(name)
        assert record is not None
        self.record: ProfileRecord = record
        self.matcher: Matcher = ours.policy.engine.tables.matcher(record)
        self.pairs = 0
        self.cut: list[str] = []

    def __iter__(self) -> Iterator[Compared]:
        """Each pair with the answers of both sides."""
        if self.oracle.free:
            return
        parts: tuple[tuple[str, Callable[[], Iterator[Compared]]], ...] = (
            ("file", self._files),
            ("link", self._links),
            ("onexec", self._onexec),
            ("signal", self._signals),
            ("ptrace", self._ptrace),
            ("dbus", self._messages),
            ("mount", self._mounts),
            ("umount", self._umounts),
            ("pivot_root", self._pivots),
            ("unix", self._sockets),
            ("mqueue", self._queues),
            ("io_uring", self._rings),
        )
        for _, part in parts:
            yield from part()

    # --- walking

    def _next(self, node: Node, byte: int) -> Node:
        row = node.edges.get(byte)
        if row is None:
            following = self.matcher.step(node, byte)
            node.edges[byte] = following.edges
            return following
        found: Node = row[HERE]
        return found

    def _root(self, cls: str) -> Node:
        return self.matcher.walk(bytes((BY_NAME[cls].code,)))

    def _alphabet(self, database: binary.Database | None, *nodes: Node) -> tuple[int, ...]:
        """One byte of each kind that matters to the groups that are alive."""
        alive = {number for node in nodes for number, _ in node.live}
        tables = [self.matcher.groups()[number][0].dfa.classes for number in sorted(alive)]
        if database is not None:
            tables.append(database.automaton.classes)
        return alphabet(tables)

    def _walk(self, database: binary.Database | None, *stages: tuple[Stage, ...]) -> Walk:
        def ours(nodes: Nodes, byte: int) -> Nodes:
            return tuple(self._next(node, byte) for node in nodes)

        def theirs(state: int, byte: int) -> int:
            return database.automaton.step(state, byte) if database is not None else 0

        def alive(nodes: Nodes) -> bool:
            return any(node.live for node in nodes)

        return Walk(theirs, ours, alive, sum(stages, ()))

    def _met(
        self,
        what: str,
        walk: Walk,
        starts: Iterable[tuple[int, Nodes, dict[str, bytes]]],
        at: int | None = None,
    ) -> Iterator[Pair]:
        """The pairs behind some number of stages, behind all of them unless told."""
        wanted = len(walk.stages) if at is None else at
        for pair in walk.pairs(starts):
            if pair.stage == wanted:
                self.pairs += 1
                yield pair
        if walk.cut:
            self.cut.append(what)

    def _mine(self, cls: str, node: Node, owner: bool = True) -> Answer:
        """What our rules say at a node."""
        mediation = BY_NAME[cls]
        found = self.matcher.decide(node, mediation, owner)
        names = mediation.names
        quiet = frozenset(names(found.quiet))
        allow = frozenset(names(found.allow))
        extra: object = None
        if cls == "file" and "x" in allow:
            extra = stored(found.transition, self.record)
        if cls == "onexec" and allow:
            extra = unsafe(self.matcher, node)
        return Answer(allow, frozenset(names(found.audit)), quiet - allow, extra)

    def _compared(
        self,
        cls: str,
        fields: dict[str, bytes],
        main: str,
        mine: Answer,
        theirs: Answer,
        owner: bool = True,
    ) -> Compared:
        rest = tuple((name, to_text(value)) for name, value in fields.items() if name != main)
        question = Question(self.name, cls, to_text(fields.get(main, b"")), owner, rest)
        return Compared(question, mine, theirs, self.rules)

    # --- files

    def _perms(self, state: int, owner: bool) -> binary.Perms:
        return self.theirs.file.file_perms(state, owner) if self.theirs.file else binary.NO_PERMS

    def _files(self) -> Iterator[Compared]:
        nodes = self._root("file"), self._root("change_profile")
        walk = self._walk(self.theirs.file, text("path", self._alphabet(self.theirs.file, *nodes)))
        for pair in self._met("file", walk, [(self.theirs.file_start, nodes, {})]):
            fields = walk.fields(pair)
            for owner in (True, False):
                perms = self._perms(pair.theirs, owner)
                mine = self._mine("file", pair.ours[0], owner)
                yield self._compared(
                    "file", fields, "path", mine, file_answer(self.theirs, perms), owner
                )
            mine = self._mine("change_profile", pair.ours[1])
            theirs = answer(self._perms(pair.theirs, True), CHANGE)
            # no kernel logs by the audit and quiet bits of these: the pair of both names counts
            yield self._compared("change_profile", fields, "path", _allow(mine), _allow(theirs))

    def _links(self) -> Iterator[Compared]:
        database = self.theirs.file
        nodes = self._root("file"), self._root("link")
        letters = self._alphabet(database, *nodes)
        first = self._walk(database, text("link", letters))
        starts: dict[bool, list[tuple[int, Nodes, dict[str, bytes]]]] = {True: [], False: []}
        for pair in self._met("link", first, [(self.theirs.file_start, nodes, {})]):
            state = database.automaton.step(pair.theirs, 0) if database and pair.theirs else 0
            for owner in (True, False):
                mine = "l" in self._mine("file", pair.ours[0], owner).allow
                if mine and self._perms(pair.theirs, owner).allow & binary.MAY_LINK:
                    node = self._next(pair.ours[1], 0)
                    starts[owner].append((state, (node,), first.fields(pair)))
        for owner, begin in starts.items():
            walk = self._walk(database, text("target", letters))
            for pair in self._met("link", walk, begin):
                mine = self._mine("link", pair.ours[0], owner)
                allow = mine.allow if "link" in mine.allow else frozenset[str]()
                mine = mine.only("link")._replace(allow=allow)
                found = link_answer(self._perms(pair.theirs, owner))
                theirs = found.only("link")._replace(allow=found.allow)
                yield self._compared("link", walk.fields(pair), "link", mine, theirs, owner)

    def _onexec(self) -> Iterator[Compared]:
        database = self.theirs.file
        root = self._root("onexec")
        if "onexec" not in self.rules and "change_profile" not in self.rules:
            return
        letters = self._alphabet(database, root)
        walk = self._walk(database, text("exec", letters), NUL, text("target", letters))
        for pair in self._met("onexec", walk, [(self.theirs.file_start, (root,), {})]):
            theirs = onexec_answer(self._perms(pair.theirs, True))
            mine = self._mine("onexec", pair.ours[0])
            fields = walk.fields(pair)
            extra = mine.extra if mine.allow else None
            theirs_extra = theirs.extra if theirs.allow else None
            yield self._compared(
                "onexec",
                fields,
                "target",
                _allow(mine)._replace(extra=extra),
                _allow(theirs)._replace(extra=theirs_extra),
            )

    # --- the policy automaton

    def _state(self, state: int, masks: Mapping[str, int]) -> Answer:
        policy = self.theirs.policy
        return answer(policy.perms(state) if policy and state else binary.NO_PERMS, masks)

    def _mediated(self, cls: str, theirs: int) -> Iterator[Compared]:
        """Whether both mediate a class."""
        mine = cls in self.record.mediated
        yield self._compared(cls, {}, "", Answer(mediated=mine), Answer(mediated=bool(theirs)))

    def _class(
        self,
        cls: str,
        start: int,
        masks: Mapping[str, int],
        main: str,
        shape: Callable[[tuple[int, ...]], tuple[tuple[Stage, ...], ...]],
    ) -> Iterator[Compared]:
        """The keys of one shape, all permissions of the class."""
        root = self._root(cls)
        policy = self.theirs.policy
        walk = self._walk(policy, *shape(self._alphabet(policy, root)))
        for pair in self._met(cls, walk, [(start, (root,), {})]):
            mine = self._mine(cls, pair.ours[0]).only(*masks)
            yield self._compared(
                cls, walk.fields(pair), main, mine, self._state(pair.theirs, masks)
            )

    def _signals(self) -> Iterator[Compared]:
        start = self.theirs.start("signal")
        yield from self._mediated("signal", start)
        if not start:
            return
        which = word("signal", *_SIGNAL_LETTERS), word("", (b"", b"\0"))
        yield from self._class(
            "signal", start, SIGNAL, "peer", lambda letters: (*which, text("peer", letters))
        )

    def _ptrace(self) -> Iterator[Compared]:
        yield from self._mediated("ptrace", self.theirs.start("ptrace"))
        policy = self.theirs.policy
        if policy is None or not self.theirs.start("ptrace"):
            return
        start = policy.automaton.step(self.theirs.start("label"), binary.CLASS["ptrace"])
        yield from self._class(
            "ptrace", start, PTRACE, "peer", lambda letters: (text("peer", letters),)
        )

    def _messages(self) -> Iterator[Compared]:
        start = self.theirs.start("dbus")
        yield from self._mediated("dbus", start)
        if not start:
            return
        root, policy = self._root("dbus"), self.theirs.policy
        letters = self._alphabet(policy, root)
        names = BY_NAME["dbus"].fields
        stages: list[tuple[Stage, ...]] = [text(names[0], letters)]
        for name in names[1:]:
            stages += [NUL, text(name, letters, empty=True)]
        walk = self._walk(policy, *stages)
        # what is asked once one, two and all fields are there
        asked = {2: ("eavesdrop", 5), 4: ("bind", 4), len(walk.stages): ("send receive", 0)}
        for pair in walk.pairs([(start, (root,), {})]):
            if pair.stage not in asked:
                continue
            self.pairs += 1
            perms, missing = asked[pair.stage]
            node = pair.ours[0]
            for _ in range(missing):
                node = self._next(node, 0)
            masks = {name: DBUS[name] for name in perms.split()}
            mine = self._mine("dbus", node).only(*masks)
            yield self._compared(
                "dbus", walk.fields(pair), "", mine, self._state(pair.theirs, masks)
            )
        if walk.cut:
            self.cut.append("dbus")

    def _umounts(self) -> Iterator[Compared]:
        start = self.theirs.start("mount")
        yield from self._mediated("mount", start)
        if start:
            yield from self._class(
                "umount",
                start,
                UMOUNT,
                "mountpoint",
                lambda letters: (text("mountpoint", letters),),
            )

    def _pivots(self) -> Iterator[Compared]:
        start = self.theirs.start("mount")
        if start:
            yield from self._class(
                "pivot_root",
                start,
                PIVOT_ROOT,
                "newroot",
                lambda letters: (text("newroot", letters), NUL, text("oldroot", letters)),
            )

    def _mounts(self) -> Iterator[Compared]:
        start = self.theirs.start("mount")
        if not start or "mount" not in self.record.mediated:
            return
        every = sum(FLAGS)
        new = every & ~(REMOUNT | BIND | PROPAGATION | MOVE)
        # source and type that the kernel gives, flags that must be and flags that may be there
        kinds = [
            (False, False, REMOUNT, every),
            (True, False, BIND, BIND | REC),
            (True, False, MOVE, MOVE),
            (True, True, 0, new),
        ]
        rest = PROPAGATION
        for flag in FLAGS:
            if flag & PROPAGATION:  # the least of several
                kinds.append((False, False, flag, rest | REC | _SILENT))
                rest &= ~flag
        for source, fstype, needed, possible in kinds:

            def shape(
                letters: tuple[int, ...],
                parts: tuple[bool, bool, int, int] = (source, fstype, needed, possible),
            ) -> tuple[tuple[Stage, ...], ...]:
                has_source, has_type, must, may = parts
                where = text("mountpoint", letters)
                what = text("source", letters) if has_source else ()
                kind = text("fstype", letters) if has_type else ()
                return (where, NUL, what, NUL, kind, NUL, *_flags(must, may))

            yield from self._class("mount", start, MOUNT, "mountpoint", shape)

    def _sockets(self) -> Iterator[Compared]:
        cls = self.oracle.socket_class
        if not cls or "unix" not in self.record.mediated:
            return
        start, root, policy = self.theirs.start(cls), self._root("unix"), self.theirs.policy
        letters = self._alphabet(policy, root)
        kinds = word(
            "type",
            *(
                (b"\0\1" + number.to_bytes(2, "big") + b"\0\0", name.encode())
                for name, number in TYPES.items()
            ),
        )
        ours_ends = (b"", b"\0")
        local = kinds, word("", ours_ends), *_address("addr", letters)
        ends = word("", (b"\0\0", b"\0none\0unconfined"))
        shapes: dict[str, tuple[tuple[Stage, ...], ...]] = {
            "": (kinds, word("", (b"", b"\0none\0none\0unconfined"))),
            "local": (*local, ends),
            **{
                stage: (*local, ends, word("", (tail, b""))) for stage, tail in LOCAL_STAGES.items()
            },
            "peer": (
                *local,
                word("", (b"\0\0\1", b"\0")),
                *_address("peer_addr", letters),
                NUL,
                text("peer_label", letters),
            ),
        }
        for stage, shape in shapes.items():
            walk = self._walk(policy, *shape)
            for pair in self._met("unix", walk, [(start, (root,), {})]):
                fields = walk.fields(pair)
                names = STAGES[stage]
                for side in ("addr", "peer_addr"):
                    if side in fields:
                        fields[side] = unpack(fields[side])
                if fields.get("addr") == b"auto":
                    names = tuple(name for name in names if name == "bind")
                masks = {name: SOCKET[name] for name in names}
                mine = self._mine("unix", pair.ours[0]).only(*masks)
                yield self._compared("unix", fields, "", mine, self._state(pair.theirs, masks))

    def _queues(self) -> Iterator[Compared]:
        start = self.theirs.start("posix_mqueue")
        if not start:
            return
        root, policy = self._root("mqueue"), self.theirs.policy
        letters = self._alphabet(policy, root)
        kind = word("", (b"", b"posix\0"))
        walk = self._walk(policy, kind, text("name", letters), NUL, text("label", letters))
        for pair in walk.pairs([(start, (root,), {})]):
            if pair.stage != len(walk.stages):
                continue
            self.pairs += 1
            fields = walk.fields(pair)
            # rules without a label stand at the name as well: the same, for kernels that ask early
            theirs = self._state(pair.theirs, MQUEUE)
            mine = self._mine("mqueue", pair.ours[0])
            yield self._compared("mqueue", fields, "name", _allow(mine), _allow(theirs))
        if walk.cut:
            self.cut.append("mqueue")

    def _rings(self) -> Iterator[Compared]:
        start = self.theirs.start("io_uring")
        if not start:
            return
        masks = {"override_creds": IO_URING["override_creds"]}
        yield from self._class(
            "io_uring", start, masks, "label", lambda letters: (text("label", letters),)
        )
        ring = {"sqpoll": IO_URING["sqpoll"]}
        mine = self._mine("io_uring", self._root("io_uring")).only("sqpoll")
        yield self._compared("io_uring", {}, "label", mine, self._state(start, ring))


def _allow(found: Answer) -> Answer:
    """Only what is granted."""
    return Answer(found.allow)


def _flags(needed: int, possible: int) -> Iterator[tuple[Stage, ...]]:
    """The flags of a mount in bit order: some that must be there, some that may."""
    for flag in FLAGS:
        letter = bytes((flag.bit_length(),)), flag_word(flag)
        if flag & needed:
            yield word("options", letter)
        elif flag & possible:
            yield word("options", (b"", b""), letter)


def _address(name: str, letters: Iterable[int]) -> tuple[tuple[Stage, ...], ...]:
    """An address of a unix socket: none, one that the kernel chooses, or a name of any bytes.

    Names with a NUL and the byte 0xFF are packed on our side.
    """
    plain = [(bytes((byte,)), bytes((byte,))) for byte in letters if byte != 0xFF]
    packed = [(b"\0", b"\xff\xfe"), (b"\xff", b"\xff\xff")]
    head = Stage(name, ((b"\0", b"@"),), last=((b"\1", b"none"), (b"", b"auto")))
    return (head,), (Stage(name, (*plain, *packed), repeats=True),)
