"""Files of domains: a domain's name, its profile and groups, and what is granted to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.tomoyo.model import DomainLine, Flag, UseGroup, UseProfile
from lsmc.modules.tomoyo.names import is_namespace
from lsmc.modules.tomoyo.syntax.acl import read_acl
from lsmc.modules.tomoyo.syntax.reader import (
    Refused,
    Written,
    check_domain,
    error,
    written_lines,
)
from lsmc.modules.tomoyo.vocabulary import FLAGS, GROUPS, MAX_DOMAIN, PROFILES

#: The lines that take a number.
SETTINGS: Final = ("use_profile", "use_group")
#: The kernel needs no space before the number, and does not look at what follows it.
_USE: Final = re.compile(r"use_(profile|group) ?([0-9]+)")


class Domain(NamedTuple):
    """A domain as written: the line with its name, and its lines in order."""

    name: str
    written: Written
    lines: tuple[tuple[DomainLine, Written], ...]


def read_domains(source: Source, faults: list[Diagnostic]) -> Iterator[Domain]:
    """The domains of a file; lines that the kernel does not take become faults."""
    head: Written | None = None
    name = ""
    lines: list[tuple[DomainLine, Written]] = []
    known = False  # whether lines without a domain are told already
    for written in written_lines(source, faults):
        if written.words[0].text.startswith("<"):
            if head is not None:
                yield Domain(name, head, tuple(lines))
            head, lines, known = None, [], True
            fault = _domain_fault(written)
            if fault is None:
                head, name = written, written.text
            else:
                faults.append(fault)
        elif head is None:
            if not known:
                faults.append(_homeless(written))
                known = True
        else:
            try:
                lines.append((read_domain_line(written), written))
            except Refused as refused:
                faults.append(fault_of(refused, source))
    if head is not None:
        yield Domain(name, head, tuple(lines))


def fault_of(refused: Refused, source: Source) -> Diagnostic:
    """A line that the kernel does not take, as a diagnostic."""
    where = Span(source, refused.start, refused.end)
    return error("refused-line", refused.message, where, refused.help)


def _homeless(written: Written) -> Diagnostic:
    return error(
        "line-without-domain",
        f"`{written.text}` belongs to no domain",
        written.span,
        "the name of a domain stands before its lines, such as `<kernel> /usr/sbin/sshd`",
    )


def _domain_fault(written: Written) -> Diagnostic | None:
    lost = "the lines below it are lost"
    try:
        check_domain(list(written.words))
    except Refused as refused:
        where = Span(written.source, refused.start, refused.end)
        return error("bad-domain", f"{refused.message}; {lost}", where, refused.help)
    if len(written.text) >= MAX_DOMAIN:
        message = f"a domain's name has at most {MAX_DOMAIN - 1} bytes; {lost}"
        return error("bad-domain", message, written.span)
    return None


def read_domain_line(written: Written) -> DomainLine:
    """A line of a domain; raises `Refused`."""
    first = written.words[0]
    used = _USE.match(written.text)
    if used is not None:
        number, most = int(used[2]), PROFILES if used[1] == "profile" else GROUPS
        if number >= most:
            what = "profile" if used[1] == "profile" else "group of lines"
            raise written.words[-1].refused(f"`{used[2]}` is no {what}; the largest is {most - 1}")
        return UseProfile(number) if used[1] == "profile" else UseGroup(number)
    if first.text in SETTINGS:
        number_word = written.words[1] if len(written.words) > 1 else None
        if number_word is None:
            raise Refused(f"expected a number behind `{first.text}`", written.end, written.end)
        raise number_word.refused(f"`{number_word.text}` is not a number")
    for flag in FLAGS:
        if first.text.startswith(flag):
            return Flag(flag)
    if first.text in ("delete", "select"):
        raise first.refused(
            f"`{first.text}` is for the interface of a running kernel",
            "a file of policy says what there is",
        )
    return read_acl(written.read())


def is_domain_head(written: Written) -> bool:
    """Whether a line begins a domain."""
    return is_namespace(written.words[0].text)
