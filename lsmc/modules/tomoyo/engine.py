"""An open bundle: domains, groups and transition lines, parsed when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source
from lsmc.engine.verdict import RuleRef
from lsmc.modules.tomoyo.bundle import BlockKind, BlockRecord, Bundle, DomainRecord, LineRecord
from lsmc.modules.tomoyo.model import (
    Acl,
    Aggregator,
    ExceptionLine,
    Group,
    Member,
    Transition,
)
from lsmc.modules.tomoyo.names import is_domain, namespace_of
from lsmc.modules.tomoyo.policy import ASSUMED
from lsmc.modules.tomoyo.syntax.acl import read_acl
from lsmc.modules.tomoyo.syntax.exceptions import read_exceptions
from lsmc.modules.tomoyo.syntax.profiles import Profile
from lsmc.modules.tomoyo.syntax.reader import Refused, written_lines
from lsmc.modules.tomoyo.vocabulary import GROUP_OF, Argument, Kind
from lsmc.tables.errors import BundleError

T = TypeVar("T")


class Rule(NamedTuple):
    """A line that grants, of a domain or of a group of lines that it uses.

    `number` is that of its line in the bundle; `use` is the line by which the domain uses its
    group.
    """

    acl: Acl
    record: LineRecord
    number: int
    use: LineRecord | None = None


class GroupMember(NamedTuple):
    """A member of a group, and its line."""

    member: Member
    record: LineRecord


class Domain(NamedTuple):
    """A domain; `made` says that the kernel makes it when a program runs, as `heir` of another."""

    name: str
    profile: int
    groups: tuple[tuple[int, LineRecord], ...]
    flags: tuple[str, ...]
    rules: tuple[Rule, ...]
    record: LineRecord | None
    heir: str = ""


class TomoyoEngine:
    """An open bundle."""

    def __init__(self, data: bytes | memoryview, name: str, *, enforce: bool = False) -> None:
        """The bundle of the bytes; with `enforce`, each mode is taken for `enforcing`."""
        self.bundle = Bundle(data)
        self.name = name
        self.enforce = enforce
        self.assumed = self.bundle.assumed
        self._records = {record.name: record for record in self.bundle.domains()}
        self._domains: dict[str, Domain] = {}
        self._members: dict[tuple[str, str, str], tuple[GroupMember, ...]] = {}
        self._acl_groups: dict[tuple[str, int], tuple[Rule, ...]] = {}
        self._aggregators: dict[str, tuple[tuple[Aggregator, LineRecord], ...]] = {}
        self._transitions: dict[
            str, dict[tuple[str, str | None], list[tuple[Transition, LineRecord]]]
        ] = {}
        self._profiles: dict[tuple[str, int], Profile | None] = {}

    @property
    def subjects(self) -> Sequence[str]:
        """The domains of the policy, in order."""
        return tuple(self._records)

    def find(self, name: str) -> Domain | None:
        """A domain of the policy, None for one that it does not have."""
        found = self._domains.get(name)
        if found is None and (record := self._records.get(name)) is not None:
            found = self._domains[name] = self._domain(record)
        return found

    @cached_property
    def blocks(self) -> dict[tuple[str, BlockKind, str], BlockRecord]:
        """The blocks of lines, by name space, kind and name."""
        return {(one.namespace, one.kind, one.name): one for one in self.bundle.blocks()}

    def _block(self, space: str, kind: BlockKind, name: str) -> Iterator[tuple[int, LineRecord]]:
        block = self.blocks.get((space, kind, name))
        for number in block.lines if block is not None else ():
            yield number, self.bundle.line(number)

    def _domain(self, record: DomainRecord) -> Domain:
        if not is_domain(record.name):
            raise BundleError(f"`{record.name}` is not a domain")
        groups = tuple((number, self.bundle.line(line)) for number, line in record.uses)
        own = [Rule(acl, line, number) for number, line, acl in self._acls(record.lines)]
        space = namespace_of(record.name)
        used = [
            rule._replace(use=use)
            for number, use in groups
            for rule in self._acl_group(space, number)
        ]
        head = None if record.head is None else self.bundle.line(record.head)
        rules = (*own, *used)
        return Domain(record.name, record.profile, groups, record.flags, rules, head)

    def _acls(self, numbers: range) -> Iterator[tuple[int, LineRecord, Acl]]:
        for number in numbers:
            line = self.bundle.line(number)
            yield number, line, _parsed(line, _read_acl)

    def _acl_group(self, space: str, number: int) -> tuple[Rule, ...]:
        found = self._acl_groups.get((space, number))
        if found is None:
            lines = self._block(space, BlockKind.ACL_GROUP, str(number))
            found = self._acl_groups[space, number] = tuple(
                Rule(_parsed(line, _read_acl), line, place) for place, line in lines
            )
        return found

    def members(self, space: str, form: Argument, group: Group) -> tuple[GroupMember, ...]:
        """The members of a group in a name space; none for a group that is not there."""
        key = (space, GROUP_OF[form], group.name)
        found = self._members.get(key)
        if found is None:
            lines = self._block(space, BlockKind.MEMBERS, f"{key[1]} {group.name}")
            found = self._members[key] = tuple(
                GroupMember(_of_kind(line, Member), line) for _, line in lines
            )
        return found

    def aggregators(self, space: str) -> tuple[tuple[Aggregator, LineRecord], ...]:
        """The aggregators of a name space, in order."""
        found = self._aggregators.get(space)
        if found is None:
            lines = self._block(space, BlockKind.AGGREGATORS, "")
            found = tuple((_of_kind(line, Aggregator), line) for _, line in lines)
            self._aggregators[space] = found
        return found

    def transitions(self, space: str) -> tuple[tuple[Transition, LineRecord], ...]:
        """The transition lines of a name space, in order."""
        return tuple(one for some in self._transition_lines(space).values() for one in some)

    def transitions_of(
        self, space: str, word: str, program: str
    ) -> Iterator[tuple[Transition, LineRecord]]:
        """The transition lines of a kind that speak of a program, by its name alone, or of any."""
        lines = self._transition_lines(space)
        yield from lines.get((word, program), ())
        yield from lines.get((word, None), ())

    def _transition_lines(
        self, space: str
    ) -> dict[tuple[str, str | None], list[tuple[Transition, LineRecord]]]:
        """The transition lines of a name space, by kind and program."""
        found = self._transitions.get(space)
        if found is None:
            found = self._transitions[space] = {}
            for _, line in self._block(space, BlockKind.TRANSITIONS, ""):
                one = _of_kind(line, Transition)
                found.setdefault((one.word, one.program), []).append((one, line))
        return found

    def profile(self, space: str, number: int) -> Profile | None:
        """A profile of a name space; None for one that is not defined."""
        key = space, number
        if key not in self._profiles:
            self._profiles[key] = self._profile(space, number)
        return self._profiles[key]

    def _profile(self, space: str, number: int) -> Profile | None:
        if self.assumed:
            mode = ASSUMED.get(number)
            return None if mode is None else Profile().with_line("CONFIG", mode)
        if (space, BlockKind.PROFILE, str(number)) not in self.blocks:
            return None
        found = Profile()
        for _, line in self._block(space, BlockKind.PROFILE, str(number)):
            key, _, value = line.printed.partition("=")
            found = found.with_line(key, value)
        return found

    @property
    def spaces(self) -> tuple[str, ...]:
        """The name spaces of the policy."""
        return tuple(dict.fromkeys(one.namespace for one in self.bundle.blocks()))

    def rules_of(self, domain: Domain, kind: Kind, permission: str) -> Iterator[Rule]:
        """The lines of a domain that may grant something, in the order in which they are asked."""
        for rule in domain.rules:
            if rule.acl.kind is kind and permission in rule.acl.permissions:
                yield rule


def ref(domain: str, rule: Rule, *through: LineRecord) -> RuleRef:
    """A line that took part; `through` are the lines of groups that led to it."""
    record = rule.record
    lines = (*((rule.use,) if rule.use is not None else ()), *through)
    via = tuple(f"{one.file}:{one.line}" for one in lines)
    return RuleRef(domain, record.file, record.line, record.column, record.text, via)


def line_ref(domain: str, record: LineRecord) -> RuleRef:
    """A line that is no rule, as one that took part."""
    return RuleRef(domain, record.file, record.line, record.column, record.text, ())


def _read_acl(source: Source) -> Acl | None:
    for written in written_lines(source, []):
        return read_acl(written.read())
    return None


def _read_exception(source: Source) -> ExceptionLine | None:
    faults: list[Diagnostic] = []
    for one in read_exceptions(source, faults):
        return one.line
    return None


def _parsed(record: LineRecord, read: Callable[[Source], T | None]) -> T:
    try:
        found = read(Source(record.file, record.printed))
    except Refused as refused:
        raise BundleError(f"a line is damaged: {refused.message}") from None
    if found is None:
        raise BundleError("a line is damaged")
    return found


def _of_kind(record: LineRecord, kind: type[T]) -> T:
    found = _parsed(record, _read_exception)
    if not isinstance(found, kind):
        raise BundleError("a line is damaged: it is of another kind than its block")
    return found
