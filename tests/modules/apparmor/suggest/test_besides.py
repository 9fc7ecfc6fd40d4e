"""Remedies that are no rule for what was denied, and the rules of the other side."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc
from lsmc.compiler.inputs import Options
from lsmc.explain.choice import choose
from lsmc.explain.diagnosis import Explained, Remedy
from lsmc.modules.apparmor.suggest.executions import executed_by
from lsmc.modules.apparmor.suggest.remedies import RemedyFinder
from tests.places import PROFILES

POLICY = """abi <abi/4.0>,
include <tunables/global>
profile app /usr/bin/app {
  /opt/tool Px -> tool,
  /opt/gone rPx -> gone,
  /opt/other Cx -> inner,
  signal (send) peer=tool,
}
profile tool flags=(attach_disconnected) {
  /x r,
}
"""


def explained(
    tmp_path: Path, *records: str, target: str | None = None, policy: str = POLICY
) -> list[Explained]:
    path = tmp_path / "p"
    path.write_text(policy)
    log = tmp_path / "log"
    head = 'audit: type=1400 audit(1700000000.{}:7): apparmor="DENIED" pid=7 '
    log.write_text("".join(f"{head.format(n)}{text}\n" for n, text in enumerate(records)))
    opened = lsmc.compile(path, base=PROFILES, target=target)
    find = RemedyFinder(opened.engine, Options(str(PROFILES), target=target)).of
    return [Explained(one, find(one)) for one in lsmc.explain_log(opened, log).diagnoses]


def remedies(
    tmp_path: Path, record: str, target: str | None = None, policy: str = POLICY
) -> list[Remedy]:
    (found,) = explained(tmp_path, record, target=target, policy=policy)
    return list(found.remedies)


def test_no_new_privs(tmp_path: Path) -> None:
    record = (
        'operation="exec" class="file" info="no new privs" error=-1 profile="app" name="/opt/tool"'
        ' comm="app" requested_mask="x" denied_mask="x" fsuid=1 ouid=0 target="tool"'
    )
    same, both, unit = remedies(tmp_path, record)
    assert (same.kind, same.rule, same.line) == ("mend", "/opt/tool ix,", 4)
    assert (both.kind, both.rule, both.line) == ("advice", "/opt/tool Px -> &tool,", 4)
    assert "NoNewPrivileges=no" in unit.says
    assert choose(explained(tmp_path, record), "exact").taken == (same,)


def test_no_new_privs_beside_a_rule_for_many(tmp_path: Path) -> None:
    """The rule with a glob stays as it is, and the one without decides for its file."""
    record = (
        'operation="exec" class="file" info="no new privs" error=-1 profile="app" name="/srv/t"'
        ' comm="app" requested_mask="x" denied_mask="x" fsuid=1 ouid=0 target="tool"'
    )
    policy = POLICY.replace("/opt/other Cx -> inner,", "/srv/* Px -> tool,")
    first, *_ = remedies(tmp_path, record, policy=policy)
    assert (first.kind, first.rule) == ("exact", "/srv/t ix,")
    text = policy.replace("/srv/* Px -> tool,", f"/srv/* Px -> tool,\n{first.rule}")
    found = lsmc.compile_text(text, base=PROFILES).query("app", "exec", "/srv/t")
    assert found.transition is not None
    assert found.transition.target == "app"


@pytest.mark.parametrize(
    ("text", "flag"),
    [("deleted entry", "mediate_deleted"), ("disconnected path", "attach_disconnected")],
)
def test_flags(tmp_path: Path, text: str, flag: str) -> None:
    record = (
        f'operation="open" info="Failed name lookup - {text}" error=-13 profile="app"'
        ' name="run/x/s" comm="app" requested_mask="wr" denied_mask="wr" fsuid=0 ouid=0'
    )
    first, rule = remedies(tmp_path, record)
    assert (first.kind, first.rule, first.line) == ("flag", flag, 3)
    assert (rule.rule, rule.profile) == ("/run/x/s rw,", "app")


def test_a_flag_that_the_files_have(tmp_path: Path) -> None:
    record = (
        'operation="open" info="Failed name lookup - disconnected path" error=-13 profile="tool"'
        ' name="run/x" requested_mask="r" denied_mask="r" fsuid=0 ouid=0'
    )
    first, _ = remedies(tmp_path, record)
    assert first.kind == "advice"
    assert f"apparmor_parser -r {tmp_path / 'p'}" in first.says


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    record = (
        'operation="exec" info="profile transition not found" error=-13 profile="app"'
        ' name="/opt/gone" requested_mask="x" denied_mask="x" fsuid=1 ouid=0 target="gone"'
    )
    (found,) = remedies(tmp_path, record)
    assert (found.kind, found.rule, found.line) == ("advice", "/opt/gone rix,", 5)
    assert found.says.startswith("write a profile `gone`, or ")


def test_a_profile_that_was_not_loaded(tmp_path: Path) -> None:
    record = (
        'operation="exec" info="profile transition not found" error=-13 profile="app"'
        ' name="/opt/tool" requested_mask="x" denied_mask="x" fsuid=1 ouid=0 target="tool"'
    )
    first, *_ = remedies(tmp_path, record)
    assert first.says == f"load `tool`: `apparmor_parser -r {tmp_path / 'p'}`"


def test_an_older_policy_was_running(tmp_path: Path) -> None:
    record = 'operation="open" profile="tool" name="/x" requested_mask="r" denied_mask="r"'
    (found,) = remedies(tmp_path, record)
    assert found.says == f"load these files: `apparmor_parser -r {tmp_path / 'p'}`"


@pytest.mark.parametrize(
    ("record", "rules"),
    [
        (
            (
                'operation="ptrace" profile="app" requested_mask="trace" denied_mask="trace" '
                'peer="tool"'
            ),
            {"app": "ptrace trace peer=tool,", "tool": "ptrace tracedby peer=app,"},
        ),
        (
            (
                'operation="signal" profile="app" requested_mask="receive" denied_mask="receive"'
                ' signal=hup peer="tool"'
            ),
            {
                "app": "signal receive set=(hup) peer=tool,",
                "tool": "signal send set=(hup) peer=app,",
            },
        ),
        (  # the other side has its rule
            (
                'operation="signal" profile="tool" requested_mask="receive" denied_mask="receive"'
                ' signal=hup peer="app"'
            ),
            {"tool": "signal receive set=(hup) peer=app,"},
        ),
        (
            (
                'operation="connect" class="unix" profile="app" family="unix" sock_type="stream"'
                ' requested_mask="connect" denied_mask="connect" addr=none peer_addr="@s"'
                ' peer="tool"'
            ),
            {
                "app": "unix connect type=stream peer=(label=tool, addr=@s),",
                "tool": "unix accept type=stream addr=@s,",
            },
        ),
        (
            (
                'operation="dbus_method_call" bus="system" path="/o" interface="o.i" member="M"'
                ' mask="send" name="o.n" label="app" peer_pid=3 peer_label="tool"'
            ),
            {
                "app": "dbus send bus=system path=/o interface=o.i member=M"
                " peer=(name=o.n, label=tool),",
                "tool": "dbus receive bus=system path=/o interface=o.i member=M peer=(label=app),",
            },
        ),
    ],
)
def test_both_sides(tmp_path: Path, record: str, rules: dict[str, str]) -> None:
    exact = [one for one in remedies(tmp_path, record) if one.kind == "exact"]
    assert {one.profile: one.rule for one in exact} == rules


def test_file_modes_come_first(tmp_path: Path) -> None:
    record = 'operation="capable" profile="app" comm="app" capability=1 capname="dac_override"'
    first, rule, *_ = remedies(tmp_path, record)
    assert first.kind == "advice"
    assert "the mode or the owner of the file that app could not open" in first.says
    assert rule.rule == "capability dac_override,"


def test_a_class_that_the_compiler_does_not_have(tmp_path: Path) -> None:
    record = (
        'operation="mqueue_create" class="posix_mqueue" profile="app" name="/q" requested="create"'
        ' denied="create"'
    )
    (found,) = remedies(tmp_path, record, target="3.0")
    assert found.says == "AppArmor 3.0 has no rules for mqueue; 4.0 is the first that has"
    first, *_ = remedies(tmp_path, record, target="4.0")
    assert first.rule == "mqueue create type=posix label=app /q,"


USERNS = (
    'operation="userns_create" class="namespace" info="Userns create - transitioning profile"'
    ' profile="unconfined" comm="brow" requested="userns_create" target="unprivileged_userns"'
)


def test_a_profile_for_a_program_that_makes_user_namespaces(tmp_path: Path) -> None:
    """All that one program was refused is one cause, and the profile allows it."""
    path = "/opt/my browser/brow"
    found = explained(
        tmp_path,
        f"{USERNS} execpath={path.encode().hex().upper()}",
        'operation="capable" profile="unprivileged_userns" comm="brow" capname="sys_admin"',
        'operation="capable" profile="unprivileged_userns" comm="brow" capname="net_admin"',
    )
    (one,) = found
    assert one.diagnosis.cause.count == 3
    (remedy,) = one.remedies
    assert (remedy.kind, remedy.profile, remedy.file) == ("file", "brow", str(PROFILES / "brow"))
    assert remedy.bold
    policy = lsmc.compile_text(remedy.rule, base=PROFILES)
    assert policy.query(path, "userns_create").allowed
    assert policy.query("brow", "userns_create").allowed


def test_the_profile_that_the_kernel_gives_is_not_changed(tmp_path: Path) -> None:
    """The record of a capability may come without that of the namespace."""
    record = 'operation="capable" profile="unprivileged_userns" comm="brow" capname="sys_admin"'
    policy = POLICY + "profile unprivileged_userns { audit deny capability, userns, }\n"
    (remedy,) = remedies(tmp_path, record, policy=policy)
    assert remedy.kind == "advice"
    assert remedy.says.startswith("find where brow is")
    apart = record.replace("profile=", 'namespace="root//c" profile=')
    assert remedies(tmp_path, apart, policy=policy) == []


def test_a_program_whose_place_is_not_known(tmp_path: Path) -> None:
    (remedy,) = remedies(tmp_path, USERNS)
    assert remedy.kind == "advice"
    assert "profile brow PATH flags=(unconfined) { userns, }" in remedy.says
    (remedy,) = remedies(tmp_path, f'{USERNS} execpath="/opt/b"', target="3.1")
    assert "AppArmor 4.0 or later" in remedy.says


@pytest.mark.parametrize(
    ("rule", "same", "stacked"),
    [
        ("/x Px -> q,", "/x ix,", "/x Px -> &q,"),
        ("/x mrPx,", "/x mrix,", "/x mrPx -> &q,"),
        ('owner "/a b" rCx -> c,', 'owner "/a b" rix,', 'owner "/a b" rPx -> &q,'),
        ("Px /x -> q,", "ix /x,", "Px /x -> &q,"),
        ("/x pix,", "/x ix,", "/x Px -> &q,"),
        ("/x r,", "", ""),
        ("capability kill,", "", ""),
    ],
)
def test_another_way_to_execute(rule: str, same: str, stacked: str) -> None:
    assert executed_by(rule, "ix") == same
    assert executed_by(rule, "Px", "&q") == stacked
