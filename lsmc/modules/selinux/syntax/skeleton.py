"""A file without the rules that stand for themselves: what decides whether only these changed.

A loose rule is an `allow`, `auditallow` or `dontaudit` that fills a line outside of all containers.
The skeleton of a file is its other lines.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from lsmc.base.source import Source
from lsmc.modules.selinux.syntax.tree import Body, Statement


class Skeleton(NamedTuple):
    """The skeleton of a file.

    Attributes:
        digest: of the lines that are no loose rule.
        lines: how many lines the file has, with loose rules.
        longest: the bytes of its longest line, with its end.
        loose: the numbers of the lines with loose rules, ascending: first and count of each run.
    """

    digest: str
    lines: int
    longest: int
    loose: list[int]


class LooseRule(NamedTuple):
    """A loose rule: its line from 0, the bytes before it, what it says."""

    line: int
    before: int
    statement: Statement


def skeleton(source: Source, start: int, body: Body) -> tuple[Skeleton, list[LooseRule]]:
    """The skeleton of a file that was read with the place `start`, and its loose rules."""
    lines = source.text.split("\n")
    rules = list(_loose(lines, start, body))
    numbers = [rule.line for rule in rules]
    hidden = set(numbers)
    left = "\n".join(line for number, line in enumerate(lines) if number not in hidden)
    digest = blake2b(left.encode("latin-1"), digest_size=16).hexdigest()
    longest = max(map(len, lines)) + 1
    return Skeleton(digest, len(lines), longest, _runs(numbers)), rules


def _loose(lines: list[str], start: int, body: Body) -> list[LooseRule]:
    found: list[LooseRule] = []
    line, first = 0, start
    for statement, place in zip(body.rules, body.rule_places, strict=True):
        while place >= first + len(lines[line]) + 1:
            first += len(lines[line]) + 1
            line += 1
        if statement[0] != "neverallow" and _alone(lines[line]):
            found.append(LooseRule(line, place - first, statement))
    return found


def _alone(line: str) -> bool:
    """Whether the rule in a line, about the permissions of one class, is all that is in it."""
    if line.count("(") != 3 or not line.rstrip(" \t\r").endswith(")))") or line.count(")") != 3:
        return False
    return '"' not in line and ";" not in line


def _runs(numbers: list[int]) -> list[int]:
    runs: list[int] = []
    for number in numbers:
        if runs and number == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += (number, 1)
    return runs


def unfolded(runs: list[int]) -> list[int]:
    """The numbers of runs."""
    return [
        number
        for first, count in zip(runs[::2], runs[1::2], strict=True)
        for number in range(first, first + count)
    ]
