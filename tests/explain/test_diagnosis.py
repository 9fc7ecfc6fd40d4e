"""What is said to causes that the rules did not decide, or whose subject is not of this policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lsmc.cli.group import cli
from lsmc.modules.apparmor.log.infos import INFOS
from tests.modules.apparmor.log.test_infos import CASES

HEAD = 'audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" '
POLICY = """profile app /usr/bin/app {
  /usr/bin/tool Px -> tool,
  /usr/bin/there px,
  owner /run/** rwl,
  change_profile -> tool,
  mount,
  capability,
  userns,
  ^sub { }
}
profile tool { /srv/x r, }
profile maker /usr/bin/maker { userns, }
profile shy /usr/bin/shy flags=(attach_disconnected, mediate_deleted) { }
profile one /opt/a? { }
profile two /opt/a[bc] { }
profile :box:inner { /srv/inner r, }
"""
FILE = 'pid=7 comm="c" requested_mask="r" denied_mask="r" fsuid=1 ouid=1'


def explain(folder: Path, lines: str, *more: str) -> Result:
    (folder / "p").write_text(POLICY)
    (folder / "log").write_text("".join(f"{HEAD}{line}\n" for line in lines.splitlines()))
    args = ["explain", str(folder / "p"), "--log", str(folder / "log"), "--no-cache", *more]
    return CliRunner().invoke(cli, args, catch_exceptions=False)


def answer(folder: Path, line: str) -> dict[str, Any]:
    result = explain(folder, line, "--format", "jsonl")
    found: dict[str, Any] = json.loads(result.stdout)
    shown = explain(folder, line).stdout
    assert found["note"].splitlines()[:1] == [] or found["note"] in shown.replace("\n  ", "\n")
    written = [one for one in found["suggestions"] if one["kind"] != "advice"]
    assert bool(explain(folder, line, "--patch=all").stdout) == bool(written)
    return found


@pytest.mark.parametrize(
    "info", [i for i in CASES if CASES[i][1] not in (0, 13) and INFOS[i].by != "rules"]
)
def test_no_other_errno_is_the_age_of_the_policy(tmp_path: Path, info: str) -> None:
    """Whatever the policy allows, it is not what was asked."""
    operation, error, _ = CASES[info]
    found = answer(
        tmp_path,
        f'operation="{operation}" info="{info}" error=-{error} profile="app"'
        f' name="/run/a" {FILE} target="sub"',
    )
    assert found["agreement"] in (None, "agrees", "unloaded")
    assert found["agreement"] != "unloaded" or INFOS[info].by == "loaded"
    assert "older" not in explain(tmp_path, "").stdout


def test_no_new_privs(tmp_path: Path) -> None:
    line = (
        'operation="exec" class="file" info="no new privs" error=-1 profile="app"'
        f' name="/usr/bin/tool" target="tool" {FILE}'
    )
    found = answer(tmp_path, line)
    assert found["status"] == "no-question"
    assert [one["rule"] for one in found["suggestions"]] == [
        *("/usr/bin/tool ix,", "/usr/bin/tool Px -> &tool,", ""),
    ]
    assert found["note"].startswith("the task has no_new_privs")
    assert "the kernel says: no new privs, EPERM" in explain(tmp_path, line).stdout


@pytest.mark.parametrize(
    ("target", "says", "status"),
    [("tool", "load it, and start the program anew", "allowed"), ("", "", "denied")],
)
def test_a_profile_that_was_not_loaded(tmp_path: Path, target: str, says: str, status: str) -> None:
    name = "tool" if target else "there"
    line = (
        'operation="exec" info="profile transition not found" error=-13 profile="app" pid=7'
        f' name="/usr/bin/{name}" denied_mask="x" target="{target}"'
    )
    found = answer(tmp_path, line)
    assert found["status"] == status
    assert "the profile that it should run under was not loaded" in found["note"]
    assert found["agreement"] == ("unloaded" if target else "agrees")
    assert says in explain(tmp_path, line).stdout


@pytest.mark.parametrize(
    ("target", "says"),
    [("tool", "these files have it: load them"), ("none", "these files do not have it either")],
)
def test_a_label_that_was_not_found(tmp_path: Path, target: str, says: str) -> None:
    line = (
        'operation="change_profile" info="label not found" error=-2 profile="app"'
        f' name="{target}" pid=7'
    )
    found = answer(tmp_path, line)
    assert (found["status"], found["agreement"]) == ("no-question", None)
    assert f"there was no profile {target} to change to" in found["note"]
    assert says in found["note"]


@pytest.mark.parametrize("hat", ["sub", "nosuch"])
def test_a_hat_that_was_not_found(tmp_path: Path, hat: str) -> None:
    found = answer(
        tmp_path,
        f'operation="change_hat" info="hat not found" error=-2 profile="app" name="{hat}" pid=7',
    )
    assert found["agreement"] == ("unloaded" if hat == "sub" else "agrees")
    assert "has no hat of that name" in found["note"]


@pytest.mark.parametrize(
    ("info", "flag"),
    [("deleted entry", "mediate_deleted"), ("disconnected path", "attach_disconnected")],
)
@pytest.mark.parametrize("profile", ["app", "shy"])
def test_names_that_were_not_found(tmp_path: Path, info: str, flag: str, profile: str) -> None:
    line = (
        f'operation="open" info="Failed name lookup - {info}" error=-2 profile="{profile}"'
        f' name="run/#29" {FILE}'
    )
    found = answer(tmp_path, line)
    assert (found["status"], found["agreement"]) == ("no-question", None)
    assert f"`flags=({flag})`" in found["note"]
    place = f"the profile is at {tmp_path / 'p'}:1"
    assert ("these files give the profile that flag" in found["note"]) == (profile == "shy")
    assert (place in found["note"]) == (profile == "app")


def test_a_queue_that_has_no_name_here(tmp_path: Path) -> None:
    """The rules answer, but were not asked: their age is not in question."""
    (tmp_path / "q").write_text("profile p { mqueue getattr type=posix, }\n")
    (tmp_path / "log").write_text(
        f'{HEAD}operation="getattr" class="posix_mqueue" profile="p" pid=1 requested="getattr"'
        ' info="Failed name lookup - disconnected IPC path" error=-13 denied="getattr"\n'
    )
    args = ["explain", str(tmp_path / "q"), "--log", str(tmp_path / "log"), "--no-cache"]
    found = json.loads(CliRunner().invoke(cli, [*args, "--format", "jsonl"]).stdout)
    assert (found["status"], found["agreement"]) == ("allowed", None)
    assert "attach_disconnected.ipc" in found["note"]


@pytest.mark.parametrize(
    ("who", "space"),
    [
        ('namespace="root//lxd-c1_<var>" profile="app"', "lxd-c1_<var>"),
        ('profile=":lxd-c1_<var>:app"', "lxd-c1_<var>"),
        ('profile=":lxd-c1_<var>://app"', "lxd-c1_<var>"),
        ('namespace="root//a//b" profile="app"', "a//b"),
        ('namespace="root//box" profile="unconfined"', "box"),
        ('namespace="root//box" profile="/usr/bin/app"', "box"),
    ],
)
def test_profiles_of_another_namespace(tmp_path: Path, who: str, space: str) -> None:
    """They are never the host's profile of that name, and no patch changes that one."""
    line = f'operation="open" {who} name="/srv/x" {FILE}'
    found = answer(tmp_path, line)
    assert (found["status"], found["agreement"], found["verdict"]) == ("no-profile", None, None)
    assert found["note"].startswith(f"the profile belongs to the policy namespace {space},")
    assert found["profile"].startswith(f":{space}://")
    result = explain(tmp_path, line, "--patch")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_stack_with_a_profile_of_another_namespace(tmp_path: Path) -> None:
    found = answer(tmp_path, f'operation="open" label="app//&:c1:x" name="/srv/x" {FILE}')
    assert found["status"] == "no-profile"
    assert found["note"].startswith("the profile belongs to the policy namespace c1,")
    found = answer(tmp_path, f'operation="open" label="app//&:box:inner" name="/run/x" {FILE}')
    assert (found["status"], found["profile"]) == ("denied", "app//&:box://inner")


def test_a_namespace_that_the_policy_has(tmp_path: Path) -> None:
    for who in ('namespace="root//box" profile="inner"', 'profile=":box:inner"'):
        found = answer(tmp_path, f'operation="open" {who} name="/srv/inner" {FILE}')
        assert (found["status"], found["agreement"]) == ("allowed", "older")


def test_unconfined(tmp_path: Path) -> None:
    """It is not a profile; what made a user namespace without one is told what it needs."""
    userns = (
        'operation="userns_create" class="namespace" info="Userns create - transitioning profile"'
    )
    rest = 'profile="unconfined" pid=7 requested="userns_create" target="unprivileged_userns"'
    found = answer(tmp_path, f'{userns} {rest} execpath="/opt/x"')
    assert (found["status"], found["profile"]) == ("unconfined", "unconfined")
    assert "`profile /opt/x flags=(unconfined) { userns, }`" in found["note"]
    found = answer(tmp_path, f'{userns} {rest} execpath="/usr/bin/maker"')
    assert (found["status"], found["agreement"]) == ("allowed", "unloaded")
    found = answer(tmp_path, f'operation="open" profile="unconfined" name="/x" {FILE}')
    assert found["status"] == "unconfined"
    assert "no rule of a profile decides" in found["note"]


@pytest.mark.parametrize("who", ["unconfined", "app"])
def test_attachments_of_equal_rank(tmp_path: Path, who: str) -> None:
    """The profiles that attach are named, if these files have them."""
    for name, clash in (("/opt/ab", True), ("/opt/ax", False)):
        note = answer(
            tmp_path,
            f'operation="exec" info="conflicting profile attachments" profile="{who}"'
            f' name="{name}" {FILE} target="x"',
        )["note"]
        assert f"several profiles attach to {name} with equal rank" in note
        assert ("; in these files `one` and `two` do" in note) == clash


def test_a_profile_that_the_kernel_gave(tmp_path: Path) -> None:
    """What it refuses is answered with the profile that the program lacks."""
    for name in ("unprivileged_userns", "unconfined//&unprivileged_userns"):
        line = f'operation="capable" profile="{name}" pid=7 comm="x" capname="sys_admin"'
        note = answer(tmp_path, line)["note"]
        assert "give it a profile that attaches to its path and has the rule `userns,`" in note


def test_what_a_link_would_have_beyond_its_target(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("")
    policy = "profile app { /srv/a rml, /srv/b r, }\n"
    line = (
        f'{HEAD}operation="link" profile="app" name="/srv/a" denied_mask="m" fsuid=0 ouid=0 pid=1'
        ' target="/srv/b"\n'
    )
    (tmp_path / "q").write_text(policy)
    (tmp_path / "log").write_text(line)
    args = ["explain", str(tmp_path / "q"), "--log", str(tmp_path / "log"), "--no-cache"]
    found = json.loads(CliRunner().invoke(cli, [*args, "--format", "jsonl"]).stdout)
    assert (found["status"], found["agreement"]) == ("denied", "agrees")
    assert "the new name would have `m`, which its target lacks" in found["note"]
    assert "a `link` rule without `subset`" in found["note"]
    assert [one["rule"] for one in found["suggestions"]] == ["owner /srv/b m,"]
    for rules in ("/srv/a rml, /srv/b rm,", "/srv/a rm, link /srv/a -> /srv/b, /srv/b r,"):
        (tmp_path / "q").write_text(f"profile app {{ {rules} }}\n")
        after = json.loads(CliRunner().invoke(cli, [*args, "--format", "jsonl"]).stdout)
        assert after["status"] == "allowed"
