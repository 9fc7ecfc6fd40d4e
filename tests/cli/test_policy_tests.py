"""`lsmc test`: files found, formats read back by their readers, exit codes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import html5lib
import jsonschema
import pytest

from tests.cli.conftest import Run
from tests.places import ROOT

SCHEMA = json.loads((ROOT / "docs/schemas/test-results-1.json").read_text())
POLICY = "profile app /usr/bin/app {\n  /a r,\n  /b r,\n}\nprofile soft flags=(complain) { }\n"
GOOD = """policy = "p"
base = "."
[[case]]
name = "reads # a"
subject = "app"
op = "read"
object = "/a"
expect = "allow"
"""
BAD = (
    GOOD
    + """[[case]]
name = "writes \\u001b[31m a"
subject = "app"
op = "write"
object = "/a"
expect = "allow"
[[never]]
subject = "*"
op = "read"
object = "/b"
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p").write_text(POLICY)
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "good.test.toml").write_text(GOOD)
    (tmp_path / "deep/er/bad.test.toml").write_text(BAD.replace('"p"', '"../../p"'))
    return tmp_path


def test_exit_codes_and_discovery(run: Run, folder: Path) -> None:
    result = run("test", folder / "good.test.toml", "--no-cache")
    assert (result.exit_code, result.output) == (0, f"{folder}/good.test.toml: 1 case holds\n")
    result = run("test", folder, folder / "good.test.toml", "--no-cache")
    assert result.exit_code == 1
    assert result.output.count("good.test.toml: 1 case holds") == 1
    assert "bad.test.toml: 1 of 2 cases holds, 0 of 1 never holds" in result.output
    empty = folder / "empty"
    empty.mkdir()
    for args in ((empty,), (folder / "none.test.toml",), (), (folder / "p",)):
        result = run("test", *args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.count("error: ") == 1


def test_failures_are_explained(run: Run, folder: Path) -> None:
    text = run("test", folder, "--no-cache").output
    assert "\x1b" not in text
    for part in (
        "bad.test.toml:9: fails: writes \\x1b[31m a\n  expected allow, the answer is deny\n",
        "    denied: app write /a\n      no rule allows w\n",
        "    rules that match, but do not allow it\n",
        "bad.test.toml:15: fails: never: * read /b\n  1 subject of 2 may do it\n",
        "  soft does not allow it, but its mode lets it through\n",
        "    allowed: app file r /b\n",
    ):
        assert part in text
    enforced = run("test", folder, "--no-cache", "--enforce").output
    assert "lets it through" not in enforced


def test_json(run: Run, folder: Path) -> None:
    result = run("test", folder, "--no-cache", "--format", "json", "--coverage", "--mutate", "3")
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMA)
    assert (found["holds"], found["tests"], found["failed"]) == (False, 4, 2)
    assert found["coverage"]["covered"] == 1
    assert len(found["mutants"]) == 3
    (never,) = found["files"][0]["nevers"]
    assert [one["why"] for one in never["breaches"]] == ["rules", "mode"]
    plain = json.loads(run("test", folder, "--no-cache", "--format", "json").stdout)
    assert (plain["coverage"], plain["mutants"]) == (None, None)


def test_junit(run: Run, folder: Path) -> None:
    root = ET.fromstring(run("test", folder, "--no-cache", "--format", "junit").stdout)
    assert (root.attrib["tests"], root.attrib["failures"]) == ("4", "2")
    suites = {suite.attrib["name"]: suite for suite in root}
    failures = suites[f"{folder}/deep/er/bad.test.toml"].findall("testcase/failure")
    assert [one.attrib["type"] for one in failures] == ["case", "never"]
    assert "no rule allows w" in (failures[0].text or "")


def test_tap(run: Run, folder: Path) -> None:
    rows = run("test", folder, "--no-cache", "--format", "tap").stdout.splitlines()
    assert rows[:2] == ["TAP version 14", "1..4"]
    points = [row for row in rows if row.startswith(("ok", "not ok"))]
    assert points == [
        "ok 1 - reads \\# a",
        "not ok 2 - writes \\\\x1b[31m a",
        "not ok 3 - never: * read /b",
        "ok 4 - reads \\# a",
    ]
    inside = [row for row in rows[2:] if row not in points]
    assert all(row.startswith("  ") or not row for row in inside)


def test_coverage_files(run: Run, folder: Path) -> None:
    test = folder / "good.test.toml"
    printed = run("test", test, "--no-cache", "--coverage").output
    assert "coverage: 1 of 2 rules, 50.0%\n" in printed
    assert "not covered: 3\n" in printed
    for name, beginning in (("c.json", "{\n"), ("c.info", "TN:"), ("c.txt", "coverage: 1 of 2")):
        result = run("test", test, "--no-cache", f"--coverage={folder / name}")
        assert (result.exit_code, result.output) == (0, f"{test}: 1 case holds\n")
        assert (folder / name).read_text().startswith(beginning)
    assert run("test", test, "--no-cache", f"--coverage={folder}/no/c.txt").exit_code == 2


def test_min_coverage(run: Run, folder: Path) -> None:
    test = folder / "good.test.toml"
    assert run("test", test, "--no-cache", "--min-coverage", "50").exit_code == 0
    result = run("test", test, "--no-cache", "--min-coverage", "50.1")
    assert result.exit_code == 1
    assert "the coverage is 50.0%, less than 50.1%" in result.stderr
    assert run("test", test, "--min-coverage", "101").exit_code == 2


def test_page(run: Run, folder: Path) -> None:
    page = folder / "page.html"
    result = run("test", folder, "--no-cache", "--html", page)
    assert result.exit_code == 1
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page.read_text())
    marked = {
        item.attrib["class"]: (item.attrib["value"], "".join(item.itertext()))
        for item in document.iter("li")
        if "class" in item.attrib
    }
    assert marked == {"hit": ("2", "  /a r,"), "missed": ("3", "  /b r,")}
    assert "writes \\x1b[31m a" in page.read_text()


def test_faults_of_all_files_are_told_before_anything_is_judged(run: Run, folder: Path) -> None:
    (folder / "a.test.toml").write_text("policy = 1\n")
    (folder / "b.test.toml").write_text(GOOD.replace('"allow"', '"alow"'))
    result = run("test", folder, "--no-cache")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("error: ") == 2
    assert f"{folder}/b.test.toml:8:10: error: `alow` is no answer" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('policy = "p"', 'policy = "q"', "1:10: error: `{folder}/q`: no such file or directory"),
        ('base = "."', 'base = "x"', "2:8: error: `{folder}/x`: no such file or directory"),
        ('base = "."', 'module = "sel"', "2:10: error: unknown security module `sel`"),
    ],
)
def test_what_a_file_names(run: Run, folder: Path, old: str, new: str, told: str) -> None:
    test = folder / "good.test.toml"
    test.write_text(GOOD.replace(old, new))
    result = run("test", test, "--no-cache")
    assert result.exit_code == 2
    assert f"{test}:{told.format(folder=folder)}" in result.stderr


def test_options_go_before_what_a_file_says(run: Run, folder: Path) -> None:
    test = folder / "good.test.toml"
    test.write_text(GOOD.replace('base = "."', 'base = "deep"'))
    (folder / "p").write_text("include <part>\n" + POLICY)
    assert run("test", test, "--no-cache").exit_code == 2
    (folder / "part").write_text("")
    assert run("test", test, "--no-cache", "--base", folder).exit_code == 0


def test_errors_of_the_policy(run: Run, folder: Path) -> None:
    (folder / "p").write_text("profile app {\n")
    result = run("test", folder / "good.test.toml", "--no-cache")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{folder}/p:" in result.stderr


def test_a_bundle_is_a_policy(run: Run, folder: Path) -> None:
    assert run("compile", folder / "p", "-o", folder / "p.lsmb", "--no-cache").exit_code == 0
    test = folder / "good.test.toml"
    test.write_text(GOOD.replace('"p"', '"p.lsmb"') + 'by = "p:2"\n')
    result = run("test", test, "--mutate", "2", "--coverage")
    assert result.exit_code == 0, result.output
    assert "mutants: 2 changed rules" in result.output
