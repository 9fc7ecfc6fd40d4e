"""How KubeArmor's BPF programs look an access up in a container's map, and what they decide.

From `enforcer.bpf.c`, `enforcer_path.bpf.c` and `shared.h` of KubeArmor 1.7: first with the source,
then without it; the name itself goes before its directories.  Of directories the search goes from
`/` down, as long as there is a key; it looks at the first 64 bytes of the name alone.  A rule with
`pts: false` blocks processes that have a terminal, whatever its action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from lsmc.modules.kubearmor.bpf.maps import (
    CAPABLE,
    MAX_NAME,
    PROTOCOL,
    TYPE,
    Bit,
    Key,
    Map,
    Name,
)
from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.policy import Rule

#: Bytes of a name in which directories are sought, and components that a name keeps.
MAX_SCANNED = 64
MAX_COMPONENTS = 20
#: Labels of a name that a DNS query is looked up by, and bytes of it.
MAX_LABELS = 10
MAX_DOMAIN = 63
#: Arguments of a program that are compared.
MAX_ARGUMENTS = 20

How = Literal["path", "directory", "execname", "type", "protocol", "capability", "domain"]
Hook = Literal["exec", "open", "write", "path"]


class Found(NamedTuple):
    """The key that decides: how it was found, its mask, its rule, whether it names the source."""

    how: How
    key: Key
    mask: Bit
    rule: Rule | None
    from_source: bool
    hint: bool = False


class Decision(NamedTuple):
    """What a hook decides; `found` is None where no key matches, `why` says why in words.

    `posture` is that of the class where no key matches; `alert` tells whether an event is sent.
    """

    allowed: bool
    why: str
    found: Found | None
    posture: str | None = None
    alert: bool = False


def name_seen(path: str) -> str:
    """A path as the programs see it: its last 20 components, 199 bytes, no slash at its end."""
    parts = [part for part in path.split("/") if part]
    name = "/" + "/".join(parts[-MAX_COMPONENTS:])
    return name.encode("utf-8", "surrogateescape")[:MAX_NAME].decode("utf-8", "surrogateescape")


def decide_file(
    map_: Map, hook: Hook, path: str, source: str, owner: bool, terminal: bool = False
) -> Decision:
    """What the hook of an open, a write or a change of a name decides; `/` is never looked up."""
    name = name_seen(path)
    if name == "/":
        return Decision(True, "the root directory is not looked up", None)
    found = _find(map_.keys, name, source, "file")
    if found is None:
        return _posture(map_, "file")
    mask, how = found.mask, _words(found)
    if mask & Bit.PTS and terminal:
        return Decision(False, f"{how}, on a terminal", found, alert=True)
    if mask & Bit.OWNER and not owner:
        return Decision(False, f"{how}, not the owner", found, alert=True)
    if mask & Bit.OWNER and hook != "write":
        return Decision(True, f"{how}, the owner", found)
    if hook != "path" and mask & Bit.READ and not mask & Bit.WRITE:
        if hook == "write":
            return Decision(False, f"{how}, read only", found, alert=True)
        return Decision(True, f"{how}, read only: decided at each write", found)
    if hook != "write" and mask & Bit.DENY and not mask & Bit.PTS:
        return Decision(False, f"{how}, blocked", found, alert=True)
    return Decision(True, how, found)


def decide_exec(
    map_: Map,
    path: str,
    source: str,
    owner: bool,
    terminal: bool = False,
    arguments: tuple[str, ...] | None = None,
) -> Decision:
    """What the hook of an execution decides; its source is the program of the parent process."""
    name = name_seen(path)
    found = _find(map_.keys, name, source, "process")
    if found is None:
        return _posture(map_, "process")
    mask, how = found.mask, _words(found)
    if mask & Bit.PTS and terminal:
        return Decision(False, f"{how}, on a terminal", found, alert=True)
    if mask & Bit.OWNER:
        words = "the owner" if owner else "not the owner"
        return Decision(owner, f"{how}, {words}", found, alert=not owner)
    if mask & Bit.DENY and not mask & Bit.PTS:
        if mask & Bit.ARGSET and _arguments_allowed(map_, found, arguments):
            return Decision(True, f"{how}, with allowed arguments", found)
        return Decision(False, f"{how}, blocked", found, alert=True)
    return Decision(True, how, found)


def decide_network(map_: Map, kind: int, protocol: int, source: str) -> Decision:
    """What the hooks of sockets decide for a type and protocol number; no family is looked at."""
    names: list[tuple[How, Name]] = []
    if kind in TYPES.values():
        names.append(("type", (TYPE, kind)))
    names.append(("protocol", (PROTOCOL, _protocol(kind, protocol))))
    return _numbers(map_, names, source, "network")


def decide_capability(map_: Map, name: str, source: str) -> Decision:
    """What the hook of capabilities decides for a capability by its name."""
    names: list[tuple[How, Name]] = [("capability", (CAPABLE, CAPABILITIES[name]))]
    return _numbers(map_, names, source, "capabilities")


def decide_domain(map_: Map, domain: str, source: str) -> Decision:
    """What the hook of a DNS query decides: its name, then each parent domain; case counts."""
    name = domain.strip(".")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_DOMAIN:
        return _posture(map_, "domain")
    labels = name.split(".")[:MAX_LABELS]
    names: list[tuple[How, Name]] = [
        ("domain", ".".join(name.split(".")[first:])) for first in range(len(labels))
    ]
    return _numbers(map_, names, source, "domain")


def _numbers(map_: Map, names: list[tuple[How, Name]], source: str, cls: str) -> Decision:
    for origin in dict.fromkeys((source, "")):
        for how, name in names:
            value = map_.keys.get((name, origin))
            if value is None:
                continue
            found = Found(how, (name, origin), value.process, value.process_rule, bool(origin))
            if value.process & Bit.DENY:
                return Decision(False, f"{_words(found)}, blocked", found, alert=True)
            return Decision(True, _words(found), found)
    return _posture(map_, cls)


def _protocol(kind: int, protocol: int) -> int:
    """The protocol number that a socket is looked up by: 0 is taken for what the type is for."""
    if kind == TYPES["STREAM"] and protocol in (0, PROTOCOLS["TCP"]):
        return PROTOCOLS["TCP"]
    if kind == TYPES["DGRAM"] and protocol in (0, PROTOCOLS["UDP"]):
        return PROTOCOLS["UDP"]
    if kind == TYPES["SEQPACKET"] and protocol == 0:
        return PROTOCOLS["SCTP"]
    return protocol


def _posture(map_: Map, cls: str) -> Decision:
    posture = map_.postures.get(cls)
    if posture is None:
        return Decision(True, "no rule, and no Allow rule of its class", None)
    allowed = posture != "block"
    return Decision(allowed, f"no rule; the default posture is {posture}", None, posture, True)


def _words(found: Found) -> str:
    words = "the directory (a recursive one above others)" if found.hint else f"the {found.how}"
    return f"{words} from this source" if found.from_source else words


def _arguments_allowed(map_: Map, found: Found, arguments: tuple[str, ...] | None) -> bool:
    """Whether all arguments are among the allowed ones; an unknown first one is passed over."""
    if not arguments or len(arguments) > MAX_ARGUMENTS:
        return False
    known = map_.args.get(found.key, ())
    rest = arguments[1:] if arguments[0] not in known else arguments
    return bool(rest) and all(one in known for one in rest)


def _find(keys: Mapping[Key, object], name: str, source: str, cls: str) -> Found | None:
    for origin in dict.fromkeys((source, "")):
        found = _exact(keys, name, origin, cls)
        if found is None and not origin and cls == "process":
            found = _exact(keys, name.rpartition("/")[2], "", cls, "execname")
        found = found or _directory(keys, name, origin, cls)
        if found is not None:
            return found
    return None


def _read(keys: Mapping[Key, object], key: Key, cls: str) -> tuple[Bit, Rule | None] | None:
    """The mask of a key and its rule; None without the key."""
    value = keys.get(key)
    if value is None:
        return None
    return getattr(value, cls), getattr(value, f"{cls}_rule")


def _exact(
    keys: Mapping[Key, object], name: str, origin: str, cls: str, how: How = "path"
) -> Found | None:
    read = _read(keys, (name, origin), cls)
    wanted = Bit.EXEC if cls == "process" else Bit.READ
    if read is None or not read[0] & wanted:
        return None
    return Found(how, (name, origin), *read, bool(origin))


def _directory(keys: Mapping[Key, object], name: str, origin: str, cls: str) -> Found | None:
    """The directory that decides: the uppermost recursive one without others below it.

    Else the lowest recursive one; else the last that the search reached, if it is a directory.
    """
    wanted = Bit.EXEC if cls == "process" else Bit.READ
    recursive: Found | None = None
    last: Found | None = None
    for prefix in _prefixes(name):
        read = _read(keys, (prefix, origin), cls)
        last = None
        if read is None:
            break
        mask, rule = read
        if mask & Bit.DIR and mask & wanted:
            last = Found("directory", (prefix, origin), mask, rule, bool(origin))
            if mask & Bit.RECURSIVE and not mask & Bit.HINT:
                return last
            if mask & Bit.RECURSIVE:
                recursive = last._replace(hint=True)
                continue
        if cls == "process" and not origin and not mask & Bit.HINT and last is None:
            break
    return recursive or last


def _prefixes(name: str) -> Iterator[str]:
    """The parts of a name up to each slash among its first bytes."""
    data = name.encode("utf-8", "surrogateescape")
    for at, byte in enumerate(data[:MAX_SCANNED]):
        if byte == ord("/"):
            yield data[: at + 1].decode("utf-8", "surrogateescape")
