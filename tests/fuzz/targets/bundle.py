"""Bundles: as bytes, and with every checksum made right again.

The first byte of an input says which of the two.  A damaged bundle is refused or answers exactly as
before; with the checksums repaired any answer may differ, but there is no other exception than
`BundleError`.  The second form holds the sections one after the other, each behind its length, with
the groups unpacked, so that a change reaches what the checksums and the compression protect.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from zlib import compress, crc32, decompress

from lsmc.analysis.subgraph import part_of
from lsmc.api import diff
from lsmc.automata.dfa import StateLimit
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.modules.apparmor.analysis.abilities import abilities
from lsmc.modules.apparmor.graph.graph import ProfileGraph
from lsmc.output import inventory
from lsmc.output.graph import text_lines, to_json
from lsmc.output.json import dumps, explanation, verdict
from lsmc.policy import Policy
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import ENTRY, GROUP_WORDS, HEADER, Section
from lsmc.tables.sections import pack_sections
from tests.fuzz.target import Target
from tests.strategies import Text, compile_both

RULES = (
    "/a/** rw,",
    "deny /a/b w,",
    "/a/x px -> q,",
    "/{b,c}* ix,",
    "owner @{V}/** k,",
    "link /l/* -> /a/*,",
    "capability kill,",
    "network inet stream,",
    "signal send peer=**b,",
    "include <inc/one>",
)
REQUESTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("read", "/a/b", {}),
    ("write", "/a/b", {}),
    ("exec", "/a/x", {}),
    ("exec", "/b1", {}),
    ("lock", "/v/z", {}),
    ("link", "/l/1", {"target": "/a/1"}),
    ("capable", "kill", {}),
    ("socket_create", "inet", {"type": "stream"}),
    ("signal_send", "ab", {"signal": "kill"}),
)
SUBJECTS = ("p", "/bin/px", "/bin/abc", "p//kid", "q")
RAW, REPAIRED = b"\0", b"\1"
_WORD = struct.Struct("<I")
#: Unpacked bytes of all groups together; an input that names the same ones often gets no more.
_MAX_GROUPS = 1 << 22


@cache
def bundle_bytes() -> bytes:
    """A small bundle with something in every section."""
    return compile_both(Text(RULES))[1]


def answers(data: bytes) -> list[object]:
    """All that the commands say of a bundle; raises `BundleError`."""
    return [said(part) for part in work(data)]


def said(part: Callable[[], object]) -> object:
    """What a part of the work comes to: a result, or a refusal that concerns the question."""
    try:
        return part()
    except (UnknownName, RequestError, StateLimit) as refused:
        return repr(refused)


@cache
def intact() -> list[object]:
    """What the intact bundle answers."""
    return answers(bundle_bytes())


def refused_or_same(data: bytes) -> None:
    """A damaged bundle is refused, or its damage lies where nothing is read."""
    try:
        found = answers(data)
    except BundleError:
        return
    assert found == intact()


def unpack(data: bytes) -> bytes:
    """The second form of an intact bundle."""
    sections = {}
    for at in range(HEADER.size, HEADER.size + len(Section) * ENTRY.size, ENTRY.size):
        number, offset, length, _ = ENTRY.unpack_from(data, at)
        sections[number] = data[offset : offset + length]
    groups, plain = b"", b""
    table = sections[Section.GROUPS]
    for at in range(0, len(table), 4 * GROUP_WORDS):
        offset, length, _, first, count = struct.unpack_from("<5I", table, at)
        packed = sections[Section.GROUP_DATA][offset : offset + length]
        body = decompress(packed[4:])
        groups += struct.pack("<5I", len(plain), len(body), 0, first, count)
        plain += body
    sections |= {Section.GROUPS: groups, Section.GROUP_DATA: plain}
    return b"".join(_WORD.pack(len(sections[n])) + sections[n] for n in sorted(sections))


def pack(data: bytes) -> bytes:
    """The bundle of the second form, whatever stands in it."""
    sections = {}
    at = 0
    for section in Section:
        length = int.from_bytes(data[at : at + 4], "little")
        sections[section] = data[at + 4 : at + 4 + length]
        at += 4 + length
    groups, packed = b"", b""
    table = sections[Section.GROUPS]
    left = _MAX_GROUPS
    for at in range(0, len(table) - 4 * GROUP_WORDS + 1, 4 * GROUP_WORDS):
        offset, length, _, first, count = struct.unpack_from("<5I", table, at)
        body = sections[Section.GROUP_DATA][offset : offset + min(length, left)]
        left -= len(body)
        one = _WORD.pack(len(body)) + compress(body, 1)
        groups += struct.pack("<5I", len(packed), len(one), crc32(one), first, count)
        packed += one
    sections |= {Section.GROUPS: groups, Section.GROUP_DATA: packed}
    return pack_sections("apparmor", sections)


def work(data: bytes) -> Iterable[Callable[[], object]]:
    """Everything that the commands do with a bundle, in parts; raises `BundleError`."""
    policy = Policy(data)
    subjects = (*SUBJECTS, *policy.profiles[:3])
    for subject in subjects:
        for operation, obj, fields in REQUESTS:
            yield lambda s=subject, o=operation, b=obj, f=fields: dumps(  # type: ignore[misc]
                verdict(policy.query(s, o, b, **f))
            )
        yield lambda s=subject: dumps(explanation(policy.explain(s, "write", "/a/b")))  # type: ignore[misc]
    yield lambda: dumps(inventory.as_json(policy, None))
    yield lambda: list(inventory.summary(policy, 80))
    yield lambda: list(inventory.rules_text(policy, None))
    yield lambda: list(inventory.table_text(policy, None))
    yield lambda: [list(inventory.details(policy, name, 80)) for name in policy.profiles[:3]]
    yield lambda: [abilities(policy.engine, name, ()) for name in policy.profiles[:3]]
    yield lambda: policy.bundle.built_groups(0)
    yield lambda: diff(policy, Policy(bundle_bytes()))
    yield lambda: dumps(to_json(part_of(ProfileGraph(policy.engine), None)))
    yield lambda: list(text_lines(part_of(ProfileGraph(policy.engine), None)))


def seeds() -> Iterable[bytes]:
    """The bundle in both forms, and one that holds less."""
    yield RAW + bundle_bytes()
    yield REPAIRED + unpack(bundle_bytes())
    yield REPAIRED + unpack(compile_both("profile p /bin/p { /a r, }\n")[1])


def run(data: bytes) -> None:
    """A bundle is refused, or every command ends."""
    if data[:1] == RAW:
        refused_or_same(data[1:])
        return
    with suppress(BundleError):
        for part in work(pack(data[1:])):
            with suppress(BundleError):
                said(part)


TARGET = Target(
    "bundle",
    run,
    seeds,
    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\1\0\0\0", b"\xff\xff\xff\x7f", b"LSMB"),
    longest=1 << 14,
)
