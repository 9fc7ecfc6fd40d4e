"""A profile as the kernel reads it (security/apparmor/policy_unpack.c).

The stream is a sequence of items: an optional name, a code, and what the code says.  All numbers
are little-endian but those within automata.  The order of the fields is fixed; one that is not
there has its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct
from typing import NamedTuple

from lsmc.modules.apparmor.kernel.blob import Database
from lsmc.modules.apparmor.kernel.family_table import Types
from lsmc.modules.apparmor.kernel.target import version_of

_U16, _U32, _U64, _NAME, _STRING, _BLOB = 1, 2, 3, 4, 5, 6
_STRUCT, _STRUCT_END, _ARRAY, _ARRAY_END = 7, 8, 11, 12
_LENGTH16 = Struct("<BH")
_NUMBER = {_U16: Struct("<BH"), _U32: Struct("<BI"), _U64: Struct("<BQ")}
_LOW = 0xFFFFFFFF
#: The version of tables of permissions whose entries states have flags for.
_FLAGGED = 3

#: Of the flags that a profile has beside its mode, that of interruptible prompts.
_INTERRUPTIBLE = 8

#: Modes of profiles by the kernel's numbers.
MODES: Mapping[str, int] = {
    "enforce": 0,
    "complain": 1,
    "kill": 2,
    "unconfined": 3,
    "default_allow": 3,
    "prompt": 4,
}
#: Bits of the path flags (include/path.h).
PATH_FLAGS: Mapping[str, int] = {
    "attach_disconnected": 0x4,
    "chroot_relative": 0x8,
    "chroot_attach": 0x10,
    "attach_disconnected.ipc": 0x20,
    "mediate_deleted": 0x10000,
}


class Capabilities(NamedTuple):
    """Capabilities as sets of 64 bits: allowed, logged, and refused without a word."""

    allow: int = 0
    audit: int = 0
    quiet: int = 0


class Disconnected(NamedTuple):
    """What is put before paths, and before names of message queues; empty for nothing."""

    path: bytes = b""
    ipc: bytes = b""


class KernelProfile(NamedTuple):
    """What the stream says of a profile.

    Attributes:
        name: its local name; `namespace` its namespace, empty for that of the loader.
        attach: the automaton of its attachment and the length by which it ranks; None if it
            attaches by its name or to nothing.
        disconnected: what is put before what does not reach the root.
        kill: the signal of kill mode, and `error` the errno of denials; 0 for the usual ones.
        interruptible: whether waiting for an answer may be interrupted.
        hat: whether it is a hat; `mode` its mode, and `audit` whether all is logged.
        path_flags: bits of `PATH_FLAGS`.
        capabilities: the capabilities.
        identities: its identities.
        attributes: the extended attributes that its attachment asks for.
        rlimits: the bits of the limits that are set, and the 16 limits.
        families: the types of sockets by family; empty where strings or no rules are about them.
        other: the automaton of all but files; None where nothing else is mediated.
        files: the automaton of files, None for one that says nothing.
        targets: the named targets of executions.
    """

    name: bytes
    namespace: bytes
    attach: tuple[bytes, int] | None
    disconnected: Disconnected
    kill: int
    error: int
    interruptible: bool
    hat: bool
    mode: str
    audit: bool
    path_flags: int
    capabilities: Capabilities
    identities: Sequence[bytes]
    attributes: Sequence[bytes]
    rlimits: tuple[int, Sequence[int]] | None
    families: Sequence[Types]
    other: Database | None
    files: Database | None
    targets: Sequence[bytes]


class Stream:
    """Items one after the other."""

    def __init__(self) -> None:
        self.data = bytearray()

    def name(self, text: str) -> None:
        """The name of the item that follows."""
        self.data += _LENGTH16.pack(_NAME, len(text) + 1) + text.encode() + b"\0"

    def number(self, code: int, value: int, name: str = "") -> None:
        """A number of 16, 32 or 64 bits."""
        if name:
            self.name(name)
        self.data += _NUMBER[code].pack(code, value)

    def string(self, text: bytes, name: str = "") -> None:
        """A text; raises ValueError for one of more than 65,534 bytes."""
        if name:
            self.name(name)
        if len(text) > 65_534:
            raise ValueError(f"a name of {len(text)} bytes: the format has room for 65534")
        self.data += _LENGTH16.pack(_STRING, len(text) + 1) + text + b"\0"

    def blob(self, data: bytes, name: str) -> None:
        """An automaton, padded so that it begins at a multiple of 8."""
        self.name(name)
        padding = -(len(self.data) + 5) % 8
        self.data += _NUMBER[_U32].pack(_BLOB, padding + len(data)) + bytes(padding) + data

    def open(self, name: str) -> None:
        """The beginning of a structure."""
        self.name(name)
        self.data.append(_STRUCT)

    def close(self) -> None:
        """The end of a structure."""
        self.data.append(_STRUCT_END)

    def array(self, count: int) -> None:
        """The beginning of an array; raises ValueError for one of more than 65,535 entries."""
        if count > 65_535:
            raise ValueError(f"a table of {count} entries: the format has room for 65535")
        self.data += _LENGTH16.pack(_ARRAY, count)

    def strings(self, texts: Sequence[bytes]) -> None:
        """An array of texts; raises ValueError for one that is too long."""
        self.array(len(texts))
        for text in texts:
            self.string(text)
        self.end_array()

    def end_array(self) -> None:
        """The end of an array."""
        self.data.append(_ARRAY_END)


def written(profile: KernelProfile, interface: int, complain: bool = False) -> bytes:
    """A profile for a version of the kernel's interface (5 to 9), with its header.

    With `complain` the kernel only logs, whatever its mode.  Raises ValueError for a name that is
    too long.
    """
    stream = Stream()
    stream.number(_U32, version_of(interface, complain), "version")
    if profile.namespace:
        stream.string(profile.namespace, "namespace")
    stream.open("profile")
    stream.string(profile.name)
    if profile.attach is not None:
        automaton, length = profile.attach
        stream.blob(automaton, "aadfa")
        stream.number(_U32, length)
    if profile.disconnected.path:
        stream.string(profile.disconnected.path, "disconnected")
    if profile.disconnected.ipc:
        stream.string(profile.disconnected.ipc, "disconnected_ipc")
    if profile.kill:
        stream.number(_U32, profile.kill, "kill")
    if profile.error:
        stream.number(_U32, profile.error, "error")
    stream.open("flags")
    bits = int(profile.hat) | (_INTERRUPTIBLE if profile.interruptible else 0)
    for value in (bits, MODES[profile.mode], int(profile.audit)):
        stream.number(_U32, value)
    stream.close()
    if profile.path_flags:
        stream.number(_U32, profile.path_flags, "path_flags")
    _capabilities(stream, profile.capabilities)
    if profile.identities:
        stream.name("identity")
        stream.strings(profile.identities)
    if profile.attributes:
        stream.open("xattrs")
        stream.strings(profile.attributes)
        stream.close()
    if profile.rlimits is not None:
        mask, limits = profile.rlimits
        stream.open("rlimits")
        stream.number(_U32, mask)
        stream.array(len(limits))
        for value in limits:
            stream.number(_U64, value)
        stream.end_array()
        stream.close()
    if profile.families:
        stream.name("net_allowed_af")
        stream.array(len(profile.families))
        for types in profile.families:
            for value in types:
                stream.number(_U16, value)
        stream.end_array()
    if profile.other is not None:
        stream.open("policydb")
        _database(stream, profile.other)
        stream.close()
    if profile.files is not None:
        _database(stream, profile.files)
        if profile.targets:
            stream.open("xtable")
            stream.strings(profile.targets)
            stream.close()
    stream.close()
    return bytes(stream.data)


def _database(stream: Stream, found: Database) -> None:
    if found.permissions:
        stream.open("perms")
        stream.number(_U32, 1, "version")
        stream.array(len(found.permissions))
        for entry in found.permissions:
            for value in entry:
                stream.number(_U32, value)
        stream.end_array()
        stream.close()
    if found.flagged:
        stream.number(_U32, _FLAGGED, "permsv")
    stream.blob(found.automaton, "aadfa")


def _capabilities(stream: Stream, found: Capabilities) -> None:
    sets: Iterable[int] = (*found, 0)
    for value in sets:
        stream.number(_U32, value & _LOW)
    stream.open("caps64")
    for value in sets:
        stream.number(_U32, value >> 32)
    stream.close()
