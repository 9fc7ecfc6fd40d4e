"""What the kernel was seen to do, one policy and one question each."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc import compile_text
from lsmc.modules.apparmor.log.parse import parse
from lsmc.modules.apparmor.log.request import asked
from lsmc.policy import Policy

FEATURES = Path(__file__).resolve().parent / "features"


def policy(rules: str, flags: str = "") -> Policy:
    text = f"profile p {flags} {{ {rules} }}\nprofile q {{ }}\n"
    return compile_text(text, features=FEATURES)


def test_a_link_without_l_is_not_asked_for_its_pair() -> None:
    """In complain mode it is allowed and logged, though the pair is denied quietly."""
    verdict = policy("deny /n l,", "flags=(complain)").query("p", "link", "/n", target="/o")
    assert (verdict.allowed, verdict.decision, verdict.audited) == (True, "complain", True)
    enforced = policy("deny /n l,").query("p", "link", "/n", target="/o")
    assert (enforced.allowed, enforced.audited) == (False, True)


def test_the_pair_says_whether_a_link_is_logged() -> None:
    """`audit` of one pair does not log another one of the same name."""
    some = policy("audit link /n -> /o, link /n -> /x,")
    assert some.query("p", "link", "/n", target="/o").audited
    assert not some.query("p", "link", "/n", target="/x").audited


@pytest.mark.parametrize(
    ("flags", "hat", "allowed", "audited"),
    [
        ("", "none", False, False),
        ("", "c", False, False),
        ("flags=(complain)", "none", True, True),
        ("flags=(complain)", "c", False, True),
    ],
)
def test_missing_hats(flags: str, hat: str, allowed: bool, audited: bool) -> None:
    """Probing for hats is not logged; complain mode makes a hat, but not of another child."""
    verdict = policy("^h { } profile c { }", flags).query("p", "change_hat", hat)
    assert (verdict.allowed, verdict.audited) == (allowed, audited)


def test_a_quietly_denied_execution_is_not_logged_in_complain_mode() -> None:
    complain = policy("deny /x x, audit deny /y x,", "flags=(complain)")
    quiet, noisy = (complain.query("p", "exec", path) for path in ("/x", "/y"))
    assert (quiet.allowed, quiet.audited) == (True, False)
    assert (noisy.allowed, noisy.audited) == (True, True)


def test_stat_is_logged_by_an_audit_rule_for_reading() -> None:
    some = policy("audit /a r, audit /b w,")
    assert some.query("p", "getattr", "/a").audited
    assert not some.query("p", "getattr", "/b").audited


@pytest.mark.parametrize(
    ("rule", "path", "label"),
    [
        ("/x px -> &q,", "/x", "a//&q"),
        ("/x px -> &none,", "/x", None),
        ("/y px -> &q,", "/y", None),
        ("/y pix -> &q,", "/y", "p//&q"),
        ("/y pix -> &none,", "/y", None),
    ],
)
def test_what_a_stack_is_put_on(rule: str, path: str, label: str | None) -> None:
    """On the attachment or the fallback; where the profile does not exist neither is used."""
    text = f"profile p {{ {rule} }}\nprofile q {{ }}\nprofile a /x {{ }}\n"
    verdict = compile_text(text, features=FEATURES).query("p", "exec", path)
    assert verdict.transition is not None
    assert verdict.transition.target == label


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/a", ("px", "q", True)),
        ("/b", ("Px", "q", False)),
        ("/c", ("Pix", "p", True)),
        ("/d", ("ix", "p", True)),
        ("/e", ("Pix", "a", False)),
    ],
)
def test_what_keeps_the_environment(path: str, step: tuple[str, str, bool]) -> None:
    """The fallback to the profile itself keeps it as `ix` does, whatever the mode would do."""
    rules = "/a px -> q, /b Px -> q, /c Pix, /d ix, /e Pix,"
    text = f"profile p {{ {rules} }}\nprofile q {{ }}\nprofile a /e {{ }}\n"
    found = compile_text(text, features=FEATURES).query("p", "exec", path).transition
    assert found is not None
    assert (found.mode, found.target, not found.scrubs) == step


def test_a_stack_goes_where_its_components_go() -> None:
    """Each by its own way, and one that scrubs the environment is enough."""
    rules = "/x ix, /y px -> r,", "/x Px -> r, /y px -> &r,"
    text = "".join(f"profile {n} {{ {r} }}\n" for n, r in zip("pq", rules, strict=True))
    stacked = compile_text(text + "profile r { }\nprofile a /y { }\n", features=FEATURES)
    first, second = (stacked.query("p//&q", "exec", path).transition for path in ("/x", "/y"))
    assert first is not None
    assert second is not None
    assert (first.target, first.scrubs) == ("p//&r", True)
    assert (second.target, second.scrubs) == ("r//&a", False)


@pytest.mark.parametrize(
    ("rules", "unsafe"),
    [
        ("change_profile /x -> q,", False),
        ("change_profile -> q,", False),
        ("change_profile unsafe /x -> q,", True),
        ("change_profile unsafe /x -> q, change_profile -> *,", True),
        ("change_profile unsafe /y -> q, change_profile -> *,", False),
    ],
)
def test_an_unsafe_change_at_the_next_execution(rules: str, unsafe: bool) -> None:
    found = policy(rules).query("p", "onexec", "q", exec="/x").transition
    assert found is not None
    assert (found.target, found.unsafe, found.scrubs) == ("q", unsafe, not unsafe)


def test_a_rule_for_a_stack_names_it() -> None:
    """What a stack gets on top has a rule of its own, at the next execution too."""
    plain, stacking = policy("change_profile -> q,"), policy("change_profile -> &q,")
    assert not plain.query("p", "stack", "q").allowed
    assert stacking.query("p", "stack", "q").allowed
    assert not stacking.query("p", "change_profile", "q").allowed
    found = stacking.query("p", "onexec", "&q", exec="/x")
    assert found.transition is not None
    assert found.transition.target == "p//&q"


@pytest.mark.parametrize(
    ("hat", "errno", "audited"),
    [("one", "ENOENT", True), ("two", "ENOENT", False), ("child", "EPERM", True)],
)
def test_hats_of_a_stack(hat: str, errno: str, audited: bool) -> None:
    """All components need the hat; those in complain mode log it, though it is not theirs."""
    text = """
        profile p { ^two { } profile child { } }
        profile q flags=(complain) { ^one { } profile child { } }
        profile r { }
    """
    subject = "p//&r" if hat == "two" else "p//&q"
    verdict = compile_text(text, features=FEATURES).query(subject, "change_hat", hat, context={})
    assert verdict.refusal is not None
    assert (verdict.refusal.errno, verdict.audited) == (errno, audited)


def test_a_stack_as_peer_is_logged_by_its_components() -> None:
    """A quiet deny of its whole name keeps no record from being written."""
    some = policy("deny signal peer=q//&r, deny signal peer=s, deny signal peer=t,")
    assert not some.query("p", "signal_send", "s").audited
    assert some.query("p", "signal_send", "q//&r").audited
    assert not some.query("p", "signal_send", "s//&t").audited


# ---- unix sockets: this kernel knows families only


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("", False),
        ("network unix,", True),
        ("network unix dgram,", False),
        ("unix bind type=stream addr=@x,", True),
        ("unix send peer=(label=q addr=@x),", True),
        ("unix, deny unix addr=@y,", True),
        ("unix, deny network unix stream,", False),
    ],
)
def test_rules_for_addresses_are_rules_for_the_family(rules: str, allowed: bool) -> None:
    """Whatever a question says of addresses."""
    some = policy(rules)
    for fields in ({"addr": "@y"}, {"addr": "@y", "class": "unix"}, {"class": "network"}):
        asked_ = {"family": "unix", "type": "stream", **fields}
        assert some.query("p", "bind", "unix", **asked_).allowed is allowed
    assert ("bind" in some.permissions("p", "unix", "@y", type="stream").allow) is allowed


def test_binding_to_a_path_makes_a_file() -> None:
    for rules, allowed in (("unix,", False), ("unix, /s w,", True), ("/s w,", False)):
        verdict = policy(rules).query("p", "bind", "/s", type="stream", family="unix")
        assert verdict.allowed is allowed, rules
    assert policy("unix,").query("p", "connect", "unix", type="stream", peer_addr="/s").allowed


@pytest.mark.parametrize(
    ("kind", "addr", "rules", "missing"),
    [
        ("stream", "@x", "unix (connect) type=stream,", {"send", "receive"}),
        ("stream", "@x", "unix (connect send receive) type=stream peer=(addr=@x),", set()),
        ("dgram", "@x", "unix (connect) type=dgram,", {"send"}),
        ("dgram", "@x", "unix (send) type=dgram peer=(addr=@x),", set()),
        ("stream", "/t/x", "unix,", {"r", "w"}),
        ("stream", "/t/x", "/t/x rw,", set()),
        ("dgram", "/t/x", "/t/x w,", set()),
    ],
)
def test_who_connects_may_talk(
    tmp_path: Path, kind: str, addr: str, rules: str, missing: set[str]
) -> None:
    """A kernel that tells unix sockets apart asks where they meet, and of a path as of a file."""
    features = tmp_path / "features"
    features.write_text("network_v9 { af_unix { yes } }")
    policy = compile_text(f"profile p {{ {rules} }}", features=features)
    verdict = policy.query("p", "connect", "unix", family="unix", type=kind, peer_addr=addr)
    assert set(verdict.missing) == missing


@pytest.mark.parametrize(
    ("what", "allowed"),
    [("create", True), ("getattr", True), ("bind", False), ("setopt", False)],
)
def test_records_without_an_address(tmp_path: Path, what: str, allowed: bool) -> None:
    """Where rules tell unix sockets apart they answer what a record says of the family alone.

    What binds without an address has the kernel choose one.
    """
    features = tmp_path / "features"
    features.write_text("network_v9 { af_unix { yes } }")
    rules = "unix (create), unix (getattr) addr=none, unix (bind) addr=none, unix (setopt) addr=@x,"
    policy = compile_text(f"profile p {{ {rules} }}", features=features)
    asked_of_family = {"subject": "p", "class": "network", "perms": [what], "object": "unix"}
    assert policy.answer(asked_of_family).allowed == allowed
    policy = compile_text("profile p { unix (bind) addr=auto, }", features=features)
    assert policy.answer({**asked_of_family, "perms": ["bind"]}).allowed


@pytest.mark.parametrize(
    ("op", "kind", "mode", "folder", "errno"),
    [
        ("connect", "stream", "0622", "0755", ""),
        ("connect", "stream", "0644", "0755", "EACCES"),
        ("connect", "stream", "0622", "0700", "EACCES"),
        ("send", "dgram", "0644", "0755", "EACCES"),
        ("send", "dgram", "0622", "0700", "EACCES"),
        ("send", "stream", "0600", "0700", ""),
    ],
)
def test_the_file_of_a_socket_is_looked_up(
    op: str, kind: str, mode: str, folder: str, errno: str
) -> None:
    """Where a connection or a datagram goes: through the directory, and to be written."""
    context = {"uid": 7, "gid": 7, "owner": 0, "group": 0, "mode": mode}
    context |= {"dir_owner": 0, "dir_group": 0, "dir_mode": folder}
    fields = {"family": "unix", "type": kind, "peer_addr": "/r/s"}
    verdict = policy("unix,").query("p", op, "unix", context=context, **fields)
    assert (verdict.refusal.errno if verdict.refusal else "") == errno


def test_programs_are_compared_when_nothing_else_is_missing() -> None:
    """Of a link that opens more, how it is executed is asked last."""
    some = policy("/n rlUx, /o rPx, /m rwlUx,")
    assert some.query("p", "link", "/n", target="/o").missing == ("x",)
    assert some.query("p", "link", "/m", target="/o").missing == ("w", "a")


def test_a_directory_is_searched_before_a_socket_is_made() -> None:
    context = {"uid": 7, "gid": 7, "dir_owner": 0, "dir_group": 0, "dir_mode": "0700"}
    asked_ = {"family": "unix", "type": "stream", "context": {**context, "caps": "dac_read_search"}}
    verdict = policy("unix, /s w,").query("p", "bind", "/s", **asked_)
    tried = [one.capability for one in verdict.chain[-1].capabilities if one.logged]
    assert (verdict.allowed, verdict.audited, tried) == (False, True, ["dac_read_search"])


def test_a_link_of_the_owner_may_try_a_capability_before() -> None:
    """Whether the file may be written is asked first, where links are protected at all."""
    context = {"uid": 7, "gid": 7, "owner": 7, "group": 7, "mode": "0060", "caps": "dac_override"}
    verdict = policy("/n l, link /n -> /o,").query("p", "link", "/n", target="/o", context=context)
    layer = next(layer for layer in verdict.chain if layer.test == "hardlink")
    tried = [(one.capability, one.ruled, one.logged) for one in layer.capabilities if one.held]
    assert (layer.verdict, tried) == ("allow", [("dac_override", False, False)])


_HEAD = 'type=1400 audit(1.2:3): apparmor="{}" operation="{}" profile="p" '


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (
            _HEAD.format("AUDIT", "ptrace") + 'pid=1 comm="c" requested_mask="read" peer="q"',
            {"subject": "p", "class": "ptrace", "perms": ["read"], "object": "q"},
        ),
        (
            _HEAD.format("AUDIT", "create")
            + 'class="net" family="unix" sock_type="stream" protocol=0 requested_mask="create"',
            {
                "subject": "p",
                "class": "network",
                "perms": ["create"],
                "object": "unix",
                "type": "stream",
            },
        ),
        (
            _HEAD.format("AUDIT", "getattr") + 'name="/a" requested_mask="r" fsuid=0 ouid=0',
            {"subject": "p", "op": "getattr", "object": "/a", "owner": True},
        ),
        (
            _HEAD.format("DENIED", "exec")
            + 'info="change_profile onexec" error=-13 name="/b" pid=1 comm="c" target="q"',
            {"subject": "p", "class": "onexec", "perms": ["onexec"], "object": "q", "exec": "/b"},
        ),
        (
            _HEAD.format("DENIED", "stack") + 'name="q" pid=1 comm="c" target="q"',
            {
                "subject": "p",
                "class": "change_profile",
                "perms": ["change_profile"],
                "object": "&q",
            },
        ),
        (
            _HEAD.format("AUDIT", "socket_shutdown")
            + 'family="inet" sock_type="stream" protocol=6 requested_mask="shutdown"',
            {
                "subject": "p",
                "class": "network",
                "perms": ["shutdown"],
                "object": "inet",
                "type": "stream",
                "protocol": "tcp",
            },
        ),
    ],
)
def test_records_without_a_denied_mask(line: str, request_: dict[str, object]) -> None:
    """What these records of 6.1 ask, though they name nothing that was denied."""
    record = parse(line)
    assert record is not None
    assert asked(record).requests == (request_,)
