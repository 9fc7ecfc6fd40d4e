"""Accept or refuse: each file of a suite of policy files, judged alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.front import front_end
from tests.conformance.result import Result


@contextmanager
def working_directory(path: Path) -> Iterator[None]:
    """Stand in a directory: the suite's files name others relative to it."""
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def run(conformance: Path) -> Result:
    """Judge every file that `tst/expect.jsonl` lists and does not mark as todo."""
    suite = conformance / "tst"
    features = (conformance / "features" / "features.all").resolve()
    result = Result("accept and refuse")
    rows = [json.loads(line) for line in (suite / "expect.jsonl").read_text().splitlines()]
    options = Options("simple_tests", ("simple_tests",), str(features))
    with working_directory(suite):
        for row in rows:
            if row["todo"]:
                continue
            front = front_end(options)
            compiled = front.compile(f"simple_tests/{row['path']}")
            errors = [d for d in compiled.diagnostics if d.severity == "error"]
            right = bool(errors) == (row["expect"] == "FAIL")
            detail = str(errors[0]) if errors else "accepted"
            result.add(right, f"{row['path']}: expected {row['expect']}, got: {detail}")
    return result
