"""What may stand at a place: by the words of the statement before it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lsmc.base.source import Span, to_display
from lsmc.compiler.inputs import may_be_policy
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.editing.names import all_profiles
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.editing.words import execute_text, words
from lsmc.modules.apparmor.mount_flags import CLEARS, SETS
from lsmc.modules.apparmor.names import (
    BUSES,
    FAMILIES,
    PROTOCOLS,
    QUEUE_TYPES,
    RESOURCES,
    SIGNALS,
    SOCKET_TYPES,
)
from lsmc.modules.editing import Completion, CompletionKind

#: Bytes before a place in which its statement begins.
_BACK = 4000
#: Names that are offered of one folder, those of folders first.
_ENTRIES = 500
_BUILTIN = ("profile_name", "attach_path", "exec_path")
#: Words that begin a statement before profiles, and in one; with what is to fill in.
_PREAMBLE = {
    "include": "include <$0>",
    "abi": "abi <abi/$0>,",
    "alias": "alias $1 -> $2,",
    "profile": "profile ${1:name} ${2:/path} {\n  $0\n}",
    "if": "if $1 {\n  $0\n}",
}
_BODY = {
    "include": "include <abstractions/$0>",
    "capability": "capability $0,",
    "network": "network $0,",
    "mount": "mount $0,",
    "remount": "remount $0,",
    "umount": "umount $0,",
    "pivot_root": "pivot_root $0,",
    "signal": "signal ($1) set=($2) peer=$0,",
    "ptrace": "ptrace ($1) peer=$0,",
    "unix": "unix ($1) type=$0,",
    "dbus": "dbus ($1) bus=$0,",
    "file": "file $0,",
    "link": "link $1 -> $2,",
    "change_profile": "change_profile -> $0,",
    "set": "set rlimit $1 <= $0,",
    "userns": "userns,",
    "io_uring": "io_uring ($0),",
    "mqueue": "mqueue ($1) $0,",
    "all": "all,",
    "profile": "profile ${1:name} {\n  $0\n}",
    "hat": "hat ${1:name} {\n  $0\n}",
    "if": "if $1 {\n  $0\n}",
}
#: The statements that no prefix stands before, and those that `owner` and `other` stand before.
_WITHOUT_PREFIX = ("include", "set", "profile", "hat", "if")
_OF_OWNERS = ("file", "link")
_PREFIXES = ("audit", "allow", "deny", "prompt", "owner", "other", "priority")
_MODES = (
    *("ix", "px", "Px", "cx", "Cx", "ux", "Ux", "pix", "Pix", "cix", "Cix"),
    *("pux", "PUx", "cux", "CUx"),
)
_LETTERS = ("r", "w", "a", "m", "k", "l", "rw", "rwk", "mr", "rk")
#: The conditions of a class of rules.
_CONDITIONS = {
    "signal": ("set", "peer"),
    "ptrace": ("peer",),
    "unix": ("type", "protocol", "addr", "label", "peer"),
    "dbus": ("bus", "path", "interface", "member", "name", "label", "peer"),
    "mqueue": ("type", "label"),
    "io_uring": ("label",),
    "mount": ("fstype", "options"),
    "remount": ("options",),
    "umount": ("fstype",),
    "network": ("ip", "port", "peer"),
    "pivot_root": ("oldroot",),
}
_VALUES: dict[tuple[str, str], Iterable[str]] = {
    ("signal", "set"): SIGNALS,
    ("unix", "type"): SOCKET_TYPES,
    ("mqueue", "type"): QUEUE_TYPES,
    ("dbus", "bus"): BUSES,
    ("mount", "options"): sorted({*SETS, *CLEARS}),
    ("remount", "options"): sorted({*SETS, *CLEARS}),
}

#: What ends a statement: a comma before the end of a line, an include, an empty line, a brace.
_END = re.compile(r",(?=[ \t]*(?:\n|#|\Z))|(?<=[>\"])[ \t]*\n|\n[ \t]*(?=\n)|[{}]")
_COMMENTS = re.compile(r"\A(?:\s*#(?!include)[^\n]*\n)+")
_HEAD = re.compile(
    r"(?:(?:audit|allow|deny|prompt|owner|other|quiet|priority\s*=\s*-?\d+)\s+)*(?P<word>[\w]+)\b"
)
_OPEN_VARIABLE = re.compile(r"@\{(\w*)\Z")
_INCLUDE = re.compile(
    r"(?:#?include(?:\s+if\s+exists)?|(?P<abi>abi))\s+(?:<|\")(?P<path>[^<>\"\n]*)\Z"
)
_ARROW = re.compile(r"->\s*&?(?P<part>[^\s,]*)\Z")
_TO_CHILD = re.compile(r"\s[a-zA-Z]*[cC][iIuU]?[xX]\s*\Z")
_FLAGS = re.compile(r"flags\s*=\s*\([^)]*?(?P<part>[\w.]*)\Z")
_CONDITION = re.compile(r"(?P<name>[a-z_]+)\s*(?:=|in)\s*(?:\([^)(=]*?)?(?P<part>[^\s,(=]*)\Z")
_PART = re.compile(r"[\w.+-]*\Z")
_PATH = re.compile(r"(?P<path>(?:/|@\{)[^\s,]*)\Z")
_AFTER_PATH = re.compile(r"(?:^|\s)(?:\"[^\"]*\"|(?:/|@\{)\S*)\s+(?P<part>[A-Za-z]*)\Z")


class _Place(NamedTuple):
    """A place: the statement before it, and whether it lies in a profile."""

    snapshot: Snapshot
    offset: int
    before: str
    inside: bool

    def span(self, part: str) -> Span:
        """The text that is to be replaced: what was typed of a word."""
        return self.snapshot.span(self.offset - len(part), self.offset)


def complete(snapshot: Snapshot, offset: int) -> list[Completion]:
    """What may stand at an offset."""
    for comment in snapshot.parsed.tree.comments:
        if comment.span.start < offset <= comment.span.end:
            return []
    inside = _in_profile(snapshot, offset)
    place = _Place(snapshot, offset, _statement(snapshot, offset, inside), inside)
    for find in _FINDERS:
        found = find(place)
        if found is not None:
            return list(found)
    return []


def _statement(snapshot: Snapshot, offset: int, inside: bool) -> str:
    """The text of a statement before an offset; outside of profiles it begins with its line."""
    text = snapshot.source.text[max(0, offset - _BACK) : offset]
    start = text.rfind("\n") + 1
    if inside:
        start = 0
        for match in _END.finditer(text):
            at = match.end()
            in_list = text.count("(", start, at) > text.count(")", start, at)
            if not in_list and not _in_path(text, match.start()):
                start = at
    return _COMMENTS.sub("", text[start:]).lstrip()


def _in_path(text: str, at: int) -> bool:
    """Whether a brace belongs to a variable or to an alternation in a path."""
    if text[at] not in "{}":
        return False
    blank = (" ", "\t", "\n", "")
    return text[at - 1 : at] not in blank or text[at + 1 : at + 2] not in blank


def _in_profile(snapshot: Snapshot, offset: int) -> bool:
    parts = all_profiles(snapshot.names.profiles)
    if any(one.start < offset <= one.end for one in parts):
        return True
    return not snapshot.names.profiles and not posixpath.relpath(
        snapshot.path, snapshot.base
    ).startswith("tunables/")


# --- the kinds of places, the most special first


def _variables(place: _Place) -> Iterator[Completion] | None:
    match = _OPEN_VARIABLE.search(place.before)
    if match is None:
        return None
    part = match[1]
    closed = place.snapshot.source.text[place.offset : place.offset + 1] == "}"
    return _each(
        place,
        part,
        "variable",
        ((name, _values(place.snapshot, name)) for name in _variable_names(place)),
        "" if closed else "}",
    )


def _variable_names(place: _Place) -> list[str]:
    variables = place.snapshot.variables
    known = {name for name in variables.names() if variables.values(name) is not None}
    return sorted({*known, *(_BUILTIN if place.inside else ())})


def _values(snapshot: Snapshot, name: str) -> str:
    values = snapshot.variables.values(name)
    if values is None:
        return "set for each profile"
    shown = " ".join(to_display(value) for value in values[:4])
    return shown + (" …" if len(values) > 4 else "")


def _includes(place: _Place) -> Iterator[Completion] | None:
    match = _INCLUDE.search(place.before)
    if match is None:
        return None
    path = match["path"]
    folder, _, part = path.rpartition("/")
    if path.startswith("/"):
        folders = [folder or "/"]
    else:
        folders = [posixpath.join(base, folder) for base in place.snapshot.front.library.search]
    return _entries(place, folders, part, may_be_policy)


def _entries(
    place: _Place, folders: Iterable[str], part: str, wanted: Callable[[str], bool]
) -> Iterator[Completion]:
    files = place.snapshot.files
    for folder in folders:
        try:
            names = files.entries(folder) or []
        except OSError:
            continue
        chosen = sorted(
            (files.entries(posixpath.join(folder, name)) is None, name)
            for name in names
            if name.startswith(part) and wanted(name)
        )
        for is_file, name in chosen[:_ENTRIES]:
            kind: CompletionKind = "file" if is_file else "folder"
            yield Completion(name if is_file else f"{name}/", kind, place.span(part))


def _flags(place: _Place) -> Iterator[Completion] | None:
    match = _FLAGS.search(place.before)
    if match is None:
        return None
    return _each(place, match["part"], "flag", words("flag").items())


def _targets(place: _Place) -> Iterator[Completion] | None:
    match = _ARROW.search(place.before)
    if match is None or _head(place) in ("mount", "remount", "alias", "link"):
        return None
    if _TO_CHILD.search(place.before, 0, match.start()):
        return _each(place, match["part"], "profile", _children(place))
    return _profiles(place, match["part"])


def _children(place: _Place) -> list[tuple[str, str]]:
    """The children of the profile that a place lies in."""
    parts = all_profiles(place.snapshot.names.profiles)
    around = [one for one in parts if one.start <= place.offset <= one.end]
    children = around[-1].children if around else ()
    return [(child.own, "a child of this profile") for child in children]


def _profiles(place: _Place, part: str) -> Iterator[Completion]:
    found: dict[str, str] = {}
    for one in place.snapshot.indexed:
        for profile in all_profiles(one.found.profiles):
            found.setdefault(profile.name, profile.attachment)
    return _each(place, part, "profile", [*sorted(found.items()), ("unconfined", "no profile")])


def _capabilities(place: _Place) -> Iterator[Completion] | None:
    if _head(place) != "capability":
        return None
    said = set(place.before.split())
    known = ((name, text) for name, text in words("capability").items() if name not in said)
    return _each(place, _part(place), "value", known)


def _networks(place: _Place) -> Iterator[Completion] | None:
    if _head(place) != "network" or "=" in place.before:
        return None
    lists = (
        *((name, "family") for name in FAMILIES if name != "unspec"),
        *((name, "type") for name in SOCKET_TYPES),
        *((name, "protocol") for name in PROTOCOLS),
        *((name, "permission") for name in BY_NAME["network"].permissions),
    )
    return _each(place, _part(place), "value", lists)


def _conditions(place: _Place) -> Iterator[Completion] | None:
    """The value of a condition, or the words and conditions of a class of rules."""
    head = _head(place)
    if head not in _CONDITIONS or head == "network":
        return None
    match = _CONDITION.search(place.before)
    if match is not None and (match["name"] != "peer" or head in ("signal", "ptrace")):
        name, part = match["name"], match["part"]
        if name in ("peer", "label"):
            return _profiles(place, part)
        return _each(place, part, "value", ((one, "") for one in _VALUES.get((head, name), ())))
    permissions = BY_NAME[head].permissions if head in BY_NAME and head != "mount" else ()
    texts = words("condition")
    conditions = ((f"{name}=", texts.get(name, "")) for name in _CONDITIONS[head])
    return _each(
        place,
        _part(place),
        "value",
        (*((one, "permission") for one in permissions), *conditions),
    )


def _resources(place: _Place) -> Iterator[Completion] | None:
    if not re.search(r"\brlimit\s+\w*\Z", place.before):
        return None
    return _each(place, _part(place), "value", ((name, "resource") for name in RESOURCES))


def _permissions(place: _Place) -> Iterator[Completion] | None:
    match = _AFTER_PATH.search(place.before)
    if match is None:
        return None
    known = words("permission")
    letters = ((one, ", ".join(known[letter] for letter in one)) for one in _LETTERS)
    modes = ((one, execute_text(one)) for one in _MODES)
    return _each(place, match["part"], "permission", (*letters, *modes))


def _paths(place: _Place) -> Iterator[Completion] | None:
    match = _PATH.search(place.before)
    if match is None:
        return None
    path = match["path"]
    if not path.startswith("/") or not path.isascii() or set(path) & set('*?[]{}@\\"'):
        return iter(())
    folder, _, part = path.rpartition("/")
    return _entries(place, [folder or "/"], part, lambda _: True)


def _keywords(place: _Place) -> Iterator[Completion] | None:
    part = _part(place)
    texts = words("keyword")
    span = place.span(part)
    said = place.before[: len(place.before) - len(part)].split()
    if any(word not in _PREFIXES and not word.startswith("priority") for word in said):
        return None

    def offered() -> Iterator[Completion]:
        for word, insert in (_BODY if place.inside else _PREAMBLE).items():
            if said and word in _WITHOUT_PREFIX:
                continue
            if not {"owner", "other"}.isdisjoint(said) and word not in _OF_OWNERS:
                continue
            yield Completion(word, "keyword", span, "", texts[word], insert, "$" in insert)
        for word in _PREFIXES if place.inside else ():
            if word not in said:
                insert = "priority=" if word == "priority" else word
                yield Completion(word, "keyword", span, "", texts[word], insert)

    return offered()


_FINDERS: tuple[Callable[[_Place], Iterator[Completion] | None], ...] = (
    _variables,
    _includes,
    _flags,
    _targets,
    _capabilities,
    _networks,
    _conditions,
    _resources,
    _permissions,
    _paths,
    _keywords,
)


def _head(place: _Place) -> str:
    """The keyword of the statement, once something stands behind it."""
    match = _HEAD.match(place.before)
    if match is None or match.end() == len(place.before):
        return ""
    return match["word"]


def _part(place: _Place) -> str:
    match = _PART.search(place.before)
    return match[0] if match is not None else ""


def _each(
    place: _Place,
    part: str,
    kind: CompletionKind,
    known: Iterable[tuple[str, str]],
    behind: str = "",
) -> Iterator[Completion]:
    span = place.span(part)
    for word, detail in known:
        yield Completion(word, kind, span, detail, "", word + behind if behind else "")
