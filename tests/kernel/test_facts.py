"""What the kernel was seen to do, one policy and one question each."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc import compile_text
from lsmc.engine.policy import Policy
from lsmc.logs.parse import parse
from lsmc.logs.request import asked

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
    ],
)
def test_records_without_a_denied_mask(line: str, request_: dict[str, object]) -> None:
    """What these records of 6.1 ask, though they name nothing that was denied."""
    record = parse(line)
    assert record is not None
    assert asked(record).requests == (request_,)
