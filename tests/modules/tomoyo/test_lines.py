"""Lines as the kernel prints them, and what it refuses."""

from __future__ import annotations

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.modules.tomoyo.numbers import read_addresses, read_numbers
from lsmc.modules.tomoyo.policy import read_policy
from lsmc.modules.tomoyo.printing import printed

HEAD = "<kernel> /bin/a\nuse_profile 3\n\n"


def form(line: str) -> str:
    """A line of a domain as it is printed."""
    return printed("domain_policy.conf", f"{HEAD}{line}\n".encode()).decode()[len(HEAD) :].strip()


@pytest.mark.parametrize(
    ("line", "printed_as"),
    [
        ("file write/read /a", "file read/write /a"),
        ("file read,write /a", "file read /a"),
        ("file bogus/read /a", "file read /a"),
        ("file write/mkdir /a", "file write /a"),
        ("file  read\t/a", "file read /a"),
        ("file mkdir /a/ 0X1ed", "file mkdir /a/ 0x1ED"),
        ("file create /a 0600-0600", "file create /a 0600"),
        ("file create /a 0600-384", "file create /a 0600-384"),
        ("network inet stream listen/bind 10.0.0.1-10.0.0.1 080", None),
        ("network unix dgram send/bind \\000a", "network unix dgram bind/send \\000a"),
        ("file execute /a keep task.uid=00", "file execute /a keep task.uid=00"),
        ("file execute /a <kernel> /b /c task.uid=0", "file execute /a <kernel> /b /c task.uid=0"),
        ("file read /a grant_log=no task.uid=1", "file read /a task.uid=1 grant_log=no"),
        ('file execute /a exec.envp["A"]=NULL', 'file execute /a exec.envp["A"]=NULL'),
        ("file read /a 0-9=task.uid", "file read /a 0-9=task.uid"),
    ],
)
def test_canonical_form(line: str, printed_as: str | None) -> None:
    assert form(line) == (printed_as or "network inet stream bind/listen 10.0.0.1 80")


def test_permissions_of_equal_lines_stand_together_at_the_first() -> None:
    text = b"<kernel> /a\nfile read /x\nfile execute /y\nfile write /x\nfile read /x task.uid=0\n"
    lines = printed("domain_policy.conf", text).decode().split("\n")
    assert lines[3:6] == ["file read/write /x", "file execute /y", "file read /x task.uid=0"]


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        ("file Read /a", "`Read` is no permission", 6),
        ("file read", "expected the path at the end of the line", 10),
        ("file read /a\\q", "`\\q` is not an escape", 13),
        ("file mkdir /a/ 08x", "`08x` is not a number: `x` cannot follow `08`", 16),
        ("network inet stream bind 1.2.3 80", "`1.2.3` is not an IP address", 26),
        ("network inet stream bind 1.2.3.4 65536", "`65536` is no port", 34),
        ("file read /a keep", "`keep` is no condition", 14),
        ("file read /a task.uid==0", "`task.uid==0` is no condition", 14),
        ("file read /a task.uidd=0", "`task.uidd` is neither an attribute nor a number", 14),
        ('file execute /a exec.argv[00]="x"', "`exec.argv[00]` is no argument", 17),
        ("misc env A=B", "`A=B` must be the name of a variable", 11),
        ("use_group 256", "`256` is no group of lines", 11),
        ("delete file read /a", "`delete` is for the interface of a running kernel", 1),
    ],
)
def test_refused_lines(line: str, message: str, column: int) -> None:
    with pytest.raises(PolicyError) as raised:
        form(line)
    (fault,) = raised.value.diagnostics
    assert fault.message.startswith(message)
    assert (fault.line, fault.column, fault.code) == (4, column, "LSM661")


def test_a_mixture_of_permissions_is_told_as_such() -> None:
    with pytest.raises(PolicyError) as raised:
        form("file create/unlink /a 0644")
    assert "`create` takes other arguments" in raised.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("file read /a\nfile read /b\n", "line-without-domain", 1),
        ("<kernel> bin/a\nfile read /b\n", "bad-domain", 1),
        (f"<kernel> /a\nfile read /{'x' * 5000}\n", "line-too-long", 2),
        ("<kernel> /a\nuse_profile 9\n", "undefined-profile", 2),
    ],
)
def test_one_diagnostic_for_each_fault(text: str, name: str, line: int) -> None:
    faults = read_policy([Source("domain_policy.conf", text)]).faults
    assert [(one.name, one.line) for one in faults] == [(name, line)]


@pytest.mark.parametrize(
    ("line", "printed_as"),
    [
        ("initialize_domain /a", "initialize_domain /a from any"),
        ("keep_domain <kernel> /a", "keep_domain any from <kernel> /a"),
        ("no_keep_domain /a", "no_keep_domain any from /a"),
        ("reset_domain any", "reset_domain any from any"),
        ("aggregator /\\* /b", "aggregator /\\* /b"),
        ("path_group G", "path_group G "),
        ("number_group N 1-1", "number_group N 1"),
        ("address_group A ::1-::2", "address_group A ::1-::2"),
        ("acl_group 007 file read /a", "acl_group 7 file read /a"),
        ("<web> path_group G /a", "<web> path_group G /a"),
    ],
)
def test_exceptions(line: str, printed_as: str) -> None:
    found = printed("exception_policy.conf", f"{line}\n".encode()).decode()
    assert found == f"{printed_as}\n"


def test_profiles_are_what_the_kernel_finds_in_their_lines() -> None:
    text = b"3-CONFIG=enforcing\n3-CONFIG::file::open={ mode=learning grant_log=no }\n"
    assert printed("profile.conf", text).decode().splitlines() == [
        "3-COMMENT=",
        "3-PREFERENCE={ max_audit_log=1024 max_learning_entry=2048 }",
        "3-CONFIG={ mode=enforcing grant_log=yes reject_log=yes }",
        "3-CONFIG::file::open={ mode=learning grant_log=no reject_log=yes }",
    ]


@pytest.mark.parametrize(
    ("word", "text"), [("0", "0"), ("00", "00"), ("0x0f", "0xF"), ("08", "8"), ("1-0x2", "1-0x2")]
)
def test_numbers_keep_their_base(word: str, text: str) -> None:
    assert str(read_numbers(word)) == text


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("fe80::5efe:1.2.3.4", "fe80::5efe:1.2.3.4"),
        ("10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2"),
    ],
)
def test_addresses_as_the_kernel_prints_them(word: str, text: str) -> None:
    assert str(read_addresses(word)) == text
