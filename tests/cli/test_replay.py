"""`lsmc replay`: what a changed policy does to the accesses of a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, run
from tests.cli.test_docs import SHOWN
from tests.places import ROOT

__all__ = ["run"]

OLD = """profile app /usr/bin/app {
  /etc/app r,
  /var/log/app w,
  /usr/bin/helper px,
}
profile helper /usr/bin/helper { }
profile other /usr/bin/other flags=(complain) {
  /etc/other r,
}
"""
NEW = """profile app /usr/bin/app {
  /etc/app r,
  /etc/shadow r,
  audit deny /var/log/app w,
  /usr/bin/helper px -> second,
}
profile helper /usr/bin/helper { }
profile second { }
profile other /usr/bin/other {
  /etc/other r,
}
"""
HEAD = (
    "2026-11-29T10:00:0{second}+00:00 {host} kernel: audit: type=1400"
    " audit(1795946400.00{second}:{second}): "
)
RECORD = (
    'apparmor="{kind}" operation="{op}" {cls}profile="{profile}" name="{name}" pid=1 comm="x"'
    ' requested_mask="{mask}" denied_mask="{mask}" fsuid=0 ouid=0\n'
)


def line(second: int, host: str, kind: str, profile: str, name: str, mask: str) -> str:
    op = "exec" if mask == "x" else "open"
    head = HEAD.format(second=second, host=host)
    return head + RECORD.format(kind=kind, op=op, cls="", profile=profile, name=name, mask=mask)


LOG = "".join(
    (
        line(1, "web1", "DENIED", "app", "/etc/shadow", "r"),
        line(2, "web2", "DENIED", "app", "/etc/shadow", "r"),
        line(3, "web1", "AUDIT", "app", "/var/log/app", "w"),
        line(4, "web1", "DENIED", "app", "/root/x", "r"),
        line(5, "web2", "ALLOWED", "other", "/etc/data", "r"),
        line(6, "web2", "AUDIT", "app", "/usr/bin/helper", "x"),
        line(7, "web2", "DENIED", "gone", "/etc/x", "r"),
        "2026-11-29T10:00:09+00:00 web1 sshd[1]: hello\n",
    )
)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path, Path]:
    old, new, log = (tmp_path / name for name in ("old", "new", "log"))
    old.write_text(OLD)
    new.write_text(NEW)
    log.write_text(LOG)
    return old, new, log


def _replay(run: Run, paths: tuple[Path, Path, Path], *more: str) -> tuple[int, list[Any]]:
    old, new, log = paths
    result = run("replay", old, new, "--log", log, "--no-cache", "--format", "jsonl", *more)
    return result.exit_code, [json.loads(text) for text in result.stdout.splitlines()]


def test_each_change(run: Run, paths: tuple[Path, Path, Path]) -> None:
    """A cause is put to both policies, and each answer names its rules."""
    code, found = _replay(run, paths)
    assert code == 1
    *causes, last = found
    by_object = {one["object"]: one for one in causes}
    changes = {name: one["change"] for name, one in by_object.items()}
    assert changes == {
        "/etc/shadow": "newly-allowed",
        "/var/log/app": "newly-denied",
        "/root/x": "same",
        "/etc/data": "newly-denied",
        "/usr/bin/helper": "same",
        "/etc/x": "no-answer",
    }
    shadow = by_object["/etc/shadow"]
    assert (shadow["count"], shadow["hosts"]) == (2, {"web1": 1, "web2": 1})
    assert shadow["hazards"] == ["password-hashes"]
    assert [ref["line"] for ref in shadow["rules"]["new"]] == [3]
    log = by_object["/var/log/app"]
    assert [ref["line"] for ref in log["rules"]["old"]] == [3]
    assert [ref["text"] for ref in log["rules"]["new"]] == ["audit deny /var/log/app w,"]
    assert by_object["/usr/bin/helper"]["moved"] == ["helper", "second"]
    assert last == {
        "summary": {
            "lines": 8,
            "used": 7,
            "skipped": 1,
            "broken": 0,
            "records": 7,
            "judged": 6,
            "no_profile": 1,
            "no_question": 0,
            "left_out": 0,
            "statuses": 0,
            "let_through": 3,
            "changes": {
                "newly-denied": {"causes": 2, "records": 2},
                "newly-allowed": {"causes": 1, "records": 2},
                "no-answer": {"causes": 1, "records": 1},
                "same": {"causes": 2, "records": 2},
            },
        }
    }


def test_enforced(run: Run, paths: tuple[Path, Path, Path]) -> None:
    """As enforced, the profile in complain mode refused it before, too."""
    code, found = _replay(run, paths, "--enforce", "--profile", "other")
    assert (code, found[0]["change"]) == (0, "same")
    assert found[-1]["summary"]["left_out"] == 6


def test_words(run: Run, paths: tuple[Path, Path, Path]) -> None:
    old, new, log = paths
    log.write_text("".join(text for text in LOG.splitlines(keepends=True) if "gone" not in text))
    result = run("replay", old, new, "--log", log, "--no-cache")
    assert result.exit_code == 1
    assert (
        result.stdout
        == f"""newly denied
1x app file open w /var/log/app  on web1
  old: allowed by {old}:3: /var/log/app w,
  new: denied by {new}:4: audit deny /var/log/app w,
1x other file open r /etc/data  on web2
  old: would be denied: no rule allows r
  new: denied: no rule allows r

newly allowed
2x app file open r /etc/shadow  on web1, web2
  old: denied: no rule allows r
  new: allowed by {new}:3: /etc/shadow r,
  warning: reads password hashes

other profile
1x app file exec x /usr/bin/helper  on web2
  old: allowed by {old}:4: /usr/bin/helper px,
  new: allowed by {new}:5: /usr/bin/helper px -> second,
  runs as second, was helper

"""
    )
    assert "7 lines: 6 used, 1 skipped, 0 broken\n" in result.stderr
    assert "3 records of accesses that were let through" in result.stderr


def test_objects_are_told_apart_letter_by_letter(run: Run, tmp_path: Path) -> None:
    """Numbers that a reader need not tell apart a policy may."""
    old, new, log = (tmp_path / name for name in ("old", "new", "log"))
    old.write_text("profile app { /proc/[0-9]*/stat r, }\n")
    new.write_text("profile app { /proc/1*/stat r, }\n")
    log.write_text(
        "".join(line(n, "h", "AUDIT", "app", f"/proc/{n}11/stat", "r") for n in (1, 2, 3))
    )
    code, found = _replay(run, (old, new, log))
    assert code == 1
    assert sorted((one["object"], one["change"]) for one in found[:-1]) == [
        ("/proc/111/stat", "same"),
        ("/proc/211/stat", "newly-denied"),
        ("/proc/311/stat", "newly-denied"),
    ]


def test_broken_lines_are_an_error(run: Run, paths: tuple[Path, Path, Path]) -> None:
    old, new, log = paths
    log.write_text(LOG + 'type=AVC msg=audit(1.0:1): apparmor="DENIED" operation="open" name="\n')
    result = run("replay", old, new, "--log", log, "--no-cache")
    assert result.exit_code == 2
    assert f"{log}:9" in result.stderr


def test_a_page(run: Run, paths: tuple[Path, Path, Path]) -> None:
    old, new, log = paths
    result = run("replay", old, new, "--log", log, "--no-cache", "--format", "html")
    assert result.exit_code == 1
    for text in ("Newly denied", "/etc/shadow", "reads password hashes", "runs as second"):
        assert text in result.stdout


def test_hosts_of_different_policy(run: Run, paths: tuple[Path, Path, Path]) -> None:
    """A map says which hosts run which policy; of others nothing is said."""
    log = paths[2]
    table = log.parent / "map.toml"
    table.write_text(
        '[[site]]\nhosts = ["web1"]\nold = "old"\nnew = "new"\n'
        '[[site]]\nhosts = "db*"\nold = "old"\nnew = "old"\n'
    )
    result = run("replay", "--policies", table, "--log", log, "--no-cache", "--format", "jsonl")
    found = [json.loads(text) for text in result.stdout.splitlines()]
    shadow = [one for one in found[:-1] if one["object"] == "/etc/shadow"]
    assert sorted((list(one["hosts"]), one["change"]) for one in shadow) == [
        (["web1"], "newly-allowed"),
        (["web2"], "no-answer"),
    ]
    assert found[-1]["summary"]["no_profile"] == 4
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[site]]\nhosts = 1\n", "site 1: `hosts` is missing or not a text"),
        ('[[site]]\nhosts = "a"\nold = "x"\n', "site 1: `new` is missing or not a text"),
        ('[[site]]\nhost = "a"\n', "site 1: no key `host`; did you mean `hosts`"),
        ("sites = 1\n", "no setting `sites`; did you mean `site`"),
        ("", "write a `[[site]]` for each group of hosts"),
        ("[[", ":1:"),
    ],
)
def test_bad_maps(run: Run, paths: tuple[Path, Path, Path], text: str, message: str) -> None:
    table = paths[0].parent / "map.toml"
    table.write_text(text)
    result = run("replay", "--policies", table, "--log", paths[2], "--no-cache")
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_exports_of_log_stores(run: Run, paths: tuple[Path, Path, Path]) -> None:
    """Lines of JSON whose fields have names of the store's own."""
    old, new, log = paths
    lines = [
        {"_source": {"log": text, "kubernetes": {"host": "n1", "pod": "p1"}}}
        for text in LOG.splitlines()
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    fields = [
        f"{name}=_source.{path}"
        for name, path in (
            ("message", "log"),
            ("host", "kubernetes.host"),
            ("pod", "kubernetes.pod"),
        )
    ]
    words = [word for field in fields for word in ("--field", field)]
    code, found = _replay(run, paths, *words)
    assert code == 1
    assert found[-1]["summary"]["judged"] == 6
    assert {host for one in found[:-1] for host in one["hosts"]} == {"n1/p1"}
    result = run("replay", old, new, "--log", log, "--field", "text=x")
    assert "no field `text`" in result.stderr
    result = run("replay", old, new, "--log", log, "--field", "host=x")
    assert "say where the message is: message=PATH" in result.stderr


@pytest.mark.parametrize(
    ("module", "name", "judged"),
    [
        ("selinux", "selinux.log", 4),
        ("smack", "smack.log", 4),
        ("tomoyo", "tomoyo.log", 1),
        ("kubearmor", "alerts.log", 1),
    ],
)
def test_records_of_every_module(
    run: Run, tmp_path: Path, module: str, name: str, judged: int
) -> None:
    """The logs of the pages, on the samples: nothing changes from a policy to itself."""
    log = tmp_path / name
    log.write_text(dict(SHOWN.findall((ROOT / "docs" / f"{module}.md").read_text()))[name])
    policy = ROOT / "profiles" / module
    code, found = _replay(run, (policy, policy, log))
    summary = found[-1]["summary"]
    assert (code, summary["judged"], summary["broken"]) == (0, judged, 0)
    assert {one["change"] for one in found[:-1]} == {"same"}
