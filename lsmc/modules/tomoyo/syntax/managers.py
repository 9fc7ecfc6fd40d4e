"""Files of managers: the programs and domains that may change policy."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source
from lsmc.modules.tomoyo.names import is_domain
from lsmc.modules.tomoyo.syntax.domains import fault_of
from lsmc.modules.tomoyo.syntax.reader import (
    Refused,
    Written,
    check_domain,
    check_word,
    written_lines,
)


def read_managers(source: Source, faults: list[Diagnostic]) -> Iterator[Written]:
    """The lines of a file; those that the kernel does not take become faults."""
    for written in written_lines(source, faults):
        try:
            _check(written)
        except Refused as refused:
            faults.append(fault_of(refused, source))
        else:
            yield written


def _check(written: Written) -> None:
    """Refuse what is neither a domain nor one word; `manage_by_non_root` is a word as well."""
    first, *more = written.words
    if is_domain(written.text):
        return
    if first.text.startswith("<"):
        check_domain(list(written.words))
    check_word(first)
    if more:
        raise more[0].refused(
            f"expected the end of the line, found `{more[0].text}`",
            "a path with a space is written with `\\040`",
        )
