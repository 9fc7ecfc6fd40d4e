"""Log records of SELinux in nine forms: their fields as written.

`selinux/logs.jsonl.gz` has a case a line: the lines of a record, and what they say.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.selinux.log.form import FORMAT
from tests.conformance.result import Result

_OWN = ("scontext", "tcontext", "class", "perms", "granted", "permissive", "audit_id")


def run(cases: Path) -> Result:
    """Judge every record."""
    result = Result("selinux logs")
    with gzip.open(cases / "logs.jsonl.gz", "rt") as lines:
        for case in map(json.loads, lines):
            got = _read(case["lines"])
            label = case["expected"]["raw_tcontext"]
            if label is not None and not any(label in line for line in case["lines"]):
                result.skipped.append(f"{case['id']}: no line has the raw context")
                continue
            want = _expected(case["expected"])
            wrong = {name: got.get(name) for name in want if got.get(name) != want[name]}
            result.add(not wrong, f"{case['id']}: {wrong} in place of {want}")
    return result


def _read(lines: list[str]) -> Mapping[str, Any]:
    """The one record of some lines, as `lsmc log` prints it; nothing where there are others."""
    text = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
    reader = LogReader([LogChunk("case", [text])], FORMAT)
    found = list(reader)
    return found[0].to_json() if len(found) == 1 and reader.used == len(lines) else {}


def _expected(case: Mapping[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in _OWN} | case["fields"]
