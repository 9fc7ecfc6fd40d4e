"""Which line grants an access: the first whose arguments match and whose conditions are met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.engine.verdict import RequestError
from lsmc.modules.tomoyo.bundle import LineRecord
from lsmc.modules.tomoyo.conditions import Situation, Unsaid, holds
from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine
from lsmc.modules.tomoyo.model import Group, Operand
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.numbers import Addresses, Numbers
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.questions import Access, Value
from lsmc.modules.tomoyo.vocabulary import (
    BLOCK_FILE_SYSTEMS,
    DIRECTORY_MOUNTS,
    MOUNT,
    PATH,
    Argument,
)


class Match(NamedTuple):
    """How a line matches an access.

    `words` are the patterns that matched, one an argument, or members of the groups that stand in
    their place; `members` are the lines of these.
    """

    rule: Rule
    words: tuple[str, ...]
    members: tuple[LineRecord, ...]


class Search(NamedTuple):
    """What the lines of a domain say of an access.

    `granted` is the line that grants it.  `word` is how the kernel names a program: the pattern of
    the line that grants it, else of the last line that was looked at, whose conditions were not
    met; None where that line does not match.
    """

    granted: Match | None
    word: str | None


def search(engine: TomoyoEngine, domain: Domain, access: Access) -> Search:
    """What the lines of a domain say of an access.

    Raises `RequestError` where that depends on an attribute that the request does not say.
    """
    space = namespace_of(domain.name)
    situation = situation_of(engine, space, access)
    word: str | None = None
    undecided: tuple[Rule, Unsaid] | None = None
    names = access.kind is PATH and access.permission == "execute"
    for rule in engine.rules_of(domain, access.kind, access.permission):
        match = matched(engine, space, rule, access)
        word = match.words[0] if match is not None else None
        if match is None:
            continue
        met = holds(rule.acl.condition, situation)
        if isinstance(met, Unsaid):
            undecided = undecided or (rule, met)
        elif met:
            if undecided is not None and names:
                break  # another line may name the program first
            return Search(match, word)
    if undecided is not None:
        raise needs_attribute(*undecided)
    return Search(None, word)


def needs_attribute(rule: Rule, unsaid: Unsaid) -> RequestError:
    """That a line can only be judged with an attribute."""
    where = f"{rule.record.file}:{rule.record.line}"
    return RequestError(
        f"the line at {where} depends on `{unsaid.attribute}`, which the request does not say:"
        f" `{rule.record.text}`; give it with `attributes`, as the header of a record has it"
    )


def situation_of(engine: TomoyoEngine, space: str, access: Access) -> Situation:
    """What conditions of lines in a name space are judged by."""

    def members(form: Argument, group: Group) -> Iterator[object]:
        return (one.member.member for one in engine.members(space, form, group))

    return Situation(access.attributes, access.kind, access.permission, members)


def matched(engine: TomoyoEngine, space: str, rule: Rule, access: Access) -> Match | None:
    """How a line matches the arguments of an access; None if it does not."""
    words: list[str] = []
    members: list[LineRecord] = []
    acl = rule.acl
    for place, (operand, value) in enumerate(zip(acl.arguments, access.arguments, strict=True)):
        if acl.kind is MOUNT and place == 0 and not needs_device(access):
            words.append(str(operand))
            continue
        form = acl.kind.arguments[place][1]
        found = _operand(engine, space, form, operand, value)
        if found is None:
            return None
        word, line = found
        words.append(word)
        members += [line] if line is not None else []
    return Match(rule, tuple(words), tuple(members))


def needs_device(access: Access) -> bool:
    """Whether the kernel compares the device of a mount."""
    kind = access.arguments[2]
    return kind in DIRECTORY_MOUNTS or kind in BLOCK_FILE_SYSTEMS


def _operand(
    engine: TomoyoEngine, space: str, form: Argument, operand: Operand, value: Value
) -> tuple[str, LineRecord | None] | None:
    """The word of an operand that matches a value, and the line of the member that has it."""
    if isinstance(operand, Group):
        for one in engine.members(space, form, operand):
            if fits(one.member.member, value):
                return str(one.member.member), one.record
        return None
    if form is Argument.DOMAIN:
        return (str(operand), None) if operand == value else None
    return (str(operand), None) if fits(operand, value) else None


def fits(operand: str | Numbers | Addresses, value: Value) -> bool:
    """Whether a pattern, or a range, has a value."""
    if isinstance(operand, str):
        return isinstance(value, str) and glob(operand).matches(value)
    if isinstance(operand, Numbers):
        return isinstance(value, int) and operand.has(value)
    return isinstance(value, Addresses) and operand.has(value)
