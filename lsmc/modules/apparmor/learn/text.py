"""A draft as the text of a profile file: the header, the profile, its children."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.base.text import encode
from lsmc.modules.apparmor.learn.draft import DraftInclude, ProfileDraft, Terms
from lsmc.modules.apparmor.learn.names import written
from lsmc.modules.apparmor.learn.rules import DraftRule
from lsmc.modules.apparmor.suggest.suggest import word

#: Kinds of rules between which there is no blank line.
_PARAGRAPHS = (
    ("rlimit", "userns", "capability"),
    ("network",),
    ("mount", "umount", "pivot_root", "change_profile", "onexec"),
    ("mqueue", "io_uring", "signal", "ptrace", "unix"),
    ("dbus",),
    ("file", "link"),
)
_WHY = {
    "attach_disconnected": "the log has paths that the root of the task does not lead to",
    "mediate_deleted": "the log has files that were deleted while they were open",
}
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class FileHead(NamedTuple):
    """What a file begins with: the name of its abi, empty for none, and whether there are tunables;
    and the abstraction for all programs, empty for none.
    """

    abi: str
    tunables: bool
    base: str


class ProfileText(NamedTuple):
    """A profile of a draft: all but its name is what goes between its braces."""

    name: str
    executable: str
    flags: tuple[tuple[str, str], ...]
    includes: tuple[DraftInclude, ...]
    rules: tuple[DraftRule, ...]
    children: tuple[ProfileText, ...] = ()
    hat: bool = False
    local: str = ""
    note: str = ""


def body_of(part: ProfileDraft, terms: Terms, local: str = "") -> ProfileText:
    """The profile of a part, without children."""
    flags = tuple((flag, _WHY[flag]) for flag in sorted(part.plan.program.flags))
    includes = ((DraftInclude(terms.base),) if terms.base else ()) + tuple(part.includes)
    return ProfileText(
        name=part.plan.local,
        executable=part.plan.executable,
        flags=flags,
        includes=tuple(sorted(includes)),
        rules=tuple(part.rules(terms)),
        hat=part.plan.hat,
        local=local,
        note=part.note,
    )


def file_text(head: FileHead, bodies: Sequence[ProfileText]) -> str:
    """The text of a profile file."""
    lines = [f"abi <{head.abi}>,", ""] if head.abi else []
    lines += ["include <tunables/global>", ""] if head.tunables else []
    for number, body in enumerate(bodies):
        lines += [""] if number else []
        lines += profile_lines(body, "")
    return "\n".join(lines) + "\n"


def profile_lines(body: ProfileText, indent: str) -> Iterator[str]:
    """The lines of a profile."""
    name, executable = written(body.name), word(encode(body.executable))
    words = [name] if body.executable in ("", body.name) else [name, executable]
    for flag, why in body.flags:
        yield f"{indent}# {flag}: {why}"
    flags = f" flags=({', '.join(flag for flag, _ in body.flags)})" if body.flags else ""
    note = f"  # {body.note}" if body.note else ""
    keyword = "hat" if body.hat else "profile"
    yield f"{indent}{keyword} {' '.join(words)}{flags} {{{note}"
    for number, paragraph in enumerate(_paragraphs(body, indent + "  ")):
        if number:
            yield ""
        yield from paragraph
    yield f"{indent}}}"


def _paragraphs(body: ProfileText, indent: str) -> Iterator[list[str]]:
    includes: list[str] = []
    for include in body.includes:
        includes += [f"{indent}# {include.why}"] if include.why else []
        includes.append(f"{indent}include <{include.name}>")
    if includes:
        yield includes
    for kinds in _PARAGRAPHS:
        lines = [line for rule in body.rules if rule.kind in kinds for line in _lines(rule, indent)]
        if lines:
            yield lines
    for child in body.children:
        yield list(profile_lines(child, indent))
    if body.local:
        yield [f"{indent}include if exists <local/{body.local}>"]


def _lines(rule: DraftRule, indent: str) -> Iterator[str]:
    for comment in rule.above:
        yield f"{indent}# {plain(comment)}"
    behind = f"  # {plain(rule.behind)}" if rule.behind else ""
    yield f"{indent}{rule.text}{behind}"


def plain(comment: str) -> str:
    """A comment in one line of printable characters."""
    return _UNPRINTABLE.sub("?", comment)
