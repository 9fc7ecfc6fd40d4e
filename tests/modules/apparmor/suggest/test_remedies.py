"""Remedies for the causes of a log: which abstractions are offered, and bundles without sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lsmc.cli.group import cli

MODES = {
    "inherits": "ix",
    "attaches": "Px",
    "keeps": "px",
    "falls-back": "Pix",
    "child": "Cx",
    "leaves": "Ux",
    "other": "Px -> other",
    "stacked": "Px -> &other",
}
LOG = (
    'audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" operation="exec" profile="app"'
    ' name="{path}" pid=7 comm="c" requested_mask="x" denied_mask="x" fsuid=1 ouid=0\n'
)


@pytest.mark.parametrize(
    ("path", "rule", "offered"),
    [("/opt/tool", "/opt/tool Px,", "attaches"), ("/opt/plain", "/opt/plain ix,", "inherits")],
)
def test_an_abstraction_executes_as_the_rule_does(
    tmp_path: Path, path: str, rule: str, offered: str
) -> None:
    """None lets a program run under another profile, or with the environment of the caller."""
    (tmp_path / "abstractions").mkdir()
    for name, mode in MODES.items():
        (tmp_path / "abstractions" / name).write_text(f"/opt/* {mode},\n")
    (tmp_path / "p").write_text(
        "profile app /opt/app { }\nprofile tool /opt/tool { }\nprofile other { }\n"
    )
    (tmp_path / "log").write_text(LOG.format(path=path))
    args = ["explain", str(tmp_path / "p"), "--log", str(tmp_path / "log"), "--no-cache"]
    args += ["--base", str(tmp_path), "--format", "jsonl"]
    found = json.loads(CliRunner().invoke(cli, args, catch_exceptions=False).stdout)
    rules = {one["kind"]: one["rule"] for one in found["suggestions"]}
    assert rules["exact"] == rule
    abstractions = [one["rule"] for one in found["suggestions"] if one["kind"] == "abstraction"]
    assert abstractions == [f"include <abstractions/{offered}>"]


@pytest.mark.parametrize(("capability", "rules"), [("chown", ["capability chown,"]), ("new", [])])
def test_a_bundle_whose_file_cannot_be_compiled_here_has_the_plain_rules(
    tmp_path: Path, capability: str, rules: list[str]
) -> None:
    """As where the bundle was made with another base: rules are tried outside of their file."""
    (tmp_path / "base" / "tunables").mkdir(parents=True)
    (tmp_path / "base" / "tunables" / "own").write_text("@{OWN}=/own\n")
    policy, log, bundle = tmp_path / "p", tmp_path / "log", tmp_path / "b.lsmb"
    policy.write_text("include <tunables/own>\nprofile app { @{OWN} r, }\n")
    log.write_text(
        'audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" operation="capable"'
        ' profile="app" pid=7 comm="c" capability=0'
        f' capname="{capability}"\n'
    )
    base = ["--base", str(tmp_path / "base")]
    made = CliRunner().invoke(cli, ["compile", str(policy), "-o", str(bundle), *base])
    assert made.exit_code == 0, made.output
    args = ["explain", str(bundle), "--log", str(log), "--format", "jsonl"]
    found = json.loads(CliRunner().invoke(cli, args, catch_exceptions=False).stdout)
    assert [one["rule"] for one in found["suggestions"]] == rules
