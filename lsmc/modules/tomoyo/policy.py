"""The policy of some files: what the kernel holds when it has loaded them.

The kernel adds the permissions of a line to an earlier line that differs in nothing else.  Here
both stay, so that each decision names the line that was written; but lines stand in the kernel's
order, each behind the first that it would be added to, since the first line that matches decides
where a program runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.tomoyo.files import kind_of
from lsmc.modules.tomoyo.model import (
    Acl,
    Aggregator,
    Flag,
    GroupedAcl,
    Member,
    Transition,
    UseGroup,
    UseProfile,
)
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.syntax.domains import Domain, read_domains
from lsmc.modules.tomoyo.syntax.exceptions import WrittenException, read_exceptions
from lsmc.modules.tomoyo.syntax.managers import read_managers
from lsmc.modules.tomoyo.syntax.profiles import Profile, ProfileLine, Version, read_profiles
from lsmc.modules.tomoyo.syntax.reader import Written, error
from lsmc.modules.tomoyo.vocabulary import KERNEL

#: The profiles that a new system gets, which are taken when no file of profiles is given.
ASSUMED = {0: "disabled", 1: "learning", 2: "permissive", 3: "enforcing"}

T = TypeVar("T")
WrittenAcl: TypeAlias = tuple[Acl, Written]


class WrittenDomain(NamedTuple):
    """A domain: where it is written (None for one that is only there), and what it has.

    `acls` are in the kernel's order; `groups` are the groups of lines that it uses, in order.
    """

    name: str
    written: Written | None
    profile: int
    profile_line: Written | None
    groups: tuple[tuple[int, Written], ...]
    flags: tuple[str, ...]
    acls: tuple[WrittenAcl, ...]


@dataclass(slots=True)
class Space:
    """What belongs to a name space; members of groups by the kind and the name of the group."""

    profiles: dict[int, list[ProfileLine]] = field(default_factory=dict)
    aggregators: list[tuple[Aggregator, Written]] = field(default_factory=list)
    transitions: list[tuple[Transition, Written]] = field(default_factory=list)
    members: dict[tuple[str, str], list[tuple[Member, Written]]] = field(default_factory=dict)
    acl_groups: dict[int, list[WrittenAcl]] = field(default_factory=dict)

    def profile(self, number: int) -> Profile | None:
        """A profile; None for one that is not defined."""
        lines = self.profiles.get(number)
        if lines is None:
            return None
        found = Profile()
        for line in lines:
            found = found.with_line(line.key, line.value)
        return found


@dataclass(slots=True)
class TomoyoPolicy:
    """All policy of some files; `assumed` says that none of them holds profiles."""

    sources: Sequence[Source]
    domains: dict[str, WrittenDomain] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    assumed: bool = True
    faults: list[Diagnostic] = field(default_factory=list)

    def space(self, name: str) -> Space:
        """A name space, which is made when it is first named."""
        return self.spaces.setdefault(name, Space())


def read_policy(sources: Sequence[Source], *, alone: bool = False) -> TomoyoPolicy:
    """The policy of some files, in the order in which they are loaded; with what is refused.

    Of files that are read `alone`, without those that belong to them, domains may use any profile.
    """
    policy = TomoyoPolicy(sources)
    domains: list[Domain] = []
    policy.space(KERNEL)
    for source in sources:
        match kind_of(source):
            case "domain":
                domains += read_domains(source, policy.faults)
            case "exception":
                for one in read_exceptions(source, policy.faults):
                    _add_exception(policy.space(one.namespace), one)
            case "profile":
                policy.assumed = False
                for line in read_profiles(source, policy.faults):
                    if not isinstance(line, Version):
                        profiles = policy.space(line.namespace).profiles
                        profiles.setdefault(line.number, []).append(line)
            case "manager":
                for _ in read_managers(source, policy.faults):
                    pass
            case None:
                policy.faults.append(_unknown(source))
    for space in policy.spaces.values():
        _sort(space)
    _add_domains(policy, domains, alone=alone)
    return policy


def _unknown(source: Source) -> Diagnostic:
    return error(
        "unknown-policy-file",
        "neither its name nor its first line tells what the file holds",
        Span(source, 0, 0),
        "name it `domain_policy.conf`, `exception_policy.conf`, `profile.conf` or `manager.conf`",
    )


def _add_exception(space: Space, one: WrittenException) -> None:
    line, written = one.line, one.written
    match line:
        case Transition():
            _add(space.transitions, line, written)
        case Aggregator():
            _add(space.aggregators, line, written)
        case Member():
            _add(space.members.setdefault((line.word, line.group), []), line, written)
        case GroupedAcl():
            space.acl_groups.setdefault(line.number, []).append((line.acl, written))


def _add(lines: list[tuple[T, Written]], line: T, written: Written) -> None:
    if all(line != known for known, _ in lines):
        lines.append((line, written))


def _sort(space: Space) -> None:
    for number, acls in space.acl_groups.items():
        space.acl_groups[number] = kernel_order(acls)


def kernel_order(acls: Iterable[WrittenAcl]) -> list[WrittenAcl]:
    """Lines in the kernel's order: each behind the first that it would be added to."""
    places: dict[tuple[object, ...], list[WrittenAcl]] = {}
    for one in acls:
        places.setdefault(one[0].key, []).append(one)
    return [one for lines in places.values() for one in lines]


def merged(acls: Iterable[Acl]) -> list[Acl]:
    """Lines as the kernel holds them: permissions of equal ones together."""
    places: dict[tuple[object, ...], list[Acl]] = {}
    for one in acls:
        places.setdefault(one.key, []).append(one)
    return [_together(lines) for lines in places.values()]


def _together(lines: list[Acl]) -> Acl:
    first = lines[0]
    granted = {permission for line in lines for permission in line.permissions}
    permissions = tuple(one for one in first.kind.permissions if one in granted)
    return Acl(first.kind, permissions, first.arguments, first.socket, first.condition)


def _add_domains(policy: TomoyoPolicy, written: Sequence[Domain], *, alone: bool) -> None:
    parts: dict[str, list[Domain]] = {KERNEL: []} if policy.sources else {}
    for domain in written:
        parts.setdefault(domain.name, []).append(domain)
    for name, domains in parts.items():
        policy.space(namespace_of(name))
        policy.domains[name] = _domain(policy, name, domains, alone=alone)


def _domain(
    policy: TomoyoPolicy, name: str, parts: Sequence[Domain], *, alone: bool
) -> WrittenDomain:
    profile, profile_line = 0, None
    groups: dict[int, Written] = {}
    flags: dict[str, None] = {}
    acls: list[WrittenAcl] = []
    space = policy.space(namespace_of(name))
    for line, written in (pair for part in parts for pair in part.lines):
        match line:
            case UseProfile():
                if alone or line.number in known_profiles(space, assumed=policy.assumed):
                    profile, profile_line = line.number, written
                else:
                    policy.faults.append(_undefined(line, written, space))
            case UseGroup():
                groups.setdefault(line.number, written)
            case Flag():
                flags[line.word] = None
            case Acl():
                acls.append((line, written))
    head = parts[0].written if parts else None
    ordered = tuple(kernel_order(acls))
    used = tuple(sorted(groups.items()))
    return WrittenDomain(name, head, profile, profile_line, used, tuple(flags), ordered)


def known_profiles(space: Space, *, assumed: bool) -> Mapping[int, object]:
    """The profiles that domains of a name space may use."""
    return ASSUMED if assumed else space.profiles


def _undefined(line: UseProfile, written: Written, space: Space) -> Diagnostic:
    known = " ".join(map(str, sorted(space.profiles or ASSUMED)))
    return error(
        "undefined-profile",
        f"profile {line.number} is not defined",
        written.span,
        f"defined are {known}; a running kernel leaves the domain at the profile that it has,"
        " and one that boots with this policy stops",
    )
