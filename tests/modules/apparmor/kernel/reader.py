"""A reader of the kernel's format: what is written, field by field, and a walk of two automata."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from operator import eq
from typing import Any, NamedTuple

_SIZES = {0: "<B", 1: "<H", 2: "<I", 3: "<Q"}
_WIDTHS = {1: "B", 2: "H", 4: "I"}
#: The step that no byte takes; the bit of a header that says there is one, and that of a state.
STEP, _STEPS, _HAS_STEP = -1, 2, 0x20000000
#: Items in an entry of an array, where that is not one; of permissions it is 14.
_IN_ENTRY = {"net_allowed_af": 3}


class Automaton(NamedTuple):
    """The tables of an automaton by their number, and its table of permissions if it has one.

    `paired` tells whether an entry of that is for owners, and the one behind it for others; where
    the states have flags, these do.
    """

    tables: dict[int, tuple[int, ...]]
    permissions: tuple[tuple[int, ...], ...] = ()
    paired: bool = False

    @classmethod
    def of(cls, data: bytes) -> Automaton:
        """Read a blob, padding before it included; every rule of the kernel's loader is checked."""
        start = len(data) - len(data.lstrip(b"\0"))
        magic, size, total, flags = struct.unpack_from(">IIIH", data, start)
        assert (magic, size, flags & ~_STEPS) == (0x1B5E783D, 24, 0)
        assert len(data) - start == total
        tables: dict[int, tuple[int, ...]] = {}
        at = start + size
        while at < len(data):
            number, width, high, entries = struct.unpack_from(">HHII", data, at)
            assert high == 0
            assert number not in tables
            assert entries
            assert width == 4 or number in (3, 4, 8)
            code = f">{entries}{_WIDTHS[width]}"
            tables[number] = struct.unpack_from(code, data, at + 12)
            at += 12 + width * entries
            at += -(at - start) % 8
        found = cls(tables)
        found.check(bool(flags & _STEPS))
        return found

    def permitting(self, entries: list[list[int]], files: bool, version: int) -> Automaton:
        """The automaton with a table of permissions, of which the kernel's rules are checked."""
        assert (7 in self.tables) == (version > 2)
        for _, allow, deny, subtree, cond, kill, complain, prompt, _, _, hide, *_ in entries:
            assert not allow & (deny | cond | kill | complain | prompt | hide)
            assert not subtree & ~allow
            assert not deny & (cond | complain | prompt)
        found = Automaton(self.tables, tuple(map(tuple, entries)), files)
        for state in range(len(self.tables[1])):
            found.entries(state)
        return found

    def check(self, steps: bool) -> None:
        """What security/apparmor/match.c verifies."""
        bases, defaults = self.tables[2], self.tables[4]
        assert steps or not any(base & _HAS_STEP for base in bases)
        assert all(base != _HAS_STEP for base in bases)
        bases = tuple(base & ~_HAS_STEP for base in bases)
        nexts, checks = self.tables[8], self.tables[3]
        assert len(bases) == len(defaults) == len(self.tables[1])
        assert len(bases) == len(self.tables.get(7, bases))
        assert max(bases) < 1 << 24
        assert len(nexts) == len(checks)
        for base, default in zip(bases, defaults, strict=True):
            assert base + 255 < len(nexts)
            assert default < len(bases)
        assert all(state < len(bases) for state in (*nexts, *checks))
        assert bases[0] == defaults[0] == 0

    def step(self, state: int, byte: int) -> int:
        """The state that a byte leads to, or the step that no byte takes."""
        base = self.tables[2][state]
        if byte == STEP and not base & _HAS_STEP:
            return 0
        place = (base & ~_HAS_STEP) + byte
        if state and self.tables[3][place] == state:
            return self.tables[8][place]
        return self.tables[4][state]

    def words(self, state: int) -> tuple[Any, Any]:
        """The two words of a state; its entries for the owner and for others, if it has them."""
        if self.permissions:
            return self.entries(state)
        return self.tables[1][state], self.tables[7][state]

    def entries(self, state: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What is permitted to the owner of a file and to others, from the table."""
        index = self.tables[1][state]
        paired = self.tables[7][state] & 1 if 7 in self.tables else self.paired
        return self.permissions[index], self.permissions[index + paired]

    def match(self, text: bytes, state: int = 1) -> int:
        """The state that a text leads to."""
        for byte in text:
            state = self.step(state, byte)
        return state


class Profile(NamedTuple):
    """A profile: its fields by name, and the automata of attachment, of all else, and of files."""

    version: int
    namespace: str
    fields: dict[str, Any]
    attach: Automaton | None
    other: Automaton | None
    files: Automaton | None

    @property
    def name(self) -> str:
        """The name of the profile."""
        return str(self.fields["name"])


class _Items:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def head(self) -> tuple[str, int]:
        name = ""
        if self.data[self.at] == 4:
            (length,) = struct.unpack_from("<H", self.data, self.at + 1)
            name = self.data[self.at + 3 : self.at + 2 + length].decode("latin-1")
            self.at += 3 + length
        code = self.data[self.at]
        self.at += 1
        return name, code

    def value(self, code: int, name: str = "") -> Any:
        if code in _SIZES:
            (found,) = struct.unpack_from(_SIZES[code], self.data, self.at)
            self.at += struct.calcsize(_SIZES[code])
            return found
        if code == 5:
            (length,) = struct.unpack_from("<H", self.data, self.at)
            self.at += 2 + length
            return self.data[self.at - length : self.at - 1].decode("latin-1")
        if code == 6:
            (length,) = struct.unpack_from("<I", self.data, self.at)
            self.at += 4 + length
            return Automaton.of(self.data[self.at - length : self.at])
        if code == 11:
            (count,) = struct.unpack_from("<H", self.data, self.at)
            self.at += 2
            listed = []
            while (head := self.head()) != ("", 12):
                listed.append(self.value(head[1]))
            assert len(listed) in (count, _IN_ENTRY.get(name, 14) * count)
            return listed
        assert code == 7
        return self.structure()

    def structure(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        while True:
            name, code = self.head()
            if code == 8:
                return found
            found.append((name, self.value(code, name)))


def read(data: bytes) -> Iterator[Profile]:
    """The profiles of a stream, which may be several files one behind the other."""
    items = _Items(data)
    while items.at < len(data):
        assert items.head() == ("version", 2)
        version = items.value(2)
        name, code = items.head()
        namespace = ""
        if name == "namespace":
            namespace = items.value(code)
            name, code = items.head()
        assert (name, code) == ("profile", 7)
        yield _profile(version, namespace, items.structure())


def _profile(version: int, namespace: str, found: list[tuple[str, Any]]) -> Profile:
    fields: dict[str, Any] = {"name": found[0][1]}
    automata: list[tuple[str, Automaton]] = []
    place = "attach"
    for name, value in _with_permissions(found[1:], files=True):
        if isinstance(value, Automaton):
            automata.append((place, value))
        elif name == "flags":
            place = "files"
            fields["flags"] = [number for _, number in value]
        elif name == "policydb":
            inner = dict(_with_permissions(value, files=False))
            automata.append(("other", inner["aadfa"]))
        elif name:
            fields[name] = value
        elif "flags" in fields:
            fields.setdefault("caps", []).append(value)
        else:
            fields["rank"] = value
    targets = dict(fields.get("xtable", [])).get("", [])
    for _, automaton in automata:
        for entry in automaton.permissions:
            if entry[11] & 0x0C000000 == 0x08000000:
                assert entry[11] & 0xFFFFFF < len(targets)
    found_by = dict(automata)
    return Profile(
        version,
        namespace,
        fields,
        found_by.get("attach"),
        found_by.get("other"),
        found_by.get("files"),
    )


def _with_permissions(found: list[tuple[str, Any]], files: bool) -> Iterator[tuple[str, Any]]:
    """Items with the tables of permissions in the automata that they stand before."""
    table: list[int] | None = None
    version = 2
    for name, value in found:
        if name == "perms":
            (head, number), (_, table) = value
            assert (head, number) == ("version", 1)
        elif name == "permsv":
            version = value
        elif isinstance(value, Automaton) and table is not None:
            assert len(table) % 14 == 0
            entries = [table[at : at + 14] for at in range(0, len(table), 14)]
            yield name, value.permitting(entries, files, version)
            table, version = None, 2
        else:
            yield name, value


Words = tuple[Any, Any]


def differences(
    one: Automaton | None, other: Automaton | None, alike: Callable[[Words, Words], bool] = eq
) -> Iterator[tuple[bytes, Any, Any]]:
    """Texts at which two automata have words that are not alike, shortest first, with the words."""
    if one is None or other is None:
        if one is not other:
            yield b"", one is not None, other is not None
        return
    seen = {(1, 1)}
    todo: list[tuple[int, int, bytes]] = [(1, 1, b"")]
    for first, second, text in todo:
        if not alike(one.words(first), other.words(second)):
            yield text, one.words(first), other.words(second)
        for byte in range(STEP, 256):
            pair = one.step(first, byte), other.step(second, byte)
            if pair != (0, 0) and pair not in seen:
                seen.add(pair)
                todo.append((*pair, text + (b"<step>" if byte == STEP else bytes((byte,)))))
