"""The formats for machines: each against its schema, or against what its reader takes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema

from lsmc.base.diagnostics import Diagnostic, Edit, Fix, Label
from lsmc.base.source import Source, Span
from lsmc.lint.model import Check, elsewhere
from lsmc.lint.rule_docs import pages
from lsmc.output import findings, github, gitlab, junit, sarif
from lsmc.output.report import LintReport
from tests.lint.support import LINT
from tests.places import ROOT

TEXT = 'profile "é \x1b[1m" {\n  /etc/ü/<&>, r,\n  /b r,\n}\n'
CHECK = Check("LSM101", "unreachable-rule", "warning", elsewhere)


def report(folder: Path) -> LintReport:
    source = Source.from_bytes(str(folder / "a b%20:,ü"), TEXT.encode())
    outside = Source("/elsewhere/c", "x\n")
    rule = Span(source, source.text.index("/etc"), source.text.index("\n  /b"))
    other = Span(source, source.text.index("/b"), source.text.index("/b") + 5)
    fix = Fix("remove it", (Edit(rule, ""), Edit(other, "ü".encode().decode("latin-1"))))
    found = [
        Diagnostic("LSM087", "unreadable-file", "error", "nowhere", None),
        CHECK.finding(
            rule,
            "100% of `é`\n\x1b[31m never, 'grants': <&>",
            help="remove it",
            profile="é",
            witness={"subject": "é", "object": "/etc", "owner": True},
            related=[Label(other, "by this"), Label(Span(outside, 0, 1), "and this")],
            fix=fix,
        ),
        CHECK.finding(rule, "the same place again", profile="é"),
        Diagnostic("LSM903", "baseline-entry-gone", "info", "gone", Span(outside, 0, 0)),
    ]
    fault = Diagnostic("LSM999", "internal-error", "warning", "LSM101 failed: KeyError")
    files = (source.path, str(folder / "clean"))
    return LintReport(tuple(found), (fault,), files, pages(LINT), str(folder), "1.2.3", 4, 5)


def schema(name: str) -> Any:
    return json.loads((ROOT / "docs" / "schemas" / name).read_text(encoding="utf-8"))


def validate(value: Any, name: str) -> None:
    found = schema(name)
    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.Draft202012Validator(found).validate(value)


def test_json(tmp_path: Path) -> None:
    value = json.loads(findings.render(report(tmp_path)))
    validate(value, "lint-1.json")
    assert value["internal_errors"] == ["LSM101 failed: KeyError"]
    assert value["summary"] == {
        "files": 2,
        "error": 1,
        "warning": 2,
        "info": 1,
        "suppressed": 4,
        "in_baseline": 5,
    }


def test_jsonl(tmp_path: Path) -> None:
    found = report(tmp_path).findings
    bad, good = findings.file_line("p", found), findings.file_line("p", found[1:])
    for text, ok in ((bad, False), (good, True)):
        assert text.count("\n") == 1
        validate(json.loads(text), "lint-line-1.json")
        assert json.loads(text)["ok"] is ok


def test_sarif(tmp_path: Path, sarif_schema: Any) -> None:
    value = json.loads(sarif.render(report(tmp_path)))
    jsonschema.Draft4Validator(sarif_schema).validate(value)
    (run,) = value["runs"]
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{tmp_path.as_uri()}/"
    driver = run["tool"]["driver"]
    assert driver["version"] == driver["semanticVersion"]
    assert "informationUri" not in driver  # there is no address that would lead anywhere
    rules = driver["rules"]
    assert all(rule["properties"]["precision"] == "high" for rule in rules)
    assert not any("helpUri" in rule for rule in rules)
    assert "**How to fix:**" in rules[1]["help"]["markdown"]
    assert "How to fix:" in rules[1]["help"]["text"]
    assert [rule["id"] for rule in rules] == ["LSM087", "LSM101", "LSM903"]
    assert all(rule["help"]["markdown"] and rule["help"]["text"] for rule in rules)
    assert not run["invocations"][0]["executionSuccessful"]
    assert "locations" not in run["results"][0]
    result = run["results"][1]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b%2520%3A%2C%C3%BC", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 17}
    related = [one["physicalLocation"]["artifactLocation"] for one in result["relatedLocations"]]
    assert related[1] == {"uri": "file:///elsewhere/c"}
    change = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert [one["insertedContent"]["text"] for one in change] == ["", "ü"]
    assert len({one["partialFingerprints"]["lsmc/v1"] for one in run["results"]}) == 4


def test_sarif_without_findings(sarif_schema: Any) -> None:
    jsonschema.Draft4Validator(sarif_schema).validate(json.loads(sarif.render(LintReport(()))))


def test_github(tmp_path: Path) -> None:
    lines = github.render(report(tmp_path)).splitlines()
    assert lines[0] == "::error title=LSM087 unreadable-file::nowhere"
    head, _, text = lines[1].removeprefix("::warning ").partition("::")
    assert head == (
        "file=a b%2520%3A%2Cü,line=2,endLine=2,col=3,endColumn=16,title=LSM101 unreachable-rule"
    )
    assert text.startswith("100%25 of `é`\\n\\x1b[31m never, 'grants': <&>%0A")
    assert text.endswith("%0Ahelp: remove it")
    assert lines[3].startswith("::notice file=/elsewhere/c,line=1,endLine=1,col=1,endColumn=1,")
    assert lines[4] == "::error title=lsmc::LSM101 failed: KeyError"


def test_gitlab(tmp_path: Path) -> None:
    issues = json.loads(gitlab.render(report(tmp_path)))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 4
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] >= 1
    assert issues[1]["location"] == {"path": "a b%20:,ü", "lines": {"begin": 2, "end": 2}}


def test_junit(tmp_path: Path) -> None:
    root = ET.fromstring(junit.render(report(tmp_path)))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        "a b%20:,ü",
        "clean",
        "lsmc",
        "/elsewhere/c",
        "lsmc",
    ]
    assert sum(int(suite.get("tests", 0)) for suite in suites) == int(root.get("tests", 0))
    assert len(root.findall(".//failure")) == int(root.get("failures", 0)) == 4
    assert len(root.findall(".//error")) == int(root.get("errors", 0)) == 1
    text = suites[0].findall(".//failure")[0].text or ""
    assert "<&>" in text
    assert text.endswith("help: remove it")


def test_fingerprints_do_not_depend_on_lines(tmp_path: Path) -> None:
    one = json.loads(gitlab.render(report(tmp_path)))
    moved = report(tmp_path)
    for finding in moved.findings:
        if finding.span is not None and finding.span.source.text.startswith("profile"):
            span = finding.span
            span.source.text = "\n\n" + span.source.text
            break
    shifted = LintReport(
        tuple(
            Diagnostic(o.code, o.name, o.severity, o.message, _shift(o.span), o.help, o.profile)
            for o in moved.findings
        ),
        root=str(tmp_path),
    )
    two = json.loads(gitlab.render(shifted))
    assert [i["fingerprint"] for i in one] == [i["fingerprint"] for i in two]


def _shift(span: Span | None) -> Span | None:
    if span is None or not span.source.text.startswith("\n\n"):
        return span
    return Span(span.source, span.start + 2, span.end + 2)
