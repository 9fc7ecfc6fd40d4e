"""For each class: the patch for a denial, applied and compiled, removes the denial."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lsmc.cli.group import cli
from tests.places import PROFILES

HEAD = 'audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" '
WHO = 'profile="p" pid=7 comm="x" '
PROFILE = """abi <abi/5.0>,
include <tunables/global>
profile q {}
profile p flags=(attach_disconnected) {
  capability kill,
  /srv/a r,
  /srv/z r,

  network unix dgram,
  unix send type=dgram,
  set rlimit nofile <= 100,

  profile child {
    /srv/c r,
  }
}
"""
LINES = {
    "file": 'operation="open" name="/srv/m" requested_mask="r" denied_mask="r" fsuid=1 ouid=0',
    "backslash": 'operation="open" name="/srv/back\\\\slash" requested_mask="r" denied_mask="r"',
    "newline": 'operation="open" name=2F7372762F6E65770A6C696E65 denied_mask="r"',
    "bytes": 'operation="open" name=2F7372762FFFFE61 requested_mask="r" denied_mask="r"',
    "braces": 'operation="open" name="/srv/{a,b}*[c]^?" requested_mask="r" denied_mask="r"',
    "hex": 'operation="open" name=2F7372762F6D2079 requested_mask="w" denied_mask="w"',
    "owner": 'operation="open" name="/home/u/f" requested_mask="rw" denied_mask="w" fsuid=1 ouid=1',
    "exec": 'operation="exec" name="/usr/bin/y" requested_mask="x" denied_mask="x" fsuid=1 ouid=0',
    "link": (
        'operation="link" name="/srv/n" target="/srv/a" requested_mask="l" denied_mask="l"'
        " fsuid=1 ouid=1"
    ),
    "link to bytes": (
        'operation="link" name="/srv/n" target=2F7372762F610AFF requested_mask="l" denied_mask="l"'
        " fsuid=1 ouid=1"
    ),
    "capability": 'operation="capable" capability=12 capname="net_admin"',
    "network": (
        'operation="create" class="net" family="inet" sock_type="stream" protocol=6'
        ' requested_mask="create" denied_mask="create"'
    ),
    "unix": (
        'operation="connect" class="net" family="unix" sock_type="stream" protocol=0'
        ' requested_mask="connect" denied_mask="connect" addr=none peer_addr="@s" peer="q"'
    ),
    "unix bytes": (
        'operation="bind" class="net" family="unix" sock_type="stream" protocol=0'
        ' requested_mask="bind" denied_mask="bind" addr="@2F732F612E736F636B00FF"'
    ),
    "unix NULs": (
        'operation="connect" class="net" family="unix" sock_type="stream" protocol=0'
        ' requested_mask="connect" denied_mask="connect" addr=none peer_addr="@61000000" peer="q"'
    ),
    "ptrace in complain mode": 'operation="ptrace" requested_mask="trace" peer="q"',
    "dbus": (
        'operation="dbus_method_call" bus="system" path="/o" interface="o.i" member="M"'
        ' mask="send" name="o.n" label="p" peer_pid=3 peer_label="q"'
    ),
    "signal": 'operation="signal" requested_mask="send" denied_mask="send" signal=term peer="q"',
    "ptrace": 'operation="ptrace" requested_mask="trace" denied_mask="trace" peer="q"',
    "mount": 'operation="mount" name="/mnt/" fstype="tmpfs" srcname="tmpfs" flags="rw, nosuid"',
    "umount": 'operation="umount" name="/mnt/"',
    "pivot_root": 'operation="pivotroot" name="/n/" srcname="/n/o/"',
    "change_profile": 'operation="change_profile" target="q"',
    "userns": 'operation="userns_create" class="namespace" requested="userns_create"',
    "io_uring": 'operation="uring_sqpoll" class="io_uring" requested="sqpoll" denied="sqpoll"',
    "mqueue": (
        'operation="mqueue_create" class="posix_mqueue" name="/q1" requested="create"'
        ' denied="create" class="posix_mqueue" fsuid=1 ouid=1'
    ),
    "change_hat": 'operation="change_hat" target="h"',
    "rlimit": 'operation="setrlimit" rlimit=nofile value=500',
}


def explain(folder: Path, line: str, *more: str) -> Result:
    log = folder / "log"
    log.write_text(f"{HEAD}{line}\n")
    base = PROFILES
    args = ["explain", str(folder / "policy"), "--log", str(log), "--base", str(folder / "policy")]
    args += ["-I", str(base), "--no-cache", *more]
    return CliRunner().invoke(cli, args, catch_exceptions=False)


def apply(patch: str) -> None:
    done = subprocess.run(
        ["patch", "-p1", "-d", "/"], input=patch, text=True, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr + patch


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("where", ["p", "p//child"])
def test_the_patch_removes_the_denial(tmp_path: Path, name: str, where: str) -> None:
    if where != "p" and name in ("rlimit", "change_hat"):
        pytest.skip("a setting of the profile")
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "p").write_text(PROFILE)
    line = (WHO if name != "dbus" else "pid=7 ").replace('"p"', f'"{where}"') + LINES[name]
    line = line.replace('label="p"', f'label="{where}"')
    before = explain(tmp_path, line, "--format", "jsonl")
    assert before.exit_code == 1, before.output
    found = json.loads(before.stdout)
    assert found["status"] == "denied"
    assert found["suggestions"][0]["file"] == str(policy / "p")
    apply(explain(tmp_path, line, "--patch=all").stdout)
    after = explain(tmp_path, line, "--format", "jsonl")
    assert json.loads(after.stdout)["status"] == "allowed", (policy / "p").read_text()
    assert after.exit_code == 0


#: Beside LINES: what later compilers are told in other words, or what stands in the way.
OTHER = {
    "fine network": (
        'operation="connect" class="net" family="inet" sock_type="stream" protocol=6'
        ' requested_mask="connect" denied_mask="connect" faddr=10.0.0.1 fport=443'
    ),
    "denied file": 'operation="open" name="/etc/kept" denied_mask="r" fsuid=1 ouid=0',
    "denied capability": 'operation="capable" capability=0 capname="chown"',
    "denied signal": (
        'operation="signal" requested_mask="send" denied_mask="send" signal=hup peer="r"'
    ),
    "wrong side": 'operation="mount" name="/data/" flags="ro, remount, bind"',
    "disconnected": (
        'operation="open" info="Failed name lookup - disconnected path" error=-13'
        ' name="run/x" requested_mask="r" denied_mask="r"'
    ),
    "no new privs": (
        'operation="exec" info="no new privs" error=-1 name="/opt/q" denied_mask="x" target="q"'
    ),
}
DENYING = """
  deny /etc/kept rw,
  deny capability chown kill,
  deny signal (send, receive) peer=r,
  mount options=(ro, remount, bind) /data/,
  /opt/q Px -> q,
}
"""


@pytest.mark.parametrize("name", [*LINES, *OTHER])
def test_the_oldest_compiler_takes_the_patch(tmp_path: Path, name: str) -> None:
    if name in ("userns", "io_uring", "mqueue"):
        pytest.skip("a class of later compilers")
    policy = tmp_path / "policy"
    policy.mkdir()
    text = PROFILE.replace("abi <abi/5.0>,\n", "").replace("flags=(attach_disconnected) ", "")
    (policy / "p").write_text(text.rstrip().removesuffix("}") + DENYING)
    line = (WHO if name != "dbus" else "pid=7 ") + {**LINES, **OTHER}[name]
    patch = explain(tmp_path, line, "--patch=all", "--target", "3.0").stdout
    assert "priority=" not in patch
    apply(patch)
    after = explain(tmp_path, line, "--format", "jsonl", "--target", "3.0")
    status = json.loads(after.stdout)["status"]
    assert status == ("no-question" if "info=" in line else "allowed"), patch
    parser = shutil.which("apparmor_parser", path="/sbin:/usr/sbin")
    if parser is not None:
        args = [parser, "-Q", "-K", "--base", str(PROFILES), str(policy / "p")]
        done = subprocess.run(args, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + patch


def test_a_rule_is_sorted_in(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "p").write_text(PROFILE)
    apply(explain(tmp_path, WHO + LINES["file"], "--patch").stdout)
    assert "  /srv/a r,\n  /srv/m r,\n  /srv/z r,\n" in (tmp_path / "policy" / "p").read_text()


@pytest.mark.parametrize("text", ["# own rules\n", "# own rules\n/srv/b r,\n", ""])
def test_a_local_file_is_preferred(tmp_path: Path, text: str) -> None:
    policy = tmp_path / "policy"
    (policy / "local").mkdir(parents=True)
    (policy / "local" / "p").write_text(text)
    (policy / "p").write_text("profile p {\n/srv/a r,\ninclude if exists <local/p>\n}\n")
    patch = explain(tmp_path, WHO + LINES["file"], "--patch").stdout
    apply(patch)
    assert "/srv/m r,\n" in (policy / "local" / "p").read_text()
    assert explain(tmp_path, WHO + LINES["file"]).exit_code == 0


@pytest.mark.parametrize("text", ["profile p {}\n", "profile p {\n}\n", "profile p { /a r, }\n"])
def test_short_profiles(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "p").write_text(text)
    apply(explain(tmp_path, WHO + LINES["file"], "--patch").stdout)
    assert explain(tmp_path, WHO + LINES["file"]).exit_code == 0


def test_many_numbers_get_the_rule_for_their_kind(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "p").write_text(PROFILE)
    line = WHO + 'operation="open" name="/proc/11/fd/" denied_mask="r" fsuid=1 ouid=1'
    both = f"{line}\n{HEAD}{line.replace('/11/', '/12/')}"
    patch = explain(tmp_path, both, "--patch").stdout
    assert "\n+  owner @{PROC}/@{pid}/fd/ r,\n" in patch
