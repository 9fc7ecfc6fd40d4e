"""Cases of the exact checks that their pages do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.support import lint_files, short

ALL_FEATURES = "abi <abi/4.0>,\n"


def found(folder: Path, text: str, *codes: str, **files: str) -> list[str]:
    """The findings of some codes in the file `example`, as `line:CODE`."""
    more = {name.replace("__", "/"): content for name, content in files.items()}
    result = lint_files(folder, {"example": text, **more}, *codes)
    assert result.faults == []
    return short(result)


def body(*rules: str, head: str = "profile p /bin/p") -> str:
    """A profile with one rule a line; the first is on line 2."""
    return "\n".join((f"{head} {{", *(f"  {rule}" for rule in rules), "}", ""))


DEAD = ("LSM101", "LSM102", "LSM103", "LSM104", "LSM106")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # the same twice: the second is reported
        (("/a r,", "/a r,"), ["3:LSM104"]),
        (("/{a,b} r,", "/[ab] r,"), ["3:LSM104"]),
        (
            ("capability kill chown,", "capability chown, ", "capability kill,"),
            ["2:LSM103", "3:LSM102", "4:LSM102"],
        ),
        # an audit flag, an owner, a mode that the other rule does not have
        (("/a* r,", "audit /a r,"), []),
        (("audit /a* r,", "/a r,"), ["3:LSM102"]),
        (("owner /a* r,", "/a r,"), []),
        (("owner /a r,", "other /a r,", "/a r,"), ["2:LSM102", "3:LSM102", "4:LSM103"]),
        (("/a* ix,", "/ab px,"), []),
        (("/a* ix,", "/ab ix,"), ["3:LSM102"]),
        # inheriting implies mapping
        (("/a ix,", "/a m,"), ["3:LSM102"]),
        (("/a px,", "/a m,"), []),
        # what is denied anyway need not be covered
        (("/a rw,", "/a r,", "deny /a w,"), ["2:LSM102", "3:LSM102"]),
        # the exact rule keeps the audit of the wildcard away
        (("audit /a* ix,", "/ab ix,"), []),
        # denies
        (("deny /a* r,", "deny /ab r,"), ["3:LSM102"]),
        (("deny /a* r,", "audit deny /ab r,"), ["3:LSM102"]),
        (("audit deny /a* r,", "deny /ab r,"), ["2:LSM106"]),
        (("audit deny /a r,",), ["2:LSM106"]),
        (("/a r,", "audit deny /a r,"), ["2:LSM101"]),
        # priorities
        (("/a r,", "priority=1 deny /a r,"), ["2:LSM101"]),
        (("priority=1 /a r,", "deny /a r,"), ["3:LSM106"]),
        (("/a r,", "priority=1 /a r,", "deny /a r,"), ["2:LSM101", "4:LSM106"]),
        # a link rule is a path and a pair: both must be covered
        (("/a l,", "link /a -> /b,"), ["3:LSM102"]),
        (("link /* -> /b,", "link /a -> /b,"), ["3:LSM102"]),
        (("link /a -> /b,", "/a l -> /c,"), []),
        # change_profile brings grants of its own
        (("change_profile -> a,",), []),
        (("deny change_profile -> a,",), []),
        (("change_profile -> a,", "change_profile -> a,"), ["3:LSM104"]),
        # dead in part of the objects, covered in the others
        (("/{a,b} r,", "deny /a r,", "/b r,"), ["2:LSM102", "4:LSM102"]),
        # unions
        (("/{a,b,c} r,", "/{b,c,d} r,", "/{a,d} r,"), ["2:LSM103", "3:LSM103", "4:LSM103"]),
    ],
)
def test_rules_that_may_go(tmp_path: Path, rules: tuple[str, ...], expected: list[str]) -> None:
    """Each reported just when it changes nothing."""
    assert found(tmp_path, body(*rules), *DEAD) == expected


def test_the_fix_takes_the_line_out(tmp_path: Path) -> None:
    """A duplicate that stands alone on its line goes with the line and its comment."""
    text = body("/a r,", "/a r, # again", "/b r, /a r,")
    result = lint_files(tmp_path, {"example": text}, "LSM104")
    edits = [edit.span.text for one in result.findings if one.fix for edit in one.fix.edits]
    assert edits == ["  /a r, # again\n", "/a r,"]


def test_an_abstraction_is_judged_by_itself(tmp_path: Path) -> None:
    """What the profile says again or takes away is no fault of the abstraction."""
    text = body("include <abstractions/x>", "/a r,", "deny /b r,")
    own = {"abstractions__x": "/a r,\n/b r,\n/c r,\n/c r,\n"}
    assert found(tmp_path, text, *DEAD, **own) == ["4:LSM104", "3:LSM104"]


def test_include_chains_are_named(tmp_path: Path) -> None:
    """The other rule comes with the includes that lead to it."""
    files = {
        "example": body("include <abstractions/x>", "/a r,"),
        "abstractions/x": "include <abstractions/y>\n",
        "abstractions/y": "/a* r,\n",
    }
    (one,) = lint_files(tmp_path, files, "LSM102").findings
    places = [label.span.location() for label in one.related]
    assert [Path(place.file).name for place in places] == ["y", "example", "x"]


def test_denies_of_other_modes_are_not_only_quiet(tmp_path: Path) -> None:
    """In complain mode a deny is what refuses; with the flag `audit` nothing is quiet."""
    assert found(tmp_path, body("deny /a r,"), "LSM107") == ["2:LSM107"]
    for flag in ("complain", "audit", "unconfined", "kill"):
        text = body("deny /a r,", head=f"profile p /bin/p flags=({flag})")
        assert found(tmp_path, text, "LSM107") == []


def test_a_deny_of_an_abstraction_only_quiets_if_it_does_so_everywhere(tmp_path: Path) -> None:
    """One profile that allows what it denies is enough."""
    one, other = "include <abstractions/x>", "/a r,"
    head = "profile q /bin/q"
    denies = {"abstractions__x": "deny /a r,\n"}
    quiet = body(one) + body("/b r,", head=head)
    assert found(tmp_path, quiet, "LSM107", **denies) == ["1:LSM107"]
    assert found(tmp_path, body(one) + body(one, other, head=head), "LSM107", **denies) == []


def test_priorities_that_agree_are_not_reported(tmp_path: Path) -> None:
    """A higher priority that says the same overrides nothing."""
    assert found(tmp_path, body("/a* r,", "priority=1 /ab r,"), "LSM110") == []
    assert found(tmp_path, body("/a* ix,", "priority=1 /ab px,"), "LSM110") == ["2:LSM110"]


def test_a_priority_that_overrides_another_rule_is_not_held_against_the_general_one(
    tmp_path: Path,
) -> None:
    """What the exception overrides is the deny; the general rule says what the exception says."""
    rules = ("owner /srv/** r,", "deny /srv/key r,", "priority=1 owner /srv/key r,")
    assert found(tmp_path, body(*rules), "LSM110") == ["3:LSM110"]
    rules = ("/srv/** rix,", "priority=1 /srv/key rpx,")
    (one,) = lint_files(tmp_path, {"example": body(*rules)}, "LSM110").findings
    assert "as for `x` on `/srv/key`" in one.message


def test_a_loss_is_found_wherever_it_is(tmp_path: Path) -> None:
    """At the shortest path of both rules a third one decides."""
    rules = ("/a* r,", "deny /ab{,cd} r,", "priority=1 /ab r,")
    (one,) = lint_files(tmp_path, {"example": body(*rules)}, "LSM105").findings
    assert one.line == 2
    assert "`r` on `/abcd` is refused" in one.message


def test_what_is_lost_at_unreal_paths_only_is_not_lost(tmp_path: Path) -> None:
    """No kernel asks about `/a/.`."""
    assert found(tmp_path, body("/a{/.,b} r,", "deny /a/. r,"), "LSM105") == []
    assert found(tmp_path, body("/a{/.,b}{,c} r,", "deny /a/.{,c} r,"), "LSM105") == ["2:LSM105"]


@pytest.mark.parametrize(
    ("code", "rules", "example"),
    [
        ("LSM101", ("/a/.* r,", "deny /a/** r,"), "/a/.a"),
        ("LSM102", ("/a/.* r,", "/a/** r,"), "/a/.a"),
        ("LSM102", ("/a/{.,.x} r,", "/a/** r,"), "/a/.x"),
        ("LSM103", ("/a/.* rw,", "/a/** r,", "/a/** w,"), "/a/.a"),
        ("LSM105", ("/a/** r,", "deny /a/.* r,"), "/a/.a"),
        ("LSM106", ("audit deny capability,",), "bpf"),
        ("LSM106", ("audit deny change_profile,", "file,"), "/a"),
        ("LSM107", ("deny /{,a}/.* r,",), "/a/.a"),
        ("LSM107", ("deny signal,",), "io"),
        ("LSM107", ("deny network,",), "ib"),
        ("LSM109", ("/{.,a/}* px,", "/{.,a/b} ix,"), "/a/b"),
        ("LSM110", ("/a/** r,", "priority=1 deny /a/.* r,"), "/a/.a"),
        ("LSM114", ("/a/.*/ rm,",), "/a/.a/"),
        ("LSM114", ("audit deny /a/.* wx,",), "/a/.a"),
    ],
)
def test_examples_are_objects_that_there_are(
    tmp_path: Path, code: str, rules: tuple[str, ...], example: str
) -> None:
    """A rule's language holds paths and names that no kernel asks about."""
    one = lint_files(tmp_path, {"example": ALL_FEATURES + body(*rules)}, code).findings[0]
    assert one.witness is not None
    assert example in (one.witness["object"], one.witness.get("signal"))


def test_a_directory_is_not_said_to_be_executed(tmp_path: Path) -> None:
    """The shortest path of the rule is one of a directory."""
    rules = ("/a/{,**/}* rwix,", "deny /a/b r,")
    (one,) = lint_files(tmp_path, {"example": body(*rules)}, "LSM105").findings
    assert one.help == "`rw` on `/a/` is still allowed"


def test_each_glob_that_gives_way_has_its_path(tmp_path: Path) -> None:
    """A rule without wildcards may win in several places."""
    rules = ("/a/* px,", "/b/* ux,", "/{a,b}/c ix,")
    (one,) = lint_files(tmp_path, {"example": body(*rules)}, "LSM109").findings
    assert "executing `/a/c` means `ix`" in one.message
    assert [label.message for label in one.related] == [
        "`/a/* px` gives way",
        "`/b/* ux` gives way at `/b/c`",
    ]


def test_an_include_of_one_rule(tmp_path: Path) -> None:
    """One rule is covered, several are."""
    files = {
        "example": body("include <abstractions/x>", "/a* r,"),
        "abstractions/x": "/ab r,\n",
    }
    (one,) = lint_files(tmp_path, files, "LSM116").findings
    assert one.message == (
        "`include <abstractions/x>` brings nothing: its 1 rule is covered by others"
    )


def test_trees_that_cannot_be_listed(tmp_path: Path) -> None:
    """Only when asked for."""
    text = body("/srv/** r,", "/opt/{,**} r,")
    assert found(tmp_path, text, "LSM112") == []
    asked = {"lsmc.toml": "[checks.directory-slash]\npairs = true\n", "example": text}
    assert short(lint_files(tmp_path, asked, "LSM112")) == ["2:LSM112"]


def test_limits_across_includes(tmp_path: Path) -> None:
    """The second line may stand in an included file."""
    text = body("set rlimit core <= 0,", "include <abstractions/x>")
    own = {"abstractions__x": "set rlimit core <= 1,\n"}
    assert found(tmp_path, text, "LSM117", **own) == ["1:LSM117"]


def test_addresses_of_the_other_family(tmp_path: Path) -> None:
    """A socket has addresses of its own family."""
    features = tmp_path / "features" / "inet"
    features.parent.mkdir()
    features.write_text("network_v8 {af_inet {yes\n}\naf_mask {inet inet6 unix\n}\n}\n")
    text = f'abi "{features}",\n' + body(
        "network inet ip=::1,", "network inet6 ip=::1,", "network inet ip=127.0.0.1,"
    )
    assert set(found(tmp_path, text, "LSM111")) <= {"3:LSM111"}
