"""A made-up log of many transports, and the records in it.

`UPDATE_GOLDEN=1 pytest tests/logs/test_golden.py` writes the expectations anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from lsmc.logs.reader import LogReader
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.record import Record

FOLDER = Path(__file__).parent / "golden"


def test_mixed() -> None:
    """Each record, each fault and the counts are as written down."""
    log = FOLDER / "mixed.log"
    reader = LogReader([str(log)], FORMAT)
    found = []
    for entry in reader.entries():
        record = entry if isinstance(entry, Record) else entry.record
        assert record.source is not None
        relative = record._replace(source=record.source._replace(file=log.name))
        found.append(json.dumps(relative.to_json()))
    found.append(json.dumps([reader.used, reader.skipped, reader.broken]))
    text = "".join(line + "\n" for line in found)
    golden = FOLDER / "mixed.jsonl"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()
