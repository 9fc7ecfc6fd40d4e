"""The binary policy that apparmor_parser writes: its profiles and their automata.

The format is what the kernel unpacks (policy_unpack.c and match.c of security/apparmor in Linux):
typed values, some with a name before them.  Permissions lie in two accept tables (policy versions
5 to 8) or in a table of their own that the accept table points into (from version 9).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

MAY_EXEC, MAY_WRITE, MAY_READ, MAY_APPEND = 0x1, 0x2, 0x4, 0x8
MAY_LOCK, EXEC_MMAP, MAY_LINK = 0x8000, 0x10000, 0x40000
CONTINUE = 0x8000000
MAY_ONEXEC, MAY_CHANGE_PROFILE = 0x20000000, 0x40000000

X_INDEX, X_TYPE, X_NAME, X_TABLE = 0xFFFFFF, 0xC000000, 0x4000000, 0x8000000
X_UNSAFE, X_CHILD, X_INHERIT, X_UNCONFINED = 0x10000000, 0x20000000, 0x40000000, 0x80000000

#: The first byte of keys, by class (include/apparmor.h).
CLASS = {
    "file": 2,
    "net": 4,
    "mount": 7,
    "ptrace": 9,
    "signal": 10,
    "netv8": 14,
    "netv9": 15,
    "label": 16,
    "posix_mqueue": 17,
    "sysv_mqueue": 18,
    "ns": 21,
    "io_uring": 22,
    "dbus": 32,
}
MODES = ("enforce", "complain", "kill", "unconfined", "prompt")
RLIMITS = (
    *("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks"),
    *("sigpending", "msgqueue", "nice", "rtprio", "rttime"),
)


class FormatError(ValueError):
    """Bytes that are no binary policy of a known form."""


class Perms(NamedTuple):
    """The permission masks of one state; `xindex` is the transition of an execution."""

    allow: int = 0
    audit: int = 0
    quiet: int = 0
    xindex: int = 0


NO_PERMS = Perms()


class _Type(IntEnum):
    U8, U16, U32, U64, NAME, STRING, BLOB, STRUCT, STRUCT_END, LIST, LIST_END, ARRAY, ARRAY_END = (
        range(13)
    )


_NUMBERS = {_Type.U8: "<B", _Type.U16: "<H", _Type.U32: "<I", _Type.U64: "<Q"}


class _Reader:
    """Typed values one after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def _unpack(self, form: str) -> int:
        size = struct.calcsize(form)
        if self.at + size > len(self.data):
            raise FormatError(f"cut short at {self.at}")
        value: int = struct.unpack_from(form, self.data, self.at)[0]
        self.at += size
        return value

    def _bytes(self, size: int) -> bytes:
        value = self.data[self.at : self.at + size]
        if len(value) != size:
            raise FormatError(f"cut short at {self.at}")
        self.at += size
        return value

    def head(self) -> tuple[str, int]:
        """The name and the type of the next value."""
        before = self.at
        name = ""
        kind = self._unpack("<B")
        if kind == _Type.NAME:
            name = self._bytes(self._unpack("<H"))[:-1].decode("latin-1")
            kind = self._unpack("<B")
        self._after, self.at = self.at, before
        return name, kind

    def next_is(self, kind: _Type, name: str = "") -> bool:
        """Whether such a value follows."""
        return self.at < len(self.data) and self.head() == (name, kind)

    def enter(self, kind: _Type, name: str = "") -> None:
        """Pass over the head of a value."""
        if self.head() != (name, kind):
            raise FormatError(f"{self.head()} at {self.at} instead of {(name, kind)}")
        self.at = self._after

    def number(self, name: str = "", kind: _Type = _Type.U32) -> int:
        """A number."""
        self.enter(kind, name)
        return self._unpack(_NUMBERS[kind])

    def string(self, name: str = "") -> bytes:
        """A string without the NUL that ends it."""
        self.enter(_Type.STRING, name)
        return self._bytes(self._unpack("<H"))[:-1]

    def text(self, name: str = "") -> str:
        """A string as text."""
        return self.string(name).decode("utf-8", "surrogateescape")

    def blob(self, name: str = "") -> bytes:
        """Bytes."""
        self.enter(_Type.BLOB, name)
        return self._bytes(self._unpack("<I"))

    def array(self, name: str = "") -> int:
        """How many values an array has."""
        self.enter(_Type.ARRAY, name)
        return self._unpack("<H")


_DIFFERENTIAL = 0x80000000
_TABLES = {1: "accept", 2: "base", 3: "check", 4: "default", 5: "classes", 7: "accept2", 8: "next"}
_WIDTHS = {1: "B", 2: "H", 4: "I"}


class Automaton:
    """A compressed automaton: state 0 is dead."""

    def __init__(self, blob: bytes) -> None:
        # the blob is padded so that the automaton is aligned in the file
        start = blob.find(b"\x1b\x5e\x78\x3d", 0, 11)
        if start < 0:
            raise FormatError("not an automaton")
        header, size = struct.unpack_from(">II", blob, start + 4)
        tables: dict[str, Sequence[int]] = {}
        at, end = start + header, min(start + size, len(blob))
        while at + 12 <= end:
            number, width, _, count = struct.unpack_from(">HHII", blob, at)
            name = _TABLES.get(number)
            if name is None or width not in _WIDTHS:
                raise FormatError(f"table {number} of width {width}")
            tables[name] = struct.unpack_from(f">{count}{_WIDTHS[width]}", blob, at + 12)
            at = start + (at - start + 12 + width * count + 7 & ~7)
        self.accept, self.accept2 = tables["accept"], tables.get("accept2")
        self._base, self._default = tables["base"], tables["default"]
        self._next, self._check = tables["next"], tables["check"]
        self.classes = tables.get("classes", range(256))
        self._known: dict[tuple[int, int], int] = {}

    def step(self, state: int, byte: int) -> int:
        """The state after one more byte."""
        key = state, self.classes[byte]
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._step(*key)
        return found

    def _step(self, state: int, number: int) -> int:
        while state:
            base = self._base[state]
            at = (base & 0xFFFFFF) + number
            if at < len(self._check) and self._check[at] == state:
                return self._next[at]
            state = self._default[state]
            if not base & _DIFFERENTIAL:
                return state
        return 0

    def walk(self, state: int, key: bytes) -> int:
        """The state that a key leads to."""
        for byte in key:
            state = self.step(state, byte)
        return state


@dataclass(frozen=True)
class Database:
    """An automaton with the permissions of its states.

    `paired` tells that entries for owners are followed by those for others.
    """

    automaton: Automaton
    table: tuple[Perms, ...] | None = None
    names: tuple[str, ...] = ()
    start: int = 1
    dfa_start: int = 1
    paired: bool = True

    def perms(self, state: int) -> Perms:
        """The permissions of a state, for all classes but files."""
        first = self.automaton.accept[state]
        if self.table is not None:
            return self.table[first]
        second = self.automaton.accept2[state] if self.automaton.accept2 else 0
        allow = first & 0x8000007F | _other(first >> 14)
        if first & CONTINUE << 1:
            allow |= CONTINUE
        return Perms(
            allow,
            second & 0x7F | _other(second >> 14),
            second >> 7 & 0x7F | _other(second >> 21),
        )

    def file_perms(self, state: int, owner: bool) -> Perms:
        """The permissions of a state of the file automaton."""
        first = self.automaton.accept[state]
        second = self.automaton.accept2[state] if self.automaton.accept2 else 0
        if self.table is not None:
            split = self.paired and (self.automaton.accept2 is None or second & 1 or not first)
            at = first + (split and not owner)
            return self.table[at] if at < len(self.table) else self.table[first]
        mine, marks = (first, second) if owner else (first >> 14, second >> 14)
        changes = (MAY_CHANGE_PROFILE if first >> 31 & 1 else 0) | (
            MAY_ONEXEC if first >> 30 & 1 else 0
        )
        return Perms(_file(mine) | changes, _file(marks), _file(marks >> 7), _xindex(mine))


def _other(bits: int) -> int:
    """The permissions that lie where those of others do in the older form."""
    return (bits & 0x3) << 8 | (bits & 0x1C) << 18 | (bits & 0x60) << 19


def _file(bits: int) -> int:
    """File permissions of the older form."""
    moved = {0x10: MAY_LINK, 0x20: MAY_LOCK, 0x40: EXEC_MMAP}
    return bits & 0xF | sum(to for bit, to in moved.items() if bits & bit)


def _xindex(bits: int) -> int:
    """A transition of the older form."""
    index = 0
    for bit, flag in ((0x80, X_UNCONFINED), (0x100, X_UNSAFE), (0x200, X_INHERIT)):
        index |= flag if bits & bit else 0
    number = bits >> 10 & 0xF
    if number >= 4:
        return index | X_TABLE | number - 4
    return index | (0, X_UNCONFINED, X_NAME, X_NAME | X_CHILD)[number]


@dataclass
class Profile:
    """A profile as the kernel loads it."""

    name: str
    namespace: str = ""
    mode: str = "enforce"
    audit: bool = False
    is_hat: bool = False
    attachment: Database | None = None
    attachment_length: int = 0
    xattrs: tuple[str, ...] = ()
    capabilities: Mapping[str, int] = field(default_factory=dict)
    rlimits: Mapping[str, int] = field(default_factory=dict)
    families: Sequence[Sequence[int]] | None = None
    policy: Database | None = None
    file: Database | None = None
    file_start: int = 0

    @property
    def full_name(self) -> str:
        """The name with its namespace."""
        return f":{self.namespace}://{self.name}" if self.namespace else self.name

    def start(self, cls: str) -> int:
        """The state of the policy automaton after a class's byte; 0 when it is not mediated."""
        if self.policy is None:
            return 0
        return self.policy.automaton.step(self.policy.start, CLASS[cls])

    def perms(self, cls: str, key: bytes = b"") -> Perms:
        """What a key of a class leads to."""
        if self.policy is None:
            return NO_PERMS
        return self.policy.perms(self.policy.automaton.walk(self.start(cls), key))

    def file_perms(self, key: bytes, owner: bool) -> Perms:
        """What a key leads to in the file automaton."""
        if self.file is None:
            return NO_PERMS
        return self.file.file_perms(self.file.automaton.walk(self.file_start, key), owner)


def _read_database(reader: _Reader) -> Database | None:
    table = None
    if reader.next_is(_Type.STRUCT, "perms"):
        reader.enter(_Type.STRUCT, "perms")
        reader.number("version")
        rows = [[reader.number() for _ in range(14)] for _ in range(reader.array())]
        table = tuple(Perms(row[1], row[8], row[9], row[11]) for row in rows)
        reader.enter(_Type.ARRAY_END)
        reader.enter(_Type.STRUCT_END)
    if reader.next_is(_Type.U32, "permsv"):
        reader.number("permsv")
    if not reader.next_is(_Type.BLOB, "aadfa"):
        return None
    automaton = Automaton(reader.blob("aadfa"))
    start = reader.number("start") if reader.next_is(_Type.U32, "start") else 1
    files = reader.number("dfa_start") if reader.next_is(_Type.U32, "dfa_start") else 1
    names: tuple[str, ...] = ()
    if reader.next_is(_Type.STRUCT, "xtable"):
        reader.enter(_Type.STRUCT, "xtable")
        names = tuple(reader.text() for _ in range(reader.array()))
        reader.enter(_Type.ARRAY_END)
        reader.enter(_Type.STRUCT_END)
    return Database(automaton, table, names, start, files)


def _read_profile(reader: _Reader, version: int, namespace: str) -> Profile:
    reader.enter(_Type.STRUCT, "profile")
    profile = Profile(reader.text(), namespace)
    if profile.name.startswith(":") and "://" in profile.name:
        profile.namespace, profile.name = profile.name[1:].split("://", 1)
    for word in ("rename", "attach"):
        if reader.next_is(_Type.STRING, word):
            reader.string(word)
    profile.attachment = _read_database(reader)
    if profile.attachment is not None:
        profile.attachment_length = reader.number()
    for word in ("disconnected", "disconnected_ipc"):
        if reader.next_is(_Type.STRING, word):
            reader.string(word)
    for word in ("kill", "error"):
        if reader.next_is(_Type.U32, word):
            reader.number(word)
    reader.enter(_Type.STRUCT, "flags")
    profile.is_hat = bool(reader.number() & 1)
    profile.mode = MODES[reader.number()]
    profile.audit = bool(reader.number())
    reader.enter(_Type.STRUCT_END)
    if version & 0x800 and profile.mode == "enforce":
        profile.mode = "complain"
    if reader.next_is(_Type.U32, "path_flags"):
        reader.number("path_flags")
    profile.capabilities = _read_capabilities(reader)
    _read_lists(reader, profile)
    if reader.next_is(_Type.STRUCT, "policydb"):
        reader.enter(_Type.STRUCT, "policydb")
        profile.policy = _read_database(reader)
        reader.enter(_Type.STRUCT_END)
    profile.file = _read_database(reader)
    if profile.file is not None:
        profile.file_start = profile.file.dfa_start
    elif profile.policy is not None and profile.start("file"):
        # without file rules of its own, the class in the policy automaton counts
        whole = profile.policy
        profile.file = Database(whole.automaton, whole.table, whole.names, paired=False)
        profile.file_start = profile.start("file")
    if reader.next_is(_Type.STRUCT, "data"):
        reader.enter(_Type.STRUCT, "data")
        while reader.next_is(_Type.STRING):
            reader.string()
            reader.blob()
        reader.enter(_Type.STRUCT_END)
    reader.enter(_Type.STRUCT_END)
    return profile


def _read_capabilities(reader: _Reader) -> dict[str, int]:
    words = ("allow", "audit", "quiet", "extended")
    found = {word: reader.number() for word in words}
    if reader.next_is(_Type.STRUCT, "caps64"):
        reader.enter(_Type.STRUCT, "caps64")
        for word in words:
            found[word] |= reader.number() << 32
        reader.enter(_Type.STRUCT_END)
    if reader.next_is(_Type.STRUCT, "capsx"):
        reader.enter(_Type.STRUCT, "capsx")
        reader.number()
        reader.number()
        reader.enter(_Type.STRUCT_END)
    return found


def _read_lists(reader: _Reader, profile: Profile) -> None:
    """Attributes, limits, families and secmarks."""
    if reader.next_is(_Type.ARRAY, "identity"):
        for _ in range(reader.array("identity")):
            reader.string()
        reader.enter(_Type.ARRAY_END)
    if reader.next_is(_Type.STRUCT, "xattrs"):
        reader.enter(_Type.STRUCT, "xattrs")
        profile.xattrs = tuple(reader.text() for _ in range(reader.array()))
        reader.enter(_Type.ARRAY_END)
        reader.enter(_Type.STRUCT_END)
    if reader.next_is(_Type.STRUCT, "rlimits"):
        reader.enter(_Type.STRUCT, "rlimits")
        mask = reader.number()
        values = [reader.number(kind=_Type.U64) for _ in range(reader.array())]
        profile.rlimits = {
            name: value
            for bit, (name, value) in enumerate(zip(RLIMITS, values, strict=False))
            if mask >> bit & 1
        }
        reader.enter(_Type.ARRAY_END)
        reader.enter(_Type.STRUCT_END)
    if reader.next_is(_Type.ARRAY, "net_allowed_af"):
        count = reader.array("net_allowed_af")
        profile.families = [[reader.number(kind=_Type.U16) for _ in range(3)] for _ in range(count)]
        reader.enter(_Type.ARRAY_END)
    if reader.next_is(_Type.STRUCT, "secmark"):
        reader.enter(_Type.STRUCT, "secmark")
        for _ in range(reader.array()):
            reader.number(kind=_Type.U8)
            reader.number(kind=_Type.U8)
            reader.string()
        reader.enter(_Type.ARRAY_END)
        reader.enter(_Type.STRUCT_END)


def read(data: bytes) -> dict[str, Profile]:
    """The profiles of a binary policy by full name, hats and children too; raises `FormatError`."""
    reader = _Reader(data)
    found: dict[str, Profile] = {}
    version = 0
    while reader.at < len(data):
        if reader.next_is(_Type.U32, "version"):
            version = reader.number("version")
        namespace = reader.text("namespace") if reader.next_is(_Type.STRING, "namespace") else ""
        profile = _read_profile(reader, version, namespace)
        found[profile.full_name] = profile
    return found
