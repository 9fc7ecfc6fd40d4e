"""The text of the AppArmor profile that KubeArmor would load, with the entries behind each line.

The lines are those of KubeArmor's template (`appArmorTemplate.go` of 1.7), without its comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsmc.modules.kubearmor.apparmor.rules import Access, Bodies, Body, bodies
from lsmc.modules.kubearmor.policy import Policy, Rule
from lsmc.modules.kubearmor.posture import Posture

#: The name of a profile where none is asked for.
NAME = "kubearmor"
#: A name with one of these is taken for a pattern, and its Allow is left out.
GLOB = re.compile(r"[\[*+?$|]")
_NO_LETTER = re.compile(r"[^a-zA-Z0-9 ]")
_HEAD = ("#include <tunables/global>",)
_BASE = "#include <abstractions/base>"
_LIBRARIES = "/lib/x86_64-linux-gnu/{*,**} rm,"
_TAIL = (
    "deny @{PROC}/{*,**^[0-9*],sys/kernel/shm*} wkx,",
    "deny @{PROC}/sysrq-trigger rwklx,",
    "deny @{PROC}/mem rwklx,",
    "deny @{PROC}/kmem rwklx,",
    "deny @{PROC}/kcore rwklx,",
    "deny mount,",
    "deny /sys/[^f]*/** wklx,",
    "deny /sys/f[^s]*/** wklx,",
    "deny /sys/fs/[^c]*/** wklx,",
    "deny /sys/fs/c[^g]*/** wklx,",
    "deny /sys/fs/cg[^r]*/** wklx,",
    "deny /sys/firmware/efi/efivars/** rwklx,",
    "deny /sys/kernel/security/** rwklx,",
)


class Line(NamedTuple):
    """A line of the profile: its depth, its text, and the entries that ask for it."""

    depth: int
    text: str
    rules: tuple[Rule, ...] = ()
    policy: Policy | None = None


class Profile(NamedTuple):
    """The profile of a container, and those of its sources, in one text.

    Attributes:
        name: its name.
        lines: its lines in order.
        sources: the profile that a program runs under which `fromSource` names.
        rule_count: the number of rules that KubeArmor logs.
    """

    name: str
    lines: tuple[Line, ...]
    sources: dict[str, str]
    rule_count: int

    @property
    def text(self) -> str:
        """The text as a file."""
        return "".join(f"{'  ' * line.depth}{line.text}\n" for line in self.lines)


def profile(policies: Iterable[Policy], posture: Posture, name: str = NAME) -> Profile:
    """The profile that KubeArmor would load for some policies."""
    found = bodies(policies, posture)
    sources = {source: source_profile(name, source) for source in found.sources}
    return Profile(name, tuple(_lines(found, name, sources)), sources, found.count)


def source_profile(name: str, source: str) -> str:
    """The name of a source's profile: letters, digits and spaces of its path are all that tells."""
    return f"{name.partition('.')[0]}_{_NO_LETTER.sub('', source)}"


def _lines(found: Bodies, name: str, sources: dict[str, str]) -> Iterator[Line]:
    yield from (Line(0, text) for text in _HEAD)
    yield Line(0, f"profile {name} flags=(attach_disconnected,mediate_deleted) {{")
    top = found.top
    yield from _beginning(top, 1)
    for source, target in sources.items():
        asking = _asking(found.sources[source])
        yield Line(1, f"{source} px -> {target},", asking)
    for path, access in sorted(top.rules["process"].items()):
        yield from _denied_program(path, access)
        if access.allow and GLOB.search(path) is None:
            owner = "owner " if access.owner_only and not access.directory else ""
            yield Line(1, f"{owner}{path}{_suffix(access)} ix,", access.rules)
    yield from _rest(top, 1)
    for text, policy in found.native:
        if text and not text.startswith("#"):
            yield Line(1, text, (), policy)
    yield Line(1, _LIBRARIES)
    yield from (Line(1, text) for text in _TAIL)
    yield Line(0, "}")
    for source, body in found.sources.items():
        yield from _source(source, body, found, name, sources)


def _source(
    source: str, body: Body, found: Bodies, name: str, sources: dict[str, str]
) -> Iterator[Line]:
    yield Line(0, f"profile {sources[source]} {{", _asking(body))
    yield Line(1, f"{source} rix,")
    yield from _beginning(body, 1)
    for path, access in sorted(body.rules["process"].items()):
        yield from _denied_program(path, access)
        if not access.allow or access.directory:
            continue
        owner = "owner " if access.owner_only else ""
        if path in sources:  # a name that no profile has
            yield Line(1, f"{owner}{path} px -> {name}-{path},", access.rules)
            continue
        yield Line(1, f"{owner}{path} cx,", access.rules)
        if not access.owner_only:
            yield Line(1, f"profile {path} {{", access.rules)
            yield Line(2, f"{path} rix,", access.rules)
            yield from _beginning(found.top, 2)
            yield from _rest(found.top, 2)
            yield Line(2, _LIBRARIES)
            yield Line(1, "}")
    yield from _rest(body, 1)
    yield Line(1, _LIBRARIES)
    yield Line(0, "}")


def _asking(body: Body) -> tuple[Rule, ...]:
    """The entries that name a source, of which its profile is made."""
    found = (rule for names in body.rules.values() for one in names.values() for rule in one.rules)
    return tuple(dict.fromkeys(rule for rule in found if rule.entry.sources))


def _beginning(body: Body, depth: int) -> Iterator[Line]:
    yield Line(depth, _BASE)
    yield from (Line(depth, f"{head},") for head, there in body.heads.items() if there)
    for path, access in sorted(body.rules["file"].items()):
        yield from (Line(depth, text, access.rules) for text in _file(path, access))


def _file(path: str, access: Access) -> Iterator[str]:
    name = path + _suffix(access)
    if access.deny:
        if access.owner_only:
            yield f"deny owner {name} klw," if access.read_only else f"owner {name} klmrw,"
            yield f"deny other {name} klmrw,"
        else:
            yield f"deny {name} {'klw' if access.read_only else 'klmrw'},"
    if access.allow:
        owner = "owner " if access.owner_only else ""
        yield f"{owner}{name} {'klr' if access.read_only else 'klmrw'},"


def _denied_program(path: str, access: Access) -> Iterator[Line]:
    name = path + _suffix(access)
    if access.deny and access.owner_only:
        yield Line(1, f"owner {name} ix,", access.rules)
        yield Line(1, f"deny other {name} x,", access.rules)
    elif access.deny:
        yield Line(1, f"deny {name} x,", access.rules)


def _rest(body: Body, depth: int) -> Iterator[Line]:
    """The lines of networks and capabilities."""
    for name, access in sorted(body.rules["network"].items()):
        if access.deny:
            text = "deny network," if name == "all" else f"deny network {name},"
            yield Line(depth, text, access.rules)
        if access.allow:
            yield Line(depth, f"network {name},", access.rules)
    for name, access in sorted(body.rules["capabilities"].items()):
        if access.deny:
            yield Line(depth, f"deny capability {name},", access.rules)
        if access.allow:
            yield Line(depth, f"capability {name},", access.rules)


def _suffix(access: Access) -> str:
    if not access.directory:
        return ""
    return "{,**}" if access.recursive else "{,*}"
