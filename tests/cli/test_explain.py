"""Explanations: of the sample profiles as they are printed, and case by case as data.

The printed ones are in golden/, one file a question; its first line is the command.  To write them
anew: python -m tests.cli.test_explain
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import lsmc
from lsmc.cli.group import cli
from lsmc.explain.explanation import Explanation
from tests.cli.conftest import Run
from tests.places import ROOT

GOLDEN = Path(__file__).parent / "golden"
BUNDLE = "profiles.lsmb"


def parts(path: Path) -> tuple[list[str], str]:
    """The arguments of a golden file's command, and its output."""
    command, _, output = path.read_text().partition("\n")
    return shlex.split(command)[1:], output


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_golden(run: Run, bundle: Path, path: Path) -> None:
    args, output = parts(path)
    result = run(*[str(bundle) if arg == BUNDLE else arg for arg in args])
    assert result.output == output
    assert result.exit_code == (0 if output.startswith("allowed") else 1)


def test_json_of_an_explanation(run: Run, bundle: Path) -> None:
    asked = ("explain", bundle, "nginx", "write", "/var/www/html/a.html", "--format", "json")
    result = run(*asked)
    assert result.exit_code == 1
    found = json.loads(result.output)
    parts = ("request", "verdict", "reasons", "misses", "suggestions", "attaches", "obstacles")
    assert tuple(found) == parts
    assert found["verdict"]["decision"] == "deny-implicit"
    assert {miss["kind"] for miss in found["misses"]} == {"permission", "near"}
    (suggestion,) = found["suggestions"]
    assert suggestion == {
        "kind": "exact",
        "rule": "/var/www/html/a.html w,",
        "profile": "nginx",
        "file": "profiles/nginx",
        "line": 15,
        "opens": [],
        "more": False,
        "rules": 0,
        "hazards": [],
        "says": "",
        "overrides": [],
        "replaces": None,
    }


def ask(
    body: str, op: str, obj: str = "", *, flags: str = "", owner: bool = True, **fields: str
) -> Explanation:
    """The explanation for a profile `p` with a body."""
    policy = lsmc.compile_text(f"profile p {flags} {{\n{body}\n}}\n", base=ROOT / "profiles")
    return policy.explain("p", op, obj, owner=owner, **fields)


def kinds(found: Explanation) -> list[tuple[str, int]]:
    return [(miss.kind, miss.rule.line) for miss in found.misses]


def test_a_rule_that_lacks_the_permission() -> None:
    found = ask("/a r,\n/a k,", "write", "/a")
    assert kinds(found) == [("permission", 2), ("permission", 3)]
    assert found.misses[0].permissions == ("r",)
    assert found.misses[0].wanted == ("w",)


def test_a_rule_for_the_owner_alone_and_for_others_alone() -> None:
    assert kinds(ask("owner /a rw,", "write", "/a", owner=False)) == [("owner", 2)]
    assert kinds(ask("other /a rw,", "write", "/a")) == [("other", 2)]


def test_a_rule_that_asks() -> None:
    assert kinds(ask("prompt /a rw,", "write", "/a")) == [("prompt", 2)]


def test_a_denied_rule_that_would_allow() -> None:
    found = ask("/a rw,\ndeny /a w,", "write", "/a")
    assert kinds(found) == [("overridden", 2)]
    (reason,) = found.reasons
    assert (reason.effect, reason.rules[0].line) == ("deny", 3)
    assert [(loser.rule.line, loser.by) for loser in reason.overridden] == [(2, "deny")]
    (suggestion,) = found.suggestions
    assert (suggestion.kind, suggestion.rule, suggestion.line) == ("deny", "", 3)
    assert suggestion.says == "remove or narrow `deny /a w,`"
    assert suggestion.hazards == ("overrides-deny",)


def test_what_an_allowing_rule_overrides() -> None:
    found = ask("deny /a w,\npriority=3 /a w,", "write", "/a")
    (reason,) = found.reasons
    assert [(loser.rule.line, loser.by) for loser in reason.overridden] == [(2, "priority")]
    found = ask("/a* px -> q,\n/ab ix,", "exec", "/ab")
    (reason,) = found.reasons
    assert [(loser.rule.line, loser.by) for loser in reason.overridden] == [(2, "exact")]
    found = ask("prompt /a r,\n/a r,", "read", "/a")
    (reason,) = found.reasons
    assert [(loser.rule.line, loser.by) for loser in reason.overridden] == [(2, "allow")]


def test_how_far_a_pattern_matched_and_where_it_parted() -> None:
    found = ask("/var/log/app/*.log w,\n/srv/** w,\n/var/lib/x r,", "write", "/var/log/ap")
    (miss,) = found.misses
    assert (miss.kind, miss.rule.line, miss.field) == ("near", 2, "path")
    assert (miss.matched, miss.expected) == ("/var/log/ap", "p/.log")
    assert miss.example == "/var/log/app/.log"


def test_near_rules_come_longest_match_first_and_would_really_allow() -> None:
    body = "/var/log/* w,\n/var/lib/* w,\ndeny /var/lib/** w,\n/var/log/a/b/c w,"
    found = ask(body, "write", "/var/log/a/x")
    assert kinds(found) == [("near", 5), ("near", 2)]
    assert [miss.matched for miss in found.misses] == ["/var/log/a/", "/var/log/a"]


def test_a_rule_that_ends_earlier() -> None:
    (miss,) = ask("/var/log w,", "write", "/var/log/x").misses
    assert (miss.matched, miss.expected, miss.example) == ("/var/log", "", "/var/log")


def test_in_classes_of_several_fields_one_field_may_differ() -> None:
    found = ask("signal send set=(hup) peer=q,", "signal_send", "q", signal="term")
    (miss,) = found.misses
    assert (miss.field, miss.value, miss.example) == ("signal", "term", "hup")
    body = "dbus send bus=session path=/a interface=x.y member=Get,"
    found = ask(body, "dbus_send", "", bus="session", path="/a", interface="x.y", member="Set")
    (miss,) = found.misses
    assert (miss.field, miss.matched, miss.example) == ("member", "", "Get")


def test_a_transition_without_its_profile() -> None:
    found = ask("/bin/x px -> q,", "exec", "/bin/x")
    assert not found.verdict.allowed
    assert kinds(found) == [("no-target", 2)]
    assert found.suggestions == ()


def test_complain_mode_tells_what_is_missing() -> None:
    found = ask("/a r,", "write", "/a", flags="flags=(complain)")
    assert found.verdict.allowed
    assert found.request.profiles[0].mode == "complain"
    assert kinds(found) == [("permission", 2)]
    assert found.suggestions[0].rule == "/a w,"


def test_unconfined_subjects_have_no_reasons() -> None:
    policy = lsmc.compile_text("profile p /bin/p {}")
    found = policy.explain("unconfined", "exec", "/bin/p")
    assert (found.verdict.decision, found.attaches) == ("unconfined", "p")
    assert found.reasons == found.misses == found.suggestions == ()


def test_a_stack_needs_each_part() -> None:
    policy = lsmc.compile_text("profile p { /a r, }\nprofile q { /a w, }")
    found = policy.explain("p//&q", "read", "/a")
    assert not found.verdict.allowed
    assert [reason.effect for reason in found.reasons] == ["allow", "none"]
    assert [(s.profile, s.rule) for s in found.suggestions] == [("q", "/a r,")]


def test_both_names_of_a_rename_are_explained() -> None:
    found = ask("/a rw,", "rename", "/a", target="/b")
    assert [(r.permission, r.effect) for r in found.reasons] == [
        *(("r", "allow"), ("w", "allow"), ("w", "none"))
    ]
    assert [one.rule for one in found.suggestions] == ["/b w,"]


def write_golden() -> None:
    """Write the expected output of each golden command anew."""
    policy = lsmc.compile("profiles", base="profiles")
    policy.save(f"/tmp/{BUNDLE}")
    for path in sorted(GOLDEN.glob("*.txt")):
        args, _ = parts(path)
        command = path.read_text().partition("\n")[0]
        args[1] = f"/tmp/{BUNDLE}"
        result = CliRunner().invoke(cli, args, catch_exceptions=False)
        path.write_text(f"{command}\n{result.output}")


if __name__ == "__main__":
    write_golden()
