"""`lsmc explain --log`: what is printed, counted and returned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

HEAD = "Nov 14 22:13:20 host kernel: [1.2] audit: type=1400 audit("


def denied(
    name: str, profile: str = "nginx", *, kind: str = "DENIED", at: int = 1_700_000_000, **more: Any
) -> str:
    fields = {"denied_mask": "r", "comm": "nginx", **more}
    rest = " ".join(f'{key}="{value}"' for key, value in fields.items())
    return (
        f'{HEAD}{at}.123:7): apparmor="{kind}" operation="open" profile="{profile}" '
        f'name="{name}" pid=7 {rest} fsuid=33 ouid=0\n'
    )


def ask(run: Run, bundle: Path, text: str | bytes, *more: str) -> Any:
    return run("explain", bundle, "--log", "-", "--base", "profiles", *more, text=text)


def causes(run: Run, bundle: Path, text: str | bytes, *more: str) -> list[dict[str, Any]]:
    result = ask(run, bundle, text, "--format", "jsonl", *more)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_file_that_is_no_log(run: Run, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF\0\0\n\0\n")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no record\n")
    for words in (("explain", bundle, "--log"), ("log",)):
        result = run(*words, tmp_path / "program")
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1].startswith("lsmc: error: ")
        assert "it is not text, and has no records" in result.stderr
        assert [run(*words, tmp_path / name).exit_code for name in ("empty", "text")] == [0, 0]
    (tmp_path / "log").write_text(
        'type=AVC msg=audit(1.002:3): apparmor="ALLOWED" operation="open" profile="viewer"'
        ' name="/a" requested_mask="r" denied_mask="r"\n'
    )
    result = run("log", tmp_path / "log", tmp_path / "program")
    assert result.exit_code == 0
    assert "program` is not text, and has no records" in result.stderr


def test_the_shape_of_a_cause(run: Run, bundle: Path) -> None:
    (found,) = causes(run, bundle, denied("/srv/x") * 2)
    assert found["count"] == 2
    assert found["first"] == found["last"] == "2023-11-14T22:13:20Z"
    assert found["record"]["name"] == "/srv/x"
    assert found["verdict"]["decision"] == "deny-implicit"
    assert found["agreement"] == "agrees"
    assert found["processes"] == {"nginx": 2}
    first = found["suggestions"][0]
    assert first["rule"] == "/srv/x r,"
    assert first["file"] == "profiles/nginx"
    assert first["opens"] == []
    assert {"kind", "line", "hazards", "more"} <= first.keys()


def test_exit_codes(run: Run, bundle: Path) -> None:
    assert ask(run, bundle, denied("/srv/x")).exit_code == 1
    assert ask(run, bundle, denied("/etc/nginx/nginx.conf")).exit_code == 0
    assert ask(run, bundle, "nothing here\n").exit_code == 0
    broken = 'type=AVC msg=audit(1.2:3): apparmor="DENIED" name=xyz\n'
    assert ask(run, bundle, broken).exit_code == 2
    assert ask(run, bundle, denied("/srv/x") + broken).exit_code == 2
    unread = "DENIED  nginx open /srv/x comm=x requested_mask=r denied_mask=r\n"
    result = ask(run, bundle, denied("/etc/nginx/nginx.conf") + unread)
    assert result.exit_code == 2
    assert "-:2: error: this is what `aa-log` prints for people" in result.stderr
    assert "2 lines: 1 used, 0 skipped, 1 broken" in result.stderr
    assert run("explain", bundle, "--log", "/no/such/log").exit_code == 2


def test_an_older_policy_is_running(run: Run, bundle: Path) -> None:
    (found,) = causes(run, bundle, denied("/etc/nginx/nginx.conf"))
    assert (found["status"], found["agreement"]) == ("allowed", "older")
    shown = ask(run, bundle, denied("/etc/nginx/nginx.conf")).stdout
    assert "the running policy is older than these files" in shown


def test_the_deny_rule_and_its_includes(run: Run, bundle: Path) -> None:
    (found,) = causes(run, bundle, denied("/home/u/.ssh/id_rsa", "viewer"))
    assert found["verdict"]["decision"] == "deny-explicit"
    (rule,) = found["verdict"]["rules"]
    assert rule["file"] == "profiles/abstractions/private-files"
    assert rule["via"]
    assert {"private-keys", "overrides-deny"} <= set(found["suggestions"][0]["hazards"])


def test_a_deny_rule_that_no_rule_beats(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "p"
    policy.write_text("profile p {\n  deny network inet,\n}\n")
    text = denied("/x", "p", class_="net").replace('class_="net"', "class=net")
    text = text.replace('operation="open"', 'operation="create" class="net" family="inet"')
    text = text.replace("class=net", 'sock_type="stream" protocol=6 requested="create"')
    result = run("explain", policy, "--log", "-", "--no-cache", text=text)
    assert "  the rule that would have to give way\n" in result.stdout
    assert f"remove or narrow `deny network inet,`\n      in profile p, {policy}:2" in result.stdout
    assert "these files refuse it without logging" in result.stdout


def test_modes_that_differ(run: Run, bundle: Path) -> None:
    (found,) = causes(run, bundle, denied("/srv/x", kind="ALLOWED"))
    assert found["agreement"] == "complained"


def test_complain_mode_is_no_verdict(run: Run, tmp_path: Path) -> None:
    """What it lets through is told apart, and counts as denied where the rules are asked for."""
    policy = tmp_path / "p"
    policy.write_text("profile p flags=(complain) {\n}\n")
    text = denied("/srv/x", "p", kind="ALLOWED")
    words = ("explain", policy, "--no-cache", "--log", "-")
    shown = run(*words, text=text)
    assert shown.exit_code == 0
    assert "1x would be denied: p file open r /srv/x" in shown.stdout
    assert "1 cause would be denied but for complain mode: --enforce counts" in shown.stderr
    shown = run(*words, "--enforce", text=text)
    assert shown.exit_code == 1
    assert "1x denied: p file open r /srv/x" in shown.stdout
    assert "the running profile" not in shown.stdout
    assert "but for complain mode" not in shown.stderr
    for form in ("short", "json", "html"):
        assert run(*words, "--enforce", "--format", form, text=text).exit_code == 1
    patch = run(*words, "--patch", text=text).stdout
    assert "+  /srv/x r,\n" in patch
    assert run(*words, "--enforce", "--patch", text=text).stdout == patch


def test_an_unknown_profile_and_no_question(run: Run, bundle: Path) -> None:
    lost = denied("/x", info="Failed name lookup - disconnected path")
    text = denied("/x", "stranger") + lost
    assert [found["status"] for found in causes(run, bundle, text)] == ["no-profile", "no-question"]


def test_what_else_a_rule_opens(run: Run, bundle: Path) -> None:
    text = denied("/proc/1234/cmdline")
    (found,) = causes(run, bundle, text)
    general = next(one for one in found["suggestions"] if one["kind"] == "general")
    assert general["rule"] == "@{PROC}/@{pids}/cmdline r,"
    assert general["opens"]
    assert all(one.startswith("r /proc/") for one in general["opens"])


def test_abstractions_are_found(run: Run, bundle: Path) -> None:
    (found,) = causes(run, bundle, denied("/usr/share/fonts/a.ttf"))
    names = [one["rule"] for one in found["suggestions"] if one["kind"] == "abstraction"]
    assert "include <abstractions/fonts>" in names


def test_the_summary_counts_every_line(run: Run, bundle: Path) -> None:
    text = denied("/srv/x") + "other\n" * 3 + 'type=AVC msg=audit(1.2:3): apparmor="DENIED" a=,"\n'
    shown = ask(run, bundle, text).stderr
    assert "5 lines: 1 used, 3 skipped, 1 broken" in shown
    assert "-:5: error:" in shown
    assert "1 cause of 1 record" in shown


def test_lines_beyond_those_that_are_shown_are_counted(run: Run, bundle: Path) -> None:
    shown = ask(run, bundle, 'type=AVC msg=audit(1.2:3): apparmor="DENIED"\n' * 12).stderr
    assert shown.count("error:") == 10
    assert "2 more lines could not be read" in shown


def test_choices(run: Run, bundle: Path) -> None:
    text = denied("/srv/a", at=1_600_000_000) + denied("/srv/b", "viewer") + denied("/srv/c")
    for args, names in (
        (("--since", "2022-01-01"), ["/srv/b", "/srv/c"]),
        (("--since", "1650000000"), ["/srv/b", "/srv/c"]),
        (("--since", "2h"), []),
        (("--profile", "ngi*"), ["/srv/a", "/srv/c"]),
    ):
        assert [one["object"] for one in causes(run, bundle, text, *args)] == names


@pytest.mark.parametrize(
    "args", [("--since", "soon"), ("--not-owner",), ("--since", "99999999999999-01-01")]
)
def test_wrong_use(run: Run, bundle: Path, args: tuple[str, ...]) -> None:
    assert ask(run, bundle, "", *args).exit_code == 2
    assert run("explain", bundle, "nginx", "read", "/x", "--patch").exit_code == 2


HOSTILE = [
    b"\x1b]0;owned\x07\x1b[2J",
    b"[red]x[/red]<script>alert(1)</script>",
    "\u202e\u200b".encode(),
    b"\xff\xfe\x80",
    b"$(reboot) `reboot` %s {} ..",
    b"a\nprofile evil { }\n",
    b"*?[]{}^@{HOME}\\",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["short", "text", "json", "jsonl", "patch"])
def test_hostile_names_are_escaped(run: Run, bundle: Path, name: bytes, form: str) -> None:
    coded = (b"/srv/" + name).hex().upper()
    text = denied("/x").replace('name="/x"', f"name={coded}")
    text = text.replace('comm="nginx"', f"comm={coded}")
    text += denied("/y", "p").replace('profile="p"', f"profile={coded}")
    more = ("--patch",) if form == "patch" else ("--format", form)
    result = ask(run, bundle, text, *more)
    assert result.exit_code == 1
    shown = result.stdout + result.stderr
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert "profile evil { }\n" not in shown


def test_junk_is_counted(run: Run, bundle: Path) -> None:
    text = b"\0\xff\n" + b"apparmor=" * 300_000 + b"\n" + denied("/srv/x").encode()
    result = ask(run, bundle, text)
    assert result.exit_code == 2
    assert "3 lines: 1 used, " in result.stderr


def test_each_cause_has_its_own_remedies(run: Run, bundle: Path) -> None:
    text = denied("/usr/share/fonts/x.ttf") + denied("/home/ann/x").replace("ouid=0", "ouid=33")
    first, second = causes(run, bundle, text)
    general = [one for one in first["suggestions"] if one["kind"] == "general"]
    assert general[0]["rule"] == "@{share}/fonts/x.ttf r,"
    assert general[0]["opens"] == ["r /usr/local/share/fonts/x.ttf"]
    rules = [one["rule"] for one in second["suggestions"] if one["kind"] == "general"]
    assert rules == ["owner @{HOME}/x r,"]
