"""The kinds of error in AppArmor policy, each with a stable code.

The numbers are rows of one catalogue: what `apparmor_parser` refuses, by cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lsmc.diagnostics import Diagnostic, Label
from lsmc.source import Span

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
            # 87 and on: limits of lsmc itself, and input that is no policy text
            "unreadable-file",
            "nested-too-deeply",
            "too-complex",
            "bad-features-file",
            "file-outside",
        )
    )
}


def error(
    name: str,
    span: Span | None,
    message: str,
    help: str = "",
    related: Iterable[Label] = (),
) -> Diagnostic:
    """An error of the catalogue; `name` must be one of `CODES`."""
    return Diagnostic(
        f"LSM{CODES[name]:03d}", name, "error", message, span, help, related=tuple(related)
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help text naming the closest known words, or an empty text."""
    close = get_close_matches(word, list(dict.fromkeys(known)), n=3, cutoff=0.6)
    return "did you mean " + " or ".join(f"`{w}`" for w in close) + "?" if close else ""
