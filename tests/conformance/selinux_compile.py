"""Small CIL files that compilers accept or refuse, with the line of what is wrong.

`compile.jsonl.gz` has the verdicts of secilc 3.4 and 3.11; the later one counts.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source
from lsmc.modules.selinux.front import resolved
from tests.conformance.result import Result

_RELEASE = "secilc-3.11"


def run(folder: Path) -> Result:
    """Judge every file of the suite."""
    result = Result("selinux compile")
    with gzip.open(folder / "compile.jsonl.gz", "rt") as cases:
        for case in map(json.loads, cases):
            wanted = case[_RELEASE]
            found: tuple[Diagnostic, ...] = ()
            try:
                resolved([Source.from_bytes("case.cil", case["text"].encode())])
            except PolicyError as refusal:
                found = refusal.diagnostics
            if wanted["ok"] or not found:
                right = wanted["ok"] and not found
            else:
                right = "line" not in wanted or wanted["line"] in _lines(found)
            texts = "; ".join(map(str, found)) or "accepted"
            result.add(right, f"{case['id']}: {texts}, where {_RELEASE} says {wanted['messages']}")
    return result


def _lines(found: tuple[Diagnostic, ...]) -> Iterator[int | None]:
    for one in found:
        yield one.line
        yield from (label.span.location().line for label in one.related)
