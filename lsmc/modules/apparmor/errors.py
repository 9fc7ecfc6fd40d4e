"""The kinds of error in AppArmor policy, each with a stable code.

The numbers are rows of one catalogue: what `apparmor_parser` refuses, by cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from heapq import nsmallest

from lsmc.base import errors
from lsmc.base.diagnostics import Diagnostic, Label, catalogued
from lsmc.base.source import Span

CODES: dict[str, int] = {
    name: number
    for number, name in enumerate(
        (
            "unexpected-text",  # 0: not in the catalogue below: any other syntax error
            "missing-comma",
            "stray-comma",
            "unterminated-comment",
            "relative-quoted-path",
            "swallowed-comma",
            "glued-brace",
            "unknown-permission",
            "missing-include",
            "comma-after-include",
            "missing-abi-file",
            "abi-without-comma",
            "bare-profile-name",
            "bad-namespace",
            "stacked-profile-name",
            "bad-attachment",
            "duplicate-profile",
            "duplicate-child",
            "xattrs-on-hat",
            "bad-profile-head",
            "unknown-flag",
            "conflicting-modes",
            "conflicting-flags",
            "bad-disconnected-path",
            "bad-flag-value",
            "bad-attachment-glob",
            "misplaced-preamble",
            "redeclared-variable",
            "append-to-undeclared",
            "append-to-boolean",
            "comma-after-assignment",
            "empty-assignment",
            "undeclared-variable",
            "recursive-variable",
            "boolean-as-set",
            "undeclared-boolean",
            "not-a-boolean",
            "bad-comparison",
            "prefix-before-if",
            "priority-range",
            "bad-priority",
            "priority-not-allowed",
            "prefix-order",
            "owner-not-allowed",
            "conflicting-block-prefix",
            "append-and-write",
            "bare-exec",
            "exec-mode-in-deny",
            "two-exec-modes",
            "same-path-exec-conflict",
            "overlapping-exec-conflict",
            "safe-without-exec",
            "subset-without-link",
            "bad-link-rule",
            "link-and-exec-target",
            "namespace-in-link-target",
            "too-many-exec-targets",
            "stacking-not-supported",
            "bad-alternation",
            "bad-class",
            "trailing-backslash",
            "unknown-capability",
            "unknown-network-word",
            "bad-network-condition",
            "bad-network-peer",
            "bad-unix-condition",
            "bad-unix-peer",
            "bad-dbus-rule",
            "bad-dbus-eavesdrop",
            "repeated-condition",
            "unknown-condition",
            "bad-operator",
            "unknown-signal",
            "unknown-rule-permission",
            "bad-mount-option",
            "bad-mount-condition",
            "empty-mount-rule",
            "second-mount-path",
            "bad-pivot-root",
            "bad-change-profile",
            "change-profile-conflict",
            "bad-rlimit",
            "bad-mqueue",
            "misplaced-mqueue-condition",
            "bad-userns",
            "words-after-all",
            "bad-identity",
            # 87 and on: limits of lsmc itself, and input that is not policy text
            "unreadable-file",
            "nested-too-deeply",
            "too-complex",
            "bad-features-file",
            "file-outside",
            "not-written",
        )
    )
}


#: Of more known words than this only so many are compared closely; among still more, none is.
_MANY = 40
_TOO_MANY = 2_000
#: Characters of a word that are compared: the time of a comparison grows with the square.
_LONGEST = 64


def error(
    name: str,
    span: Span | None,
    message: str,
    help: str = "",
    related: Iterable[Label] = (),
) -> Diagnostic:
    """An error of the catalogue; `name` must be one of `CODES`."""
    return catalogued(CODES, name, span, message, help, related)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help text naming the closest known words, or an empty text.

    The time for a word is bounded: of many known words only the likeliest are compared closely, and
    among too many none is looked for.
    """
    words = list(dict.fromkeys(known))
    if len(words) > _TOO_MANY:
        return ""
    if len(words) > _MANY:
        letters, size = _letters(word), len(word)
        words = nsmallest(
            _MANY, words, key=lambda w: (_letters(w) ^ letters).bit_count() + abs(len(w) - size)
        )
    return errors.did_you_mean(word[:_LONGEST], words)


@lru_cache(maxsize=1 << 12)
def _letters(word: str) -> int:
    """The characters of a word as bits."""
    found = 0
    for character in set(word):
        found |= 1 << (ord(character) & 0xFF)
    return found
