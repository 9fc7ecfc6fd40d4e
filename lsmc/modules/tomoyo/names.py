r"""Names as the kernel writes them, and the rules for words of policy.

The kernel writes a backslash as `\\` and each byte outside of 0x21-0x7e as `\ooo`, three octal
digits; so no name holds a space, and a line is words between spaces.
"""

from __future__ import annotations

import re
from typing import Final

#: Bytes that stand for themselves, as a set for `re`.
_PLAIN = r"\x21-\x5b\x5d-\x7e"
#: A byte that is written as octal digits.
_OCTAL = r"\\(?:0[0-3][0-7]|040|177|[23][0-7][0-7])"
_WORD: Final = re.compile(rf"(?:[{_PLAIN}]|\\[\\$+?*@xXaA-]|{_OCTAL})*")
_NAME: Final = re.compile(rf"(?:[{_PLAIN}]|\\\\|{_OCTAL})+")
_REPEATED: Final = re.compile(
    rf"(?<=/)\\{{((?:[\x21-\x2e\x30-\x5b\x5d-\x7e]|\\[\\$+?*@xXaA-]|{_OCTAL})*)\\}}(?=/)"
)
_GAP: Final = re.compile(r"[^\x21-\x7e]+")


def normalized(line: str) -> str:
    """A line with one space between words and none around; other bytes count as spaces."""
    return _GAP.sub(" ", line).strip(" ")


def word_fault(word: str) -> int | None:
    """Where a word breaks the rules for words with patterns; None for a correct one."""
    if not word:
        return 0
    plain = _REPEATED.sub(lambda found: "?" * len(found[0]), word)
    matched = _WORD.match(plain)
    assert matched is not None
    return None if matched.end() == len(plain) else matched.end()


def is_word(word: str) -> bool:
    """Whether a word may stand in policy as a pattern or a name."""
    return word_fault(word) is None


def is_path(word: str) -> bool:
    """Whether a word may stand where policy needs an absolute path or a pattern of one."""
    return word.startswith("/") and is_word(word)


def is_name(word: str) -> bool:
    """Whether the kernel may write a name so: no patterns, and escapes only where needed."""
    return _NAME.fullmatch(word) is not None


def is_namespace(word: str) -> bool:
    """Whether a word names a name space: a correct word in angle brackets."""
    return len(word) > 2 and word[0] == "<" and word[-1] == ">" and is_word(word[1:-1])


def is_domain(text: str) -> bool:
    """Whether a text names a domain: a name space, then absolute paths."""
    space, *programs = text.split(" ")
    return is_namespace(space) and all(map(is_path, programs))


def namespace_of(domain: str) -> str:
    """The name space of a domain."""
    return domain.partition(" ")[0]
