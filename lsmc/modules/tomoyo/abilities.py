"""All that a domain may do, line by line, as people look for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.modules.tomoyo.compare.clauses import clauses
from lsmc.modules.tomoyo.compare.cover import access_of, common, request_of
from lsmc.modules.tomoyo.compare.situations import Undecided
from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine, ref
from lsmc.modules.tomoyo.evaluate import domain_named, judge
from lsmc.modules.tomoyo.graph import place_of
from lsmc.modules.tomoyo.heirs import ways
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.questions import OPERATIONS, read_request
from lsmc.modules.tomoyo.syntax.profiles import Profile
from lsmc.modules.tomoyo.vocabulary import ASKED, FUNCTIONS, KINDS, Kind, function
from lsmc.tables.records import Place

#: What people look for, with the permissions that belong to it; a line stands under the first.
_TITLES: Final = {
    "runs programs": ("execute",),
    "changes its domain": ("manual_domain_transition",),
    "changes files": (
        *("write", "append", "truncate", "unlink", "rmdir", "rename", "link", "symlink", "create"),
        *("mkdir", "mkfifo", "mksock", "mkblock", "mkchar", "chmod", "chown", "chgrp", "ioctl"),
    ),
    "reads files": ("read", "getattr"),
    "uses the network": ("bind", "listen", "connect", "send"),
    "changes what file names mean": ("mount", "unmount", "chroot", "pivot_root"),
    "takes variables": ("env",),
}


def abilities(engine: TomoyoEngine, subject: str, classes: Sequence[str]) -> Abilities:
    """What a domain may do; raises `UnknownName`."""
    known = {kind.name: kind for kind in KINDS}
    for one in classes:
        if one not in known:
            raise UnknownName("class", one, known)
    domain = domain_named(engine, subject)
    profile = engine.profile(namespace_of(domain.name), domain.profile) or Profile()
    modes = {
        f"{category}::{word}": profile.mode(category, word).mode
        for category, words in FUNCTIONS.items()
        for word in words
    }
    unruled = tuple(name for name, mode in modes.items() if mode != "enforcing")
    whole = dict.fromkeys(modes.values())
    return Abilities(
        subject,
        "/".join(whole),
        len(unruled) == len(modes),
        _short(unruled),
        tuple(_sections(engine, domain, classes)),
    )


def _short(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of accesses, whole categories by their own name."""
    found: list[str] = []
    for category, words in FUNCTIONS.items():
        here = [name for name in names if name.startswith(f"{category}::")]
        found += [category] if len(here) == len(words) else here
    return tuple(found)


def _sections(engine: TomoyoEngine, domain: Domain, classes: Sequence[str]) -> Iterator[Section]:
    targets: dict[int, list[str]] = {}
    for way in ways(engine, domain):
        where = way.next.name if way.next.ready else f"nobody, as `{way.next.name}` is not ready"
        targets.setdefault(way.rule.number, []).append(where)
    by_title: dict[str, list[Ability]] = {title: [] for title in _TITLES}
    for rule in domain.rules:
        if classes and rule.acl.kind.name not in classes:
            continue
        found = _ability(engine, domain, rule, targets)
        if found is not None:
            title = next(t for t, some in _TITLES.items() if set(some) & set(found.permissions))
            by_title[title].append(found)
    yield from (Section(title, tuple(some)) for title, some in by_title.items() if some)


def _ability(
    engine: TomoyoEngine, domain: Domain, rule: Rule, targets: Mapping[int, list[str]]
) -> Ability | None:
    """What a line grants; None for nothing."""
    example = _example(engine, domain, rule)
    if example is None:
        return None
    where = dict.fromkeys(targets.get(rule.number, ()))
    return Ability(
        cls=rule.acl.kind.name,
        rule=ref(domain.name, rule),
        permissions=rule.acl.permissions,
        who="all",
        example=example,
        transition=f"as {' or '.join(where)}" if where else "",
    )


def _example(engine: TomoyoEngine, domain: Domain, rule: Rule) -> Mapping[str, Any] | None:
    """A request that a line grants."""
    kind, permission = rule.acl.kind, rule.acl.permissions[0]
    socket = ""
    if kind.socket:
        family = kind.head.split()[1]
        asked = {one: some for (other, one), some in ASKED.items() if other == family}
        pairs = [(o, p) for o, some in asked.items() for p in some if p in rule.acl.permissions]
        own = [pair for pair in pairs if pair[0] == rule.acl.socket]
        if not pairs:
            return None
        socket, permission = (own or pairs)[0]
    for clause in clauses(engine, namespace_of(domain.name), [rule]):
        try:
            found = common(clause, clause, kind, permission)
        except Undecided:
            continue
        if found is not None:
            return request_of(access_of(found, domain.name, kind, permission, socket))
    return None


def permissions(
    engine: TomoyoEngine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    """All that a domain may do to an object, permission by permission.

    The class is one of `lsmc ops`; of sockets the object begins with the type.  Raises
    `UnknownName`, `RequestError`.
    """
    kind = next((one for one in KINDS if cls in (one.name, one.head)), None)
    if kind is None:
        raise UnknownName("class", cls, [one.name for one in KINDS])
    allow: set[str] = set()
    audit: set[str] = set()
    rules = {}
    mediated = False
    step = None
    for permission, request in _requests(kind, subject, obj):
        found = judge(engine, read_request({**request, **_attributes(fields)}))
        mediated = mediated or found.mode is None or found.mode.mode != "disabled"
        if found.verdict.audited:
            audit.add(permission)
        if found.search.granted is not None:
            allow.add(permission)
            rules[permission] = found.verdict.rules
        step = step or found.verdict.transition
    none: frozenset[str] = frozenset()
    return Permissions(frozenset(allow), none, frozenset(audit), none, none, step, rules, mediated)


def _requests(kind: Kind, subject: str, obj: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A request for each permission of a class."""
    for permission in kind.permissions:
        if kind.socket:
            socket, _, rest = obj.partition(" ")
            family = kind.head.split()[1]
            if function(kind, permission, socket) is None or permission not in ASKED.get(
                (family, socket), ()
            ):
                continue
            yield (
                permission,
                {"subject": subject, "op": kind.head, "object": f"{socket} {permission} {rest}"},
            )
        else:
            op = f"{kind.head} {permission}"
            if op not in OPERATIONS:
                raise RequestError(f"`{op}` is not asked")
            yield permission, {"subject": subject, "op": op, "object": obj}


def _attributes(fields: Mapping[str, object]) -> dict[str, object]:
    for name in fields:
        if name not in ("attributes", "owner", "mediated"):
            raise RequestError(f"unknown field `{name}`", name, ("attributes",))
    return {name: value for name, value in fields.items() if name == "attributes"}


def rules(engine: TomoyoEngine) -> Iterator[Place]:
    """The places of all lines that grant."""
    numbers: dict[int, None] = {}
    for name in engine.subjects:
        domain = engine.find(name)
        assert domain is not None
        numbers.update(dict.fromkeys(rule.number for rule in domain.rules))
    yield from (place_of(engine, number) for number in numbers)
