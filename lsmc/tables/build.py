"""Builds a bundle from the policy IR: each distinct unit becomes groups once, whoever uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from lsmc.automata.dfa import StateLimit
from lsmc.automata.partition import Spare, partition
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, union
from lsmc.automata.pattern import Union as Alternation
from lsmc.automata.prefixes import heads
from lsmc.base.source import Source, Span, to_display
from lsmc.base.text import decode, encode
from lsmc.ir.model import Policy, Profile, Rule, Transition, Unit
from lsmc.tables.bundle import Bundle
from lsmc.tables.groups import COMPRESSION, BuiltGroup, Heap, encode_dfa, key_pattern
from lsmc.tables.layout import (
    ATTACHMENT_WORDS,
    GROUP_WORDS,
    NONE,
    PRIORITY_BIAS,
    RULE_WORDS,
    UNIT_WORDS,
    USE_WORDS,
    Section,
)
from lsmc.tables.link import Linked, LinkInput, link, pack
from lsmc.tables.records import Place

MAX_RULE_TEXT = 400
_FINGERPRINT = Struct("<II")


#: Groups that were built before, by the digest of their unit.
Known = Mapping[str, Sequence[BuiltGroup]]


class TooComplexError(Exception):
    """The pattern of a rule or of an attachment needs more states than allowed.

    `origin` is where it is written; `limit` is the allowed number of states.
    """

    def __init__(self, origin: Span, limit: int) -> None:
        super().__init__("pattern needs too many states")
        self.origin = origin
        self.limit = limit


def build_groups(
    rules: Sequence[Rule], level: int = COMPRESSION, spare: Spare | None = None
) -> tuple[BuiltGroup, ...]:
    """The groups of a unit's rules, compressed at a level; raises `TooComplexError`.

    `spare` is the number of states left for the patterns of the run.
    """
    try:
        found = partition([key_pattern(rule) for rule in rules], spare=spare)
    except StateLimit as fault:
        raise TooComplexError(rules[fault.pattern or 0].origin, fault.limit) from None
    return tuple(BuiltGroup(tuple(numbers), encode_dfa(dfa, level)) for numbers, dfa in found)


def build(policy: Policy, *, known: Known | None = None, level: int = COMPRESSION) -> Linked:
    """The bundle of a policy, compressed at a level; raises `TooComplexError`.

    `known` are groups that were built before.
    """
    distinct = units(policy.profiles)
    digests = [unit_digest(unit) for unit in distinct]
    known = known or {}
    spare = Spare()
    groups = {
        id(unit): known[digest] if digest in known else build_groups(unit.rules, level, spare)
        for unit, digest in zip(distinct, digests, strict=True)
    }
    part = LinkInput(Bundle(assemble(policy.module, policy.profiles, groups, spare)), digests)
    return link([part], [(0, number) for number in range(len(policy.profiles))])


def units(profiles: Iterable[Profile]) -> list[Unit]:
    """The distinct units of profiles, in order of first use."""
    found: dict[int, Unit] = {}
    for profile in profiles:
        for use in profile.uses:
            found.setdefault(id(use.unit), use.unit)
    return list(found.values())


def unit_digest(unit: Unit) -> str:
    """A digest of everything that a unit's groups depend on."""
    return blake2b(b"".join(map(key_digest, unit.rules)), digest_size=16).hexdigest()


def assemble(
    module: str,
    profiles: Sequence[Profile],
    groups: Mapping[int, Sequence[BuiltGroup]],
    spare: Spare,
) -> bytes:
    """The bundle of some profiles of a security module, ready to be linked.

    Raises `TooComplexError` for an attachment.

    `groups` are the built groups of units, by the identity of the unit.
    """
    writer = _Writer(spare)
    numbers = {id(unit): writer.unit(unit, groups.get(id(unit), ())) for unit in units(profiles)}
    for number, profile in enumerate(profiles):
        writer.profile(number, profile, numbers)
    return writer.bundle(module)


def assemble_units(
    module: str, found: Iterable[Unit], groups: Mapping[int, Sequence[BuiltGroup]]
) -> bytes:
    """A bundle of units without profiles, ready to be linked; `groups` as for `assemble`."""
    writer = _Writer(Spare())
    for unit in found:
        writer.unit(unit, groups.get(id(unit), ()))
    return writer.bundle(module)


def place_row(span: Span) -> Place:
    """A place as bundles store it: its file and position, and its text shortened."""
    text = to_display(" ".join(span.text.split()))
    if len(text) > MAX_RULE_TEXT:
        text = text[: MAX_RULE_TEXT - 1] + "…"
    return Place(*span.location(), text)


def rules_in_order(policy: Policy, linked: Linked) -> tuple[Rule, ...]:
    """The rules of a policy by their number in the bundle that `build` makes of it."""
    distinct = units(policy.profiles)
    return tuple(rule for _, unit in linked.origins for rule in distinct[unit].rules)


def key_digest(rule: Rule) -> bytes:
    """A 16-byte digest of the keys of a rule; rules with the same pattern have the same digest."""
    return _key_digest(rule.cls.code, rule.fields)


@lru_cache(maxsize=1 << 16)
def _key_digest(code: int, fields: tuple[Pattern, ...]) -> bytes:
    body = b"".join([_digest(field) for field in fields])
    return blake2b(body, digest_size=16, salt=bytes((code,))).digest()


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
    """Collects the rows of the sections; every text, span and transition is written once."""

    def __init__(self, spare: Spare) -> None:
        self.spare = spare
        self.tables: dict[Section, list[int]] = {section: [] for section in Section}
        self.strings: dict[str, int] = {}
        self.spans: dict[tuple[Source, int, int], int] = {}
        self.transitions: dict[Transition, int] = {}
        self.heap = Heap()

    def string(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def span(self, span: Span) -> int:
        key = (span.source, span.start, span.end)
        known = self.spans.get(key)
        if known is None:
            known = self.spans[key] = len(self.spans)
            row = place_row(span)
            self.tables[Section.SPANS] += (
                self.string(row.file),
                row.line,
                row.column,
                row.end_line,
                row.end_column,
                self.string(row.text),
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
            self.tables[Section.TRANSITIONS] += (self.string(transition.kind), name, flags)
        return known

    def unit(self, unit: Unit, built: Sequence[BuiltGroup]) -> int:
        table = self.tables[Section.UNITS]
        number = len(table) // UNIT_WORDS
        rules = self.tables[Section.RULES]
        first_rule = len(rules) // RULE_WORDS
        for rule in unit.rules:
            rules += (
                rule.cls.code
                | rule.effect << 8
                | rule.audit << 16
                | rule.exact << 17
                | rule.adds_log << 18
                | rule.weak << 19,
                rule.owner,
                rule.other,
                rule.priority + PRIORITY_BIAS,
                self.transition(rule.transition),
                self.span(rule.origin),
                *_FINGERPRINT.unpack_from(key_digest(rule)),
            )
        first_group = len(self.tables[Section.GROUPS]) // GROUP_WORDS
        for group in built:
            self.group(group)
        table += (first_rule, len(unit.rules), first_group, len(built))
        return number

    def group(self, group: BuiltGroup) -> int:
        numbers = self.tables[Section.GROUP_RULES]
        table = self.tables[Section.GROUPS]
        table += (*self.heap.add(group.data), len(numbers), len(group.rules))
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
        by_name = profile.attachment is not None and profile.attachment.by_name
        self.tables[Section.PROFILES] += (
            self.string(to_display(profile.full_name)),
            self.string(to_display(profile.name)),
            self.string(to_display(profile.namespace)),
            self.string(to_display(profile.parent)),
            self.string(profile.mode),
            profile.is_hat | profile.audit << 1 | by_name << 2,
            self.string(" ".join(sorted(profile.mediated))),
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
        try:
            built = [partition([pattern], spare=self.spare)[0] for pattern in patterns]
        except StateLimit as fault:
            raise TooComplexError(profile.origin, fault.limit) from None
        groups = [self.group(BuiltGroup(rules, encode_dfa(dfa))) for rules, dfa in built]
        names = self.pairs(
            (name, str(group))
            for (name, _), group in zip(profile.attachment.xattrs, groups[1:], strict=True)
        )
        table = self.tables[Section.ATTACHMENTS]
        for head in heads(patterns[0]):
            text = self.string(decode(head))
            self.tables[Section.HEADS] += (text, len(table) // ATTACHMENT_WORDS)
        table += (number, groups[0], *names)

    def bundle(self, module: str) -> bytes:
        texts = [encode(text) for text in self.strings]
        offsets = [0]
        for text in texts:
            offsets.append(offsets[-1] + len(text))
        self.tables[Section.STRING_OFFSETS] = offsets
        return pack(module, self.tables, b"".join(texts), self.heap.bytes())
