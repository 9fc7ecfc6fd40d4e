"""Labels of paths by Debian's file contexts, as libselinux gives them.

`corpora/selinux/debian-file_contexts.xz` is what `secilc` wrote, a statement a line in the order of
precedence; `conformance/selinux/labels-debian.jsonl.gz` has a question a line.
"""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

from lsmc.modules.selinux.filecon.labels import KINDS, FileLabels, order
from tests.conformance.result import Result

_BY_MARK = {mark: kind for kind, mark in KINDS.items()}


def run(folder: Path) -> Result:
    """Judge the order of the statements, and every path."""
    result = Result("selinux paths")
    entries: list[tuple[str, str]] = []
    contexts: list[str | None] = []
    with lzma.open(folder / "corpora/selinux/debian-file_contexts.xz", "rt") as lines:
        for line in lines:
            text, *mark, context = line.rstrip("\n").split("\t")
            entries.append((text, _BY_MARK["".join(mark)]))
            contexts.append(None if context == "<<none>>" else context)
    result.add(entries == sorted(entries, key=lambda one: order(*one)), "the order differs")
    labels = FileLabels(entries)
    with gzip.open(folder / "conformance/selinux/labels-debian.jsonl.gz", "rt") as cases:
        for case in map(json.loads, cases):
            if case["what"] == "path":
                number = labels.find(case["path"].encode(), case["kind"])
                got = None if number is None else contexts[number]
                result.add(got == case["result"], f"{case}: got {got}")
    return result
