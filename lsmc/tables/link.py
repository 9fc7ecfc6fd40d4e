"""Links parts of a policy, each a bundle of its own, to one bundle.

Parts that were compiled separately (by several processes, or in an earlier run) are combined by
content: equal texts, places, transitions, units and groups become one, and everything is numbered
in the order in which the profiles lead to it.  So the bytes of a bundle depend on what the policy
says, not on how the work was divided.  Whole columns are renumbered at a time; only units and
profiles are processed one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from lsmc.base.text import encode
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.groups import BuiltGroup, Heap
from lsmc.tables.layout import (
    ATTACHMENT_WORDS,
    GROUP_WORDS,
    HEAD_WORDS,
    NONE,
    PROFILE_TEXTS,
    PROFILE_WORDS,
    RULE_SPAN,
    RULE_TRANSITION,
    RULE_WORDS,
    SPAN_WORDS,
    TRANSITION_WORDS,
    UNIT_WORDS,
    USE_WORDS,
    Section,
    words,
)
from lsmc.tables.records import Place
from lsmc.tables.sections import Words, pack_sections

_PLACE, _FIRST_USE, _SETTINGS, _LIMITS = 7, 8, 10, 12  # columns of a profile


class LinkInput(NamedTuple):
    """A bundle to link, and the digest of the patterns of each of its units.

    A unit without groups takes them from any unit with the same digest.  `moved` are the new places
    of rules that have moved, by place number; `replaced` maps (profile, position among its uses) to
    the (part, unit) that is used there instead.
    """

    bundle: Bundle
    digests: Sequence[str]
    moved: Mapping[int, Place] = MappingProxyType({})
    replaced: Mapping[int, Mapping[int, tuple[int, int]]] = MappingProxyType({})


class Linked(NamedTuple):
    """A bundle, the digests of its units, and the (part, unit) that each unit came from."""

    data: bytes
    digests: list[str]
    origins: list[tuple[int, int]]


def link(
    parts: Sequence[LinkInput],
    chosen: Iterable[tuple[int, int]],
    known: Mapping[str, Sequence[BuiltGroup]] | None = None,
) -> Linked:
    """The bundle of chosen profiles, each a (part, number of the profile), in this order.

    `known` are groups that no part has.  Raises `BundleError` for a damaged part.
    """
    try:
        return _Linker(parts, known or {}).link(list(chosen))
    except (IndexError, KeyError, ValueError):
        raise BundleError("a part to link is damaged") from None


class _Values:
    """The texts, places and transitions of all parts, numbered in order of first use."""

    def __init__(self) -> None:
        self.texts: dict[bytes, int] = {}
        self.spans: dict[tuple[int, ...], int] = {}
        self.transitions: dict[tuple[int, ...], int] = {}

    def text(self, text: bytes) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def of(self, part: LinkInput) -> _Numbers:
        """The new numbers of a part's texts, places or transitions, by their old numbers."""
        bundle = part.bundle
        offsets = bundle.words(Section.STRING_OFFSETS)
        body = bytes(bundle.strings())
        texts = [self.text(body[low:high]) for low, high in pairwise(offsets)]
        table = bundle.words(Section.SPANS)
        spans = [
            self.spans.setdefault((texts[file], *place, texts[text]), len(self.spans))
            for file, *place, text in _rows(table, SPAN_WORDS)
        ]
        for number, (name, *where, shown) in part.moved.items():
            row = (self._shown(name), *where, self._shown(shown))
            spans[number] = self.spans.setdefault(row, len(self.spans))
        table = bundle.words(Section.TRANSITIONS)
        transitions = [
            self.transitions.setdefault((texts[kind], texts[name], flags), len(self.transitions))
            for kind, name, flags in _rows(table, TRANSITION_WORDS)
        ]
        return _Numbers(texts, spans, transitions)

    def _shown(self, text: str) -> int:
        return self.text(encode(text))


class _Numbers(NamedTuple):
    texts: list[int]
    spans: list[int]
    transitions: list[int]


class _Linker:
    def __init__(
        self, parts: Sequence[LinkInput], known: Mapping[str, Sequence[BuiltGroup]]
    ) -> None:
        self.parts = parts
        self.known = known
        self.values = _Values()
        self.numbers = [self.values.of(part) for part in parts]
        self.rules = [
            _renumbered_rules(part.bundle, numbers)
            for part, numbers in zip(parts, self.numbers, strict=True)
        ]
        self.vias = [
            array("I", [numbers.spans[place] for place in part.bundle.words(Section.VIAS)])
            for part, numbers in zip(parts, self.numbers, strict=True)
        ]
        self.built: dict[str, tuple[int, int]] = {}
        for index, part in enumerate(parts):
            table = part.bundle.words(Section.UNITS)
            for number, (digest, groups) in enumerate(
                zip(part.digests, table[3::UNIT_WORDS], strict=True)
            ):
                if groups:
                    self.built.setdefault(digest, (index, number))
        self.units: dict[bytes, int] = {}
        self.seen: list[dict[int, int]] = [{} for _ in parts]  # by part: unit -> unit
        self.origins: list[tuple[int, int]] = []
        self.digests: list[str] = []
        self.tables: dict[Section, array[int]] = {section: array("I") for section in Section}
        self.heap = Heap()

    def link(self, chosen: list[tuple[int, int]]) -> Linked:
        for part, profile in chosen:
            self._profile(part, profile)
        self._attachments(chosen)
        self._settle()
        return Linked(self._bundle(), self.digests, self.origins)

    def _profile(self, part: int, profile: int) -> None:
        bundle, numbers = self.parts[part].bundle, self.numbers[part]
        record = bundle.profile_words(profile)
        uses = self.tables[Section.USES]
        vias = self.tables[Section.VIAS]
        first_use = len(uses) // USE_WORDS
        replaced = self.parts[part].replaced.get(profile, {})
        known, places = self.seen[part], self.vias[part]
        for index, (unit, first, count) in enumerate(bundle.use_words(record)):
            number = known.get(unit) if index not in replaced else None
            if number is None:
                number = self._unit(*replaced.get(index, (part, unit)))
            uses.extend((number, len(vias), count))
            vias.extend(places[first : first + count])
        row = list(record)
        for column in PROFILE_TEXTS:
            row[column] = numbers.texts[record[column]]
        row[_PLACE] = numbers.spans[record[_PLACE]]
        row[_FIRST_USE] = first_use
        for column in (_SETTINGS, _LIMITS):
            row[column] = self._pairs(part, record[column], record[column + 1])
        self.tables[Section.PROFILES].extend(row)

    def _pairs(self, part: int, first: int, count: int) -> int:
        """The offset of a copy of some pairs."""
        texts = self.numbers[part].texts
        table = self.tables[Section.PAIRS]
        start = len(table) // 2
        found = self.parts[part].bundle.pair_words(first, count)
        table.extend([texts[text] for text in found])
        return start

    def _unit(self, part: int, unit: int) -> int:
        """The new number of a unit; equal units have the same."""
        known = self.seen[part].get(unit)
        if known is not None:
            return known
        first, count, *_ = self.parts[part].bundle.unit_words(unit)
        digest = self.parts[part].digests[unit]
        rows = self.rules[part][first * RULE_WORDS : (first + count) * RULE_WORDS]
        key = digest.encode() + rows.tobytes()
        number = self.units.get(key)
        if number is None:
            number = self.units[key] = len(self.units)
            self.origins.append((part, unit))
            self.digests.append(digest)
            rules = self.tables[Section.RULES]
            table = self.tables[Section.UNITS]
            groups = len(self.tables[Section.GROUPS]) // GROUP_WORDS
            table.extend((len(rules) // RULE_WORDS, count, groups, 0))
            rules.extend(rows)
            table[-1] = self._groups(digest)
        self.seen[part][unit] = number
        return number

    def _groups(self, digest: str) -> int:
        """Copy the groups for a digest of patterns; returns their number."""
        found = self.built.get(digest)
        if found is None:
            groups = list(self.known[digest])
        else:
            groups = self.parts[found[0]].bundle.built_groups(found[1])
        for group in groups:
            self._group(group)
        return len(groups)

    def _group(self, group: BuiltGroup) -> int:
        numbers = self.tables[Section.GROUP_RULES]
        table = self.tables[Section.GROUPS]
        table.extend((*self.heap.add(group.data), len(numbers), len(group.rules)))
        numbers.extend(group.rules)
        return len(table) // GROUP_WORDS - 1

    def _attachments(self, chosen: Sequence[tuple[int, int]]) -> None:
        found = [
            _attachments(part.bundle, numbers.texts)
            for part, numbers in zip(self.parts, self.numbers, strict=True)
        ]
        table, pairs = self.tables[Section.ATTACHMENTS], self.tables[Section.PAIRS]
        heads: list[tuple[int, int]] = []
        for number, (part, profile) in enumerate(chosen):
            if profile not in found[part]:
                continue
            bundle, texts = self.parts[part].bundle, self.numbers[part].texts
            (_, group, first, count), starts = found[part][profile]
            heads += [(text, len(table) // ATTACHMENT_WORDS) for text in starts]
            mine = self._group(bundle.built_group(group))
            start = len(pairs) // 2
            conditions = bundle.pair_words(first, count)
            for name, value in zip(conditions[::2], conditions[1::2], strict=True):
                other = self._group(bundle.built_group(int(bundle.string(value))))
                pairs.extend((texts[name], self.values.text(str(other).encode())))
            table.extend((number, mine, start, count))
        all_texts = list(self.values.texts)
        for text, attachment in sorted(heads, key=lambda head: (all_texts[head[0]], head[1])):
            self.tables[Section.HEADS].extend((text, attachment))

    def _settle(self) -> None:
        """Number texts, places and transitions in the order in which the tables name them."""
        tables = self.tables
        rules, profiles = tables[Section.RULES], tables[Section.PROFILES]
        places = (
            rules[RULE_SPAN::RULE_WORDS],
            tables[Section.VIAS],
            profiles[_PLACE::PROFILE_WORDS],
        )
        spans = _in_order(places)
        transitions = _in_order((rules[RULE_TRANSITION::RULE_WORDS],))
        transitions.pop(NONE, None)
        transitions = {old: new for new, old in enumerate(transitions)}
        all_spans, all_transitions = list(self.values.spans), list(self.values.transitions)
        for old in spans:
            tables[Section.SPANS].extend(all_spans[old])
        for old in transitions:
            tables[Section.TRANSITIONS].extend(all_transitions[old])
        transitions[NONE] = NONE
        _renumber(rules, RULE_SPAN, RULE_WORDS, spans)
        _renumber(rules, RULE_TRANSITION, RULE_WORDS, transitions)
        _renumber(tables[Section.VIAS], 0, 1, spans)
        _renumber(profiles, _PLACE, PROFILE_WORDS, spans)

        columns = [(Section.SPANS, 0, SPAN_WORDS), (Section.SPANS, 5, SPAN_WORDS)]
        columns += [(Section.TRANSITIONS, column, TRANSITION_WORDS) for column in (0, 1)]
        columns += [(Section.PAIRS, 0, 1)]
        columns += [(Section.HEADS, 0, HEAD_WORDS)]
        columns += [(Section.PROFILES, column, PROFILE_WORDS) for column in PROFILE_TEXTS]
        texts = _in_order(tables[section][start::width] for section, start, width in columns)
        for section, start, width in columns:
            _renumber(tables[section], start, width, texts)
        all_texts = list(self.values.texts)
        self.texts = [all_texts[old] for old in texts]

    def _bundle(self) -> bytes:
        offsets = array("I", [0])
        for text in self.texts:
            offsets.append(offsets[-1] + len(text))
        self.tables[Section.STRING_OFFSETS] = offsets
        (module,) = {part.bundle.module for part in self.parts}
        return pack(module, self.tables, b"".join(self.texts), self.heap.bytes())


def pack(
    module: str, tables: Mapping[Section, Sequence[int]], strings: bytes, groups: bytes
) -> bytes:
    """The bytes of a bundle for a security module from the words of its tables."""
    blobs = {Section.STRINGS: strings, Section.GROUP_DATA: groups}
    return pack_sections(
        module,
        {
            section: blobs[section] if section in blobs else words(tables[section])
            for section in Section
        },
    )


def _renumbered_rules(bundle: Bundle, numbers: _Numbers) -> array[int]:
    """The rules of a bundle with the common numbers of their places and transitions."""
    rules = array("I", bundle.words(Section.RULES))
    spans, transitions = numbers.spans, [*numbers.transitions]
    rules[RULE_SPAN::RULE_WORDS] = array("I", [spans[old] for old in rules[RULE_SPAN::RULE_WORDS]])
    rules[RULE_TRANSITION::RULE_WORDS] = array(
        "I",
        [NONE if old == NONE else transitions[old] for old in rules[RULE_TRANSITION::RULE_WORDS]],
    )
    return rules


def _attachments(
    bundle: Bundle, texts: Sequence[int]
) -> dict[int, tuple[tuple[int, ...], list[int]]]:
    """The attachments of a bundle by profile, each with the texts that its paths begin with."""
    rows = list(_rows(bundle.words(Section.ATTACHMENTS), ATTACHMENT_WORDS))
    starts: list[list[int]] = [[] for _ in rows]
    for text, attachment in _rows(bundle.words(Section.HEADS), HEAD_WORDS):
        starts[attachment].append(texts[text])
    return {row[0]: (row, mine) for row, mine in zip(rows, starts, strict=True)}


def _rows(table: Words, width: int) -> Iterable[tuple[int, ...]]:
    """The records of a table."""
    return zip(*(table[column::width] for column in range(width)), strict=True)


def _in_order(columns: Iterable[Sequence[int]]) -> dict[int, int]:
    """New numbers for the values of some columns, in the order of their first occurrence."""
    found: dict[int, None] = {}
    for column in columns:
        found.update(dict.fromkeys(column))
    return {old: new for new, old in enumerate(found)}


def _renumber(table: array[int], start: int, width: int, numbers: Mapping[int, int]) -> None:
    table[start::width] = array("I", [numbers[old] for old in table[start::width]])
