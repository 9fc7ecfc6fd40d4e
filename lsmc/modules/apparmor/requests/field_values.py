"""What the fields of each class may hold: names of fixed tables, numbers, addresses, paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsmc.base.numbers import natural
from lsmc.engine.verdict import RequestError
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.classes import MOUNT, MQUEUE
from lsmc.modules.apparmor.mount_flags import BIND, MOVE, SETS
from lsmc.modules.apparmor.names import (
    BUSES,
    CAPABILITIES,
    FAMILIES,
    PROTOCOLS,
    QUEUE_TYPES,
    SIGNAL_ALIASES,
    SIGNALS,
    SOCKET_TYPES,
    is_bus,
    queue_type,
    signal_named,
)
from lsmc.modules.apparmor.requests.filling import address, mount_options
from lsmc.modules.apparmor.requests.paths import check_path
from lsmc.stack.capabilities import plain

Fields = Mapping[str, str]
#: Options of mounts whose source is a path; that of others may be any text.
_WITH_SOURCE = {word for word, flags in SETS.items() if flags & (BIND | MOVE)}
_MOST_PORT = 65_535


def check_values(cls: MediationClass, given: Fields) -> None:
    """Raise `RequestError` unless each field of a class has a value that a kernel knows."""
    tests = _TESTS.get(cls.name, {})
    for name, value in given.items():
        test = tests.get(name)
        if test is not None and value:
            test(value)
    if cls is MQUEUE:
        _check_queue(given)
    elif cls is MOUNT and _WITH_SOURCE & _words(given, "options"):
        check_path(given.get("source", "/"))


def _words(given: Fields, name: str) -> set[str]:
    return set(given.get(name, "").replace(",", " ").split())


def _one_of(what: str, known: tuple[str, ...]) -> Callable[[str], None]:
    def test(value: str) -> None:
        if value not in known:
            raise RequestError(f"`{value}` is not {what}", value, known)

    return test


def _capability(value: str) -> None:
    name = plain(value)
    if name not in CAPABILITIES:
        raise RequestError(f"`{value}` is not a capability", name, CAPABILITIES)


def _signal(value: str) -> None:
    name = value.lower().removeprefix("sig")
    if signal_named(name) is None:
        known = (*SIGNALS, *SIGNAL_ALIASES, "rtmin+0")
        raise RequestError(f"`{value}` is not a signal", name, known)


def _bus(value: str) -> None:
    if not is_bus(value):
        raise RequestError(f"`{value}` is not a message bus", value, BUSES)


def _socket_address(value: str) -> None:
    if value in ("none", "auto") or value.startswith("@"):
        return
    if not value.startswith("/"):
        raise RequestError(
            f"`{value}` is not the address of a unix socket: `@name`, `none` or a path"
        )
    check_path(value)


def _port(value: str) -> None:
    number = natural(value)
    if number is None or number > _MOST_PORT:
        raise RequestError(f"`{value}` is not a port: a number up to {_MOST_PORT}", value)


def _protocol(value: str) -> None:
    if value in PROTOCOLS or natural(value) is not None:
        return
    from lsmc.logs.audit_values import PROTOCOLS as NUMBERS

    if value not in NUMBERS.values():
        raise RequestError(f"`{value}` is not a protocol", value, tuple(NUMBERS.values()))


def _check_queue(given: Fields) -> None:
    name = given.get("name", "")
    implied = queue_type(name)
    if implied is None:
        raise RequestError(
            f"`{name}` is not the name of a message queue: posix queues start with `/`, "
            "sysv queues are numbers"
        )
    if given.get("type", implied) != implied:
        raise RequestError(f"`{name}` is the name of a {implied} queue")


_TYPE = _one_of("a socket type", SOCKET_TYPES)
_TESTS: dict[str, dict[str, Callable[[str], object]]] = {
    "capability": {"capability": _capability},
    "network": {
        "family": _one_of("an address family", FAMILIES),
        "type": _TYPE,
        "protocol": _protocol,
        "ip": address,
        "port": _port,
        "peer_ip": address,
        "peer_port": _port,
    },
    "unix": {"type": _TYPE, "addr": _socket_address, "peer_addr": _socket_address},
    "dbus": {"bus": _bus},
    "signal": {"signal": _signal},
    "mount": {"mountpoint": check_path, "options": mount_options},
    "umount": {"mountpoint": check_path},
    "pivot_root": {"newroot": check_path, "oldroot": check_path},
    "onexec": {"exec": check_path},
    "mqueue": {"type": _one_of("a type of message queue", QUEUE_TYPES)},
}
