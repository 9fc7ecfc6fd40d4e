"""Profiles that are drafted and extended from logs of a few programs by `lsmc learn`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import lsmc
from tests.modules.apparmor.learn.support import execution, file, learn, line
from tests.places import PROFILES

SCRIPT = "/usr/local/bin/nightly"


def body(text: str) -> list[str]:
    """The lines of a draft without blanks and comments behind rules."""
    return [one.partition("  # ")[0].strip() for one in text.splitlines() if one.strip()]


def mine(tmp_path: Path) -> Path:
    """A copy of the sample policy, to change."""
    policy = tmp_path / "policy"
    shutil.copytree(PROFILES, policy)
    return policy


def test_a_new_profile(tmp_path: Path) -> None:
    found = learn(
        tmp_path,
        [
            file("webd", "/usr/sbin/webd", "rm", comm="webd"),
            file("webd", "/srv/web/index.html", comm="webd"),
            file("webd", "/var/lib/webd/state", "rw", owner=True),
            file("webd", "/proc/77/io", owner=True),
            line("webd", 'operation="capable" capname="setuid"'),
        ],
    )
    assert found.exit_code == 0
    assert found.stdout == (
        "abi <abi/5.0>,\n"
        "\n"
        "include <tunables/global>\n"
        "\n"
        "profile webd /usr/sbin/webd {\n"
        "  include <abstractions/base>\n"
        "\n"
        "  # hazard: a capability that amounts to full rights\n"
        "  capability setuid,\n"
        "\n"
        "  /srv/web/index.html r,\n"
        "  /usr/sbin/webd mr,\n"
        "  owner /var/lib/webd/state rw,\n"
        "  owner @{PROC}/@{pid}/io r,\n"
        "\n"
        "  include if exists <local/webd>\n"
        "}\n"
    )
    assert "hazard: `capability setuid,`: a capability that amounts to" in found.stderr


def test_how_programs_are_executed(tmp_path: Path) -> None:
    tool, helper = "nightly//null-/opt/tool", "nightly//null-/usr/bin/sed"
    found = learn(
        tmp_path,
        [
            execution("nightly", "/usr/bin/sed"),
            file(helper, "/etc/nightly.conf"),
            execution("nightly", "/usr/sbin/nginx"),
            execution("nightly", "/opt/plain"),
            execution("nightly", "/opt/tool"),
            file(tool, "/srv/tool/data", "rw"),
            execution(tool, "/opt/inner"),
            file(f"{tool}//null-/opt/inner", "/srv/inner/data"),
            line("nightly", f'operation="signal" denied_mask="send" signal=term peer="{tool}"'),
        ],
        "--exec",
        SCRIPT,
    )
    assert found.exit_code == 0, found.output
    lines = body(found.stdout)
    assert f"profile nightly {SCRIPT} {{" in lines
    assert "/usr/bin/sed mrix," in lines
    assert "@{etc}/nightly.conf r," in lines
    assert "/usr/sbin/nginx Px," in lines
    assert "/opt/plain mrix," in lines
    assert "/opt/tool Cx -> tool," in lines
    assert "/opt/inner Px -> nightly//inner," in lines
    assert "signal send set=(term) peer=nightly//tool," in lines
    assert "signal receive set=(term) peer=nightly," in lines
    child = lines[lines.index("profile tool /opt/tool {") :]
    assert "/srv/tool/data rw," in child[: child.index("}")]
    assert "# it has the profile nginx" in found.stdout


def test_numbers_of_old_kernels_stand_for_programs(tmp_path: Path) -> None:
    records = [
        execution("old", "/opt/tool", "old//null-1f"),
        file("old//null-1f", "/srv/data"),
        file("old//null-2a", "/srv/other"),
    ]
    for lines in (records, records[::-1]):
        found = learn(tmp_path, lines, "--exec", "/usr/bin/old")
        assert "profile tool /opt/tool {" in body(found.stdout)
        assert "/srv/other r," in body(found.stdout)


def test_a_child_and_a_hat_of_the_log(tmp_path: Path) -> None:
    found = learn(
        tmp_path,
        [
            execution("app", "/opt/child", "app//kid"),
            file("app//kid", "/srv/kid"),
            line("app", 'operation="change_hat" target="app//visitor"'),
            file("app//visitor", "/srv/visitor"),
        ],
        "--exec",
        "/opt/app",
    )
    assert found.exit_code == 0, found.output
    lines = body(found.stdout)
    assert "/opt/child Cx -> kid," in lines
    assert "profile kid /opt/child {" in lines
    assert "hat visitor {" in lines


@pytest.mark.parametrize("tool", ["patch", "git"])
def test_an_existing_profile_is_extended(tmp_path: Path, tool: str) -> None:
    policy = mine(tmp_path)
    (policy / "app").write_text(
        "abi <abi/5.0>,\ninclude <tunables/global>\nprofile app /opt/app {\n"
        "  include <abstractions/base>\n  /srv/a r,\n  /srv/z r,\n}\n"
    )
    lines = [
        file("app", "/srv/m"),
        file("app", "/srv/a"),
        execution("app", "/opt/tool"),
        file("app//null-/opt/tool", "/srv/tool"),
        line(
            "app",
            'operation="open" info="Failed name lookup - disconnected path" error=-13'
            ' name="srv/lost" denied_mask="r"',
        ),
    ]
    found = learn(tmp_path, lines, "--name", "app", policy=policy)
    assert found.exit_code == 0, found.output
    assert "+  /srv/m r,\n" in found.stdout
    assert "+profile app /opt/app flags=(attach_disconnected) {\n" in found.stdout
    command = ["patch", "-p1", "-d", "/"] if tool == "patch" else ["git", "apply", "--unsafe-paths"]
    command += [] if tool == "patch" else ["--directory", "/"]
    done = subprocess.run(
        command, input=found.stdout, text=True, check=False, capture_output=True, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    again = learn(tmp_path, lines[:4], "--name", "app", policy=policy)
    assert again.stdout == ""
    assert "nothing to learn" in again.stderr
    compiled = lsmc.compile(policy, base=PROFILES)
    assert compiled.query("app", "read", "/srv/lost").allowed
    assert compiled.query("app//tool", "read", "/srv/tool").allowed


def test_several_profiles_are_one_diff(tmp_path: Path) -> None:
    found = learn(tmp_path, [file("one", "/srv/1"), file("two", "/srv/2"), file("nginx", "/srv/3")])
    assert found.exit_code == 0, found.output
    assert found.stdout.count("--- /dev/null\n") == 2
    assert "/one\n@@ -0,0 +1," in found.stdout
    assert "/nginx\n@@ -" in found.stdout
    assert "# lsmc: ignore[LSM208]" in found.stdout
    assert "`one`" not in found.stdout
    assert "one attaches to no program" in found.stderr


def test_write_and_output(tmp_path: Path) -> None:
    policy = mine(tmp_path)
    lines = [file("one", "/srv/1")]
    out = tmp_path / "out"
    shown = learn(tmp_path, lines, "--exec", "/opt/one", policy=policy)
    assert learn(tmp_path, lines, "--exec", "/opt/one", "-o", str(out), policy=policy).stdout == ""
    assert out.read_text() == shown.stdout
    assert not (policy / "one").exists()
    learn(tmp_path, lines, "--exec", "/opt/one", "--write", policy=policy)
    assert (policy / "one").read_text() == shown.stdout
    assert learn(tmp_path, lines, "--write", "-o", "x").exit_code == 2


def test_records_that_are_no_rule_are_named(tmp_path: Path) -> None:
    found = learn(
        tmp_path,
        [
            file("app", "/srv/a"),
            file(":box:app", "/srv/b"),
            file("unconfined", "/srv/c"),
            line("app", 'operation="exec" info="no new privs" error=-1 name="/opt/x" target="y"'),
            line("app", 'operation="open" denied_mask="r" requested_mask="r"'),
        ],
        "--exec",
        "/opt/app",
    )
    assert found.exit_code == 0
    assert "/srv/b" not in found.stdout
    assert "log:2: 1 record left out: the profile belongs to the policy namespace box" in (
        found.stderr
    )
    assert "log:3: 1 record left out: the task had no profile" in found.stderr
    assert "log:4: 1 record left out: the task has no_new_privs" in found.stderr
    assert "log:5: 1 record left out: the record names no file" in found.stderr


def test_a_rule_that_refuses_stays(tmp_path: Path) -> None:
    policy = mine(tmp_path)
    (policy / "app").write_text("profile app /opt/app {\n  deny /srv/no r,\n  /srv/a r,\n}\n")
    found = learn(tmp_path, [file("app", "/srv/no"), file("app", "/srv/b")], policy=policy)
    assert found.exit_code == 0, found.output
    assert "+  /srv/b r,\n" in found.stdout
    assert "/srv/no" not in found.stdout.replace("   deny /srv/no r,", "")
    assert "`deny /srv/no r,` at" in found.stderr


def test_the_compiler_decides_what_may_be_written(tmp_path: Path) -> None:
    lines = [
        file("app", "/srv/a"),
        line("app", 'operation="userns_create" class="namespace" requested="userns_create"'),
    ]
    new = learn(tmp_path, lines, "--exec", "/opt/app", "--target", "6.0").stdout
    assert "  userns create,\n" in new
    assert new.startswith("abi <abi/5.0>,\n")
    older = learn(tmp_path, lines, "--exec", "/opt/app", "--target", "4.1").stdout
    assert older.startswith("abi <abi/4.0>,\n")
    old = learn(tmp_path, lines, "--exec", "/opt/app", "--target", "3.0")
    assert "userns" not in old.stdout
    assert "abi" not in old.stdout
    assert "this compiler has no `userns` rules" in old.stderr


def test_an_abstraction_is_taken_where_the_log_needs_a_good_part(tmp_path: Path) -> None:
    policy = mine(tmp_path)
    abstractions = policy / "abstractions"
    names = "abcdefgh"
    (abstractions / "fits").write_text("".join(f"/srv/fits/{name} r,\n" for name in names))
    (abstractions / "ssl_keys").write_text("".join(f"/srv/keys/{name} r,\n" for name in names))
    lines = [
        file("app", f"/srv/{folder}/{name}")
        for folder, some in (("fits", "abc"), ("keys", "abc"))
        for name in some
    ]
    args = ("--exec", "/opt/app", "--base", str(policy))
    found = learn(tmp_path, lines, *args, policy=policy)
    assert found.exit_code == 0, found.output
    assert "  # the log needs 3 of its 8 rules\n  include <abstractions/fits>\n" in found.stdout
    assert "/srv/fits" not in found.stdout
    assert "include <abstractions/ssl_keys>" not in found.stdout
    assert "include <abstractions/ssl_keys>" in found.stderr
    assert "private keys of all services of the host: not taken" in found.stderr
    assert "/srv/keys/a r," in body(found.stdout)
    few = learn(tmp_path, lines[:1], *args, policy=policy)
    assert "include <abstractions/fits>" not in few.stdout


def test_many_files_of_a_directory_are_one_rule(tmp_path: Path) -> None:
    letters = "abcdefghij"
    lines = [
        file("app", f"/srv/many/{a}{b}{c}", "w") for a in letters for b in letters for c in letters
    ]
    found = learn(tmp_path, lines, "--exec", "/opt/app")
    assert "/srv/many/* w," in body(found.stdout)
    assert "/srv/many/aaa" not in found.stdout
    assert "more files of this directory than rules could name" in found.stderr


def test_exact(tmp_path: Path) -> None:
    lines = [file("app", "/home/kim/x"), file("app", "/srv/20260131/y")]
    general = body(learn(tmp_path, lines, "--exec", "/opt/app").stdout)
    assert {"@{HOME}/x r,", "/srv/[0-9]*/y r,"} <= set(general)
    exact = body(learn(tmp_path, lines, "--exec", "/opt/app", "--exact").stdout)
    assert {"/home/kim/x r,", "/srv/20260131/y r,"} <= set(exact)


@pytest.mark.parametrize(
    ("lines", "more", "message"),
    [
        ([], (), "the log has no record that a rule could be made of"),
        ([file("a", "/x"), file("b", "/x")], ("--name", "c"), "it has those of a and b"),
        ([file("a", "/x")], ("--exec", "x"), "not a path from the root directory"),
        ([file("a", "/x")], ("--interactive",), "needs a terminal"),
        (
            [file("a", "/x")],
            ("--exec", "/usr/sbin/nginx", "--name", "a"),
            "has the profile nginx: extend it with --name nginx",
        ),
    ],
)
def test_no_draft(tmp_path: Path, lines: list[str], more: tuple[str, ...], message: str) -> None:
    found = learn(tmp_path, lines, *more)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert message in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_line_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    found = learn(
        tmp_path,
        [file("app", "/srv/a"), 'audit: type=1400 audit(1.1:1): apparmor="DENIED" operation="op'],
        "--exec",
        "/opt/app",
    )
    assert "/srv/a r," in body(found.stdout)
    assert "log:2: error:" in found.stderr
    assert found.exit_code == 2


def test_names_of_one_kind_are_one_rule(tmp_path: Path) -> None:
    lines = [file("app", f"/srv/data/x{number}/y") for number in range(361)]
    lines += [file("app", f"/srv/{name}/part.db", "rw") for name in ("red", "green", "blue")]
    lines += [file("app", f"/etc/{name}/main.conf") for name in ("red", "green", "blue")]
    found = learn(tmp_path, lines, "--exec", "/opt/app")
    assert "  # 361 names of the log\n  /srv/data/x[0-9]*/y r,\n" in found.stdout
    assert "  # 3 names of the log\n  /srv/*/part.db rw,\n" in found.stdout
    assert "app: `/srv/*/part.db rw,`: 3 names of the log" in found.stderr
    assert "@{etc}/blue/main.conf r," in body(found.stdout)
    exact = body(learn(tmp_path, lines, "--exec", "/opt/app", "--exact").stdout)
    assert "/srv/data/x17/y r," in exact


def test_a_rule_of_before_that_is_covered_stays_and_is_named(tmp_path: Path) -> None:
    policy = mine(tmp_path)
    (policy / "app").write_text("profile app /opt/app {\n  /srv/x1/y r,\n  /opt/app mr,\n}\n")
    lines = [file("app", f"/srv/x{number}/y") for number in (2, 3)]
    found = learn(tmp_path, lines, policy=policy)
    assert found.exit_code == 0, found.output
    assert "+  /srv/x[0-9]*/y r,  # 2 names of the log\n" in found.stdout
    assert "   /srv/x1/y r,\n" in found.stdout
    assert "`/srv/x1/y r` changes nothing" in found.stderr


def test_an_empty_profile_is_filled(tmp_path: Path) -> None:
    policy = mine(tmp_path)
    head = "include <tunables/global>\n"
    (policy / "app").write_text(f"{head}profile app /opt/app flags=(complain) {{\n}}\n")
    lines = [file("app", "/srv/b"), file("app", "/srv/a")]
    lines += [line("app", 'operation="capable" capname="chown"')]
    found = learn(tmp_path, lines, policy=policy)
    assert found.exit_code == 0, found.output
    added = [one[1:].partition("  #")[0] for one in found.stdout.splitlines() if one[0] == "+"][1:]
    assert added == [
        "  include <abstractions/base>",
        "  capability chown,",
        "  /opt/app mr,",
        "  /srv/a r,",
        "  /srv/b r,",
    ]
