"""What is written to other files of smackfs than those of rules: labels, CIPSO levels, hosts.

Sources: the kernel's security/smack/smackfs.c: `smk_write_unconfined`, `smk_parse_label_list`,
`smk_set_cipso`, `smk_write_net4addr`, `smk_write_net6addr`.  `cipso` and `netlabel` hold a row a
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.numbers import natural
from lsmc.base.source import Source, Span
from lsmc.modules.smack.errors import error
from lsmc.modules.smack.labels import read_label
from lsmc.modules.smack.syntax import lines

_MAX_LEVEL, _MAX_CATEGORY = 255, 184
#: Numbers of bits in the masks, numbers in the addresses, and the base and the largest of these.
_IPV4, _IPV6 = (32, 4, 10, 255), (128, 8, 16, 0xFFFF)
#: What `netlabel` takes in place of a label.
_OPTIONS = {".": ("-CIPSO", "-DELETE"), ":": ("-DELETE",)}


class Named(NamedTuple):
    """A label and the word that names it."""

    label: str
    word: Span


def unconfined(source: Source) -> Named | None:
    """The label of a file `unconfined`: the text up to the first character that is none of it.

    A text that is no label means that no label is unconfined.
    """
    found = read_label(source.text)
    if found.refused:
        return None
    return Named(found.name, Span(source, 0, len(found.name)))


def onlycap(source: Source) -> tuple[list[Named], list[Diagnostic]]:
    """The labels of a file `onlycap`, between blanks; the kernel knows no other space here.

    None of them, where the first word is no label: then there is no limit.
    """
    found: list[Named] = []
    for match in re.finditer("[^ ]+", source.text):
        label = read_label(match[0])
        word = Span(source, match.start(), match.end())
        if label.refused and not found:
            return [], []
        if label.refused:
            advice = "separate the labels by blanks; `-` alone removes the limit"
            return [], [error("label", word, label.refused, advice)]
        found.append(Named(label.name, word._replace(end=word.start + len(label.name))))
    return found, []


def cipso(source: Source) -> Iterator[Diagnostic | Named]:
    """The rows `LABEL LEVEL [CATEGORY...]` of a file `cipso`: their labels, and what is wrong."""
    for name, *numbers in lines(source):
        label = read_label(name.text)
        if label.refused:
            yield error("label", name, label.refused, "write a row as LABEL LEVEL [CATEGORY...]")
        elif not numbers:
            yield error("value", name, "the level is missing", "write LABEL LEVEL [CATEGORY...]")
        else:
            yield from _levels(numbers)
            yield Named(label.name, name)


def _levels(numbers: list[Span]) -> Iterator[Diagnostic]:
    for at, word in enumerate(numbers):
        what, most = ("category", _MAX_CATEGORY) if at else ("level", _MAX_LEVEL)
        value = natural(word.text)
        if value is None or value > most:
            message = f"`{word.text}` is not a {what} of CIPSO"
            yield error("value", word, message, f"a {what} is a number from 0 to {most}")


def netlabel(source: Source) -> Iterator[Diagnostic | Named]:
    """The rows `ADDRESS[/BITS] LABEL` of a file `netlabel`: their labels, and what is wrong."""
    for host, *rest in lines(source):
        fault = _address_fault(host.text)
        if fault:
            yield error("value", host, fault, "write ADDRESS[/BITS] LABEL")
        elif not rest:
            yield error("value", host, "the label is missing", "write ADDRESS[/BITS] LABEL")
        elif rest[0].text in _OPTIONS[":" if ":" in host.text else "."]:
            continue
        else:
            label = read_label(rest[0].text)
            if label.refused:
                yield error("label", rest[0], label.refused, "write ADDRESS[/BITS] LABEL")
            else:
                yield Named(label.name, rest[0])


def _address_fault(text: str) -> str:
    """Why a text is not an address as the kernel reads it; empty if it is one."""
    address, slash, bits = text.partition("/")
    sign = ":" if ":" in address else "."
    most, count, base, largest = _IPV6 if sign == ":" else _IPV4
    parts = address.split(sign)
    if len(parts) != count:
        full = "; `::` does not stand for zeros here" if "::" in address else ""
        return f"`{address}` is not an address of {count} numbers{full}"
    for part in parts:
        if not re.fullmatch("[0-9a-fA-F]{1,8}", part) or not _within(part, base, largest):
            return f"`{part}` is not a number of an address"
    if slash and (natural(bits) is None or int(bits) > most):
        return f"`{bits}` is not a number of bits from 0 to {most}"
    return ""


def _within(text: str, base: int, largest: int) -> bool:
    try:
        return int(text, base) <= largest
    except ValueError:
        return False
