"""A folder for policy and its tests, and running them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import lsmc
from lsmc.testing.load import read_tests
from lsmc.testing.results import FileResult
from lsmc.testing.run import run as run_file

ABI = Path(__file__).parents[2] / "profiles/abi/4.0"
Run = Callable[[str, str], FileResult]


@pytest.fixture
def judged() -> Run:
    """Run the text of a test file, without its `policy`, on a text of policy."""

    def run(policy: str, tests: str) -> FileResult:
        compiled = lsmc.compile_text(policy, name="p", features=ABI)
        file = read_tests("t.test.toml", b'policy = "p"\n' + tests.encode())
        return run_file(file, compiled)[1]

    return run
