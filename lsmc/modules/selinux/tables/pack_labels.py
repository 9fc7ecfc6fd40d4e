"""From contexts, levels and the labels of a resolved policy to records."""

from __future__ import annotations

from itertools import accumulate, chain

from lsmc.modules.selinux.context.levels import Level, Range
from lsmc.modules.selinux.filecon.labels import order
from lsmc.modules.selinux.model import Context, Policy
from lsmc.modules.selinux.tables.layout import (
    DEFAULT_PARTS,
    DEFAULT_VALUES,
    FILE_KINDS,
    FS_USES,
    NOTHING,
    FileContextRecord,
    FsContextRecord,
    PortRecord,
    RangeTransitionRecord,
    RoleTransitionRecord,
    Section,
)
from lsmc.modules.selinux.tables.pack_rules import records_of, special_target
from lsmc.modules.selinux.tables.places import PlaceTable
from lsmc.modules.selinux.tables.texts import Texts
from lsmc.tables.layout import words

_WORD = (1 << 32) - 1


class ContextTable:
    """Levels and contexts, each with the number under which it was first met."""

    def __init__(self) -> None:
        self._levels: dict[Level, int] = {}
        self._contexts: dict[tuple[int, ...], int] = {}

    def level(self, level: Level) -> int:
        """The number of a level."""
        return self._levels.setdefault(Level(*level), len(self._levels))

    def range(self, span: Range | None) -> tuple[int, int]:
        """The numbers of both levels of a range."""
        return (NOTHING, NOTHING) if span is None else (self.level(span.low), self.level(span.high))

    def number(self, context: Context | None) -> int:
        """The number of a context."""
        if context is None:
            return NOTHING
        key = (context.user, context.role, context.type, *self.range(context.range))
        return self._contexts.setdefault(key, len(self._contexts))

    def sections(self) -> dict[int, bytes]:
        """The sections of levels and contexts."""
        masks = [_level_words(level) for level in self._levels]
        starts = accumulate(map(len, masks), initial=0)
        return {
            Section.LEVELS: words(list(starts)),
            Section.LEVEL_WORDS: words(list(chain.from_iterable(masks))),
            Section.CONTEXTS: records_of(self._contexts),
        }


def _level_words(level: Level) -> list[int]:
    found, rest = [level.sensitivity], level.categories
    while rest:
        found.append(rest & _WORD)
        rest >>= 32
    return found


def pack_roles(policy: Policy, places: PlaceTable, contexts: ContextTable) -> dict[int, bytes]:
    """The sections of roles, users and what changes them."""
    labels = len(policy.types) + len(policy.attributes)
    types = [sorted(role.types) for role in policy.roles]
    transitions = [
        RoleTransitionRecord(
            rule.source,
            special_target(rule.target, labels),
            rule.cls,
            rule.result,
            places.one(rule.place),
        )
        for rule in policy.role_transitions
    ]
    ranges = [
        RangeTransitionRecord(
            rule.source,
            special_target(rule.target, labels),
            rule.cls,
            *contexts.range(rule.range),
            places.one(rule.place),
        )
        for rule in policy.range_transitions
    ]
    defaults = [
        (
            DEFAULT_PARTS.index(rule.part),
            rule.cls,
            DEFAULT_VALUES.index(rule.value),
            places.one(rule.place),
        )
        for rule in policy.defaults
    ]
    return {
        Section.ROLE_TYPES: words(list(accumulate(map(len, types), initial=0))),
        Section.ROLE_TYPE_MEMBERS: words(list(chain.from_iterable(types))),
        Section.USERS: records_of(
            (*contexts.range(user.range), places.one(user.place)) for user in policy.users
        ),
        Section.USER_ROLES: records_of(
            (number, role)
            for number, user in enumerate(policy.users)
            for role in sorted(user.roles)
        ),
        Section.ROLE_ALLOWS: records_of(
            (rule.source, rule.target, places.one(rule.place)) for rule in policy.role_allows
        ),
        Section.ROLE_TRANSITIONS: records_of(transitions),
        Section.RANGE_TRANSITIONS: records_of(ranges),
        Section.DEFAULTS: records_of(defaults),
    }


def pack_labels(
    policy: Policy, places: PlaceTable, contexts: ContextTable, texts: Texts
) -> dict[int, bytes]:
    """The sections of initial sids, ports, file systems and files."""
    ports = sorted(policy.port_contexts, key=lambda port: port.high - port.low)
    paths = sorted(policy.fs_contexts, key=lambda one: -len(one.path))
    return {
        Section.SIDS: records_of(
            (texts.number(sid.name), contexts.number(sid.context)) for sid in policy.sids
        ),
        Section.PORTS: records_of(
            PortRecord(
                texts.number(port.protocol),
                port.low,
                port.high,
                contexts.number(port.context),
                places.one(port.place),
            )
            for port in ports
        ),
        Section.FS_CONTEXTS: records_of(
            FsContextRecord(
                texts.number(one.fs),
                texts.number(one.path),
                FILE_KINDS.index(one.kind),
                contexts.number(one.context),
                places.one(one.place),
            )
            for one in paths
        ),
        Section.OTHER_CONTEXTS: records_of(
            (texts.number(" ".join((one.statement, *one.words))), contexts.number(context))
            for one in policy.other_contexts
            for context in one.contexts
        ),
        Section.CAPABILITIES: words([texts.number(name) for name in policy.capabilities]),
        Section.FILE_CONTEXTS: records_of(
            FileContextRecord(
                texts.number(one.path),
                FILE_KINDS.index(one.kind),
                contexts.number(one.context),
                places.one(one.place),
            )
            for one in sorted(policy.file_contexts, key=lambda one: order(one.path, one.kind))
        ),
        Section.FS_USES: records_of(
            (
                FS_USES.index(use.how),
                texts.number(use.fs),
                contexts.number(use.context),
                places.one(use.place),
            )
            for use in policy.fs_uses
        ),
    }
