"""What follows the arguments of a line: a transition word, tests, `grant_log`."""

from __future__ import annotations

import re
from typing import Final

from lsmc.base.errors import did_you_mean
from lsmc.modules.tomoyo.model import (
    ArgumentTest,
    Comparison,
    Condition,
    Test,
    TextTest,
    VariableTest,
)
from lsmc.modules.tomoyo.names import is_path, is_word
from lsmc.modules.tomoyo.numbers import Numbers, read_numbers
from lsmc.modules.tomoyo.syntax.reader import (
    Refused,
    Word,
    Words,
    check_word,
    read_group,
)
from lsmc.modules.tomoyo.vocabulary import OPERANDS, TEXTS, WORDS

_NUMBER: Final = re.compile(r"0|[1-9][0-9]*|0[89][0-9]*")


def read_condition(words: Words, *, execute: bool) -> Condition:
    """All words that are left; `execute` says that the line grants execution alone."""
    transit = _transit(words, execute=execute)
    tests: list[Test] = []
    grant_log: bool | None = None
    while words:
        word = words.take("a condition")
        left, equal, right = _split(word)
        if left.text == "grant_log":
            if not equal or grant_log is not None or right.text not in ("yes", "no"):
                raise word.refused(
                    "`grant_log` is written once, as `grant_log=yes` or `grant_log=no`"
                )
            grant_log = right.text == "yes"
        else:
            tests.append(_test(left, equal, right))
    return Condition(transit, tuple(tests), grant_log)


def _transit(words: Words, *, execute: bool) -> str:
    word = words.peek()
    if word is None:
        return ""
    if word.text.startswith("<"):
        found = words.domain("a domain")
    elif word.text in WORDS or is_path(word.text):
        found = words.take("a word").text
    else:
        return ""
    if not execute:
        raise word.refused(
            f"`{word.text}` is no condition",
            "only `file execute` without other permissions may say where the program runs;"
            " a path with a space is written with `\\040`",
        )
    return found


def _split(word: Word) -> tuple[Word, bool, Word]:
    """The left side, whether `=` stands between, the right side."""
    at = word.text.find("=")
    if at < 1 or word.text.startswith("=", at + 1):
        raise word.refused(
            f"`{word.text}` is no condition", "a condition is written LEFT=RIGHT or LEFT!=RIGHT"
        )
    equal = word.text[at - 1] != "!"
    left = Word(word.text[: at if equal else at - 1], word.start)
    right = Word(word.text[at + 1 :], word.start + at + 1)
    return left, equal, right


def _test(left: Word, equal: bool, right: Word) -> Test:
    if left.text.startswith("exec.argv["):
        return ArgumentTest(_argument(left), equal, _quoted(right))
    if left.text.startswith('exec.envp["'):
        variable = _variable(left)
        return VariableTest(variable, equal, None if right.text == "NULL" else _quoted(right))
    if left.text in TEXTS:
        grouped = right.text.startswith("@")
        return TextTest(left.text, equal, read_group(right) if grouped else _quoted(right))
    if right.text.startswith("@"):
        return Comparison(_operand(left), equal, read_group(right))
    return Comparison(_operand(left), equal, _operand(right))


def _argument(word: Word) -> int:
    number = word.text[len("exec.argv[") : -1]
    if not word.text.endswith("]") or _NUMBER.fullmatch(number) is None:
        raise word.refused(
            f"`{word.text}` is no argument", "its number is decimal, as in `exec.argv[0]`"
        )
    return int(number)


def _variable(word: Word) -> str:
    variable = word.text[len('exec.envp["') : -2]
    if not word.text.endswith('"]') or not is_word(variable):
        raise word.refused(f"`{word.text}` is no variable", 'it is written `exec.envp["NAME"]`')
    return variable


def _quoted(word: Word) -> str:
    if len(word.text) < 2 or word.text[0] != '"' or word.text[-1] != '"':
        raise word.refused(
            f"`{word.text}` must stand in double quotes",
            "a space in it is written `\\040`" if word.text.startswith('"') else "",
        )
    inside = Word(word.text[1:-1], word.start + 1)
    if inside.text:
        check_word(inside)
    return inside.text


def _operand(word: Word) -> str | Numbers:
    if word.text in OPERANDS:
        return word.text
    found = read_numbers(word.text)
    if isinstance(found, str):
        raise _no_operand(word)
    return found


def _no_operand(word: Word) -> Refused:
    if word.text.startswith("@"):
        return word.refused("a group stands on the right side only")
    asked = did_you_mean(word.text, OPERANDS)
    return word.refused(f"`{word.text}` is neither an attribute nor a number", asked)
