"""A suggested rule compiles, allows what was asked, and nothing beside it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import lsmc
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.suggest.suggest import Wish, suggest, word
from tests.places import ROOT

# op, object, further arguments, rules that are suggested, hazards
CASES: list[tuple[str, str, dict[str, Any], str, tuple[str, ...]]] = [
    ("read", "/srv/a", {}, "/srv/a r,", ()),
    ("read", "/srv/", {}, "/srv/ r,", ()),
    ("rw", "/home/u/a", {}, "owner /home/u/a rw,", ()),
    ("rw", "/home/u/a", {"owner": False}, "/home/u/a rw,", ()),
    ("append", "/var/log/x", {}, "/var/log/x a,", ()),
    ("lock", "/srv/a b,c", {}, '"/srv/a b\\,c" k,', ()),
    ("read", "/srv/{x}[y]*?^\\\"'", {}, "/srv/\\{x\\}\\[y\\]\\*\\?\\^\\x5c\\x22' r,", ()),
    ("read", "/srv/@{HOME}/é\udcff\n#", {}, '"/srv/@\\{HOME\\}/é\\xff\\x0a#" r,', ()),
    ("mmap_exec", "/usr/lib/x.so", {}, "/usr/lib/x.so m,", ()),
    ("write", "/etc/shadow", {}, "/etc/shadow w,", ("accounts",)),
    ("read", "/etc/shadow", {}, "/etc/shadow r,", ("password-hashes",)),
    ("read", "/dev/sda1", {}, "/dev/sda1 r,", ("raw-device",)),
    ("write", "/usr/bin/x", {}, "/usr/bin/x w,", ("programs",)),
    ("exec", "/usr/bin/tool", {}, "/usr/bin/tool ix,", ()),
    ("exec", "/bin/bash", {}, "/bin/bash ix,", ("interpreter",)),
    ("exec", "/usr/bin/other", {}, "/usr/bin/other Px,", ()),
    ("link", "/srv/new", {"target": "/srv/old"}, "link /srv/new -> /srv/old,", ()),
    ("link", "/srv/new", {}, "/srv/new l,", ()),
    ("capable", "net_admin", {}, "capability net_admin,", ()),
    ("capable", "sys_admin", {}, "capability sys_admin,", ("capability",)),
    ("connect", "inet", {"type": "stream"}, "network inet stream,", ()),
    ("socket_create", "packet", {"type": "raw"}, "network packet raw,", ("raw-network",)),
    ("socket_create", "netlink", {}, "network netlink,", ("every-object",)),
    (
        "connect",
        "",
        {"class": "unix", "type": "stream", "peer_addr": "@x y", "peer_label": "q//r"},
        'unix (connect, send, receive) type=stream peer=(label=q//r, addr="@x y"),',
        (),
    ),
    ("bind", "@a", {"class": "unix", "type": "dgram"}, "unix bind type=dgram addr=@a,", ()),
    ("signal_send", "q", {"signal": "SIGKILL"}, "signal send set=(kill) peer=q,", ()),
    ("signal_send", ":n://q", {"signal": "rtmin+3"}, None, ()),  # type: ignore[list-item]
    ("ptrace_trace", "q", {}, "ptrace trace peer=q,", ("other-processes",)),
    ("ptrace_readby", "q", {}, "ptrace readby peer=q,", ()),
    (
        "dbus_send",
        "o.q",
        {"bus": "session", "path": "/o", "interface": "o.i", "member": "Get", "label": "q"},
        "dbus send bus=session path=/o interface=o.i member=Get peer=(name=o.q, label=q),",
        (),
    ),
    ("dbus_bind", "o.p", {"bus": "system"}, "dbus bind bus=system name=o.p,", ()),
    ("dbus_eavesdrop", "", {"bus": "session"}, "dbus eavesdrop bus=session,", ("raw-network",)),
    (
        "mount",
        "/mnt/",
        {"source": "/dev/sr0", "fstype": "iso9660", "options": "ro,nosuid"},
        "mount fstype=iso9660 options=(ro, nosuid) /dev/sr0 -> /mnt/,",
        ("mounts",),
    ),
    (
        "mount",
        "/mnt/",
        {"source": "tmpfs", "fstype": "tmpfs"},
        "mount fstype=tmpfs options=(rw) tmpfs -> /mnt/,",
        ("mounts",),
    ),
    (
        "mount",
        "/b/",
        {"source": "/a/", "options": "rbind"},
        "mount options=(rbind) /a/ -> /b/,",
        ("mounts",),
    ),
    (
        "mount",
        "/b/",
        {"source": "/a/", "options": "move"},
        "mount options=(move) /a/ -> /b/,",
        ("mounts",),
    ),
    (
        "mount",
        "/b/",
        {"options": "make-rslave"},
        "mount options=(rslave) -> /b/,",
        ("mounts",),
    ),
    ("remount", "/b/", {"options": "ro"}, "remount options=(ro) /b/,", ("mounts",)),
    ("umount", "/b/", {}, "umount /b/,", ("mounts",)),
    ("pivot_root", "/n/", {"oldroot": "/n/o/"}, "pivot_root oldroot=/n/o/ /n/,", ("mounts",)),
    ("change_profile", "q", {}, "change_profile -> q,", ()),
    (
        "change_profile",
        "unconfined",
        {},
        "change_profile -> unconfined,",
        ("leaves-confinement",),
    ),
    ("onexec", "q", {"exec": "/bin/x"}, "change_profile /bin/x -> q,", ()),
    ("userns_create", "", {}, "userns create,", ("new-privileges",)),
    ("io_uring_sqpoll", "", {}, "io_uring sqpoll,", ("new-privileges",)),
    (
        "io_uring_override_creds",
        "q",
        {},
        "io_uring override_creds label=q,",
        ("new-privileges",),
    ),
    ("mqueue_create", "/q", {"label": "l"}, "mqueue create type=posix label=l /q,", ()),
    ("mqueue_getattr", "/q", {}, "mqueue getattr type=posix label=p /q,", ()),
    ("mqueue_read", "12", {"label": "l"}, "mqueue read type=sysv label=l 12,", ()),
]
HEAD = 'abi <abi/5.0>,\nprofile other /usr/bin/other {}\nprofile p "/usr/bin/p" {\n'


@pytest.mark.parametrize(
    ("op", "obj", "fields", "rule", "opens"), CASES, ids=[f"{c[0]} {c[1]!a}" for c in CASES]
)
def test_a_suggestion_allows_what_was_asked(
    op: str, obj: str, fields: dict[str, Any], rule: str | None, opens: tuple[str, ...]
) -> None:
    before = lsmc.compile_text(f"{HEAD}}}\n", base=ROOT / "profiles")
    found = before.explain("p", op, obj, **fields)
    assert not found.verdict.allowed
    (suggestion,) = found.suggestions
    if rule is not None:
        assert suggestion.rule == rule
    assert suggestion.hazards == opens
    text = f"{HEAD}{suggestion.rule}\n}}\n"
    policy = lsmc.compile_text(text.encode("utf-8", "surrogateescape"), base=ROOT / "profiles")
    assert policy.query("p", op, obj, **fields).allowed
    if obj and op not in ("socket_create", "dbus_eavesdrop"):
        other = {"subject": "p", "op": op, "object": f"{obj}x", **fields}
        assert not policy.engine.answer(other).verdict.allowed


def test_a_suggestion_beats_the_deny_rules() -> None:
    body = "deny /srv/** w,\npriority=7 deny /srv/a* w,"
    policy = lsmc.compile_text(f"profile p {{\n{body}\n}}", target="4.1")
    *_, suggestion = policy.explain("p", "write", "/srv/ab").suggestions
    assert suggestion.rule == "priority=8 /srv/ab w,"
    assert [ref.line for ref in suggestion.overrides] == [2, 3]
    better = lsmc.compile_text(f"profile p {{\n{body}\n{suggestion.rule}\n}}")
    assert better.query("p", "write", "/srv/ab").allowed


@pytest.mark.parametrize("target", [None, "3.0", "3.1", "4.0"])
def test_no_priority_for_compilers_without_them(target: str | None) -> None:
    text = "profile p {\ndeny /srv/** rw,\n}"
    found = lsmc.compile_text(text, target=target).explain("p", "write", "/srv/ab").suggestions
    assert [(one.kind, one.rule, one.line) for one in found] == [
        ("deny", "deny /srv/** r,", 2),
        ("exact", "/srv/ab w,", 1),
    ]
    assert all("overrides-deny" in one.hazards for one in found)
    text = "profile p {\n/srv/** w,\ndeny /srv/** rw,\n}"
    (only,) = lsmc.compile_text(text, target=target).explain("p", "write", "/srv/ab").suggestions
    assert only.says == "narrow `deny /srv/** rw,` to `deny /srv/** r,`"


def test_a_file_that_may_be_executed_should_not_become_writable() -> None:
    policy = lsmc.compile_text("profile p {\n/srv/tool ix,\n}")
    (suggestion,) = policy.explain("p", "write", "/srv/tool").suggestions
    assert suggestion.hazards == ("write-and-execute",)


def test_network_rules_take_no_priority() -> None:
    fields = {"family": b"inet", "type": b"stream"}
    assert suggest(Wish("network", fields, ("create",), priority=1)) is None


def test_words() -> None:
    assert word(b"/plain/a-b_c.d~e+f@g%h$i") == "/plain/a-b_c.d~e+f@g%h$i"
    assert word(b"") == '""'
    assert word(b"&x") == '"&x"'


def test_every_hazard_is_worded() -> None:
    found = set()
    for cls, fields, perms in (
        ("file", {"path": b"/root/.ssh/id_rsa"}, "r"),
        ("file", {"path": b"/root/.bashrc"}, "w"),
        ("file", {"path": b"/sys/kernel/security/apparmor/.load"}, "w"),
        ("file", {"path": b"/run/docker.sock"}, "w"),
        ("capability", {"capability": b"dac_override"}, ("use",)),
    ):
        found |= set(hazards(cls, fields, perms))
    for case in CASES:
        found |= set(case[4])
    assert found | {"write-and-execute", "overrides-deny"} == set(HAZARDS)


def test_the_writer_needs_no_grammar() -> None:
    import subprocess

    loaded = "'lsmc.modules.apparmor.syntax.grammar' in sys.modules"
    code = f"import sys, lsmc.modules.apparmor.suggest.suggest; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("cls", "fields", "stake"),
    [
        ("file", {"path": b"/etc/letsencrypt/archive/a/privkey1.pem"}, ("private-keys",)),
        ("file", {"path": b"/etc/letsencrypt/archive/a/fullchain1.pem"}, ()),
        ("file", {"path": b"/etc/ssl/certs/Some_Root.pem"}, ()),
        ("network", {"family": b"inet", "type": b"raw"}, ("raw-network",)),
        ("network", {"family": b"netlink", "type": b"raw"}, ()),
    ],
)
def test_what_is_public_is_no_hazard(
    cls: str, fields: dict[str, bytes], stake: tuple[str, ...]
) -> None:
    assert hazards(cls, fields, ("r",) if cls == "file" else ("create",)) == stake


@pytest.mark.parametrize(("member", "stake"), [("GetUnit", ()), ("StartUnit", ("control-socket",))])
def test_methods_that_only_ask_command_nothing(member: str, stake: tuple[str, ...]) -> None:
    manager = {"bus": "system", "name": "org.freedesktop.systemd1", "member": member}
    fields = {name: text.encode() for name, text in manager.items()}
    assert hazards("dbus", fields, ("send",)) == stake


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        ("capability", {"capability": b"from_a_later_kernel"}),
        ("network", {"family": b"later", "type": b"stream"}),
        ("network", {"family": b"inet", "type": b"later"}),
        ("signal", {"signal": b"rtmin+99", "peer": b"p"}),
    ],
)
def test_no_rule_for_a_word_that_no_compiler_knows(cls: str, fields: dict[str, bytes]) -> None:
    assert suggest(Wish(cls, fields, ("send",))) is None
