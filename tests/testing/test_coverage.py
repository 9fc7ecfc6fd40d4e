"""Coverage: the written rules, and the cases that they decide."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc
from lsmc.output.testing import lcov
from lsmc.output.testing.text import uncovered
from lsmc.testing.coverage import Coverage, coverage, written_rules
from lsmc.testing.load import read_tests
from lsmc.testing.run import run

POLICY = """profile app /usr/bin/app {
  include <part>
  /a r, /b r,
  deny /c r,
  /never
    r,
  capability chown kill,
  change_profile -> x,
  set rlimit core <= 0,
}
profile second { include <part> }
"""
TESTS = """policy = "p"
base = "."
[[case]]
subject = "app"
op = "read"
object = ["/a", "/c", "/part"]
expect = "allow"
[[case]]
subject = "second"
op = "read"
object = "/part"
expect = "allow"
"""


@pytest.fixture
def covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Coverage:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p").write_text(POLICY)
    (tmp_path / "part").write_text("/part r,\n")
    policy = lsmc.compile("p", base=".")
    _, result = run(read_tests("t.test.toml", TESTS.encode()), policy)
    return coverage([written_rules(policy)], result.cases)


def test_rules_of_files_with_their_cases(covered: Coverage) -> None:
    """Cases count whether they hold or not; what the compiler adds and limits do not."""
    counts = {
        file.file: [(rule.line, rule.text, rule.cases) for rule in file.rules]
        for file in covered.files
    }
    assert counts == {
        "p": [
            (3, "/a r,", 1),
            (3, "/b r,", 0),
            (4, "deny /c r,", 1),
            (5, "/never r,", 0),
            (7, "capability chown kill,", 0),
            (8, "change_profile -> x,", 0),
        ],
        "./part": [(1, "/part r,", 2)],
    }
    assert (covered.covered, covered.rules) == (3, 7)
    assert [uncovered(file) for file in covered.files] == [[], ["3", "5-8"]]


def test_two_policies_with_one_file_count_it_once(covered: Coverage) -> None:
    policy = lsmc.compile(Path.cwd() / "p", base=Path.cwd())
    both = coverage([written_rules(policy), written_rules(lsmc.compile("p", base="."))], ())
    assert both.rules == covered.rules


def test_a_line_of_lcov_is_covered_when_all_its_rules_are(covered: Coverage) -> None:
    text = lcov.render(covered)
    assert text.split("end_of_record\n")[1].splitlines() == [
        "TN:lsmc",
        "SF:p",
        "DA:3,0",
        "DA:4,1",
        "DA:5,0",
        "DA:7,0",
        "DA:8,0",
        "LF:5",
        "LH:1",
    ]
