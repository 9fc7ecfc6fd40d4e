"""Files of exceptions: groups, aggregators, where programs run, groups of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import did_you_mean
from lsmc.base.source import Source
from lsmc.modules.tomoyo.model import Aggregator, ExceptionLine, GroupedAcl, Member, Transition
from lsmc.modules.tomoyo.names import is_namespace
from lsmc.modules.tomoyo.numbers import read_addresses
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.syntax.acl import read_acl
from lsmc.modules.tomoyo.syntax.domains import fault_of
from lsmc.modules.tomoyo.syntax.reader import (
    Refused,
    Word,
    Words,
    Written,
    check_domain,
    check_path,
    check_word,
    written_lines,
)
from lsmc.modules.tomoyo.vocabulary import GROUP_KINDS, GROUPS, KERNEL, TRANSITIONS, Argument

#: What a line may begin with.
KEYWORDS = ("aggregator", *TRANSITIONS, *GROUP_KINDS, "acl_group")


class WrittenException(NamedTuple):
    """A line, and the name space that it belongs to."""

    namespace: str
    line: ExceptionLine
    written: Written


def read_exceptions(source: Source, faults: list[Diagnostic]) -> Iterator[WrittenException]:
    """The lines of a file; those that the kernel does not take become faults."""
    for written in written_lines(source, faults):
        try:
            namespace, words = namespaced(written)
            line = _line(words)
        except Refused as refused:
            faults.append(fault_of(refused, source))
        else:
            yield WrittenException(namespace, line, written)


def namespaced(written: Written) -> tuple[str, Words]:
    """The name space that a line names, and its other words."""
    first = written.words[0]
    if not first.text.startswith("<"):
        return KERNEL, written.read()
    if not is_namespace(first.text):
        raise first.refused(f"`{first.text}` is not a name space")
    return first.text, written.read(1)


def _line(words: Words) -> ExceptionLine:
    first = words.take("a line of policy")
    if first.text == "aggregator":
        return _aggregator(words)
    if first.text in TRANSITIONS:
        return _transition(first.text, words)
    if first.text in GROUP_KINDS:
        return _member(first.text, words)
    if first.text == "acl_group":
        return _grouped(words)
    raise first.refused(f"`{first.text}` begins no line", did_you_mean(first.text, KEYWORDS))


def _aggregator(words: Words) -> Aggregator:
    pattern = words.pattern("a pattern of programs")
    word = words.take("the name that the programs get")
    check_path(word)
    if glob(word.text).patterned:
        raise word.refused(f"`{word.text}` must be one name, without patterns")
    return Aggregator(pattern, word.text)


def _transition(keyword: str, words: Words) -> Transition:
    taken = [words.take("a program or `any`")]
    while (word := words.peek()) is not None and (word.text != "from" or words.at == 1):
        taken.append(words.take("a program"))
    if not words:  # without `from`: `keep_domain DOMAIN`, but `initialize_domain PROGRAM`
        if keyword.endswith("keep_domain"):
            return Transition(keyword, None, _any_domain(taken))
        return Transition(keyword, _any_program(taken), None)
    words.take("`from`")
    program = _any_program(taken)
    rest = [words.take("a domain, the last program of one, or `any`")]
    while words:
        rest.append(words.take("a program"))
    return Transition(keyword, program, _any_domain(rest))


def _any_program(taken: list[Word]) -> str | None:
    word, *more = taken
    if more:
        raise more[0].refused(
            f"expected `from` or the end of the line, found `{more[0].text}`",
            "a path with a space is written with `\\040`",
        )
    if word.text == "any":
        return None
    check_path(word)
    return word.text


def _any_domain(taken: list[Word]) -> str | None:
    first, *more = taken
    text = " ".join(word.text for word in taken)
    if text == "any":
        return None
    if first.text.startswith("<"):
        check_domain(taken)
        return text
    if more:
        raise more[0].refused(
            f"expected the end of the line, found `{more[0].text}`",
            f"a whole domain begins with a name space: `{KERNEL} {text}`",
        )
    check_path(first)
    return text


def _member(keyword: str, words: Words) -> Member:
    name = words.take("the name of the group")
    check_word(name)
    match GROUP_KINDS[keyword]:
        case Argument.NUMBER:
            word = words.peek()
            if word is not None and word.text.startswith("@"):
                raise word.refused("a group of numbers holds no other group")
            return Member(keyword, name.text, words.numbers("a number"))
        case Argument.ADDRESS:
            word = words.take("an IP address")
            found = read_addresses(word.text)
            if isinstance(found, str):
                raise word.refused(found)
            return Member(keyword, name.text, found)
    word = words.peek()  # the kernel takes any word, and none for the empty name
    return Member(keyword, name.text, "" if word is None else words.take("a path").text)


def _grouped(words: Words) -> GroupedAcl:
    word = words.take("the number of the group")
    if not word.text.isdecimal():
        raise word.refused(f"`{word.text}` is not a number")
    if int(word.text) >= GROUPS:
        raise word.refused(f"`{word.text}` is no group of lines; the largest is {GROUPS - 1}")
    return GroupedAcl(int(word.text), read_acl(words))
