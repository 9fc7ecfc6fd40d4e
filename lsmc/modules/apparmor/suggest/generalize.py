"""From a rule for one object to a rule for its kind, in the words of a policy's own variables.

The longest beginning of a path that a variable stands for becomes a reference to it (`@{HOME}`,
`@{run}`), and numbers that differ from run to run become `@{pid}`, `@{uid}` or a glob.  Whether the
result really allows the request is for the caller to verify: it is a proposal in text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from lsmc.base.source import to_display
from lsmc.base.text import decode, encode
from lsmc.explain.varying import VARYING
from lsmc.modules.apparmor.resolve.variables import ExpansionError, Variables
from lsmc.modules.apparmor.suggest.suggest import Wish, suggest, word

#: Variables with more values stand for lists of programs and the like, not for places.
_MAX_VALUES = 64
_PREFERRED = ("HOME", "PROC", "run", "bin", "lib", "tmp", "etc", "sys", "share", "HOMEDIRS")
#: A device of a kind that has many, by its place in sysfs.
_DEVICE = re.compile(
    r"/sys/devices/(?:[^/]+/)+?(net|block|hwmon|drm|power_supply|sound|input|tty)/[^/]+(?=/)"
)
#: What a set of a regular expression would read as an operator, and a glob does not.
_SET_SIGN = re.compile(r"(?<!\\)[\[&|~]|--")
_NEEDS_QUOTES = re.compile(r"[\s!()=#<>]|\A[+&:]")


class VariablePlaces:
    """The variables of a policy that stand for places in the file system."""

    def __init__(self, variables: Variables) -> None:
        self.names = variables.names()
        self._places = sorted(_places(variables), key=lambda place: _rank(place[0]))

    def start(self, path: str) -> tuple[str, int]:
        """The variable that stands for the longest beginning of a path, and how long that is."""
        best, length = "", 0
        for name, pattern in self._places:
            match = pattern.match(path)
            if match is not None and match.end() > length:
                best, length = name, match.end()
        return best, length

    def path(self, data: bytes, owner: bool) -> str:
        """A path as a pattern for its kind, quoted where it must be."""
        return quoted(self.pattern(data, owner))

    def pattern(self, data: bytes, owner: bool) -> str:
        """A path as a pattern for its kind."""
        text = decode(data)
        name, length = self.start(text)
        parts = [f"@{{{name}}}"] if name else []
        before = text[:length]
        if match := _DEVICE.match(text):  # where it hangs differs from machine to machine
            parts = ["@{sys}" if "sys" in self.names else "/sys", f"/devices/**/{match[1]}/*"]
            before, length = match[0], match.end()
        for part in re.split(r"(/)", text[length:]):
            parts.append(self._component(part, before, owner))
            before += part
        return "".join(parts)

    def _component(self, part: str, before: str, owner: bool) -> str:
        if re.fullmatch("[0-9]+", part) and before.endswith("/"):
            wanted: Collection[str] = ()
            if before.endswith("/proc/"):
                wanted = ("pid", "pids") if owner else ("pids", "pid")
            elif before.endswith("/task/"):
                wanted = ("tid", "pid")
            elif before.endswith("/user/"):
                wanted = ("uid",)
            name = next((name for name in wanted if name in self.names), "")
            return f"@{{{name}}}" if name else "[0-9]*"
        found, at = [], 0
        for match in VARYING.finditer(part):
            found += [_bare(part[at : match.start()]), "*"]
            at = match.end()
        return "".join([*found, _bare(part[at:])])


def quoted(pattern: str) -> str:
    """A pattern as a word of policy."""
    return f'"{pattern}"' if _NEEDS_QUOTES.search(pattern) else pattern


def _bare(text: str) -> str:
    """Literal text with its escapes, without quotes."""
    if not text:
        return ""
    found = word(encode(text))
    return found[1:-1] if found.startswith('"') else found


def generalized(wish: Wish, places: VariablePlaces) -> Iterator[str]:
    """Rules that allow a wish and its kind, the narrowest first; may allow no more than it."""
    if wish.cls == "file":
        yield _file(wish, places)
    elif wish.cls == "link":
        names = (places.path(wish.fields[name], wish.owner) for name in ("link", "target"))
        yield "link " + " -> ".join(names) + ","
    elif wish.cls in ("network", "dbus", "unix"):
        for dropped in _DROPPED[wish.cls]:
            fields = {name: b"" if name in dropped else v for name, v in wish.fields.items()}
            rule = suggest(wish._replace(fields=fields))
            if rule is not None:
                yield rule


def _file(wish: Wish, places: VariablePlaces) -> str:
    return file_rule(wish, places.pattern(wish.fields["path"], wish.owner))


def file_rule(wish: Wish, pattern: str) -> str:
    """The rule that allows what is wished of a file to those of a pattern."""
    owner = wish.owner and "x" not in wish.permissions
    plain = suggest(wish._replace(fields={"path": b"/"}, owner=False, priority=None)) or ""
    letters = plain.rpartition(" ")[2]
    head = f"priority={wish.priority} " if wish.priority is not None else ""
    return f"{head}{'owner ' if owner else ''}{quoted(pattern)} {letters}"


_DROPPED: dict[str, tuple[frozenset[str], ...]] = {
    "network": (
        frozenset(("ip", "port", "label", "interface", "peer_ip", "peer_port", "peer_label")),
    ),
    "dbus": (frozenset(("member",)), frozenset(("member", "interface", "name"))),
    "unix": (frozenset(("addr", "peer_addr")),),
}


def _rank(name: str) -> tuple[int, int, str]:
    at = _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)
    return at, len(name), name


def _places(variables: Variables) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name in sorted(variables.names()):
        if variables.values(name) is None:
            continue
        try:
            values = variables.flatten(name)
        except ExpansionError:
            continue
        texts = [to_display(value).rstrip("/") for value in values]
        if not texts or len(texts) > _MAX_VALUES or not all(map(_is_place, texts)):
            continue
        try:
            yield name, _pattern(tuple(texts))
        except (re.error, RecursionError, OverflowError):
            continue


@lru_cache(maxsize=4096)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """What values of a variable match; files share most of their variables."""
    return re.compile(f"(?:{'|'.join(map(_regex, values))})(?=/|\\Z)", re.DOTALL)


def _is_place(text: str) -> bool:
    """Whether a value is a path of a bounded depth below some directory."""
    return text.startswith("/") and len(text) > 1 and "**" not in text and "^" not in text


def _escaped(match: re.Match[str]) -> str:
    return re.escape(match[0])


def _regex(glob: str) -> str:
    """A value without `**` as a regular expression."""
    out: list[str] = []
    depth = 0
    rest = re.findall(r"\\.|\[[^\]]*\]|.", glob, re.DOTALL)
    for piece in rest:
        if piece == "*":
            out.append("[^/]+" if out and out[-1] == "/" else "[^/]*")
        elif piece == "?":
            out.append("[^/]")
        elif piece == "{":
            depth += 1
            out.append("(?:")
        elif piece == "}" and depth:
            depth -= 1
            out.append(")")
        elif piece == "," and depth:
            out.append("|")
        elif len(piece) > 2:
            out.append("[" + _SET_SIGN.sub(_escaped, piece[1:-1]) + "]")
        else:
            out.append(re.escape(piece[-1]))
    return "".join(out)
