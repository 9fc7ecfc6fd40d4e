"""Records of a real kernel with Smack: each is read, and asks what the kernel asked."""

from __future__ import annotations

import re
from pathlib import Path

from lsmc.logs.reader import LogReader
from lsmc.modules.smack.log.form import FORMAT
from lsmc.modules.smack.log.record import Record
from tests.conformance.result import Result

_LABELS = re.compile(r'subject="([^"]+)" object="([^"]+)" (?:requested=(\w+)|labels_differ)')
_REPORTED = re.compile(r"Smack [A-Z][\w ]+: \((\S+) (\S+) (\S+)\)")
_PATH = re.compile(r'audit\([^)]+:(\d+)\): item=\d+ name="([^"]+)" inode=(\d+)')


def run(folder: Path) -> Result:
    """Read `log_lines.txt` and `log_event.txt`."""
    result = Result("smack logs")
    for name in ("log_lines.txt", "log_event.txt"):
        path = folder / name
        lines = path.read_text().splitlines()
        wanted = {n: line for n, line in enumerate(lines, 1) if "SMACK" in line or "Smack" in line}
        paths = {(m[1], m[3]): m[2] for m in map(_PATH.search, lines) if m is not None}
        reader = LogReader([str(path)], FORMAT)
        found = {one.source.line: one for one in reader.entries() if one.source is not None}
        for number, line in wanted.items():
            record = found.get(number)
            if not isinstance(record, Record):
                result.add(False, f"{name}:{number}: not read: {line}")
                continue
            match = _LABELS.search(line) or _REPORTED.search(line)
            assert match is not None
            asked = (match[1], match[2], (match[3] or "").strip("-"))
            right = (record.subject, record.object, record.mask) == asked
            known = paths.get((str(record.audit_id), str(record.field("ino"))))
            if known is not None:
                right = right and record.path == known
            result.add(right, f"{name}:{number}: {record}")
    return result
