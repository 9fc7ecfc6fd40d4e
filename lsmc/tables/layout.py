"""The layout of a bundle: sections and the fields of their records.

A bundle is a header, a section table and the sections, all little-endian.  Tables are arrays of
32-bit words, so that a reader maps the file and indexes it without unpacking; texts are referred to
by number. `docs/bundle.md` describes every byte.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from enum import IntEnum

MAGIC = b"LSMB"
VERSION = 2
HEADER = struct.Struct("<4sHHI16s")  # magic, version, sections, checksum of the table, module
ENTRY = struct.Struct("<IIII")  # section, offset, length, checksum
GROUP_HEADER = struct.Struct("<IIII")  # states, exceptions, accept sets, accepted ids
NONE = 0xFFFFFFFF


class Section(IntEnum):
    """The sections of a bundle of rules and automata, each present exactly once.

    A module that decides in another way has sections of its own, with numbers from `OWN` on.
    """

    STRING_OFFSETS = 1
    STRINGS = 2
    SPANS = 3
    TRANSITIONS = 4
    RULES = 5
    UNITS = 6
    GROUPS = 7
    GROUP_RULES = 8
    GROUP_DATA = 9
    PROFILES = 10
    USES = 11
    VIAS = 12
    PAIRS = 13
    ATTACHMENTS = 14
    HEADS = 15


#: Words in a record of each section that is a table of records.
SPAN_WORDS = 6  # file, line, column, end line, end column, text
TRANSITION_WORDS = 3  # kind, name, flags
#: Class, effect, audit, exact, adds_log, weak; then owner, other, priority, ..., pattern × 2.
RULE_WORDS = 8
RULE_TRANSITION, RULE_SPAN = 4, 5  # the columns that refer to other tables
UNIT_WORDS = 4  # first rule, rules, first group, groups
GROUP_WORDS = 5  # offset of the data, length, checksum, first rule number, rule numbers
PROFILE_WORDS = 16  # see `lsmc.tables.bundle.ProfileRecord`
PROFILE_TEXTS = (0, 1, 2, 3, 4, 6)  # the columns that are texts
USE_WORDS = 3  # unit, first via, vias
ATTACHMENT_WORDS = 4  # profile, group, first xattr pair, xattr pairs
HEAD_WORDS = 2  # text that paths begin with, attachment; by the bytes of the text

#: The first number of sections that are a module's own.
OWN = 64
PRIORITY_BIAS = 1 << 16


def words(values: Sequence[int]) -> bytes:
    """32-bit little-endian words."""
    return native(array("I", values))


def native(values: array[int]) -> bytes:
    """The little-endian bytes of an array."""
    if sys.byteorder != "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
