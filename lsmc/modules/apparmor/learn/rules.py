"""From what a program lacks to rules: combined, for the kind where that is asked, and in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lsmc.base.text import encode
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.learn.choose import Execution
from lsmc.modules.apparmor.learn.names import written
from lsmc.modules.apparmor.learn.verify import DraftRequest
from lsmc.modules.apparmor.suggest.generalize import VariablePlaces, generalized
from lsmc.modules.apparmor.suggest.siblings import NUMBER, families
from lsmc.modules.apparmor.suggest.suggest import Wish, suggest, word
from lsmc.modules.apparmor.syntax.permission_words import in_order

#: The kinds of rules in the order in which a profile has them.
ORDER = (
    *("rlimit", "userns", "capability", "network", "mount", "umount", "pivot_root"),
    *("change_profile", "onexec", "mqueue", "io_uring", "signal", "ptrace", "unix", "dbus"),
    *("file", "link"),
)
_MANY = "the log has more files of this directory than rules could name"
#: Where the files of the system itself lie, and variables for such places.
_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/sbin", "/sys", "/usr"),
    *("@{bin}", "@{lib}", "@{etc", "@{PROC}", "@{sys}", "@{HOME}/."),
)
#: Permissions on a socket that have to do with its peer.
_PEER = frozenset(("send", "receive", "connect"))


class DraftRule(NamedTuple):
    """A rule of a draft: its kind, its text with the comma, and comments above and behind it.

    `broad` says why it covers more than the log shows, where that is much.
    """

    kind: str
    text: str
    above: tuple[str, ...] = ()
    behind: str = ""
    hazards: tuple[str, ...] = ()
    broad: tuple[str, ...] = ()

    @property
    def sort_key(self) -> tuple[int, str, str]:
        """By kind and path; `owner` and quotes do not count."""
        bare = self.text.removeprefix("owner ").replace('"', "")
        return ORDER.index(self.kind), bare, self.text


class Lack(NamedTuple):
    """What a request lacks; `folder` is the directory of which all files are meant, and `exact`
    forbids a rule for the kind.
    """

    wish: Wish
    asked: DraftRequest | None = None
    folder: str = ""
    exact: bool = False


def rules(
    lacks: Iterable[Lack], executions: Iterable[Execution], places: VariablePlaces
) -> list[DraftRule]:
    """The rules for what a program lacks and executes, in order, each once."""
    found: list[DraftRule] = []
    files: list[Lack] = []
    others: dict[tuple[object, ...], Lack] = {}
    for lack in lacks:
        wish = lack.wish
        if wish.cls == "file":
            files.append(lack)
            continue
        for part in _parts(wish):
            key = (part.cls, tuple(sorted(part.fields.items())), part.owner, _peers(part))
            known = others[key].wish.permissions if key in others else ()
            permissions = _in_order(part.cls, {*part.permissions, *known})
            others[key] = lack._replace(wish=part._replace(permissions=permissions))
    found += _files(files, list(executions), places)
    for lack in others.values():
        rule = _other(lack, places)
        if rule is not None:
            found.append(rule)
    merged: dict[str, DraftRule] = {}
    for rule in found:
        same = merged.get(rule.text, rule)
        both = tuple(dict.fromkeys((*same.hazards, *rule.hazards)))
        merged[rule.text] = rule._replace(hazards=both)
    return sorted((_commented(rule) for rule in merged.values()), key=lambda one: one.sort_key)


def _commented(rule: DraftRule) -> DraftRule:
    words = tuple(f"hazard: {HAZARDS[hazard]}" for hazard in rule.hazards)
    return rule._replace(above=(*rule.above, *words))


def _in_order(cls: str, permissions: Iterable[str]) -> tuple[str, ...]:
    wanted = set(permissions)
    return tuple(name for name in BY_NAME[cls].permissions if name in wanted)


def _parts(wish: Wish) -> Iterator[Wish]:
    """A wish in the halves that rules tell apart: sockets as such, and with their peers."""
    fields: Mapping[str, bytes] = wish.fields
    if wish.cls == "dbus" and fields.get("name", b"").startswith(b":"):
        fields = {**fields, "name": b""}  # the number of a connection is another one tomorrow
    if wish.cls == "network":
        kept = ("family", "type", "protocol")
        fields = {name: value if name in kept else b"" for name, value in fields.items()}
    wish = wish._replace(fields=fields)
    if wish.cls != "unix":
        yield wish
        return
    alone = {**fields, "peer_addr": b"", "peer_label": b""}
    peers = [name for name in wish.permissions if name in _PEER]
    others = [name for name in wish.permissions if name not in _PEER]
    if peers:
        yield wish._replace(permissions=_in_order("unix", peers))
    if others:
        yield wish._replace(permissions=_in_order("unix", others), fields=alone)


def _peers(wish: Wish) -> bool:
    return wish.cls == "unix" and bool(_PEER & set(wish.permissions))


def _other(lack: Lack, places: VariablePlaces) -> DraftRule | None:
    """The rule for what is no file."""
    wish = lack.wish
    text = suggest(wish)
    if wish.cls == "link" and not lack.exact:
        text = next(generalized(wish, places), text)
    if text is None:
        return None
    risks = hazards(wish.cls, wish.fields, wish.permissions)
    return DraftRule(wish.cls, text, hazards=risks)


class _Line(NamedTuple):
    """A rule for files in its parts.

    `literal` is about one object only, `many` says for how many it stands, and `guessed` that not
    numbers alone tell these apart.
    """

    head: str
    pattern: str
    letters: str
    literal: bool
    risks: tuple[str, ...]
    many: str = ""
    guessed: bool = False


class _Kind:
    """The files of one pattern: permissions by whether their owner asked, and examples."""

    def __init__(self, lack: Lack) -> None:
        self.lack = lack
        self.owned: set[str] = set()
        self.any: set[str] = set()
        self.risks: list[str] = []
        self.count = 0


def _files(
    lacks: list[Lack], executions: list[Execution], places: VariablePlaces
) -> Iterator[DraftRule]:
    executed = {encode(one.path): one for one in executions}
    more: dict[bytes, set[str]] = {path: set() for path in executed}
    kinds: dict[str, _Kind] = {}
    for lack in lacks:
        path = lack.wish.fields["path"]
        letters = set(lack.wish.permissions) - {"x"}
        if path in executed and not lack.folder:
            more[path] |= letters
            continue
        key = _pattern(lack, places, owner=False)
        kind = kinds.setdefault(key, _Kind(lack))
        kind.count += 1
        (kind.owned if lack.wish.owner else kind.any).update(letters)
        kind.risks += hazards("file", lack.wish.fields, letters)
    for path, execution in executed.items():
        letters = more[path] | ({"m", "r"} if execution.mode == "ix" else set())
        mode = execution.mode
        perms = in_order("".join(letters) + mode)
        risks = hazards("file", {"path": path}, {"x", *letters})
        arrow = f" -> {written(execution.target)}" if execution.target else ""
        if mode == "ix":
            text = f"{word(path)} {perms},"
            yield DraftRule("file", text, behind=execution.why, hazards=risks)
        else:
            # only what the profile that is changed to cannot bound is at stake
            yield DraftRule("file", f"{word(path)} {perms}{arrow},", behind=execution.why)
    lines: list[_Line] = []
    for key, kind in kinds.items():
        owned = kind.owned - kind.any
        if "w" in kind.any:
            owned -= {"a"}
        risks = tuple(dict.fromkeys(kind.risks))
        many = _MANY if kind.lack.folder else ""
        if owned:
            text = _pattern(kind.lack, places, owner=True)
            lines.append(
                _Line("owner ", text, _letters(owned), kind.lack.exact, risks, many, bool(many))
            )
        if kind.any:
            lines.append(
                _Line("", key, _letters(kind.any), kind.lack.exact, risks, many, bool(many))
            )
    for line in _together(lines):
        text = f"{line.head}{line.pattern} {line.letters},"
        said = (line.many,) if line.many else ()
        yield DraftRule("file", text, said, hazards=line.risks, broad=said if line.guessed else ())


def _together(lines: list[_Line]) -> Iterator[_Line]:
    """The lines, with one in the place of those whose paths are of one kind.

    Names with nothing in common but a place are left alone where the system keeps its own files,
    and so is what is hazardous.
    """
    alike: dict[tuple[str, str], list[_Line]] = {}
    for line in lines:
        if line.literal or line.risks or line.many or line.pattern.startswith('"'):
            yield line
        else:
            alike.setdefault((line.head, line.letters), []).append(line)
    for some in alike.values():
        patterns = [line.pattern for line in some]
        gone: set[int] = set()
        for family in families(patterns):
            numbers = family.pattern.count("*") == family.pattern.count(NUMBER)
            if not numbers and _is_system(family.pattern):
                continue
            gone.update(family.members)
            many = f"{len(family.members)} names of the log"
            yield some[family.members[0]]._replace(
                pattern=family.pattern, many=many, guessed=not numbers
            )
        yield from (line for number, line in enumerate(some) if number not in gone)


def _is_system(pattern: str) -> bool:
    """Whether a pattern is about files of the system itself."""
    return pattern.startswith(_SYSTEM)


def _letters(wanted: set[str]) -> str:
    return in_order("".join(wanted - ({"a"} if "w" in wanted else set())))


def _pattern(lack: Lack, places: VariablePlaces, *, owner: bool) -> str:
    path = lack.wish.fields["path"]
    if lack.folder:
        path = encode(lack.folder)
        text = places.path(path, owner)
        return f'{text[:-1]}/*"' if text.endswith('"') else f"{text}/*"
    return word(path) if lack.exact else places.path(path, owner)
