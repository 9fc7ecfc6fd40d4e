"""Test files: read, checked against a policy, judged, and told in every format."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.driver import compile_source
from lsmc.output.excerpt import fault_lines
from lsmc.output.styled import plain
from lsmc.output.testing import json, junit, lcov, tap
from lsmc.output.testing.text import report_lines
from lsmc.policy import Policy
from lsmc.testing.coverage import coverage, written_rules
from lsmc.testing.load import read_tests
from lsmc.testing.model import TestFault
from lsmc.testing.mutants import mutants
from lsmc.testing.results import TestReport
from lsmc.testing.run import run as run_file
from tests.fuzz.target import Target, words

POLICY = (
    "profile p /p {\n  /a r,\n  owner /b/* rw,\n  deny /c rwl,\n  /x ix,\n  signal send,\n}\n"
    "profile q flags=(complain) {\n}\n"
)
WORDS = (
    *words(
        "policy base module case never name subject op object owner expect by transition except "
        'type peer signal "p" "q" "*" "read" "write" "exec" "rw" "/a" "/**" "/b/{a,b}" "p:2" '
        '"allow" "deny" "audit" "complain" true false 1 1.5 1979-05-27 [] {} [[case]] [[never]] '
        '"capable" "connect" "signal_send" "mount" "unconfined" "p//&q"'
    ),
    *(b"=", b"\n", b"\0", b"\xff", b'"""', b"'''", b"[" * 200, b"a." * 50, b"\\u0000", b"#"),
)
_CASE = b'[[case]]\nsubject = "p"\nop = "%s"\nobject = "%s"\nexpect = "%s"\n'
_NEVER = b'[[never]]\nsubject = "*"\nop = "%s"\nobject = "%s"\n'


@cache
def policy() -> Policy:
    """A small policy."""
    return Policy(compile_source(POLICY, "p", Options())[0])


def seeds() -> Iterable[bytes]:
    """Test files of one test, of all kinds, and odd ones."""
    head = b'policy = "p"\n'
    for case in (
        (b"read", b"/a", b"allow"),
        (b"write", b"/b/c", b"audit"),
        (b"exec", b"/x", b"deny"),
    ):
        yield head + _CASE % case + b'by = "p:2"\n'
    for never in ((b"read", b"/**"), (b"rw", b"/b/{a,b}"), (b"signal_send", b"p//&q")):
        yield head + _NEVER % never
    yield head + b"case = [" + b"[" * 10_000
    yield head + b'x = "' + b"\\u0000" * 50 + b'"\n' + _CASE % (b"read", b"\\u0000", b"deny")
    yield head + _NEVER % (b"read", b"/{" + b"a,b" * 50 + b"}")


def run(data: bytes) -> None:
    """The results of a test file, or its faults."""
    checked = None
    try:
        checked, result = run_file(read_tests("t.test.toml", data), policy())
    except TestFault as fault:
        told = [plain(fault_lines(*one)) for one in fault.faults]
    if checked is None:
        assert told, "refused without a reason"
        return
    rules = coverage([written_rules(policy())], result.cases)
    report = TestReport((result,), coverage=rules, mutants=mutants([(checked, result)], 2))
    for render in (json.render, junit.render, tap.render):
        render(report)
    lcov.render(rules)
    plain(report_lines(report))


TARGET = Target("test-file", run, seeds, WORDS)
