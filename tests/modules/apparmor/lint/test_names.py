"""Checks of names, transitions, peers and attachments, beyond the examples of their pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.automata.determinize import determinize
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.decide.attachment import left_match
from lsmc.modules.apparmor.lint.attachment_ranks import Race
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.peers import is_any
from lsmc.modules.apparmor.lint.tree import compile_tree
from lsmc.modules.apparmor.lower.aare import parse_glob
from lsmc.modules.apparmor.lower.context import SOME
from tests.lint.support import PROFILES, lint_files
from tests.modules.apparmor.support import read_tree

CHECKS = LINT.checks


def test_files_beside_the_given_ones_count(tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("profile there /bin/there {\n  /x r,\n}\n")
    text = """profile p /bin/p {
  /bin/there px,
  /bin/x px -> there,
  /bin/y px -> nowhere,
  change_profile -> there,
  signal send peer=there,
}
"""
    path = tmp_path / "given"
    path.write_text(text)
    front = front_end(Options(str(tmp_path), (str(PROFILES),)))
    tree, _ = compile_tree(front, [str(path)])
    for code, lines in (("LSM201", [4]), ("LSM202", []), ("LSM203", []), ("LSM208", [])):
        assert [one.line for one in CHECKS[code].run(tree)] == lines


def lines(code: str, path: Path, base: Path) -> list[int | None]:
    front = front_end(Options(str(base), (str(PROFILES),)))
    tree, _ = compile_tree(front, [str(path)])
    return [one.line for one in CHECKS[code].run(tree)]


@pytest.mark.parametrize(
    "head",
    [
        "profile there /{,usr/}bin/there flags=(attach_disconnected,complain) {",
        "profile there @{exec_path} {",
        "profile there\n  @{bin}/there\n{",
        'profile "there" "/usr/bin/there" { }',
        "# profile there /bin/others {\nprofile there /usr/**/there xattrs=(a=b) {",
    ],
)
def test_profiles_of_the_base_directory_exist(tmp_path: Path, head: str) -> None:
    base, given = tmp_path / "base", tmp_path / "given"
    base.mkdir()
    own = "@{exec_path} = @{bin}/there\n@{exec_path} += /opt/there\n"
    (base / "any").write_text(f"{own}{head}\n  /x r,\n}}\n")
    given.write_text(
        "profile p /bin/p {\n"
        "  /usr/bin/there px,\n"
        "  /usr/bin/x px -> there,\n"
        "  /usr/bin/elsewhere px,\n"
        "  /usr/bin/y px -> nowhere,\n"
        "  signal send peer=the*,\n"
        "  signal send peer=there//*,\n"
        "  signal send peer=no*,\n"
        "}\n"
    )
    assert lines("LSM201", given, base) == [4, 5]
    assert lines("LSM203", given, base) == [8]


def test_a_path_named_profile_beside(tmp_path: Path) -> None:
    (tmp_path / "any").write_text(
        "/usr/bin/old flags=(complain, audit) {\n  /usr/bin/rule r,\n}\n"
        "/usr/bin/older\n{\n  /usr/bin/{rule,other} r,\n}\n"
    )
    given = tmp_path / "given"
    given.write_text(
        "profile p /bin/p {\n"
        "  /usr/bin/old px,\n"
        "  /usr/bin/older px -> /usr/bin/older,\n"
        "  /usr/bin/rule px,\n"
        "}\n"
    )
    assert lines("LSM201", given, tmp_path) == [4]


def test_a_profile_that_unread_text_leads_to(tmp_path: Path) -> None:
    (tmp_path / "abstractions" / "deep").mkdir(parents=True)
    (tmp_path / "abstractions" / "deep" / "tool").write_text("/bin/a Px -> first,\n")
    (tmp_path / "beside").write_text("profile other {\n  change_profile -> sec*,\n}\n")
    given = tmp_path / "given"
    given.write_text(
        "".join(f"profile {n} {{\n  /x r,\n}}\n" for n in ("first", "second", "third"))
    )
    assert lines("LSM208", given, tmp_path) == [7]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/usr/*/foo", "/usr/bin/*"),
        ("/usr/**", "/usr/*/x"),
        ("/a*b", "/ab*"),
        ("/opt/*/tool", "/opt/{a,b}*/tool"),
        ("/**/x", "/**/y"),
        ("/{a,bb}/*", "/b*/c*"),
        ("/a**", "/a*/**"),
    ],
)
def test_a_race_counts_as_the_kernel_does(one: str, other: str) -> None:
    first, second = (determinize([parse_glob(text).pattern]) for text in (one, other))
    race = Race(first, [second])
    for same, higher in ((True, False), (False, True), (False, False)):

        def goal(found: list[int], above: list[int]) -> bool:
            return bool(found) == same and bool(above) == higher  # noqa: B023

        path = race.find(goal, 10_000)
        if path is None:
            continue
        mine, theirs = left_match(first, path), left_match(second, path)
        assert mine is not None
        if same:
            assert mine == theirs, path
        elif higher:
            assert theirs is not None
            assert theirs > mine, path
        else:
            assert theirs is None or theirs < mine, path


def test_ambiguous_patterns_have_a_true_path(tmp_path: Path) -> None:
    text = "profile p /opt/*/tool {\n  /x r,\n}\nprofile q /opt/{a,b}*/tool {\n  /x r,\n}\n"
    result = lint_files(tmp_path, {"example": text}, "LSM205")
    (finding,) = result.findings
    path = finding.message.split("attach to `")[1].split("`")[0].encode()
    one, other = (
        determinize([parse_glob(glob).pattern]) for glob in ("/opt/*/tool", "/opt/{a,b}*/tool")
    )
    assert left_match(one, path) == left_match(other, path)


@pytest.mark.parametrize("rival", ["/x/prog* { }", "profile z /x/prog { }"])
@pytest.mark.parametrize(("target", "codes"), [("3.0", 0), ("4.1", 0), ("6.0", 1)])
def test_a_plain_name_is_not_ambiguous(tmp_path: Path, rival: str, target: str, codes: int) -> None:
    path = tmp_path / "p"
    path.write_text(f"/x/prog {{ /a r, }}\n{rival}\n")
    tree, faults = read_tree(path, Options(base=str(tmp_path), target=target))
    assert not faults
    assert len(list(CHECKS["LSM205"].run(tree))) == codes
    shadowed = {one.profile for one in CHECKS["LSM206"].run(tree)}
    assert ("/x/prog" in shadowed) is (target == "6.0")


@pytest.mark.parametrize(
    ("label", "unwritten"),
    [("**", True), ("?*", False), ("[xy]*", False), ("[xy]**", False), ("x**", False)],
)
def test_a_label_that_says_something_is_not_any(label: str, unwritten: bool) -> None:
    assert is_any(parse_glob(label).pattern) is unwritten
    assert is_any(SOME.pattern)


def test_the_checks_of_the_first_hundred_judge_the_effect_of_rules() -> None:
    judging = {code for code, check in LINT.checks.items() if check.effect}
    assert judging == {code for code in LINT.checks if code.startswith("LSM1")}
