"""The smallest AppArmor rule that allows one request.

A request's fields become literal words: what the language would read as a glob, a variable or the
end of a word is escaped or quoted, so that the rule matches this request and nothing else. Needs
neither the grammar nor Lark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lsmc.base.text import decode
from lsmc.modules.apparmor.names import CAPABILITIES, FAMILIES, SOCKET_TYPES, signal_named
from lsmc.modules.apparmor.suggest.compilers import Version, takes_class, takes_fine_network

_GLOB = frozenset("*?[]{}^,")
_QUOTED = re.compile(r"[\s!,()=#<>]|\A[+&:]|\A\Z")
_LETTERS = "rwaxmkl"
_PEER_SOCKET = frozenset(("send", "receive", "connect", "accept"))
_BARE_FAMILIES = ("inet", "inet6")
#: Places whose files belong to the users that make them.
_OWNED = re.compile(rb"/(?:home|root|tmp|var/tmp|dev/shm|run/user|proc/\d+)/")


class Wish(NamedTuple):
    """What a rule should allow: a class, its fields, permissions, and how files are executed.

    `owner` is whether the subject owns the object; where that was `recorded`, a rule for files says
    it, else only in places whose files belong to users.  `compiler` is the release that has to take
    the rule, None when it is not known.
    """

    cls: str
    fields: Mapping[str, bytes]
    permissions: Sequence[str]
    owner: bool = True
    recorded: bool = False
    exec_mode: str = "ix"
    priority: int | None = None
    compiler: Version | None = None


#: Classes in which no priority beats a deny rule: rules without one, or with one to no effect.
WITHOUT_PRIORITY = ("network", "capability")


def suggest(wish: Wish) -> str | None:
    """The rule, or None where no rule can allow it."""
    write = _WRITERS.get(wish.cls) if takes_class(wish.compiler, wish.cls) else None
    if write is None or (wish.priority is not None and wish.cls in WITHOUT_PRIORITY):
        return None
    rule = write(wish)
    if rule is None:
        return None
    head = f"priority={wish.priority} " if wish.priority is not None else ""
    return f"{head}{rule},"


def word(data: bytes) -> str:
    """A literal word, quoted where a bare one would end too early."""
    out: list[str] = []
    for char in decode(data):
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif char in _GLOB:
            out.append("\\" + char)
        elif char == "\\":
            out.append("\\x5c")
        elif char == '"' or (not char.isprintable() and char != " "):
            out += (f"\\x{byte:02x}" for byte in char.encode())
        else:
            out.append(char)
    text = "".join(out)
    return f'"{text}"' if _QUOTED.search(text) else text


def _perms(wish: Wish) -> str:
    names = tuple(wish.permissions)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _conditions(wish: Wish, *names: str) -> str:
    """` name=value` for each field that is set."""
    return "".join(f" {pair}" for pair in _pairs(wish, *((name, name) for name in names)))


def _peer(wish: Wish, *names: tuple[str, str]) -> str:
    """` peer=(name=value, ...)` for the fields that are set, each under its name there."""
    inside = ", ".join(_pairs(wish, *names))
    return f" peer=({inside})" if inside else ""


def _pairs(wish: Wish, *names: tuple[str, str]) -> list[str]:
    return [
        f"{written}={word(wish.fields[field])}"
        for field, written in names
        if wish.fields.get(field)
    ]


def _file(wish: Wish) -> str:
    path = wish.fields["path"]
    wanted = set(wish.permissions)
    if "w" in wanted:
        wanted.discard("a")
    letters = "".join(p for p in _LETTERS if p in wanted and p != "x")
    if "x" in wanted:
        letters += wish.exec_mode
    known = wish.recorded or _OWNED.match(path)
    owned = "owner " if wish.owner and known and "x" not in wanted else ""
    return f"{owned}{word(path)} {letters}"


def _link(wish: Wish) -> str:
    return f"link {word(wish.fields['link'])} -> {word(wish.fields['target'])}"


def _capability(wish: Wish) -> str | None:
    name = wish.fields["capability"].decode("ascii", "replace")
    return f"capability {name}" if name in CAPABILITIES else None


def _network(wish: Wish) -> str | None:
    family, kind = (wish.fields[name].decode("ascii", "replace") for name in ("family", "type"))
    if family not in FAMILIES or kind not in ("", *SOCKET_TYPES):
        return None
    socket = f" {family} {kind}".rstrip()
    given = {name for name, value in wish.fields.items() if value}
    fine = given & {"ip", "port", "label", "peer_ip", "peer_port", "peer_label", "interface"}
    if not fine or family not in _BARE_FAMILIES or not takes_fine_network(wish.compiler):
        return f"network{socket}"
    local = _conditions(wish, "ip", "port", "label", "interface")
    if set(wish.permissions) == {"create"}:
        local = ""
    pairs = (("peer_ip", "ip"), ("peer_port", "port"), ("peer_label", "label"))
    peer = _peer(wish, *pairs) if set(wish.permissions) <= _PEER_SOCKET else ""
    return f"network {_perms(wish)}{socket}{local}{peer}"


def _unix(wish: Wish) -> str:
    fields = {name: value for name, value in wish.fields.items() if value != b"none"}
    bare = wish._replace(fields=fields)
    made = set(wish.permissions) == {"create"}  # a socket has no address yet
    local = _conditions(bare, "type") if made else _conditions(bare, "type", "addr")
    peer = ""
    if set(wish.permissions) <= _PEER_SOCKET - {"accept"}:
        peer = _peer(bare, ("peer_label", "label"), ("peer_addr", "addr"))
    return f"unix {_perms(wish)}{local}{peer}"


def _dbus(wish: Wish) -> str:
    if set(wish.permissions) == {"bind"}:
        return f"dbus bind{_conditions(wish, 'bus', 'name')}"
    if set(wish.permissions) == {"eavesdrop"}:
        return f"dbus eavesdrop{_conditions(wish, 'bus')}"
    message = _conditions(wish, "bus", "path", "interface", "member")
    return f"dbus {_perms(wish)}{message}{_peer(wish, ('name', 'name'), ('label', 'label'))}"


def _signal(wish: Wish) -> str | None:
    name = wish.fields["signal"].decode("ascii", "replace")
    if signal_named(name) is None:
        return None
    return f"signal {_perms(wish)} set=({name}){_conditions(wish, 'peer')}"


def _ptrace(wish: Wish) -> str:
    return f"ptrace {_perms(wish)}{_conditions(wish, 'peer')}"


def _mount(wish: Wish) -> str:
    flags = [flag for flag in wish.fields["options"].decode("ascii", "replace").split(",") if flag]
    source, where = wish.fields["source"], wish.fields["mountpoint"]
    if "remount" in flags:
        rest = [flag for flag in flags if flag != "remount"]
        options = f" options=({', '.join(rest)})" if rest else ""
        return f"remount{options} {word(where)}"
    options = f" options=({', '.join(flags or ['rw'])})"
    if set(flags) & {"shared", "private", "slave", "unbindable"}:
        return f"mount{_propagation(flags)} -> {word(where)}"
    fstype = "" if set(flags) & {"bind", "move"} else _conditions(wish, "fstype")
    if "bind" in flags:
        options = " options=(rbind)" if "rec" in flags else " options=(bind)"
    from_ = f" {word(source)}" if source else ""
    return f"mount{fstype}{options}{from_} -> {word(where)}"


def _propagation(flags: Sequence[str]) -> str:
    prefix = "r" if "rec" in flags else ""
    words = [prefix + flag if flag != "silent" else flag for flag in flags if flag != "rec"]
    return f" options=({', '.join(words)})"


def _umount(wish: Wish) -> str:
    return f"umount {word(wish.fields['mountpoint'])}"


def _pivot_root(wish: Wish) -> str:
    return f"pivot_root{_conditions(wish, 'oldroot')} {word(wish.fields['newroot'])}"


def _change_profile(wish: Wish) -> str:
    return f"change_profile -> {word(wish.fields['target'])}"


def _onexec(wish: Wish) -> str | None:
    executable = wish.fields["exec"]
    if not executable:
        return _change_profile(wish)
    return f"change_profile {word(executable)} -> {word(wish.fields['target'])}"


def _userns(wish: Wish) -> str:
    del wish
    return "userns create"


def _io_uring(wish: Wish) -> str:
    label = _conditions(wish, "label") if "override_creds" in wish.permissions else ""
    return f"io_uring {_perms(wish)}{label}"


def _mqueue(wish: Wish) -> str:
    name = f" {word(wish.fields['name'])}" if wish.fields["name"] else ""  # some records lack it
    return f"mqueue {_perms(wish)}{_conditions(wish, 'type', 'label')}{name}"


_WRITERS: Mapping[str, Callable[[Wish], str | None]] = {
    "file": _file,
    "link": _link,
    "capability": _capability,
    "network": _network,
    "unix": _unix,
    "dbus": _dbus,
    "signal": _signal,
    "ptrace": _ptrace,
    "mount": _mount,
    "umount": _umount,
    "pivot_root": _pivot_root,
    "change_profile": _change_profile,
    "onexec": _onexec,
    "userns": _userns,
    "io_uring": _io_uring,
    "mqueue": _mqueue,
}
