"""Labels and access letters, as the kernel reads them.

Sources: the kernel's security/smack/smack_access.c (`smk_parse_smack`) and smackfs.c
(`smk_perm_from_str`).  A label is cut, not refused, at the first character that it may not have.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

#: The built-in labels with their names in the kernel's documents.
FLOOR, HAT, STAR, HUH, WEB = "_", "^", "*", "?", "@"
BUILT_IN = {FLOOR: "floor", HAT: "hat", STAR: "star", HUH: "huh", WEB: "web"}
#: Bytes of a label with the zero that ends it (`SMK_LONGLABEL`), and of one in a CIPSO option.
LONGEST, LONGEST_CIPSO = 256, 24

#: The access letters in the order in which the kernel shows them; each is one bit.
LETTERS = "rwxatlb"
READ, WRITE, EXEC, APPEND, TRANSMUTE, LOCK, BRINGUP = (1 << n for n in range(len(LETTERS)))
_BITS = {letter: 1 << n for n, letter in enumerate(LETTERS)}
_BITS |= {letter.upper(): bit for letter, bit in _BITS.items()}
_CUTS = frozenset("/\\'\"")


class Label(NamedTuple):
    """A label as the kernel takes it from a word.

    `cut` is the character at which the word was cut, empty if it was taken whole.  `refused` says
    why the kernel refuses the word, empty if it does not.
    """

    name: str
    cut: str = ""
    refused: str = ""


@lru_cache(maxsize=1 << 14)
def read_label(word: str) -> Label:
    """The label that a word of byte text gives."""
    if word.startswith("-"):
        return Label("", refused="a label does not begin with `-`")
    name = next((word[:at] for at, one in enumerate(word) if _ends(one)), word)
    if not name:
        return Label("", refused="a label has at least one character that is allowed in it")
    if len(name) >= LONGEST:
        return Label("", refused=f"a label has at most {LONGEST - 1} bytes, this one {len(name)}")
    return Label(name, word[len(name) : len(name) + 1])


def _ends(character: str) -> bool:
    return character in _CUTS or not "!" <= character <= "~"


class Access(NamedTuple):
    """Access letters as bits; `ignored` is the part of the word that the kernel does not read."""

    bits: int
    ignored: str = ""


def read_access(word: str) -> Access:
    """The access that a word gives: letters of either case, up to the first that is none."""
    bits = 0
    for at, letter in enumerate(word):
        if letter == "-":
            continue
        bit = _BITS.get(letter)
        if bit is None:
            return Access(bits, word[at:])
        bits |= bit
    return Access(bits)


def letters(bits: int) -> str:
    """Access bits as letters in the kernel's order, `-` for none."""
    return "".join(names(bits)) or "-"


@lru_cache(maxsize=1 << len(LETTERS))
def names(bits: int) -> tuple[str, ...]:
    """The letters of access bits, in the kernel's order."""
    return tuple(letter for letter in LETTERS if bits & _BITS[letter])
