"""The table of causes: which rows there are, their order, and how they fit a screen."""

from __future__ import annotations

import pytest

from lsmc.explain.diagnosis import Agreement, Diagnosis, Explained, Remedy, Status
from lsmc.explain.log_groups import About, Cause
from lsmc.modules.apparmor.log.record import Record
from lsmc.output.short import rows, short_lines
from lsmc.output.styled import plain


def cause(
    name: str,
    times: int = 1,
    *remedies: Remedy,
    profile: str = "p",
    status: Status = "denied",
    agreement: Agreement = "agrees",
    note: str = "",
    varied: bool = False,
) -> Explained:
    record = Record(operation="open", name=name, profile=profile)
    found = Cause(record, About("file", "r", name, name))
    found.add(times, None, None, None, {})
    found.varied = varied
    return Explained(Diagnosis(found, profile, status, agreement, (), note), remedies)


def rule(text: str, kind: str = "exact", *hazards: str) -> Remedy:
    return Remedy(kind, text, "p", "f", 1, hazards=hazards)  # type: ignore[arg-type]


def shown(*found: Explained, width: int | None = None) -> list[str]:
    return plain(short_lines(rows(found), width)).splitlines()


def test_a_cause_is_a_row() -> None:
    assert shown(cause("/etc/shadow", 3, rule("/etc/shadow r,", "exact", "password-hashes"))) == [
        "count  profile  what                     status  fix             hazard",
        "    3  p        file open r /etc/shadow  denied  /etc/shadow r,  password-hashes",
    ]


def test_a_row_for_a_stack_says_whose_rule_it_is() -> None:
    second = rule("/x r,")._replace(profile="b")
    assert [row.fix for row in rows([cause("/x", 1, second, profile="a//&b")])] == ["in b: /x r,"]
    both = cause("/x", 1, rule("/x r,")._replace(profile="a"), second, profile="a//&b")
    assert [row.fix for row in rows([both])] == ["in a: /x r, in b: /x r,"]


def test_the_most_frequent_comes_first_then_the_most_dangerous() -> None:
    found = [
        cause("/a", 2, rule("/a r,")),
        cause("/b", 9, status="allowed", agreement="older"),
        cause("/c", 2, rule("/c r,", "exact", "programs")),
        cause("/d", 2, status="complain"),
    ]
    assert [row.causes[0].diagnosis.cause.object for row in rows(found)] == ["/b", "/c", "/a", "/d"]


def test_causes_that_one_change_mends_are_one_row() -> None:
    wide = rule("/srv/*/y r,", "general")
    found = [
        cause("/srv/*/y", 4, rule("/srv/1/y r,"), wide, varied=True),
        cause("/srv/a/y", 2, wide._replace(kind="exact")),
        cause("/srv/a/y", 2, wide._replace(kind="exact"), profile="q"),
    ]
    table = shown(*found)
    assert len(table) == 3
    assert " ".join(table[1].split()) == "6 p file open r /srv/*/y and 1 more denied /srv/*/y r,"


def test_profiles_that_are_not_there_share_a_row() -> None:
    note = "this policy has no such profile: it is made elsewhere"
    found = [
        cause(f"/x{n}", 2, profile=f"p{n % 3}", status="no-profile", note=note) for n in range(6)
    ]
    (_, line) = shown(*found)
    assert " ".join(line.split()) == f"12 p0 and 2 more file open r /x0 and 5 more unknown {note}"
    (_, *lines) = shown(*found, width=60)
    assert "/x0" not in "".join(lines)


def test_causes_of_two_kinds_that_nothing_helps_are_two_rows() -> None:
    other = cause("b")
    other.diagnosis.cause.cls = "signal"
    table = shown(cause("a"), other, cause("c"))
    assert ["file open r a and 1 more" in row for row in table] == [False, True, False]
    assert ["signal open r b" in row for row in table] == [False, False, True]


def test_a_rule_for_their_kind_counts_where_several_causes_have_it() -> None:
    wide = rule("/srv/*/y r,", "general")
    found = [cause(f"/srv/{n}/y", 1, rule(f"/srv/{n}/y r,"), wide) for n in range(3)]
    assert [row.fix for row in rows(found)] == ["/srv/*/y r,"]
    assert [row.fix for row in rows(found[:2])] == ["/srv/0/y r,", "/srv/1/y r,"]
    risky = wide._replace(hazards=("programs",))
    found = [one._replace(remedies=(one.remedies[0], risky)) for one in found]
    assert len(rows(found)) == 3


@pytest.mark.parametrize(
    ("found", "fix"),
    [
        (cause("/x", status="allowed", agreement="older"), "load these files: they allow it"),
        (cause("/x", status="allowed"), "nothing to do"),
        (cause("/x", status="no-question", note="the name was deleted"), "the name was deleted"),
        (cause("/x"), "no rule for it is known: -v shows what was asked"),
        (
            cause("/x", 1, rule("", "deny")._replace(says="narrow `deny /x r,`")),
            "narrow `deny /x r,`",
        ),
    ],
)
def test_what_helps_where_no_rule_does(found: Explained, fix: str) -> None:
    assert shown(found)[1].endswith(fix)


def test_a_narrow_screen_leaves_out_what_the_fix_says_and_wraps_the_rest() -> None:
    name = "/usr/share/a-long-directory/with-another/and-another/and-a-file-in-it"
    for width in (55, 60, 80):
        table = shown(cause(name, 5, rule(f"{name} r,", "exact", "programs")), width=width)
        assert max(map(len, table)) <= width
        assert "what" not in table[0]
        text = "".join("".join(line.split()) for line in table)
        assert "5pdenied" in text
        assert "and-a-file-in-itr," in text.replace("denied", "")


def test_a_narrow_screen_says_what_it_was_where_the_fix_does_not() -> None:
    note = "the name was deleted while it was open; no rule allows what has no name"
    (_, *lines) = shown(cause("/var/x", status="no-question", note=note), width=80)
    text = " ".join(" ".join(lines).split())
    assert "file open r /var/x: the name was" in text


def test_without_causes_there_is_no_table() -> None:
    assert shown() == shown(width=80) == []


def test_hundreds_of_causes_are_as_many_lines() -> None:
    found = [cause(f"/etc/x{n}", 1, rule(f"/etc/x{n} r,")) for n in range(361)]
    assert len(shown(*found, width=80)) == 362


def test_hostile_names_are_escaped() -> None:
    for line in shown(cause("/\x1b[2J\n", 1, rule("/\x1b[2J\n r,"), profile="\x07\u202e")):
        assert line.isprintable()
