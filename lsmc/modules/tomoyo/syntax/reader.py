"""Lines of policy as words with their places, and what is wrong with a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.tomoyo.model import Group
from lsmc.modules.tomoyo.names import is_domain, is_namespace, word_fault
from lsmc.modules.tomoyo.numbers import Numbers, read_numbers
from lsmc.modules.tomoyo.vocabulary import MAX_LINE

_WORD: Final = re.compile(r"[\x21-\x7e]+")

#: The names of what the kernel refuses, by code.
ERRORS: Final = {
    "LSM661": "refused-line",
    "LSM662": "line-too-long",
    "LSM663": "line-without-domain",
    "LSM664": "bad-domain",
    "LSM665": "undefined-profile",
    "LSM666": "unknown-policy-file",
}
_CODES: Final = {name: code for code, name in ERRORS.items()}


class Refused(Exception):
    """The kernel does not take a line; `start` and `end` are the offsets of the wrong text."""

    def __init__(self, message: str, start: int, end: int, help: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.help = message, start, end, help


def error(name: str, message: str, span: Span, help: str = "") -> Diagnostic:
    """What the kernel does not take, as a diagnostic."""
    return Diagnostic(_CODES[name], name, "error", message, span, help)


class Word(NamedTuple):
    """A word and the offset of its first byte."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)

    def refused(self, message: str, help: str = "", at: int = 0) -> Refused:
        """That the kernel does not take the word, from a place in it on."""
        return Refused(message, self.start + at, self.end, help)


class Words:
    """The words of a line, read from left to right."""

    def __init__(self, words: list[Word], end: int) -> None:
        """`end` is the offset behind the line."""
        self.words = words
        self.end = end
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    @property
    def rest(self) -> str:
        """What is not read, as the kernel has it: one space between words."""
        return " ".join(word.text for word in self.words[self.at :])

    def peek(self) -> Word | None:
        """The next word, which stays."""
        return self.words[self.at] if self else None

    def take(self, what: str) -> Word:
        """The next word; `what` says what is missing when there is none."""
        word = self.peek()
        if word is None:
            raise Refused(f"expected {what} at the end of the line", self.end, self.end)
        self.at += 1
        return word

    def pattern(self, what: str) -> str:
        """The next word, which may hold patterns."""
        word = self.take(what)
        check_word(word)
        return word.text

    def numbers(self, what: str) -> Numbers:
        """The next word, a number or a range."""
        word = self.take(what)
        found = read_numbers(word.text)
        if isinstance(found, str):
            raise word.refused(found)
        return found

    def domain(self, what: str) -> str:
        """A domain: a name space, and the words behind it that begin with `/`."""
        first = self.take(what)
        words = [first]
        while (following := self.peek()) is not None and following.text.startswith("/"):
            words.append(self.take(what))
        check_domain(words)
        return " ".join(word.text for word in words)


_ESCAPES = (
    "a backslash begins `\\\\`, three octal digits of a byte outside of 0x21-0x7e,"
    " or one of `\\*` `\\@` `\\?` `\\$` `\\+` `\\X` `\\x` `\\A` `\\a` `\\-`"
)


def check_word(word: Word) -> None:
    """Refuse a word that breaks the rules for patterns."""
    at = word_fault(word.text)
    if at is None:
        return
    if word.text.startswith(("\\{", "\\}"), at):
        raise word.refused(
            f"`{word.text[at : at + 2]}` does not fit here: a repeated directory is written"
            " `/\\{NAME\\}/`, with a `/` on both sides and none inside",
            at=at,
        )
    raise word.refused(f"`{word.text[at : at + 4]}` is not an escape", _ESCAPES, at)


def check_path(word: Word) -> None:
    """Refuse a word that is no absolute path."""
    if not word.text.startswith("/"):
        raise word.refused(f"`{word.text}` must be an absolute path")
    check_word(word)


def read_group(word: Word) -> Group:
    """The group of a word that begins with `@`."""
    name = Word(word.text[1:], word.start + 1)
    if not name.text:
        raise word.refused("`@` needs the name of a group")
    check_word(name)
    return Group(name.text)


def check_domain(words: list[Word]) -> None:
    """Refuse words that are no domain."""
    space, *programs = words
    if not is_namespace(space.text):
        raise space.refused(
            f"`{space.text}` is not a name space",
            "a domain is `<kernel>` or another name space, then the programs that led to it",
        )
    for program in programs:
        check_path(program)
    assert is_domain(" ".join(word.text for word in words))


class Written(NamedTuple):
    """A line of a file that is no comment and not blank."""

    source: Source
    words: tuple[Word, ...]
    end: int

    @property
    def span(self) -> Span:
        """From its first word to its last."""
        return Span(self.source, self.words[0].start, self.end)

    @property
    def text(self) -> str:
        """The line as the kernel has it: one space between words."""
        return " ".join(word.text for word in self.words)

    def read(self, skip: int = 0) -> Words:
        """Its words, to be read, without the first ones."""
        return Words(list(self.words[skip:]), self.end)


def written_lines(source: Source, faults: list[Diagnostic]) -> Iterator[Written]:
    """The lines of a file; too long ones become faults."""
    start = 0
    text = source.text
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        words = tuple(Word(found[0], found.start()) for found in _WORD.finditer(text, start, end))
        if words and not words[0].text.startswith("#"):
            if end - start >= MAX_LINE:
                where = Span(source, words[0].start, end)
                faults.append(
                    error(
                        "line-too-long",
                        f"a line of {end - start} bytes; there is room for {MAX_LINE - 1}",
                        where,
                    )
                )
            else:
                yield Written(source, words, words[-1].end)
        start = end + 1
