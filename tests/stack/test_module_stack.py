"""Several modules with policy: the order of the kernel, who refuses first, and with what errno."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import lsmc
from lsmc.base.errors import NoMeaning
from lsmc.engine.verdict import Verdict
from lsmc.module_stack import ModuleStack
from lsmc.modules.registry import MODULES, module_named
from lsmc.stack.calls import KernelCall, class_of
from lsmc.stack.context import Context
from lsmc.stack.orders import classes_of, operations
from tests.cli.conftest import Run

PROFILE = """profile web /bin/web {
  /srv/** rw,
  /log/* w,
  /bin/tool ix,
  capability dac_read_search,
  network inet stream,
  signal send peer=other,
  owner /own/* rw,
}
"""
ROWS = "Web Data rw\nWeb Dir wx\nWeb Other w\n"
DOMAINS = """<kernel> /bin/web
use_profile 3
use_group 0
file read/write/unlink /srv/\\*
file read /own/\\* path1.uid=task.uid path1.parent.perm=0755
file create /srv/\\* 0600
file execute /bin/tool
network inet stream bind 127.0.0.1 80
"""
HEAD = "PROFILE_VERSION=20150505\n3-CONFIG={ mode=enforcing grant_log=no reject_log=yes }\n"
SUBJECTS = {"apparmor": "web", "smack": "Web", "tomoyo": "<kernel> /bin/web"}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, lsmc.Policy]:
    folder = tmp_path_factory.mktemp("tomoyo")
    (folder / "domain_policy.conf").write_text(DOMAINS)
    (folder / "profile.conf").write_text(HEAD)
    return {
        "apparmor": lsmc.compile_text(PROFILE, name="web"),
        "smack": lsmc.compile_text(ROWS, name="rows", module="smack"),
        "tomoyo": lsmc.compile(folder, module="tomoyo"),
    }


def _asked(
    policies: Mapping[str, lsmc.Policy], lsm: str, op: str, obj: str, **rest: Any
) -> Verdict:
    names = lsm.split(",")
    some = {name: policies[name] for name in names if name in policies}
    subjects = {name: SUBJECTS[name] for name in some}
    return ModuleStack(some, names).query(subjects, op, obj, **rest)


def _brief(verdict: Verdict) -> list[str]:
    """Each layer with its answer: `+` allows, `-` refuses, `?` is not judged, `.` not reached."""
    signs = {"allow": "+", "deny": "-", "unknown": "?", "not-reached": "."}
    return [f"{one.layer}({one.test}) {signs[one.verdict]}" for one in verdict.chain]


def test_the_first_refusal_counts(policies: dict[str, lsmc.Policy]) -> None:
    """Both would refuse; the list says who is asked first, and errnos differ."""
    for lsm, first, errno in (
        ("capability,tomoyo,apparmor", "tomoyo", "EPERM"),
        ("capability,apparmor,tomoyo", "apparmor", "EACCES"),
    ):
        verdict = _asked(policies, lsm, "read", "/etc/shadow")
        assert verdict.refusal is not None
        assert (verdict.refusal.layer, verdict.refusal.errno) == (first, errno)
        hidden = verdict.chain[-1]
        assert (hidden.verdict, hidden.would) == ("not-reached", "deny")


def test_users_and_modes_come_before_modules_or_behind(policies: dict[str, lsmc.Policy]) -> None:
    """Opening asks the mode first; removing asks modules of paths first, those of labels last."""
    context = Context(uid=5, gid=5, owner=0, group=0, mode=0o600, dir_owner=0, dir_mode=0o755)
    lsm = "capability,yama,tomoyo,apparmor"
    opened = _asked(policies, lsm, "read", "/srv/a", context=context)
    assert _brief(opened) == [
        "dac(search) +",
        "dac(access) -",
        "tomoyo(file_open) .",
        "apparmor(file_open) .",
    ]
    removed = _asked(policies, lsm, "unlink", "/srv/a", context=context)
    assert _brief(removed)[:3] == [
        "dac(search) +",
        "tomoyo(path_unlink) +",
        "apparmor(path_unlink) +",
    ]
    assert removed.refusal is not None
    assert (removed.refusal.layer, removed.refusal.test) == ("dac", "delete")
    labels = {"objects": {"smack": "Data"}, "directories": {"smack": "Gone"}}
    found = _asked(policies, "capability,tomoyo,smack", "unlink", "/srv/a", **labels)
    assert _brief(found) == [
        "dac(search) ?",
        "tomoyo(path_unlink) +",
        "dac(delete) ?",
        "smack(inode_permission) -",
        "smack(inode_unlink) .",
    ]


def test_a_capability_needs_every_module(policies: dict[str, lsmc.Policy]) -> None:
    context = Context(uid=0, gid=0, owner=5, group=5, mode=0o600)
    read = _asked(policies, "capability,apparmor", "read", "/srv/a", context=context)
    assert read.allowed
    write = _asked(policies, "capability,apparmor", "write", "/srv/a", context=context)
    assert write.refusal is not None
    assert write.refusal.layer == "dac"
    assert "the profile does not allow its use" in write.refusal.reason
    assert _asked(policies, "capability,tomoyo", "write", "/srv/a", context=context).allowed


def test_modules_are_asked_at_their_hooks(policies: dict[str, lsmc.Policy]) -> None:
    lsm = "capability,tomoyo,smack"
    label = {"objects": {"smack": "Data"}}
    assert _brief(_asked(policies, lsm, "write", "/srv/a", **label))[2:] == [
        "smack(inode_permission) +",
        "tomoyo(file_open) +",
        "smack(file_open) +",
    ]
    signal = _asked(policies, lsm, "signal_send", "other", objects={"smack": "Other"})
    assert _brief(signal)[1:] == ["smack(task_kill) +"]
    trace = _asked(policies, "capability,yama,smack", "ptrace_read", "x", objects={"smack": "Data"})
    assert _brief(trace)[1:] == ["yama() ?", "smack(ptrace_access_check) +"]
    bound = _asked(
        *(policies, "capability,tomoyo,apparmor", "bind", "inet"),
        type="stream",
        ip="127.0.0.1",
        port="80",
    )
    assert _brief(bound)[:2] == ["tomoyo(socket_bind) +", "apparmor(socket_bind) +"]
    made = _asked(policies, "capability,tomoyo,apparmor", "create", "/srv/n", perm="0600")
    assert _brief(made)[1:3] == ["tomoyo(path_mknod) +", "apparmor(path_mknod) +"]
    used = _asked(policies, "capability,tomoyo,apparmor", "capable", "sys_admin")
    assert _brief(used) == ["capability(use) ?", "apparmor(capable) -"]
    assert used.refusal is not None
    assert used.refusal.errno == "EPERM"


def test_rules_that_ask_who_owns_what(policies: dict[str, lsmc.Policy]) -> None:
    """Conditions of TOMOYO and rules for owners take what the context tells."""
    lsm = "capability,tomoyo,apparmor"
    for owner, perm, refusing in ((5, 0o755, ""), (6, 0o755, "tomoyo"), (5, 0o700, "tomoyo")):
        context = Context(uid=5, gid=5, owner=owner, group=5, mode=0o644, dir_mode=perm)
        found = _asked(policies, lsm, "read", "/own/a", context=context)
        assert (found.refusal.layer if found.refusal is not None else "") == refusing
    context = Context(uid=5, gid=5, owner=6, group=5, mode=0o644)
    found = _asked(policies, "capability,apparmor", "read", "/own/a", context=context)
    assert found.refusal is not None
    assert found.refusal.layer == "apparmor"


def test_who_may_override_smack(policies: dict[str, lsmc.Policy]) -> None:
    """A process with CAP_MAC_OVERRIDE is one, whichever option says so."""
    label = {"objects": {"smack": "Secret"}}
    root = Context(uid=0, owner=0, mode=0o600)
    assert _asked(policies, "capability,smack", "read", "/x", context=root, **label).allowed
    user = Context(uid=5, owner=5, mode=0o600)
    assert not _asked(policies, "capability,smack", "read", "/x", context=user, **label).allowed


@pytest.mark.parametrize(
    ("names", "lsm", "message"),
    [
        (("smack", "apparmor"), None, "`smack` and `apparmor` exclude each other"),
        (("smack",), ("capability", "tomoyo"), "`smack` has policy, but is not among the active"),
        (("smack",), ("smack",), "`capability` is always the first module"),
        (("smack",), ("capability", "smack", "smack"), "`smack` is listed twice"),
    ],
)
def test_what_no_kernel_has(
    policies: dict[str, lsmc.Policy], names: tuple[str, ...], lsm: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ModuleStack({name: policies[name] for name in names}, lsm)


def test_policy_of_another_module(policies: dict[str, lsmc.Policy]) -> None:
    with pytest.raises(ValueError, match="is policy of smack, not of tomoyo"):
        ModuleStack({"tomoyo": policies["smack"]})


def test_questions_that_are_none(policies: dict[str, lsmc.Policy]) -> None:
    stack = ModuleStack({"smack": policies["smack"]})
    with pytest.raises(lsmc.UnknownName, match="unknown operation `opne`; did you mean `open`"):
        stack.query({"smack": "Web"}, "opne", "/x")
    with pytest.raises(lsmc.RequestError, match="the label of the object is not given"):
        stack.query({"smack": "Web"}, "open", "/x")
    with pytest.raises(lsmc.RequestError, match="the subject of smack is not given"):
        stack.query({}, "open", "/x")
    with pytest.raises(lsmc.RequestError, match="`tomoyo` has no policy here"):
        stack.query({"smack": "Web", "tomoyo": "x"}, "open", "/x")
    with pytest.raises(lsmc.RequestError, match="`prem` is no field of an operation; did you mean"):
        stack.query({"smack": "Web"}, "open", "/x", prem="1")
    with pytest.raises(lsmc.RequestError, match="tomoyo asks with a number here: give `perm=`"):
        _asked(policies, "capability,tomoyo", "mkdir", "/srv/x")


#: Operations whose requests SELinux's policy tells.
_BY_CONTEXTS = {"create", "exec", "mkdir", "mknod", "symlink"}

NODE = Context(mode=0o020600)


def _translated(op: str, cls: str) -> set[str]:
    """The modules that say what an operation asks of them, be it nothing."""
    fields = {"perm": "0600", "to": "0", "target": "/t", "ip": "127.0.0.1", "port": "1"}
    fields |= {"fstype": "tmpfs", "oldroot": "/old", "major": "1", "minor": "1"}
    fields |= {"peer_ip": "127.0.0.1", "peer_port": "1", "type": "stream"}
    call = KernelCall(op, cls, "inet" if cls == "network" else "/x", fields, "L", "D", NODE)
    found = set()
    for name in MODULES:
        hooks = module_named(name).hooks
        with contextlib.suppress(lsmc.RequestError):
            if hooks is not None:
                asked = hooks()(call)
                assert all(one.hook and one.errno and one.request for one in asked)
                found.add(name)
    return found


@pytest.mark.parametrize("op", operations())
def test_every_operation_is_translated(op: str) -> None:
    for cls in classes_of(op):
        found = _translated(op, cls)
        assert {"apparmor", "smack", "tomoyo"} <= found
        if cls == "file" and op not in _BY_CONTEXTS:
            assert "selinux" in found


def test_nodes_and_sockets_with_names_are_made(policies: dict[str, lsmc.Policy]) -> None:
    lsm = "capability,tomoyo"
    fifo = Context(mode=0o010600)
    made = _asked(policies, lsm, "mknod", "/srv/f", perm="0600", context=fifo)
    assert [one.reason for one in made.chain if one.layer == "tomoyo"] == ["no rule allows mkfifo"]
    with pytest.raises(lsmc.RequestError, match="tomoyo asks by the type of the node"):
        _asked(policies, lsm, "mknod", "/srv/f", perm="0600")
    bound = _asked(policies, lsm, "bind", "unix", type="stream", addr="/srv/s", perm="0755")
    assert _brief(bound)[:2] == ["tomoyo(socket_bind) -", "tomoyo(path_mknod) ."]


def test_sockets_are_told_apart_by_their_addresses() -> None:
    assert class_of("connect", "inet", {}) == "network"
    assert class_of("connect", "/run/s", {}) == "unix"
    assert class_of("bind", "unix", {}) == "unix"
    assert class_of("send", "", {"peer_addr": "@x"}) == "unix"
    assert class_of("open", "/x", {}) == "file"


def test_a_module_that_is_none_of_a_kernel() -> None:
    pytest.importorskip("yaml")
    policy = lsmc.compile("profiles/kubearmor", module="kubearmor", base="profiles")
    with pytest.raises(NoMeaning, match="a stack of modules has no meaning for KubeArmor"):
        ModuleStack({"kubearmor": policy})


def test_the_command(run: Run, tmp_path: Path) -> None:
    profile, rows = tmp_path / "web", tmp_path / "web.smack"
    profile.write_text(PROFILE)
    rows.write_text(ROWS)
    domains = tmp_path / "tomoyo"
    domains.mkdir()
    (domains / "domain_policy.conf").write_text(DOMAINS)
    (domains / "profile.conf").write_text(HEAD)
    both = ("--policy", f"apparmor={profile}", "--policy", f"tomoyo={domains}")
    who = ("--subject", "tomoyo=<kernel> /bin/web")
    lsm = ("--lsm", "capability,yama,tomoyo,apparmor")
    result = run("query", *lsm, *both, *who, "/bin/web", "read", "/etc/x")
    assert result.exit_code == 1
    assert result.output.splitlines()[:2] == ["denied: read /etc/x", "  tomoyo refuses with EPERM"]
    names = ("--subject", "apparmor=web", *who)
    result = run("query", *lsm, *both, *names, "read", "/srv/x", "--format", "json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert [one["layer"] for one in found["chain"]] == ["dac", "dac", "tomoyo", "apparmor"]
    for args, message in (
        ((*both, "--policy", str(rows), "x", "read", "/x"), "every --policy names its module"),
        ((*both, "--subject", "web", "x", "read", "/x"), "`web` is not MODULE=TEXT"),
        ((str(rows), "--object", "smack=x", "x", "read", "/x"), "go with --policy MODULE=PATH"),
        ((*both, "--batch", "x"), "several modules take no --batch"),
        ((*both, "--policy", f"smack={rows}", "x", "read", "/x"), "exclude each other"),
    ):
        result = run("query", *args)
        assert (result.exit_code, result.stdout) == (2, ""), args
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_other_commands_ask_one_module(run: Run) -> None:
    result = run("explain", "--policy", "apparmor=profiles", "nginx", "read", "/x")
    assert result.exit_code == 2
    assert "only `lsmc query` puts a question to several modules" in result.stderr


@pytest.mark.parametrize(
    ("op", "obj", "mode", "asked"),
    [
        ("read", "/x", None, ["file:read", "file:open"]),
        ("read", "/x/", None, ["dir:read", "dir:open"]),
        ("write", "/x", 0o020600, ["chr_file:write", "chr_file:open"]),
        (
            "unlink",
            "/a/x",
            0o010600,
            ["dir:write,search", "dir:search,remove_name", "fifo_file:unlink"],
        ),
        ("capable", "chown", None, ["capability:chown"]),
        ("capable", "mac_override", None, ["capability2:mac_override"]),
        ("signal_send", "x", None, ["process:sigkill"]),
    ],
)
def test_what_selinux_is_asked(op: str, obj: str, mode: int | None, asked: list[str]) -> None:
    hooks = module_named("selinux").hooks
    assert hooks is not None
    call = KernelCall(
        op, class_of(op, obj, {}), obj, {"signal": "kill"}, context=Context(mode=mode)
    )
    assert [one.request["op"] for one in hooks()(call)] == asked


def test_a_program_by_its_path(policies: dict[str, lsmc.Policy], tmp_path: Path) -> None:
    some = {name: policies[name] for name in ("tomoyo", "apparmor")}
    both = ModuleStack(some).query(dict.fromkeys(some, "/bin/web"), "read", "/srv/a")
    assert _brief(both)[2:] == ["tomoyo(file_open) +", "apparmor(file_open) +"]
    with pytest.raises(lsmc.RequestError, match="`/bin/x` has no domain: give --subject tomoyo="):
        ModuleStack(some).query({"apparmor": "web", "tomoyo": "/bin/x"}, "read", "/srv/a")
    twice = f"{DOMAINS}\n<kernel> /bin/sh /bin/web\nuse_profile 3\nuse_group 0\n"
    (tmp_path / "domain_policy.conf").write_text(twice)
    (tmp_path / "profile.conf").write_text(HEAD)
    stack = ModuleStack({"tomoyo": lsmc.compile(tmp_path, module="tomoyo")})
    with pytest.raises(lsmc.RequestError, match="`/bin/web` has several domains: `<kernel> /bin/"):
        stack.query({"tomoyo": "/bin/web"}, "read", "/srv/a")
