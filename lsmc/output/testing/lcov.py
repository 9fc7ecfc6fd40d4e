"""Coverage as a tracefile of lcov, which editors and code hosts read (`man geninfo`).

A line counts what the least of its rules counts, so that it is covered when all of them are.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.output.styled import safe
from lsmc.testing.coverage import Coverage, FileCoverage


def render(coverage: Coverage) -> str:
    """The whole file."""
    return "".join(f"{row}\n" for file in coverage.files for row in _file(file))


def _file(file: FileCoverage) -> Iterator[str]:
    lines: dict[int, int] = {}
    for rule in file.rules:
        lines[rule.line] = min(rule.cases, lines.get(rule.line, rule.cases))
    yield "TN:lsmc"
    yield f"SF:{safe(file.file)}"
    yield from (f"DA:{number},{cases}" for number, cases in sorted(lines.items()))
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(1 for cases in lines.values() if cases)}"
    yield "end_of_record"
