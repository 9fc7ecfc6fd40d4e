"""Files as the kernel prints them once they are loaded: in its order, and equal lines once."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.modules.tomoyo.files import kind_of
from lsmc.modules.tomoyo.policy import Space, TomoyoPolicy, WrittenDomain, merged, read_policy
from lsmc.modules.tomoyo.syntax.managers import read_managers
from lsmc.modules.tomoyo.syntax.profiles import Version, read_profiles
from lsmc.modules.tomoyo.vocabulary import GROUP_KINDS


def printed(path: str, data: bytes) -> bytes:
    """The canonical text of a file; raises `PolicyError`."""
    source = Source.from_bytes(path, data)
    policy = read_policy([source], alone=True)
    if policy.faults:
        raise PolicyError(policy.faults)
    match kind_of(source):
        case "domain":
            lines = _domains(policy)
        case "exception":
            lines = _exceptions(policy)
        case "profile":
            lines = _profiles(source, policy)
        case "manager":
            lines = iter(dict.fromkeys(one.text for one in read_managers(source, [])))
        case _:
            return data
    return "".join(f"{line}\n" for line in lines).encode("latin-1")


def _domains(policy: TomoyoPolicy) -> Iterator[str]:
    there = [one for one in policy.domains.values() if one.written is not None]
    for number, domain in enumerate(there):
        if number:
            yield ""
        yield from domain_lines(domain)


def domain_lines(domain: WrittenDomain) -> Iterator[str]:
    """A domain as the kernel prints it."""
    yield domain.name
    yield f"use_profile {domain.profile}"
    yield from domain.flags
    yield from (f"use_group {number}" for number, _ in domain.groups)
    acls = merged(acl for acl, _ in domain.acls)
    if acls:
        yield ""
    yield from map(str, acls)


def _exceptions(policy: TomoyoPolicy) -> Iterator[str]:
    several = len(policy.spaces) > 1  # then each line names its space
    for name, space in policy.spaces.items():
        start = f"{name} " if several else ""
        yield from (f"{start}{line}" for line in exception_lines(space))


def exception_lines(space: Space) -> Iterator[str]:
    """The exceptions of a name space as the kernel prints them."""
    yield from (str(line) for line, _ in space.transitions)
    yield from (str(line) for line, _ in space.aggregators)
    for word in GROUP_KINDS:
        for (kind, _), members in space.members.items():
            if kind == word:
                yield from (str(member) for member, _ in members)
    for number in sorted(space.acl_groups):
        for acl in merged(acl for acl, _ in space.acl_groups[number]):
            yield f"acl_group {number} {acl}"


def _profiles(source: Source, policy: TomoyoPolicy) -> Iterator[str]:
    lines = read_profiles(source, [])
    versions = {one.namespace: one.version for one in lines if isinstance(one, Version)}
    several = len(policy.spaces) > 1
    for name, space in policy.spaces.items():
        start = f"{name} " if several else ""
        if name in versions:
            yield f"{start}PROFILE_VERSION={versions[name]}"
        for number in sorted(space.profiles):
            profile = space.profile(number)
            assert profile is not None
            yield from (f"{start}{line}" for line in profile.lines(number))
