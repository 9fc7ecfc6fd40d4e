"""Runs the tests of a policy for an editor, on the files as they are saved."""

from __future__ import annotations

from typing import NamedTuple

from lsmc.api import compile as compile_policy
from lsmc.base.files import read_regular
from lsmc.output.testing.words import kept, place, reasons, title
from lsmc.testing.load import MOST, read_tests
from lsmc.testing.model import TestFault
from lsmc.testing.run import run


class Told(NamedTuple):
    """What is told of a run: whether all tests hold, in one line, and each that does not."""

    holds: bool
    summary: str
    details: tuple[str, ...]


def run_tests(path: str) -> Told:
    """Run the tests in a file; `PolicyError`, OSError."""
    try:
        file = read_tests(path, read_regular(path, MOST)[0])
        policy = compile_policy(file.policy, base=file.base, module=file.module, jobs=1)
        _, result = run(file, policy)
    except TestFault as fault:
        wrong = tuple(f"{path}:{one.span.location().line}: {one.message}" for one in fault.faults)
        return Told(False, f"{path}: {len(wrong)} mistakes", wrong)
    failing = [one for one in result.tests if not one.holds]
    details = tuple(
        f"{place(result, one)}: {title(one)}: {'; '.join(reasons(one))}" for one in failing
    )
    return Told(not failing, f"{path}: {kept(result)}", details)
