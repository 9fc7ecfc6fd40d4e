"""`lsmc explain --log` without names: the policy and the logs of a machine below a fake root."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_explain_log import denied

PROFILE = "include <tunables/global>\nprofile {0} {{\n  {1} r,\n}}\n"
UUID = "0c2b8e8e-6f3f-4a7e-9a7e-0f5a8b6c7d1e"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root directory of a machine with a profile, and without a journal."""
    for name in ("etc/apparmor.d/tunables/global", "etc/apparmor.d/nginx", "var/log/kern.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc/apparmor.d/tunables/global").write_text("@{HERE}=/srv/here\n")
    (tmp_path / "etc/apparmor.d/nginx").write_text(PROFILE.format("nginx", "@{HERE}"))
    (tmp_path / "var/log/kern.log").write_text(denied("/srv/x"))
    monkeypatch.setattr("lsmc.cli.machine.ROOT", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: None)
    return tmp_path


def put(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def statuses(run: Run, *words: str | Path, text: str = "") -> dict[str, tuple[int, str]]:
    """The count and the status of each object."""
    shown = run("explain", "--no-cache", "--format", "jsonl", *words, text=text)
    assert shown.exit_code in (0, 1), shown.stderr
    found = map(json.loads, shown.stdout.splitlines())
    return {one["object"]: (one["count"], one["status"]) for one in found}


def test_without_names_it_is_this_machine(run: Run, root: Path) -> None:
    shown = run("explain", "--no-cache", "--log")
    assert shown.exit_code == 1
    assert "1x denied: nginx file open r /srv/x" in shown.stdout
    assert "    /srv/x r,\n" in shown.stdout
    assert f"policy: {root}/etc/apparmor.d\n" in shown.stderr
    assert f"log: {root}/var/log/kern.log\n" in shown.stderr


def test_rotated_files_are_read_oldest_first(run: Run, root: Path) -> None:
    put(root, "var/log/kern.log.1", denied("/srv/here", at=1_600_000_000))
    with (root / "var/log/kern.log.1").open("a") as log:
        log.write(denied("/srv/x", at=1_699_999_999))
    put(root, "var/log/syslog", denied("/srv/copy"))
    assert statuses(run, "--log") == {"/srv/x": (2, "denied"), "/srv/here": (1, "allowed")}
    shown = run("explain", "--no-cache", "--format", "jsonl", "--log")
    first = {
        one["object"]: one["record"]["source"] for one in map(json.loads, shown.stdout.splitlines())
    }
    assert first["/srv/x"]["file"].endswith("kern.log.1")


def test_policy_of_every_known_place_is_one_policy(run: Run, root: Path) -> None:
    put(root, "var/lib/snapd/apparmor/profiles/snap.a.b", PROFILE.format("snap.a.b", "/a"))
    libvirt = "etc/apparmor.d/libvirt"
    put(root, f"{libvirt}/libvirt-{UUID}", PROFILE.format(f"libvirt-{UUID}", "/b"))
    put(root, f"{libvirt}/libvirt-{UUID}.files", '  "/no/profile" r,\n')
    put(root, f"{libvirt}/TEMPLATE.qemu", "profile LIBVIRT_TEMPLATE {\n}\n")
    log = denied("/a", "snap.a.b") + denied("/b", f"libvirt-{UUID}") + denied("/srv/here")
    assert statuses(run, "--log", "-", text=log) == {
        "/a": (1, "allowed"),
        "/b": (1, "allowed"),
        "/srv/here": (1, "allowed"),
    }


def test_a_file_with_errors_is_left_out_and_told(run: Run, root: Path) -> None:
    put(root, "etc/apparmor.d/broken", "profile broken {\n  /x qq,\n}\n")
    put(root, "etc/apparmor.d/bad-include", "profile other {\n  include <tunables/bad>\n}\n")
    put(root, "etc/apparmor.d/tunables/bad", "}\n")
    shown = run("explain", "--no-cache", "--log")
    assert shown.exit_code == 1
    assert "because of errors (`lsmc lint` shows them): " in shown.stderr
    assert "/broken" in shown.stderr
    assert "/bad-include" in shown.stderr
    assert "/nginx" not in shown.stderr
    assert "nginx file open r /srv/x" in shown.stdout
    # what is named has no errors passed over
    assert run("explain", root / "etc/apparmor.d", "--no-cache", "--log").exit_code == 2
    put(root, "etc/apparmor.d/nginx", "}\n")
    assert run("explain", "--no-cache", "--log").exit_code == 2


def test_the_journal_comes_before_files(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = json.dumps({"MESSAGE": denied("/srv/y").strip(), "_TRANSPORT": "kernel"})
    put(root, "entry", f"{entry}\n")
    program = put(root, "journalctl", f"#!/bin/sh\ncat {root}/entry\n")
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(program))
    assert statuses(run, "--log") == {"/srv/y": (1, "denied")}
    shown = run("explain", "--no-cache", "--log", "--since", "2020-01-01")
    assert "log: the journal since that time" in shown.stderr
    assert "first at journal:1\n" in shown.stdout
    assert run("log").stdout == run("log", "-", text=f"{entry}\n").stdout.replace(
        '"-"', '"journal"'
    )
    put(root, "entry", "")  # nothing of it may be read
    assert statuses(run, "--log") == {"/srv/x": (1, "denied")}


def test_nothing_is_there(run: Run, root: Path) -> None:
    (root / "var/log/kern.log").unlink()
    shown = run("explain", "--log")
    assert shown.exit_code == 2
    assert "no log of this machine can be read" in shown.stderr
    (root / "etc/apparmor.d/nginx").unlink()
    (root / "etc").rename(root / "gone")
    shown = run("explain", "--log", "-", text=denied("/x"))
    assert shown.exit_code == 2
    assert "name it with --policy PATH" in shown.stderr


def test_a_log_that_may_not_be_read_is_told(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = put(root, "var/log/audit/audit.log", denied("/srv/y"))
    monkeypatch.setattr("lsmc.logs.system._readable", lambda path: path != str(audit))
    shown = run("explain", "--no-cache", "--log")
    assert f"not read: {audit}: permission denied\n" in shown.stderr
    assert "/srv/x" in shown.stdout


def test_several_policies_are_one(run: Run, root: Path) -> None:
    one = put(root, "one", "profile a {\n  /bin/b Px,\n}\n")
    two = put(root, "two/b", "profile b /bin/b {\n  /x r,\n}\n")
    words = ("--no-cache", "--policy", str(one), "--policy", str(two.parent))
    shown = run("explain", *words, "a", "exec", "/bin/b")
    assert shown.exit_code == 0, shown.stdout
    assert "runs as b (Px)" in shown.stdout
    assert run("query", *words, "a", "exec", "/bin/b").stdout.startswith("allowed")
    assert "a -> b" in run("graph", *words, "--format", "dot").stdout.replace('"', "")
    assert run("graph", one, *words).exit_code == run("graph").exit_code == 2
    log = denied("/x", "a") + denied("/x", "b", kind="ALLOWED")
    shown = run("explain", *words, "--format", "jsonl", "--log", "-", text=log)
    found = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(c["profile"], c["status"]) for c in found] == [("a", "denied"), ("b", "allowed")]


def test_a_bundle_is_a_policy_by_itself(run: Run, bundle: Path, root: Path) -> None:
    alone = run("explain", "--policy", bundle, "--log", "-", text=denied("/srv/x"))
    assert alone.exit_code == 1
    both = run("explain", "--policy", bundle, "--policy", root / "etc/apparmor.d", "--log")
    assert both.exit_code == 2
    assert "is a bundle, which is a policy by itself" in both.stderr


def test_directories_and_several_logs(run: Run, root: Path) -> None:
    old = put(root, "logs/a.log.1", denied("/srv/1", at=1_600_000_000))
    new = put(root, "logs/a.log", denied("/srv/1"))
    expected = {"/srv/1": (2, "denied")}
    assert statuses(run, "--log", old.parent) == expected
    assert statuses(run, "--log", new, "--log", old) == expected
    shown = run("explain", "--no-cache", "--log", old.parent)
    assert f"log: {old}, {new}\n" in shown.stderr
    assert "first at " + str(old) in shown.stdout
    both = statuses(run, "--log", "-", "--log", text=denied("/srv/2"))
    assert both == {"/srv/2": (1, "denied"), "/srv/x": (1, "denied")}


@pytest.mark.parametrize(
    "words",
    [
        ("--log", "a", "b", "c"),
        ("--log", "kern.log", "kern.log.1"),
        ("nginx",),
        (),
        ("--limit", "3", "p", "nginx", "read", "/x"),
        ("--format", "short", "p", "nginx", "read", "/x"),
        ("-v", "--format", "json", "--log"),
        ("--patch=some", "--log"),
        ("--log", "etc/apparmor.d"),
        ("--log", "empty"),
    ],
)
def test_wrong_use(run: Run, root: Path, words: tuple[str, ...]) -> None:
    (root / "empty").mkdir()
    words = tuple(str(root / word) if (root / word).is_dir() else word for word in words)
    shown = run("explain", *words)
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr.startswith("lsmc: error: ")
