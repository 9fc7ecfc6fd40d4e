"""Which records of AppArmor have one cause, and what they are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from lsmc.explain.folding import Wider
from lsmc.explain.log_groups import About, Grouping
from lsmc.explain.varying import STAR, folded
from lsmc.modules.apparmor.log.classes import mediation_class
from lsmc.modules.apparmor.log.infos import given_profile
from lsmc.modules.apparmor.log.record import Record

#: The first port of those that the kernel chooses itself (net.ipv4.ip_local_port_range).
_EPHEMERAL = 32_768
_NULL = re.compile(r"//null-[0-9a-f]+(?=//|\Z)")


@lru_cache(maxsize=1 << 12)
def _profile(name: str) -> str:
    """A profile's name; those made for learning are one where numbers tell them apart."""
    return _NULL.sub("//null-*", name)


def about(record: Record, width: int = 0) -> About:
    """What a record is about: a file by its name where all of them name the same."""
    cls = mediation_class(record)
    if width:
        pattern = _wide_object(record, cls, width)
        denied = "" if cls == "capability" or width >= _ALL else record.denied_mask or ""
        return About(cls, denied, pattern, pattern)
    pattern = object_of(record, cls)
    return About(
        cls=cls,
        denied="" if cls == "capability" else (record.denied_mask or record.mask or "").strip(),
        pattern=pattern,
        object=object_of(record, cls, str) if cls in ("file", "link") else pattern,
    )


def _names(record: Record) -> tuple[object, ...]:
    """What the object of a record is called."""
    return (
        record.name,
        record.name2,
        record.net_addr,
        record.peer_addr,
        record.local_port,
        record.foreign_port,
        record.dbus_path,
        record.src_name,
    )


def _key(record: Record) -> tuple[object, ...]:
    """What equal causes have in common."""
    if _without_profile(record):
        return "user namespace", record.command, record.namespace
    name, name2 = record.name, record.name2
    if record.network_family is None and record.dbus_bus is None and record.src_name is None:
        rest: object = None
    else:
        rest = (
            record.network_family,
            record.socket_type,
            record.protocol,
            folded(record.net_addr or ""),
            folded(record.peer_addr or ""),
            record.local_addr,
            record.foreign_addr,
            _port(record.local_port),
            _port(record.foreign_port),
            record.dbus_bus,
            folded(record.dbus_path or ""),
            record.dbus_interface,
            record.dbus_member,
            folded(record.src_name or ""),
        )
    return (
        record.event_type,
        _profile(record.profile or ""),
        record.operation,
        folded(name) if name else name,
        record.denied_mask or record.mask,
        record.fsuid == record.ouid,
        _profile(name2) if name2 else name2,
        record.peer or record.peer_profile,
        record.signal,
        record.class_,
        record.namespace,
        record.info,
        record.fs_type,
        record.flags,
        record.rlimit,
        rest,
    )


def _without_profile(record: Record) -> bool:
    """Whether a record is of a program that makes a user namespace while it has no profile: all
    that is refused to it then has the one cause."""
    if record.profile == "unconfined":
        return (record.operation or "").startswith("userns")
    return bool(given_profile(record))


def _alike(name: str, port: str) -> tuple[str, int | None]:
    """What a key says of a name and a local port."""
    return folded(name), _port(int(port)) if port else None


def _port(port: int | None) -> int | None:
    return _EPHEMERAL if port is not None and port >= _EPHEMERAL else port


def object_of(record: Record, cls: str, folded: Callable[[str], str] = folded) -> str:
    """What a record is about, in a few words, with folded numbers."""
    peer = record.peer or record.peer_profile or ""
    name = folded(record.name or "")
    words: tuple[str | None, ...]
    match cls:
        case "link" | "change_profile" | "change_hat":
            words = (name, folded(record.name2 or ""))
            return " -> ".join(word for word in words if word)
        case "network" | "unix":
            words = (
                record.network_family,
                record.socket_type,
                folded(record.net_addr or ""),
                _endpoint(record.local_addr, record.local_port),
                _arrow(folded(record.peer_addr or "")),
                _arrow(_endpoint(record.foreign_addr, record.foreign_port)),
                peer,
            )
        case "dbus":
            where = folded(record.dbus_path or "")
            words = (record.dbus_bus, name, where, record.dbus_interface, record.dbus_member, peer)
        case "signal":
            words = (record.signal, _arrow(peer))
        case "mount" | "pivot_root":
            words = (folded(record.src_name or ""), _arrow(name), record.fs_type, record.flags)
        case "rlimit":
            value = str(record.value) if record.value is not None else ""
            words = (record.rlimit or name, value)
        case "ptrace" | "io_uring":
            words = (peer,)
        case _:
            words = (name, peer)
    return " ".join(word for word in words if word)


def _endpoint(address: str | None, port: int | None) -> str:
    shown = _port(port)
    number = STAR if shown == _EPHEMERAL else str(shown or "")
    return f"{address or ''}{':' if number else ''}{number}"


def _arrow(text: str) -> str:
    return f"-> {text}" if text else ""


def _directory(name: str) -> str:
    """The files of a directory."""
    folder, slash, _ = name.rpartition("/")
    return f"{folder}/{STAR}" if slash else name


def _below(name: str) -> str:
    """All that is below a directory of a directory of the root."""
    parts = name.split("/", 3)
    return f"/{parts[1]}/{parts[2]}/**" if name[0] == "/" and len(parts) > 3 else _in_root(name)


def _in_root(name: str) -> str:
    """All that is below a directory of the root."""
    return f"/{name.split('/', 2)[1]}/**" if name.count("/", 1) and name[0] == "/" else STAR


def _wide_object(record: Record, cls: str, width: int) -> str:
    """What the records of a cause are about whose key was made wider."""
    if width >= _ALL:
        return STAR
    if cls in ("network", "unix"):
        words = (record.network_family, record.socket_type, STAR)
        return " ".join(filter(None, words))
    fold = _FOLDS[width - 1]
    return object_of(record, cls, lambda name: fold(folded(name)) if name else "")


def _renamed(fold: Callable[[str], str], key: Any) -> tuple[object, ...]:
    """A key with wider names, and no addresses."""
    rest = key[_REST]
    if rest is not None:
        family, kind, protocol, net, peer, _, _, _, _, bus, path, _, _, source = rest
        net, peer, path, source = (
            fold(text) if text else text for text in (net, peer, path, source)
        )
        ports = addresses = (None, None)
        what = (None, None)
        rest = (family, kind, protocol, net, peer, *addresses, *ports, bus, path, *what, source)
    name, name2 = (fold(text) if text else text for text in (key[_NAME], key[_NAME2]))
    return (*key[:_NAME], name, *key[_NAME + 1 : _NAME2], name2, *key[_NAME2 + 1 : _REST], rest)


def _without_names(key: Any) -> tuple[object, ...]:
    """The event, the operation, the class and the profile of a key."""
    return (key[0], key[2], key[9], key[1])


def _first(count: int, key: Any) -> tuple[object, ...]:
    """The beginning of what `_without_names` makes."""
    found: tuple[object, ...] = key[:count]
    return found


#: Where a key has its names, and those of sockets and others.
_NAME, _NAME2, _REST = 3, 6, 15
#: What makes names wider, one after the other.
_FOLDS = (_directory, _below, _in_root)
#: The width from which no name is left.
_ALL = len(_FOLDS) + 1
_WIDER: tuple[Wider, ...] = (
    *(partial(_renamed, fold) for fold in _FOLDS),
    _without_names,
    partial(_first, 3),
    partial(_first, 1),
)
GROUPING = Grouping(key=_key, about=about, names=_names, alike=_alike, wider=_WIDER)
