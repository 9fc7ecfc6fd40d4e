"""Lines that grant: `file ...`, `network ...`, `misc env ...`, `task ...`."""

from __future__ import annotations

from lsmc.base.errors import did_you_mean
from lsmc.modules.tomoyo.model import Acl, Operand
from lsmc.modules.tomoyo.numbers import read_addresses
from lsmc.modules.tomoyo.syntax.conditions import read_condition
from lsmc.modules.tomoyo.syntax.reader import Refused, Word, Words, check_word, read_group
from lsmc.modules.tomoyo.vocabulary import (
    ENVIRON,
    FILE_KINDS,
    INET,
    PATH,
    SOCKET_TYPES,
    TASK,
    UNIX,
    Argument,
    Kind,
)

_HEADS = ("file", "network inet", "network unix", "misc env", "task manual_domain_transition")
_MAX_PORT = 65535


def read_acl(words: Words) -> Acl:
    """A whole line; raises `Refused`."""
    kind, socket, permissions = _head(words)
    word = words.words[words.at - 1]
    try:
        arguments = tuple(_argument(words, what, form) for what, form in kind.arguments)
        execute = kind is PATH and permissions == ("execute",)
        return Acl(kind, permissions, arguments, socket, read_condition(words, execute=execute))
    except Refused as refused:
        if kind in FILE_KINDS and (lost := others_of(kind, word.text)):
            refused.help = (
                f"the line is one of `{'/'.join(permissions)}`; `{'/'.join(lost)}` takes other"
                " arguments and needs a line of its own"
            )
        raise


def others_of(kind: Kind, word: str) -> tuple[str, ...]:
    """The permissions in a word that the kernel does not look for, as it found some of a kind."""
    return tuple(
        one for other in FILE_KINDS if other is not kind for one in permissions_of(other, word)
    )


def permissions_of(kind: Kind, word: str) -> tuple[str, ...]:
    """The permissions of a kind that the kernel finds in a word.

    It looks for each name where it first occurs, and takes it at the beginning of the word or
    behind a `/`; what follows the name does not matter.
    """
    return tuple(
        one
        for one in kind.permissions
        if (at := word.find(one)) == 0 or (at > 0 and word[at - 1] == "/")
    )


def _head(words: Words) -> tuple[Kind, str, tuple[str, ...]]:
    """The kind of the line, the type of socket, the permissions."""
    first = words.take("a line of policy")
    match first.text:
        case "file":
            return _file(words.take("permissions"))
        case "network":
            return _network(words)
        case "misc":
            word = words.take("`env`")
            if word.text == "env":
                return ENVIRON, "", ENVIRON.permissions
            raise word.refused("expected `env`", did_you_mean(word.text, ["env"]))
        case "task":
            word = words.take("`manual_domain_transition`")
            if word.text == TASK.permissions[0]:
                return TASK, "", TASK.permissions
            raise word.refused(
                f"expected `{TASK.permissions[0]}`", did_you_mean(word.text, TASK.permissions)
            )
    meant = did_you_mean(first.text, ("file", "network", "misc", "task"))
    raise first.refused(
        f"`{first.text}` begins no line", meant or f"lines begin with {', '.join(_HEADS)}"
    )


def _file(word: Word) -> tuple[Kind, str, tuple[str, ...]]:
    for kind in FILE_KINDS:
        if found := permissions_of(kind, word.text):
            return kind, "", found
    known = [one for kind in FILE_KINDS for one in kind.permissions]
    last = word.text.lower().rpartition("/")[2]
    raise word.refused(f"`{word.text}` is no permission", did_you_mean(last, known))


def _network(words: Words) -> tuple[Kind, str, tuple[str, ...]]:
    family = words.take("`inet` or `unix`")
    kind = {"inet": INET, "unix": UNIX}.get(family.text)
    if kind is None:
        raise family.refused(
            f"`{family.text}` is no family of sockets; there are `inet` and `unix`",
            "`inet` stands for IPv6 as well"
            if family.text == "inet6"
            else did_you_mean(family.text.lower(), ["inet", "unix"]),
        )
    socket = words.take("a type of socket")
    if socket.text not in SOCKET_TYPES:
        instead = {"tcp": "stream", "udp": "dgram"}.get(socket.text.lower())
        raise socket.refused(
            f"`{socket.text}` is no type of socket",
            f"did you mean `{instead}`?" if instead else did_you_mean(socket.text, SOCKET_TYPES),
        )
    word = words.take("permissions")
    found = permissions_of(kind, word.text)
    if not found:
        meant = did_you_mean(word.text, kind.permissions)
        if word.text == "accept":
            meant = "the kernel asks nothing when a connection is accepted"
        raise word.refused(f"`{word.text}` is no permission of sockets", meant)
    return kind, socket.text, found


def _argument(words: Words, what: str, form: Argument) -> Operand:
    what = f"the {what}"
    if form is Argument.DOMAIN:
        return words.domain(what)
    word = words.peek()
    if form is not Argument.WORD and word is not None and word.text.startswith("@"):
        return read_group(words.take(what))
    match form:
        case Argument.NUMBER:
            return _number(words, what)
        case Argument.ADDRESS:
            word = words.take(what)
            found = read_addresses(word.text)
            if isinstance(found, str):
                raise word.refused(found)
            return found
        case Argument.WORD:
            return _variable(words.take(what))
    return words.pattern(what)


def _number(words: Words, what: str) -> Operand:
    at = words.peek()
    found = words.numbers(what)
    if what == "the port" and found.high.value > _MAX_PORT:
        assert at is not None
        raise at.refused(f"`{at.text}` is no port; the largest is {_MAX_PORT}")
    return found


def _variable(word: Word) -> str:
    if "=" in word.text:
        raise word.refused(
            f"`{word.text}` must be the name of a variable",
            "its value is a condition of the execution:"
            f' exec.envp["{word.text.partition("=")[0]}"]="..."',
            word.text.index("="),
        )
    check_word(word)
    return word.text
