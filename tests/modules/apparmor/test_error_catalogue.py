"""Every kind of error: its code, where it points, and that it says what to do.

A row is the name of the error, a policy that has it, and the line it must be reported at.  Texts
that begin with `|` are whole files; the others are the body of a profile.
"""

from __future__ import annotations

import pytest

from lsmc.api import compile_text
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.modules.apparmor.errors import CODES

#: An abi without stacking.
PLAIN_ABI = "file {mask {read write}}\ncaps {mask {kill}}\n"

CASES: tuple[tuple[str, str], ...] = (
    ("unexpected-text", "} }"),
    ("missing-comma", "/srv/one r\n"),
    ("stray-comma", "/srv/one r,\n,"),
    ("unterminated-comment", "|profile p { } # no newline"),
    ("relative-quoted-path", '"srv/one" r,'),
    ("swallowed-comma", "network inet6,}"),
    ("glued-brace", "|/srv/run{ /a r, }\n"),
    ("unknown-permission", "/srv/one rz,"),
    ("missing-include", "include <no/such/file>"),
    ("comma-after-include", "include if exists <no/such/file>,"),
    ("missing-abi-file", "|abi <no/such/abi>,\nprofile p { }\n"),
    ("abi-without-comma", "|abi <kernel>\nprofile p { }\n"),
    ("bare-profile-name", "|daemon { }\n"),
    ("bad-namespace", "|:inner { }\n"),
    ("stacked-profile-name", "|profile &one { }\n"),
    ("bad-attachment", "|profile one two { }\n"),
    ("duplicate-profile", "|profile one { }\nprofile one { }\n"),
    ("duplicate-child", "|profile one {\n  ^h { }\n  profile h { }\n}\n"),
    ("xattrs-on-hat", "^h xattrs=(user.kind) { }"),
    ("bad-profile-head", "|/srv/x flags=(audit) xattrs=(user.kind) { }\n"),
    ("unknown-flag", "|profile p flags=(complian) { }\n"),
    ("conflicting-modes", "|profile p flags=(complain, enforce) { }\n"),
    ("conflicting-flags", "|profile p flags=(mediate_deleted, delegate_deleted) { }\n"),
    ("bad-disconnected-path", "|profile p flags=(attach_disconnected.path=srv) { }\n"),
    ("bad-flag-value", "|profile p flags=(error=ENOTHING) { }\n"),
    ("bad-attachment-glob", "|profile p /srv/{one { }\n"),
    ("misplaced-preamble", "|profile p { }\nalias /one/ -> /two/,\n"),
    ("redeclared-variable", "|@{V}=one\n@{V}=two\nprofile p { }\n"),
    ("append-to-undeclared", "|@{V}+=one\nprofile p { }\n"),
    ("append-to-boolean", "|$B = true\n$B += true\nprofile p { }\n"),
    ("comma-after-assignment", "|@{V}=one,\nprofile p { }\n"),
    ("empty-assignment", "|@{V}=\nprofile p { }\n"),
    ("undeclared-variable", "@{NOTHING}/x r,"),
    ("recursive-variable", "|@{V}=@{W}\n@{W}=@{V}\nprofile p { @{V} r, }\n"),
    ("boolean-as-set", "|$B = true\nprofile p { @{B} r, }\n"),
    ("undeclared-boolean", "if $NOTHING { /srv/one r, }"),
    ("not-a-boolean", "if maybe { /srv/one r, }"),
    ("bad-comparison", "if 3 < three { /srv/one r, }"),
    ("prefix-before-if", "audit if true { /srv/one r, }"),
    ("priority-range", "priority=2000 /srv/one r,"),
    ("bad-priority", "priority=high /srv/one r,"),
    ("priority-not-allowed", "priority=3 network inet,"),
    ("prefix-order", "deny audit /srv/one r,"),
    ("owner-not-allowed", "owner capability kill,"),
    ("conflicting-block-prefix", "deny { allow /srv/one r, }"),
    ("append-and-write", "/srv/one wa,"),
    ("bare-exec", "/srv/one rx,"),
    ("exec-mode-in-deny", "deny /srv/one ux,"),
    ("two-exec-modes", "/srv/one pxcx,"),
    ("same-path-exec-conflict", "/srv/one px,\n/srv/one ux,"),
    ("overlapping-exec-conflict", "/srv/one* px,\n/srv/o* cx,"),
    ("safe-without-exec", "safe /srv/one r,"),
    ("subset-without-link", "r subset /srv/one,"),
    ("bad-link-rule", "link /srv/one,"),
    ("link-and-exec-target", "lcx /srv/one -> two,"),
    ("namespace-in-link-target", "l /srv/one -> :inner:two,"),
    ("too-many-exec-targets", "\n".join(f"/srv/{n} px -> t{n}," for n in range(13))),
    ("bad-alternation", "/srv/{one r,"),
    ("bad-class", "/srv/[one r,"),
    ("trailing-backslash", '"/srv/one\\" r,'),
    ("unknown-capability", "capability net_adm,"),
    ("unknown-network-word", "network inet7,"),
    ("bad-network-condition", "network inet ip=300.1.1.1,"),
    ("bad-network-peer", "network bind inet peer=(ip=10.0.0.1),"),
    ("bad-unix-condition", "unix addr=/run/socket,"),
    ("bad-unix-peer", "unix bind peer=(addr=@one),"),
    ("bad-dbus-rule", "dbus send name=org.one,"),
    ("bad-dbus-eavesdrop", "dbus eavesdrop path=/org/one,"),
    ("repeated-condition", "dbus send path=/one path=/two,"),
    ("unknown-condition", "signal sender=one,"),
    ("bad-operator", "signal set in (term),"),
    ("unknown-signal", "signal set=(terminate),"),
    ("unknown-rule-permission", "ptrace attach,"),
    ("bad-mount-option", "mount options=(ro, writable) /a -> /b,"),
    ("bad-mount-condition", "mount /a -> options=ro /b,"),
    ("empty-mount-rule", "mount options=bind fstype=ext4 /a -> /b,"),
    ("second-mount-path", "mount /a /b,"),
    ("bad-pivot-root", "pivot_root newroot=/a /b,"),
    ("bad-change-profile", "change_profile srv -> one,"),
    ("change-profile-conflict", "change_profile /e -> t,\nchange_profile unsafe /e -> t,"),
    ("bad-rlimit", "set rlimit files <= 10,"),
    ("bad-mqueue", "mqueue type=posix 12,"),
    ("misplaced-mqueue-condition", "mqueue /queue label=one,"),
    ("bad-userns", "userns (create),"),
    ("words-after-all", "all /srv,"),
    ("bad-identity", '|profile p + identities=("one two") { }\n'),
)


def diagnose(text: str) -> tuple[Diagnostic, ...]:
    """The errors of a case; fails when there are none."""
    policy = text[1:] if text.startswith("|") else f"profile p {{\n{text}\n}}\n"
    with pytest.raises(PolicyError) as caught:
        compile_text(policy, name="case", base="/nonexistent")
    return caught.value.diagnostics


@pytest.mark.parametrize(("name", "text"), CASES, ids=[name for name, _ in CASES])
def test_each_error_has_its_code_and_place(name: str, text: str) -> None:
    """The first diagnostic has the code of the cause and points at a place in the text."""
    first = diagnose(text)[0]
    assert (first.name, first.code) == (name, f"LSM{CODES[name]:03d}")
    assert first.severity == "error"
    assert first.location is not None
    assert first.message[0] != first.message[0].upper() or not first.message[0].isalpha()
    assert not first.message.endswith(".")


def test_stacking_needs_the_abi(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A stacking target is refused under an abi without it."""
    abi = tmp_path_factory.mktemp("abi") / "plain"
    abi.write_text(PLAIN_ABI)
    with pytest.raises(PolicyError) as caught:
        compile_text("profile p { /srv/one px -> &two, }\n", features=abi)
    assert caught.value.diagnostics[0].name == "stacking-not-supported"


def test_the_catalogue_is_covered() -> None:
    """Every error of the catalogue has a case here or is named with its test."""
    elsewhere = {
        "stacking-not-supported",
        "unreadable-file",  # tests/cli
        "nested-too-deeply",  # tests/modules/apparmor/test_limits
        "too-complex",  # tests/modules/apparmor/test_limits
        "bad-features-file",  # tests/cli
        "file-outside",  # tests/faults/test_restrict
        "not-written",  # tests/modules/apparmor/kernel/test_unwritten
    }
    assert {name for name, _ in CASES} | elsewhere == set(CODES)


def test_a_word_is_proposed_once() -> None:
    with pytest.raises(PolicyError) as refused:
        compile_text("profile p {\n  capability sys_adnim,\n}\n")
    (error,) = refused.value.diagnostics
    assert error.help == "did you mean `sys_admin` or `sys_time` or `sys_nice`?"
