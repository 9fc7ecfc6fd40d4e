"""A question that no kernel asks is an error with what is meant: one question, a batch, Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lsmc
from lsmc.kernels.walk import is_real_path
from lsmc.modules.apparmor.names import (
    BUSES,
    CAPABILITIES,
    FAMILIES,
    PROTOCOLS,
    QUEUE_TYPES,
    RESOURCES,
    SIGNAL_ALIASES,
    SIGNALS,
    SOCKET_TYPES,
)
from lsmc.modules.apparmor.requests.paths import meant
from tests.cli.conftest import Run
from tests.places import ROOT

TEXT = """
abi <abi/5.0>,
profile p /usr/bin/p {
  /etc/** r,
  capability net_admin,
  network inet stream,
  network inet dgram,
  network inet6,
  unix bind type=stream addr=@/shim/*,
  dbus send bus=session,
  set rlimit nofile <= 1024,
  mqueue read /q,
}
profile c flags=(complain) { }
"""

#: A question, and what its error begins with.
WRONG: dict[tuple[str, ...], str] = {
    ("capable", "net_amdin"): "`net_amdin` is not a capability; did you mean `net_admin`",
    ("capable", "cap_sys_amdin"): "`cap_sys_amdin` is not a capability; did you mean `sys_admin`",
    ("capable",): "the object is missing: a capability",
    ("connect", "inett", "type=stream"): "`inett` is not an address family; did you mean `inet`",
    ("connect", "inet", "type=streem"): "`streem` is not a socket type; did you mean `stream`",
    ("connect", "inet", "type=strem", "class=network"): "`strem` is not a socket type",
    ("connect", "inet", "protocol=tpc"): "`tpc` is not a protocol; did you mean",
    ("connect", "inet", "type=stream", "port=http"): "`http` is not a port",
    ("connect", "inet", "type=stream", "peer_port=65536"): "`65536` is not a port",
    ("connect", "inet", "type=stream", "ip=1.2.3"): "`1.2.3` is not an IP address",
    ("connect", "inet"): "`type=` is missing: the answer is allowed for stream dgram; known are",
    ("connect", "type=stream"): "the object is missing: an address family",
    ("connect", "/run/x.sock"): "`/run/x.sock` may be the address of either side",
    ("send", "@a", "type=stream"): "`@a` may be the address of either side",
    ("bind", "unix", "addr=shim", "type=stream"): "`shim` is not the address of a unix socket",
    ("bind", "@a", "type=streem"): "`streem` is not a socket type",
    ("bind", "/run//s", "type=stream"): "`/run//s` is not a path that a kernel asks about",
    ("signal_send", "foo", "signal=FOO"): "`FOO` is not a signal",
    ("signal_send", "foo", "signal=sigtrem"): "`sigtrem` is not a signal; did you mean `term`",
    ("signal_send", "foo", "signal=rtmin+33"): "`rtmin+33` is not a signal",
    ("signal_send", "signal=term"): "the object is missing: the other process's profile",
    ("ptrace_read",): "the object is missing: the other process's profile",
    ("dbus_send", "org.a", "bus=sesion"): "`sesion` is not a message bus; did you mean `session`",
    ("dbus_send", "org.a"): "`bus=` is missing",
    ("dbus_bind", "bus=system"): "the object is missing: the name of a service",
    ("setrlimit", "nofle", "value=3"): "`nofle` is not a resource; did you mean `nofile`",
    ("setrlimit", "nofile", "value=many"): "`many` is not a limit",
    ("setrlimit", "nofile", "valu=3"): "`valu` is not a field of this operation; did you mean",
    ("setrlimit", "nofile"): "`value=` is missing",
    ("setrlimit", "value=3"): "the object is missing: the resource",
    (
        "mqueue_read",
        "/q",
        "type=posx",
    ): "`posx` is not a type of message queue; did you mean",
    ("mqueue_read", "/q", "type=sysv"): "`/q` is the name of a posix queue",
    ("mqueue_read", "q"): "`q` is not the name of a message queue",
    ("mqueue_read",): "the object is missing: the name of a queue",
    ("mount", "/mnt", "options=roo"): "`roo` is not a mount option; did you mean `ro`",
    ("mount", "/mnt", "options=ro,rw"): "the mount options `ro,rw` contradict each other",
    ("mount", "mnt"): "`mnt` is not an absolute path",
    ("mount", "/mnt", "source=../a", "options=bind"): "`../a` is not an absolute path",
    ("umount",): "the object is missing: a mount point",
    ("pivot_root", "/a", "oldroot=/a/../b"): "`/a/../b` is not a path that a kernel asks about",
    ("read",): "the object is missing: a path",
    ("read", "/etc//a"): "`/etc//a` is not a path that a kernel asks about; did you mean `/etc/a`?",
    (
        "read",
        "/etc/./a",
    ): "`/etc/./a` is not a path that a kernel asks about",
    (
        "read",
        "/etc/../a/.",
    ): "`/etc/../a/.` is not a path that a kernel asks about",
    ("read", "//x"): "`//x` is not a path that a kernel asks about; did you mean `/x`?",
    ("read", "etc/passwd"): "`etc/passwd` is not an absolute path; did you mean `/etc/passwd`?",
    ("exec", "ls"): "`ls` is not an absolute path",
    ("exec", "/bin/"): "`/bin/` is a directory, which exec is never asked about",
    ("mkdir", "/srv/a"): "the path of a directory ends in a slash; did you mean `/srv/a/`?",
    ("link", "/a", "target=b/c"): "`b/c` is not an absolute path; did you mean `/b/c`?",
    ("rename", "/a", "target=/b/../c"): "`/b/../c` is not a path that a kernel asks about",
    ("onexec", "p", "exec=bin/x"): "`bin/x` is not an absolute path",
    ("change_profile",): "the object is missing: a profile",
    ("change_hat",): "the object is missing: the name of a hat",
    ("change_hat", "h", "x=1"): "`x` is not a field of this operation",
    ("userns_create", "/x"): "the class userns has no object: leave out `/x`",
    ("read", "/etc/a", "path=/etc/b"): "`path=/etc/b` and `/etc/a` are two values of one field",
    ("read", "/etc/a", "class=unix"): "the operation read belongs to the class file, not `unix`",
    ("raed", "/etc/a"): "unknown operation `raed`; did you mean `read`",
    ("rz", "/etc/a"): "unknown operation `rz`",
}


@pytest.fixture(scope="module")
def policy() -> lsmc.Policy:
    return lsmc.compile_text(TEXT, base=ROOT / "profiles")


def split(words: tuple[str, ...]) -> tuple[str, str, dict[str, str]]:
    op, *rest = words
    obj = rest.pop(0) if rest and "=" not in rest[0] else ""
    return op, obj, dict(word.split("=", 1) for word in rest)


Ask = Callable[[str, str, str, dict[str, str]], Any]


def ways(policy: lsmc.Policy) -> Iterator[Ask]:
    """Each way to ask a question in Python."""
    yield lambda s, op, obj, fields: policy.query(s, op, obj, **fields)  # type: ignore[arg-type]
    yield lambda s, op, obj, fields: policy.explain(s, op, obj, **fields)  # type: ignore[arg-type]
    yield lambda s, op, obj, fields: policy.answer(
        {"subject": s, "op": op, "object": obj, **fields}
    )
    yield lambda s, op, obj, fields: list(
        policy.query_many([{"subject": s, "op": op, "object": obj, **fields}])
    )


@pytest.mark.parametrize("subject", ["p", "c", "unconfined"])
@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_python(policy: lsmc.Policy, words: tuple[str, ...], subject: str) -> None:
    if "is missing: the answer" in WRONG[words] or words == ("dbus_send", "org.a"):
        subject = "p"  # for the others every answer is the same
    for ask in ways(policy):
        with pytest.raises(lsmc.Error) as caught:
            ask(subject, *split(words))
        assert str(caught.value).startswith(WRONG[words])


def test_command_line_and_batch(run: Run, policy: lsmc.Policy, tmp_path: Path) -> None:
    bundle, requests = tmp_path / "b.lsmb", tmp_path / "r.jsonl"
    policy.save(str(bundle))
    for words, message in WRONG.items():
        for command in ("query", "explain"):
            result = run(command, bundle, "p", *words)
            assert (result.exit_code, result.stdout) == (2, ""), words
            assert result.stderr.startswith(f"lsmc: error: {message}")
        op, obj, fields = split(words)
        request = {"subject": "p", "op": op, **({"object": obj} if obj else {}), **fields}
        requests.write_text(json.dumps(request) + "\n", encoding="utf-8")
        result = run("query", bundle, "--batch", requests)
        assert (result.exit_code, result.stdout) == (2, ""), words
        assert result.stderr.startswith(f"{requests}:1: error: {message}")


RIGHT: list[tuple[tuple[str, ...], bool]] = [
    (("capable", "CAP_NET_ADMIN"), True),
    (("connect", "inet", "type=stream"), True),
    (("connect", "inet", "protocol=tcp"), True),
    (("connect", "inet", "type=stream", "protocol=6"), True),
    (("connect", "inet", "type=raw", "protocol=sctp"), False),
    (("connect", "inet6"), True),  # every type is allowed
    (("connect", "netlink"), False),  # and here none
    (("bind", "@/shim/a", "type=stream"), True),
    (("bind", "@/shim/a", "type=dgram"), False),
    (("bind", "@/other", "type=stream"), False),
    (("connect", "peer_addr=/run/x.sock", "type=stream"), False),
    (("signal_send", "foo", "signal=SIGTSTP"), False),
    (("signal_send", "foo", "signal=rtmin+32"), False),
    (("signal_send", "foo", "signal=exists"), False),
    (("dbus_send", "org.a", "bus=session", "path=/a", "member=B"), True),
    (("dbus_send", "org.a", "bus=org.example.bus"), False),
    (("dbus_eavesdrop",), False),
    (("setrlimit", "RLIMIT_NOFILE", "value=1024"), True),
    (("setrlimit", "nofile", "value=1025"), False),
    (("setrlimit", "nofile", "value=infinity"), False),
    (("mqueue_read", "/q"), True),
    (("mqueue_read", "17"), False),
    (("mount", "/mnt/", "source=tmpfs", "fstype=tmpfs", "options=rw,nodev"), False),
    (("read", "/etc/..."), True),
    (("read", "/etc/.hidden"), True),
    (("read", "/etc/a..b/.c./d"), True),
    (("read", "/etc/a/"), True),
    (("read", "/etc/\udcff\n"), True),
    (("mkdir", "/srv/a/"), False),
    (("userns_create",), False),
    (("io_uring_sqpoll",), False),
]


@pytest.mark.parametrize(
    ("words", "allowed"),
    RIGHT,
    ids=[" ".join(w).encode("ascii", "backslashreplace").decode() for w, _ in RIGHT],
)
def test_what_a_kernel_asks_is_answered(
    policy: lsmc.Policy, words: tuple[str, ...], allowed: bool
) -> None:
    query, explain, answer, many = ways(policy)
    asked = ("p", *split(words))
    assert query(*asked).allowed is allowed
    assert explain(*asked).verdict.allowed is allowed
    assert answer(*asked).allowed is allowed
    assert [verdict.allowed for verdict in many(*asked)] == [allowed]


def test_a_batch_checks_every_path(policy: lsmc.Policy) -> None:
    """Requests of one shape share what is known at a node, whatever their path looks like."""
    good = [
        {"subject": "p", "op": "read", "object": f"/etc/{n}"} for n in ("a", ".b", "c..", "...")
    ]
    for _ in range(2):
        assert [v.allowed for v in policy.query_many(good)] == [True] * len(good)
        for path in ("/etc//a", "/etc/./a", "/etc/..", "/etc/.", "etc/a", "//a", "", "/etc/a\0b"):
            asked = [*good, {"subject": "p", "op": "read", "object": path}]
            verdicts = policy.query_many(asked)
            assert all(next(verdicts).allowed for _ in good)
            with pytest.raises(lsmc.RequestError):
                next(verdicts)


@pytest.mark.parametrize(
    "subject", ["//usr/bin/p", "/usr//bin/p", "/usr/bin/../bin/p", "/usr/./bin/p", "/usr/bin/p/"]
)
def test_a_subject_is_no_path_that_no_program_has(policy: lsmc.Policy, subject: str) -> None:
    for ask in ways(policy):
        with pytest.raises(lsmc.RequestError, match=r"`/usr/bin/p`|a directory"):
            ask(subject, "read", "/etc/shadow", {})


def test_the_meant_path_is_one_that_a_kernel_asks_about() -> None:
    for text in ("a/b", "./a", "../a", "/a/..", "/..", "//", "///a//", "/a/./b/../c/", "~/x", "/."):
        assert is_real_path(meant(text).encode()), text
    assert meant("///a//b/../c/") == "/a/c/"
    assert meant("ls") == ""


@pytest.mark.parametrize(
    ("rule", "op", "obj", "field", "known"),
    [
        ("capability {}", "capable", "{}", "", CAPABILITIES),
        ("network {} raw", "socket_create", "{}", "type=raw", FAMILIES),
        ("network inet {}", "socket_create", "inet", "type={}", SOCKET_TYPES),
        ("network {}", "socket_create", "inet", "protocol={}", tuple(PROTOCOLS)),
        ("signal set=({})", "signal_send", "q", "signal={}", (*SIGNALS, *SIGNAL_ALIASES)),
        ("set rlimit {} <= 0", "setrlimit", "{}", "value=0", RESOURCES),
        ("mqueue type={}", "mqueue_read", "/q", "type={}", QUEUE_TYPES[:1]),
        ("dbus bus={}", "dbus_send", "q", "bus={}", BUSES),
    ],
)
def test_the_words_of_rules_are_the_words_of_questions(
    rule: str, op: str, obj: str, field: str, known: tuple[str, ...]
) -> None:
    for word in known:
        value = "19" if word == "nice" else "1000000" if word == "cpu" else "0"
        text = rule.format(word).replace("<= 0", f"<= {value}")
        policy = lsmc.compile_text(f"profile p {{\n{text},\n}}\n")
        fields = dict([field.format(word).split("=", 1)]) if field else {}
        policy.query("p", op, obj.format(word), **fields)  # type: ignore[arg-type]


def test_a_verdict_is_true_when_it_allows(policy: lsmc.Policy) -> None:
    assert policy.query("p", "read", "/etc/a")
    assert not policy.query("p", "read", "/var/a")


def test_complain_mode_judged_as_enforced(run: Run, policy: lsmc.Policy, tmp_path: Path) -> None:
    asked = {"subject": "c", "op": "read", "object": "/etc/shadow"}
    assert policy.query("c", "read", "/etc/shadow").decision == "complain"
    strict = policy.query("c", "read", "/etc/shadow", enforce=True)
    assert (strict.allowed, strict.decision, strict.missing) == (False, "deny-implicit", ("r",))
    assert policy.answer({**asked, "enforce": True}) == strict
    assert list(policy.query_many([asked], enforce=True)) == [strict]
    assert list(policy.query_many([asked, {**asked, "enforce": True}]))[1] == strict
    assert policy.explain("c", "read", "/etc/shadow", enforce=True).verdict == strict
    assert policy.query("p", "read", "/etc/a", enforce=True) == policy.query("p", "read", "/etc/a")
    bundle, requests = tmp_path / "b.lsmb", tmp_path / "r.jsonl"
    policy.save(str(bundle))
    requests.write_text(json.dumps(asked), encoding="utf-8")
    question = ("c", "read", "/etc/shadow")
    for args in (("query", bundle, *question), ("explain", bundle, *question)):
        assert run(*args).exit_code == 0
        assert run(*args, "--enforce").exit_code == 1
    assert run("query", bundle, "--batch", requests).exit_code == 0
    assert run("query", bundle, "--batch", requests, "--enforce").exit_code == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": b"p"}, "`subject` is a text"),
        ({"op": 3}, "`op` is a text"),
        ({"object": b"/etc/a"}, "`object` is a text"),
        ({"object": Path("/etc/a")}, "`object` is a text"),
        ({"owner": "no"}, "`owner` is true or false"),
        ({"enforce": 1}, "`enforce` is true or false"),
        ({"target": ["/a"]}, "`target` is a text"),
        ({"target": True}, "`target` is a text"),
    ],
)
def test_arguments_of_a_wrong_type(policy: lsmc.Policy, change: dict[str, Any], words: str) -> None:
    asked: dict[str, Any] = {"subject": "p", "op": "link", "object": "/etc/a", **change}
    for ask in (policy.query, policy.explain):
        with pytest.raises(TypeError, match=words):
            ask(**asked)
    with pytest.raises(TypeError, match=words):
        policy.answer(asked)
    with pytest.raises(TypeError, match=words):
        list(policy.query_many([asked]))


def test_fields_may_be_whole_numbers(policy: lsmc.Policy) -> None:
    assert policy.query("p", "setrlimit", "nofile", value=1024)
    assert policy.query("p", "connect", "inet", type="stream", port=80)


@pytest.mark.parametrize(
    ("text", "subject", "words"),
    [
        ("profile p { }", "p", ("capable", "net_admin")),
        ("profile p { }", "p", ("connect", "inet", "type=stream")),
        ("profile p { }", "p", ("bind", "@/shim/a.sock", "type=stream")),
        ("profile p { deny /a r, }", "p", ("read", "/a")),
        ('profile "p q" { }', "p q", ("exec", "/usr/bin/x y")),
        ("profile p { }", "p", ("signal_send", "q//r", "signal=kill")),
        ("profile p { }", "p", ("dbus_send", "org.a", "bus=session", "member=M")),
        ("profile p { }", "p", ("connect", "inet", "type=stream", "protocol=sctp")),
        ("profile p { }", "p", ("mqueue_read", "/q", "label=")),
        ("profile p { }", "p", ("mount", "/m,n/", "source=a b", "fstype=x{y", "options=ro")),
        ("profile p { }", "p", ("change_profile", ":ns:q")),
    ],
)
def test_what_explain_suggests_compiles(text: str, subject: str, words: tuple[str, ...]) -> None:
    op, obj, fields = split(words)
    head = "abi <abi/5.0>,\n"
    found = lsmc.compile_text(head + text, base=ROOT / "profiles").explain(
        subject, op, obj, **fields
    )  # type: ignore[arg-type]
    assert not found.verdict.allowed
    for one in found.suggestions:
        if one.kind == "deny":  # a rule that gives way allows nothing by itself
            continue
        name = f'"{one.profile}"'
        extended = lsmc.compile_text(
            f"{head}profile {name} {{\n{one.rule}\n}}\n", base=ROOT / "profiles"
        )
        assert extended.query(subject, op, obj, **fields)  # type: ignore[arg-type]


def test_a_suggestion_that_does_not_compile_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from lsmc.modules.apparmor.suggest import smallest

    policy = lsmc.compile_text("profile p { }")
    assert policy.explain("p", "read", "/a").suggestions
    for rule in ("nonsense /a r,", "/b r,", "deny /a r,", "capability bogus,"):
        monkeypatch.setattr(smallest, "suggest", lambda _wish, rule=rule: rule)
        assert policy.explain("p", "read", "/a").suggestions == ()
