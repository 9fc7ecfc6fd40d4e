"""The map that KubeArmor's BPF enforcer gives to a container: keys, masks, and who wrote them.

From `rulesHandling.go` of KubeArmor 1.7.  A key is a path and a source; the value has a mask for
processes and one for files.  A later rule overwrites an earlier one of the same key.  A directory
is written under its name without the slash (itself), with it (what is in it), and its parents are
written as hints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntFlag
from typing import NamedTuple

from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.policy import ALLOW, BLOCK, Policy, Rule, rules
from lsmc.modules.kubearmor.posture import Posture


class Bit(IntFlag):
    """The bits of a mask."""

    EXEC = 1
    WRITE = 2
    READ = 4
    OWNER = 8
    DIR = 16
    RECURSIVE = 32
    HINT = 64
    DENY = 128
    ARGSET = 256
    PTS = 512


#: Entries of one container's map; what is more is dropped.
MAX_KEYS = 256
#: Bytes of a path or source in a key, without the NUL at its end.
MAX_NAME = 199
#: The first byte of a key of a socket type, of a protocol, of a capability.
TYPE, PROTOCOL, CAPABLE = 2, 3, 200
#: Capabilities that KubeArmor has no number for; it takes number 0 for them.
_UNNUMBERED = frozenset({"checkpoint_restore"})
#: What is put behind a name of a DNS rule, besides the namespace's own.
_SUFFIXES = (".cluster.local", ".svc.cluster.local", ".domain.name")

#: A path, or the two bytes of a network or capability.
Name = str | tuple[int, int]
Key = tuple[Name, str]


class Value(NamedTuple):
    """What a key says: the masks, and the rules that they are from."""

    process: Bit = Bit(0)
    file: Bit = Bit(0)
    process_rule: Rule | None = None
    file_rule: Rule | None = None


class Map(NamedTuple):
    """A container's map.

    Attributes:
        keys: what it says by key, in the order in which keys were first written.
        postures: `audit` or `block` of each class that has an Allow rule, keys of their own.
        args: the arguments of `allowedArgs`, by key.
        overwritten: keys whose rule another rule took the place of: (key, first, then).
    """

    keys: dict[Key, Value]
    postures: dict[str, str]
    args: dict[Key, tuple[str, ...]]
    overwritten: tuple[tuple[Key, Rule, Rule], ...]

    @property
    def size(self) -> int:
        """The number of entries that the map needs."""
        return len(self.keys) + len(self.postures)


def container_map(policies: Iterable[Policy], posture: Posture) -> Map:
    """The map of a container that some policies are for."""
    return _Writer(posture).written(tuple(policies))


def _written_name(path: str) -> str:
    """A path as a key holds it: cut at the length of the field."""
    return path.encode("utf-8", "surrogateescape")[:MAX_NAME].decode("utf-8", "surrogateescape")


def capability_number(name: str) -> int:
    """The number of a capability's key; an unknown name has that of `chown`.

    A name without `cap_` in small letters gets `CAP_` put before it, so `CAP_NET_RAW` is unknown.
    """
    bare = name.lower().removeprefix("cap_") if "cap_" in name else name.lower()
    return 0 if bare in _UNNUMBERED else CAPABILITIES.get(bare, 0)


def protocol_key(name: str) -> Name:
    """The name in a protocol's key; that of an unknown one is empty."""
    upper = name.upper()
    if upper in PROTOCOLS:
        return PROTOCOL, PROTOCOLS[upper]
    return (TYPE, TYPES[upper]) if upper in TYPES else ""


class _Writer:
    def __init__(self, posture: Posture) -> None:
        self.posture = posture
        self.process: dict[Key, tuple[Bit, Rule]] = {}
        self.file: dict[Key, tuple[Bit, Rule]] = {}
        self.other: dict[Key, tuple[Bit, Rule]] = {}
        self.allowed: set[str] = set()
        self.args: dict[Key, tuple[str, ...]] = {}
        self.overwritten: list[tuple[Key, Rule, Rule]] = []

    def written(self, policies: tuple[Policy, ...]) -> Map:
        for policy in policies:
            for rule in _expanded(policy):
                self._take(rule)
        keys = {key: Value(mask, Bit(0), rule) for key, (mask, rule) in self.process.items()}
        for key, (mask, rule) in self.file.items():
            keys[key] = keys.get(key, Value())._replace(file=mask, file_rule=rule)
        keys |= {key: Value(mask, Bit(0), rule) for key, (mask, rule) in self.other.items()}
        return Map(keys, self._postures(), self.args, tuple(self.overwritten))

    def _postures(self) -> dict[str, str]:
        of = {"process": self.posture.file, "file": self.posture.file}
        of |= {"network": self.posture.network, "domain": self.posture.network}
        of |= {"capabilities": self.posture.capabilities}
        return {
            name: "block" if value == "block" else "audit"
            for name, value in of.items()
            if name in self.allowed
        }

    def _take(self, rule: Rule) -> None:
        entry = rule.entry
        if entry.action not in (ALLOW, BLOCK) or entry.match == "pattern":
            return
        if entry.section not in ("process", "file", "network", "capabilities"):
            return
        mask = Bit.DENY if entry.action == BLOCK else Bit(0)
        if entry.action == ALLOW:
            self.allowed.add("domain" if entry.match == "domain" else entry.section)
        if entry.pts is False:
            mask |= Bit.PTS
        if entry.section in ("process", "file"):
            self._path(rule, mask)
            return
        names: list[Name] = [(CAPABLE, capability_number(entry.value))]
        if entry.match == "protocol":
            names = [protocol_key(entry.value)]
        elif entry.match == "domain":
            names = list(domain_keys(entry.value, rule.policy.namespace))
        for source in entry.sources or ("",):
            for name in names:
                self._put(self.other, (name, _written_name(source)), mask, rule)

    def _path(self, rule: Rule, mask: Bit) -> None:
        entry = rule.entry
        table = self.process
        if entry.section == "process":
            mask |= Bit.EXEC
        else:
            table = self.file
            mask |= Bit.READ if entry.read_only else Bit.READ | Bit.WRITE
        mask |= Bit.OWNER if entry.owner_only else Bit(0)
        mask |= Bit.RECURSIVE if entry.match == "dir" and entry.recursive else Bit(0)
        if entry.args and entry.match != "dir" and entry.section == "process":
            mask |= Bit.ARGSET
        for source in map(_written_name, entry.sources or ("",)):
            if entry.match == "dir":
                self._directory(table, entry.value, source, mask, rule)
                continue
            key: Key = (_written_name(entry.value), source)
            self._put(table, key, mask, rule)
            if mask & Bit.ARGSET:
                self.args[key] = entry.args

    def _directory(
        self, table: dict[Key, tuple[Bit, Rule]], path: str, source: str, mask: Bit, rule: Rule
    ) -> None:
        parts = path.split("/")
        self._put(table, (_written_name("/".join(parts[:-1])), source), mask, rule)
        inside: Key = (_written_name(path), source)
        known = table.get(inside)
        mask |= Bit.DIR
        if known is not None:
            mask |= known[0] & Bit.HINT
        self._put(table, inside, mask, rule)
        prefix = ""
        for part in parts[:-2]:
            prefix += f"{part}/"
            mask = (mask & ~Bit.DIR) | Bit.HINT
            above: Key = (_written_name(prefix), source)
            known = table.get(above)
            writer = rule
            if known is not None and known[0] & Bit.DIR:
                mask, writer = known[0] | Bit.HINT, known[1]
            table[above] = (mask, writer)
            if len(prefix) > MAX_NAME:
                break  # all that follow are cut to the same name

    def _put(self, table: dict[Key, tuple[Bit, Rule]], key: Key, mask: Bit, rule: Rule) -> None:
        known = table.get(key)
        hint = known is not None and known[0] & Bit.HINT and not known[0] & Bit.DIR
        if known is not None and known[1] is not rule and not hint:
            self.overwritten.append((key, known[1], rule))
        table[key] = (mask, rule)


def domain_keys(domain: str, namespace: str) -> Iterator[str]:
    """The names under which a DNS rule is written: its own, and those that a search list makes."""
    name = domain.strip(".")
    yield name
    yield from (f"{name}{suffix}" for suffix in _SUFFIXES)
    yield f"{name}.{namespace or 'default'}.svc.cluster.local"


def _expanded(policy: Policy) -> Iterator[Rule]:
    """The rules of a policy in the order in which they are written to the map.

    A network rule of `all` writes nothing itself: behind the others stands one rule for each type.
    """
    found = rules((policy,))
    everything = [rule for rule in found if _is_all(rule)]
    for section in ("process", "file", "network", "capabilities"):
        for rule in found:
            if rule.entry.section == section and rule.entry.match != "domain":
                yield rule
        if section == "network":
            yield from _all_types(everything)
            yield from (rule for rule in found if rule.entry.match == "domain")


def _is_all(rule: Rule) -> bool:
    return rule.entry.match == "protocol" and rule.entry.value.upper() == "ALL"


def _all_types(everything: list[Rule]) -> Iterator[Rule]:
    """What `all` stands for: those without a source in order, then Allow and Block of sources."""
    plain = {rule.entry.action: rule for rule in reversed(everything) if not rule.entry.sources}
    order = [rule for rule in everything if plain.get(rule.entry.action) is rule]
    for action in (ALLOW, BLOCK):
        order += [one for one in everything if one.entry.sources and one.entry.action == action]
    for rule in order:
        for name in TYPES:
            yield Rule(rule.policy, rule.entry._replace(value=name))
