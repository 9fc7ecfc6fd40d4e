"""Query, explain and permissions give one answer, as they stand on the same look-ups."""

import itertools

import pytest

import lsmc
from lsmc.modules.apparmor.classes import BY_NAME

POLICY = """
profile p { signal send peer=a//&b, ptrace trace peer=a//&b, deny signal receive peer=a//&b, }
profile q {
  signal send peer=a, signal send peer=b, signal receive peer={a,b},
  ptrace trace peer=a, ptrace read peer={a,b,c}, audit ptrace readby peer=*,
}
profile r { deny signal peer=a, signal peer=b, deny ptrace trace peer={a,b}, ptrace peer=b, }
profile s { signal send peer=a//&b, signal peer=a, signal receive peer=b, }
profile u {
  /run/s w, owner /run/o w, deny /run/d w,
  unix (bind, listen) type=stream addr=@x,
}
profile v { abi_free, }
profile l {
  /new rl, /old rw, /wide rwl, /odd l, link /new -> /old, link subset /wide -> /old,
  deny /no l, link /no -> /old, /x ixl, /y pxl, link subset /x -> /y,
}
profile c { change_profile /e -> t, change_profile -> w, deny change_profile -> w, }
profile t { }
profile w { }
profile complaining flags=(complain) { /a r, deny /b r, audit deny /c r, signal peer=a, }
profile loud flags=(audit) { /a r, deny /b r, }
""".replace("profile v { abi_free, }\n", "")
PEERS = ("a", "b", "c", "a//&b", "b//&a", "a//&c", "a//&b//&a")
PATHS = ("/run/s", "/run/o", "/run/d", "/a", "/b", "/c", "/new", "@x", "none")
NAMES = ("/new", "/wide", "/odd", "/no", "/old", "/x", "/y", "/z")
ASKED = (
    *(("signal", peer, {"signal": "term"}) for peer in PEERS),
    *(("ptrace", peer, {}) for peer in PEERS),
    *(("file", path, {}) for path in PATHS if path.startswith("/")),
    *(("unix", path, {"type": "stream"}) for path in PATHS),
    *(("link", new, {"target": old}) for new, old in itertools.permutations(NAMES, 2)),
    *(("onexec", to, {"exec": path}) for to in "tw" for path in ("/e", "/f")),
    *(("change_profile", to, {}) for to in "tw"),
)


@pytest.fixture(scope="module")
def policy() -> lsmc.Policy:
    return lsmc.compile_text(POLICY)


@pytest.mark.parametrize("subject", [*"pqrsulc", "complaining", "loud", "p//&q", "u//&l"])
def test_query_permissions_and_explain_agree(policy: lsmc.Policy, subject: str) -> None:
    stack = "//&" in subject  # a verdict names the decision of the first component that refuses
    for (cls, obj, fields), owner in itertools.product(ASKED, (True, False)):
        found = policy.permissions(subject, cls, obj, owner=owner, **fields)
        for name in BY_NAME[cls].permissions:
            asked = {"subject": subject, "class": cls, "perms": [name], "object": obj}
            verdict = policy.answer({**asked, "owner": owner, **fields})
            where = (subject, cls, obj, fields, owner, name)
            missing = bool(verdict.missing) and not found.exec
            assert (name in found.allow) == (not missing), where
            if verdict.decision in ("deny-explicit", "deny-implicit") and verdict.missing:
                explicit = verdict.decision == "deny-explicit"
                assert name in found.deny if explicit else name not in found.deny or stack, where
                assert (name in found.quiet) == (not verdict.audited), where


@pytest.mark.parametrize("subject", [*"pqrsulc", "complaining", "loud", "p//&q"])
def test_reasons_are_the_rules_of_the_verdict(policy: lsmc.Policy, subject: str) -> None:
    operations = (
        *((op, peer, {"signal": "term"}) for peer in PEERS for op in ("signal_send",)),
        *((op, peer, {}) for peer in PEERS for op in ("ptrace_trace", "ptrace_read")),
        *(("read", path, {}) for path in PATHS if path.startswith("/")),
        *(("bind", path, {"class": "unix", "type": "stream"}) for path in PATHS),
        *(("link", new, {"target": old}) for new, old in itertools.permutations(NAMES, 2)),
    )
    for op, obj, fields in operations:
        found = policy.explain(subject, op, obj, **fields)
        assert found.verdict == policy.query(subject, op, obj, **fields)
        effects = {"allow"} if found.verdict.decision == "allow" else {"deny"}
        effects |= {"allow"} if "//&" in subject else set()
        reasons = [reason for reason in found.reasons if reason.effect in effects]
        known = {ref for reason in reasons for ref in reason.rules}
        where = (subject, op, obj, fields, found.reasons)
        assert set(found.verdict.rules) <= known or op == "link", where
        if found.verdict.decision == "allow":
            assert found.verdict.rules, where


@pytest.mark.parametrize(
    ("subject", "cls", "obj", "name", "lines"),
    [
        ("p", "signal", "a//&b", "send", {2}),
        ("q", "signal", "a//&b", "send", {4}),
        ("u", "unix", "/run/s", "bind", {10}),
    ],
)
def test_a_stack_as_peer_and_a_socket_with_a_path(
    policy: lsmc.Policy, subject: str, cls: str, obj: str, name: str, lines: set[int]
) -> None:
    fields = {"signal": "term"} if cls == "signal" else {"type": "stream"}
    op = {"signal": "signal_send", "unix": "bind"}[cls]
    assert name in policy.permissions(subject, cls, obj, **fields).allow
    asked = {"class": cls, **fields} if cls == "unix" else fields
    verdict = policy.query(subject, op, obj, **asked)
    reasons = policy.explain(subject, op, obj, **asked).reasons
    assert verdict.allowed
    assert {rule.line for rule in verdict.rules} == lines
    assert {rule.line for reason in reasons for rule in reason.rules} == lines


def test_permissions_of_the_components_are_those_that_all_grant(policy: lsmc.Policy) -> None:
    assert policy.permissions("q", "signal", "a//&b", signal="term").allow == {"send", "receive"}
    assert policy.permissions("r", "signal", "a//&b", signal="term").deny == {"send", "receive"}
    # one permission by the whole name, the other by the components
    asked = {"subject": "s", "class": "signal", "perms": ["send", "receive"], "object": "a//&b"}
    assert policy.answer({**asked, "signal": "term"}).allowed


def test_a_profile_called_like_a_stack_is_meant() -> None:
    policy = lsmc.compile_text('profile "a//&b" { /x r, }\nprofile a { }\nprofile c { /x r, }\n')
    assert policy.query("a//&b", "read", "/x").allowed
    assert not policy.query("a//&c", "read", "/x").allowed
