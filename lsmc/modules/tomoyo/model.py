"""Lines of TOMOYO policy as data; the text of each is the form in which the kernel prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from lsmc.modules.tomoyo.numbers import Addresses, Numbers
from lsmc.modules.tomoyo.vocabulary import Kind


class Group(NamedTuple):
    """A group of paths, numbers or addresses that stands in their place."""

    name: str

    def __str__(self) -> str:
        return f"@{self.name}"


#: What stands at a place of a line; a text is a pattern, or a domain.
Operand: TypeAlias = str | Group | Numbers | Addresses


class Comparison(NamedTuple):
    """Two numbers: each an attribute or a word by its name, or a range; or a group on the right."""

    left: str | Numbers
    equal: bool
    right: str | Numbers | Group

    def __str__(self) -> str:
        return f"{self.left}{_sign(self.equal)}{self.right}"


class TextTest(NamedTuple):
    """A test of `exec.realpath` or `symlink.target`."""

    attribute: str
    equal: bool
    pattern: str | Group

    def __str__(self) -> str:
        quoted = str(self.pattern) if isinstance(self.pattern, Group) else f'"{self.pattern}"'
        return f"{self.attribute}{_sign(self.equal)}{quoted}"


class ArgumentTest(NamedTuple):
    """A test of an argument of the new program."""

    number: int
    equal: bool
    pattern: str

    def __str__(self) -> str:
        return f'exec.argv[{self.number}]{_sign(self.equal)}"{self.pattern}"'


class VariableTest(NamedTuple):
    """A test of an environment variable of the new program; None stands for one that is not set."""

    variable: str
    equal: bool
    pattern: str | None

    def __str__(self) -> str:
        quoted = "NULL" if self.pattern is None else f'"{self.pattern}"'
        return f'exec.envp["{self.variable}"]{_sign(self.equal)}{quoted}'


Test: TypeAlias = Comparison | TextTest | ArgumentTest | VariableTest


def _sign(equal: bool) -> str:
    return "=" if equal else "!="


class Condition(NamedTuple):
    """What follows the arguments: where a program runs, tests, whether what it grants is logged."""

    transit: str = ""
    tests: tuple[Test, ...] = ()
    grant_log: bool | None = None

    def __str__(self) -> str:
        words = [self.transit] if self.transit else []
        words += map(str, self.tests)
        if self.grant_log is not None:
            words.append(f"grant_log={'yes' if self.grant_log else 'no'}")
        return " ".join(words)


NO_CONDITION: Final = Condition()


@dataclass(frozen=True, slots=True)
class Acl:
    """A line that grants: to a domain, or to those that use a group of lines."""

    kind: Kind
    permissions: tuple[str, ...]
    arguments: tuple[Operand, ...]
    socket: str = ""
    condition: Condition = NO_CONDITION

    @property
    def key(self) -> tuple[object, ...]:
        """What the kernel compares to add the permissions of a line to those of an earlier one."""
        return self.kind.name, self.socket, self.arguments, self.condition

    def __str__(self) -> str:
        words = [self.kind.head, self.socket, "/".join(self.permissions)]
        words += [*map(str, self.arguments), str(self.condition)]
        return " ".join(word for word in words if word)


class UseProfile(NamedTuple):
    """The profile of a domain."""

    number: int

    def __str__(self) -> str:
        return f"use_profile {self.number}"


class UseGroup(NamedTuple):
    """A group of lines that a domain uses."""

    number: int

    def __str__(self) -> str:
        return f"use_group {self.number}"


class Flag(NamedTuple):
    """What the kernel noted of a domain."""

    word: str

    def __str__(self) -> str:
        return self.word


DomainLine: TypeAlias = Acl | UseProfile | UseGroup | Flag


class Transition(NamedTuple):
    """A line that says where programs run; None stands for any program, or any domain.

    `domain` is a domain's whole name, or its last program alone.
    """

    word: str
    program: str | None
    domain: str | None

    def __str__(self) -> str:
        return f"{self.word} {self.program or 'any'} from {self.domain or 'any'}"


class Aggregator(NamedTuple):
    """A line that gives programs one name."""

    pattern: str
    program: str

    def __str__(self) -> str:
        return f"aggregator {self.pattern} {self.program}"


class Member(NamedTuple):
    """A member of a group of paths, numbers or addresses; `word` says which."""

    word: str
    group: str
    member: str | Numbers | Addresses

    def __str__(self) -> str:
        return f"{self.word} {self.group} {self.member}"


class GroupedAcl(NamedTuple):
    """A line of a group of lines, which domains use by its number."""

    number: int
    acl: Acl

    def __str__(self) -> str:
        return f"acl_group {self.number} {self.acl}"


ExceptionLine: TypeAlias = Transition | Aggregator | Member | GroupedAcl


class Mode(NamedTuple):
    """What a profile does with accesses of one kind."""

    mode: str = "disabled"
    grant_log: bool = True
    reject_log: bool = True

    def __str__(self) -> str:
        grant, reject = ("yes" if one else "no" for one in (self.grant_log, self.reject_log))
        return f"{{ mode={self.mode} grant_log={grant} reject_log={reject} }}"
