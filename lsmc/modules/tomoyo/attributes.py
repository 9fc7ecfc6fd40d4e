"""What is known of a task, a file and a program when a request is judged: the header of a record.

A record's header says all that the kernel knows, so what it lacks does not exist.  A person may say
less; then a line whose condition needs the rest is undecided, and the answer says what to add.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from lsmc.engine.verdict import FieldTypeError, RequestError
from lsmc.modules.tomoyo.names import is_name
from lsmc.modules.tomoyo.numbers import read_numbers
from lsmc.modules.tomoyo.vocabulary import ENVIRON, FILE_KINDS, NUMBERS, PATH, TYPES, Kind

_PATHS: Final = ("path1", "path1.parent", "path2", "path2.parent")
_SECTIONS: Final = ("task", *_PATHS, "exec", "symlink.target")
#: Numbers of files that are no devices.
_NO_DEVICE: Final = ("dev_major", "dev_minor")

Known = Literal["known", "absent", "unsaid"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """The header of a record, as far as it is said.

    `numbers` are by the words of conditions; `said` are the sections that are there.
    """

    said: frozenset[str]
    numbers: Mapping[str, int]
    realpath: str | None = None
    argv: tuple[str, ...] | None = None
    envp: tuple[str, ...] | None = None
    symlink: str | None = None

    def state(self, word: str, kind: Kind, permission: str) -> Known:
        """Whether a word of conditions is known, does not exist for an access, or is not said."""
        section = word if word == "symlink.target" else word.rpartition(".")[0]
        if section in self.said:
            there = word in self.numbers or self._text(word) is not None
            return "known" if there else "unsaid"
        if section == "task":
            return "unsaid"
        if section in _PATHS:
            open_ = kind in FILE_KINDS or kind is ENVIRON
            return "unsaid" if open_ and self.said.isdisjoint(_PATHS) else "absent"
        if section == "exec":
            executes = kind is ENVIRON or (kind is PATH and permission == "execute")
            return "unsaid" if executes else "absent"
        return "unsaid" if permission == "symlink" else "absent"

    def _text(self, word: str) -> object:
        match word:
            case "symlink.target":
                return self.symlink
            case "exec.realpath":
                return self.realpath
            case "exec.argv":
                return self.argv
            case "exec.envp":
                return self.envp
        return None


NOTHING: Final = Attributes(frozenset(), {})


def read_attributes(given: object) -> Attributes:
    """The attributes of a request, as a mapping or as JSON text; raises `RequestError`."""
    if given is None:
        return NOTHING
    if isinstance(given, str):
        given = _from_json(given)
    if not isinstance(given, Mapping):
        raise FieldTypeError("attributes", "an object of the fields of a record's header", given)
    numbers: dict[str, int] = {}
    texts: dict[str, Any] = {}
    for section, value in given.items():
        if section not in _SECTIONS:
            raise RequestError(f"unknown attribute `{section}`", str(section), _SECTIONS)
        if section == "symlink.target":
            texts["symlink"] = _name(section, value)
            continue
        if not isinstance(value, Mapping):
            raise FieldTypeError(f"attributes.{section}", "an object", value)
        for key, one in value.items():
            if section == "exec" and key in ("realpath", "argv", "envp"):
                texts[key] = _name(f"exec.{key}", one) if key == "realpath" else _list(key, one)
            else:
                word = f"{section}.{key}"
                if word not in NUMBERS:
                    known = [w.rpartition(".")[2] for w in NUMBERS if w.startswith(f"{section}.")]
                    raise RequestError(f"unknown attribute `{word}`", str(key), tuple(known))
                numbers[word] = _number(word, one)
        if section in ("path1", "path2"):
            for key in _NO_DEVICE:
                numbers.setdefault(f"{section}.{key}", 0)
    return Attributes(frozenset(given), numbers, **texts)


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        example = '{"task": {"uid": 1000}}'
        raise RequestError(f"attributes must be a JSON object such as {example}") from None


def _number(word: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise FieldTypeError(f"attributes.{word}", "a number or a text", value)
    if word.endswith(".type"):
        if value not in TYPES:
            raise RequestError(f"`{value}` is no type of file", value, tuple(TYPES))
        return TYPES[value]
    found = read_numbers(value)
    if isinstance(found, str) or found.low != found.high:
        raise RequestError(f"the attribute `{word}` must be a number, not `{value}`")
    return found.low.value


def _name(word: str, value: object) -> str:
    if not isinstance(value, str):
        raise FieldTypeError(f"attributes.{word}", "a text", value)
    if value and not is_name(value):
        raise RequestError(
            f"the attribute `{word}` must be written as the kernel writes it, not `{value}`:"
            " other bytes than 0x21-0x7e as `\\ooo`, a backslash as `\\\\`"
        )
    return value


def _list(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise FieldTypeError(f"attributes.exec.{key}", "a list of texts", value)
    return tuple(_name(f"exec.{key}", one) for one in value)
