"""From the policy IR to a bundle: each distinct unit becomes groups once, whoever uses it.

The automata are the work; they depend on nothing but a unit's rules, so they are spread over
processes, which return bytes.  The order of everything written follows the order of the profiles
and their uses, so the same policy gives the same bytes whatever the number of processes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

from lsmc.automata.dfa import StateLimit
from lsmc.automata.partition import partition
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, union
from lsmc.automata.pattern import Union as Alternation
from lsmc.ir.classes import BY_NAME
from lsmc.ir.model import Policy, Profile, Rule, Transition, Unit
from lsmc.source import Source, Span, to_display
from lsmc.tables.groups import BuiltGroup, encode, key_pattern
from lsmc.tables.layout import (
    ENTRY,
    GROUP_WORDS,
    HEADER,
    KINDS,
    MAGIC,
    MODES,
    NONE,
    PRIORITY_BIAS,
    RULE_WORDS,
    UNIT_WORDS,
    USE_WORDS,
    VERSION,
    Section,
    words,
)

MAX_RULE_TEXT = 400


#: Groups that were built before, by the digest of their unit.
Known = Mapping[str, Sequence[BuiltGroup]]


class TooComplexError(Exception):
    """The pattern of a rule needs more states than any table may have."""

    def __init__(self, rule: Rule) -> None:
        super().__init__("pattern needs too many states")
        self.rule = rule


def build_groups(rules: Sequence[Rule]) -> tuple[BuiltGroup, ...]:
    """The groups of a unit's rules; raises `TooComplexError`."""
    try:
        found = partition([key_pattern(rule) for rule in rules])
    except StateLimit as limit:
        raise TooComplexError(rules[limit.pattern or 0]) from None
    return tuple(BuiltGroup(tuple(numbers), encode(dfa)) for numbers, dfa in found)


def build(
    policy: Policy,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    known: Known | None = None,
) -> bytes:
    """The bundle of a policy; raises `TooComplexError`.

    `progress` is told (units done, units in all) as the work goes on.
    """
    writer = _Writer()
    distinct = _units(policy)
    ready = {id(unit): groups for unit in distinct if (groups := _look_up(unit, known))}
    missing = [unit for unit in distinct if id(unit) not in ready]
    built = _build_all([unit.rules for unit in missing], jobs, progress)
    ready.update((id(unit), groups) for unit, groups in zip(missing, built, strict=True))
    numbers = {id(unit): writer.unit(unit, ready[id(unit)]) for unit in distinct}
    for number, profile in enumerate(policy.profiles):
        writer.profile(number, profile, numbers)
    return writer.bundle()


def _units(policy: Policy) -> list[Unit]:
    """The distinct units in order of their first use."""
    units: dict[int, Unit] = {}
    for profile in policy.profiles:
        for use in profile.uses:
            units.setdefault(id(use.unit), use.unit)
    return list(units.values())


def unit_digests(policy: Policy) -> list[str]:
    """The digest of each unit's patterns, in the order of the bundle."""
    return [unit_digest(unit) for unit in _units(policy)]


def unit_digest(unit: Unit) -> str:
    """A digest of all that a unit's groups depend on."""
    patterns = b"".join(_digest(key_pattern(rule)) for rule in unit.rules)
    return blake2b(patterns, digest_size=16).hexdigest()


def _look_up(unit: Unit, known: Known | None) -> Sequence[BuiltGroup] | None:
    return known.get(unit_digest(unit)) if known else None


def rules_in_order(policy: Policy) -> tuple[Rule, ...]:
    """The rules of a policy by their number in its bundle."""
    return tuple(rule for unit in _units(policy) for rule in unit.rules)


_work: Sequence[tuple[Rule, ...]] = ()


def _build_one(index: int) -> tuple[BuiltGroup, ...] | int:
    """The groups of one unit, or the number of a rule that is too complex."""
    try:
        return build_groups(_work[index])
    except TooComplexError as fault:
        return _work[index].index(fault.rule)


def _build_all(
    units: Sequence[tuple[Rule, ...]],
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[BuiltGroup, ...]]:
    global _work  # noqa: PLW0603 - handed to forked workers, which share it without copying
    _work = units
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    results: Iterable[tuple[BuiltGroup, ...] | int]
    pool = None
    if jobs > 1 and can_fork and len(units) > 64:
        pool = multiprocessing.get_context("fork").Pool(min(jobs, os.cpu_count() or 1))
        results = pool.imap(_build_one, range(len(units)), chunksize=16)
    else:
        results = map(_build_one, range(len(units)))
    try:
        for index, result in enumerate(results):
            if isinstance(result, int):
                raise TooComplexError(units[index][result])
            if progress is not None:
                progress(index + 1, len(units))
            yield result
    finally:
        _work = ()
        if pool is not None:
            pool.terminate()
            pool.join()


def fingerprint(pattern: Pattern) -> tuple[int, int]:
    """Two words that tell patterns apart; equal patterns have equal ones."""
    digest = _digest(pattern)
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


@lru_cache(maxsize=200_000)
def _digest(pattern: Pattern) -> bytes:
    match pattern:
        case Literal(text):
            body = b"l" + text
        case Chars(mask):
            body = b"c" + mask.to_bytes(32, "little")
        case Star(mask):
            body = b"s" + mask.to_bytes(32, "little")
        case Concat(parts):
            body = b"&" + b"".join(_digest(part) for part in parts)
        case Alternation(options):
            body = b"|" + b"".join(_digest(option) for option in options)
    return blake2b(body, digest_size=16).digest()


class _Writer:
    """Collects the sections; every text, span and transition is written once."""

    def __init__(self) -> None:
        self.tables: dict[Section, list[int]] = {section: [] for section in Section}
        self.strings: dict[str, int] = {}
        self.spans: dict[tuple[Source, int, int], int] = {}
        self.transitions: dict[Transition, int] = {}
        self.data: list[bytes] = []
        self.data_size = 0
        self.data_at: dict[bytes, tuple[int, int, int]] = {}

    def string(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def span(self, span: Span) -> int:
        key = (span.source, span.start, span.end)
        known = self.spans.get(key)
        if known is None:
            known = self.spans[key] = len(self.spans)
            place = span.location()
            text = to_display(" ".join(span.text.split()))
            if len(text) > MAX_RULE_TEXT:
                text = text[: MAX_RULE_TEXT - 1] + "…"
            self.tables[Section.SPANS] += (
                self.string(place.file),
                place.line,
                place.column,
                place.end_line,
                place.end_column,
                self.string(text),
            )
        return known

    def transition(self, transition: Transition | None) -> int:
        if transition is None:
            return NONE
        known = self.transitions.get(transition)
        if known is None:
            known = self.transitions[transition] = len(self.transitions)
            flags = transition.inherit | transition.unconfined << 1 | transition.unsafe << 2
            name = self.string(to_display(transition.name))
            self.tables[Section.TRANSITIONS] += (KINDS.index(transition.kind), name, flags)
        return known

    def unit(self, unit: Unit, built: Sequence[BuiltGroup]) -> int:
        table = self.tables[Section.UNITS]
        number = len(table) // UNIT_WORDS
        rules = self.tables[Section.RULES]
        first_rule = len(rules) // RULE_WORDS
        for rule in unit.rules:
            rules += (
                rule.cls.code | rule.effect << 8 | rule.audit << 16 | rule.exact << 17,
                rule.owner,
                rule.other,
                rule.priority + PRIORITY_BIAS,
                self.transition(rule.transition),
                self.span(rule.origin),
                *fingerprint(key_pattern(rule)),
            )
        first_group = len(self.tables[Section.GROUPS]) // GROUP_WORDS
        for group in built:
            self.group(group)
        table += (first_rule, len(unit.rules), first_group, len(built))
        return number

    def group(self, group: BuiltGroup) -> int:
        known = self.data_at.get(group.data)
        if known is None:
            padding = -len(group.data) % 4
            known = (self.data_size, len(group.data), crc32(group.data))
            self.data_at[group.data] = known
            self.data += (group.data, bytes(padding))
            self.data_size += len(group.data) + padding
        numbers = self.tables[Section.GROUP_RULES]
        table = self.tables[Section.GROUPS]
        table += (*known, len(numbers), len(group.rules))
        numbers += group.rules
        return len(table) // GROUP_WORDS - 1

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[int, int]:
        table = self.tables[Section.PAIRS]
        first = len(table) // 2
        for name, value in pairs:
            table += (self.string(to_display(name)), self.string(to_display(value)))
        return first, len(table) // 2 - first

    def profile(self, number: int, profile: Profile, units: dict[int, int]) -> None:
        uses = self.tables[Section.USES]
        first_use = len(uses) // USE_WORDS
        vias = self.tables[Section.VIAS]
        for use in profile.uses:
            uses += (units[id(use.unit)], len(vias), len(use.via))
            vias += [self.span(span) for span in use.via]
        settings = self.pairs(profile.settings)
        limits = self.pairs(
            (name, "infinity" if value is None else str(value)) for name, value in profile.rlimits
        )
        mediated = sum(1 << BY_NAME[name].code for name in profile.mediated)
        self.tables[Section.PROFILES] += (
            self.string(to_display(profile.full_name)),
            self.string(to_display(profile.name)),
            self.string(to_display(profile.namespace)),
            self.string(to_display(profile.parent)),
            MODES.index(profile.mode),
            profile.is_hat | profile.audit << 1,
            mediated,
            self.span(profile.origin),
            first_use,
            len(profile.uses),
            *settings,
            *limits,
            0,
            0,
        )
        if profile.attachment is not None:
            self.attachment(number, profile)

    def attachment(self, number: int, profile: Profile) -> None:
        assert profile.attachment is not None
        patterns = [union(profile.attachment.patterns)]
        patterns += [pattern for _, pattern in profile.attachment.xattrs]
        groups = [
            self.group(BuiltGroup(rules, encode(dfa)))
            for pattern in patterns
            for rules, dfa in partition([pattern])
        ]
        names = self.pairs(
            (name, str(group))
            for (name, _), group in zip(profile.attachment.xattrs, groups[1:], strict=True)
        )
        self.tables[Section.ATTACHMENTS] += (number, groups[0], *names)

    def bundle(self) -> bytes:
        texts = [text.encode("utf-8", "surrogateescape") for text in self.strings]
        offsets = [0]
        for text in texts:
            offsets.append(offsets[-1] + len(text))
        self.tables[Section.STRING_OFFSETS] = offsets
        blobs = {Section.STRINGS: b"".join(texts), Section.GROUP_DATA: b"".join(self.data)}
        bodies = [
            (section, blobs[section] if section in blobs else words(self.tables[section]))
            for section in Section
        ]
        at = HEADER.size + ENTRY.size * len(bodies)
        entries: list[bytes] = []
        parts: list[bytes] = []
        for section, body in bodies:
            padding = -at % 8
            parts += (bytes(padding), body)
            at += padding
            entries.append(ENTRY.pack(section, at, len(body), crc32(body)))
            at += len(body)
        table = b"".join(entries)
        return b"".join((HEADER.pack(MAGIC, VERSION, len(bodies), crc32(table)), table, *parts))
