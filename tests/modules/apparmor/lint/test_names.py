"""Checks of names, transitions, peers and attachments, beyond the examples of their pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.automata.dfa import determinize
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.attachment import left_match
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.attachment_ranks import Race
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import compile_tree
from lsmc.modules.apparmor.lower.aare import parse_glob
from tests.lint.support import PROFILES, lint_files, short

CHECKS = LINT.checks


def found(folder: Path, code: str, text: str, **files: str) -> list[str]:
    return short(lint_files(folder, {"example": text, **files}, code))


def test_exec_targets(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  /bin/a px -> q//child,
  /bin/b px -> q//other,
  /bin/c px -> :ns:far,
  /bin/d px -> @{name},
  /bin/e pux -> gone,
  /bin/f pix,
  /bin/* px,
  deny /bin/g x,
  /bin/g px -> gone,
  /opt/** px,
  /sbin/x px -> p,
}
profile q /bin/q {
  profile child {
    /x r,
  }
}
"""
    assert found(tmp_path, "LSM201", text) == ["3:LSM201", "5:LSM201", "6:LSM201", "11:LSM201"]


def test_exec_target_of_a_given_fallback(tmp_path: Path) -> None:
    text = "profile p /bin/p {\n  /bin/f pix,\n}\n"
    toml = "[checks.missing-exec-target]\nfallback = true\n"
    files = {"example": text, "lsmc.toml": toml}
    assert short(lint_files(tmp_path, files, "LSM201")) == ["2:LSM201"]


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
    front = front_end(Options.of(tmp_path, [PROFILES], None, None))
    tree, _ = compile_tree(front, [str(path)])
    for code, lines in (("LSM201", [4]), ("LSM202", []), ("LSM203", []), ("LSM208", [])):
        assert [one.line for one in CHECKS[code].run(tree)] == lines


def lines(code: str, path: Path, base: Path) -> list[int | None]:
    front = front_end(Options.of(base, [PROFILES], None, None))
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


def test_witnesses_are_confirmed(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  /bin/a px -> gone,
  /bin/b cx,
  owner /bin/c px -> gone,
  signal send set=(term kill) peer=q,
  ptrace trace peer=q,
  unix (send receive) type=stream peer=(label=q),
  dbus send bus=session path=/o interface=i member=m peer=(name=n label=q),
}
profile q /bin/q {
  signal receive set=hup peer=p,
  unix send type=stream peer=(label=p),
  /y r,
}
"""
    path = tmp_path / "example"
    path.write_text(text)
    front = front_end(Options.of(tmp_path, [PROFILES], None, None))
    tree, faults = compile_tree(front, [str(path)])
    assert not faults
    count = 0
    for code in ("LSM201", "LSM204", "LSM220", "LSM223"):
        for finding in CHECKS[code].run(tree):
            assert finding.witness is not None
            assert not tree.answer(finding.witness).allowed, finding
            count += 1
    assert count == 3 + 5 + 2 + 2


def test_peers_that_answer(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  signal send set=(term kill) peer=q,
  signal send peer=r,
  signal send peer=s,
  ptrace (read trace) peer=q,
}
profile q /bin/q {
  signal receive set=term peer=p,
  ptrace (readby tracedby) peer=@{any},
}
profile r /bin/r flags=(complain) {
  /x r,
}
profile s /bin/s flags=(unconfined) {
}
"""
    assert found(tmp_path, "LSM204", "@{any}={p,z}\n" + text) == []


def test_peer_of_a_stack(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  ptrace read peer=p//&q,
  ptrace read peer=p//&gone,
  ptrace read peer=unconfined,
  ptrace read peer=p//*,
}
profile q /bin/q {
  /x r,
}
"""
    assert found(tmp_path, "LSM203", text) == ["3:LSM203"]


def test_rules_without_a_label_have_no_unknown_peer(tmp_path: Path) -> None:
    text = """abi <abi/5.0>,
profile p /bin/p {
  all,
  io_uring,
  io_uring override_creds label=nobody,
  mqueue create /q,
  unix create,
}
"""
    assert found(tmp_path, "LSM203", text) == ["5:LSM203"]


def test_attachments_with_xattrs_are_left_alone(tmp_path: Path) -> None:
    text = """profile p /bin/tool xattrs=(user.x="a") {
  /x r,
}
profile q /bin/tool {
  /x r,
}
"""
    assert found(tmp_path, "LSM205", text) == []
    assert found(tmp_path, "LSM206", text) == []


def test_children_compete_among_themselves(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  /bin/tool cx,
  profile one /bin/tool {
    /x r,
  }
  profile two /bin/{tool,other} {
    /x r,
  }
}
profile q /bin/tool {
  /x r,
}
"""
    assert found(tmp_path, "LSM205", text) == ["3:LSM205"]


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


def test_duplicates_across_files(tmp_path: Path) -> None:
    text = "profile p /bin/p {\n  /x r,\n}\n"
    assert found(tmp_path, "LSM207", text, other=text) == ["1:LSM207"]


def test_unused_children(tmp_path: Path) -> None:
    text = """profile p /bin/p {
  /bin/a cx -> named,
  /bin/b px,
  change_profile -> p//changed,
  profile named {
    /x r,
  }
  profile changed {
    /x r,
  }
  profile never /bin/b {
    /x r,
  }
}
"""
    assert found(tmp_path, "LSM209", text) == ["11:LSM209"]


def test_stack_depth_is_a_setting(tmp_path: Path) -> None:
    text = "profile p /bin/p {\n  /bin/x px -> a//&b,\n}\n"
    text += "profile a {\n  /x r,\n}\nprofile b {\n  /x r,\n}\n"
    toml = "[checks.long-transition-chain]\ndepth = 1\n"
    files = {"example": text, "lsmc.toml": toml}
    assert short(lint_files(tmp_path, files, "LSM224")) == ["2:LSM224"]


def test_a_pattern_whose_executables_may_be_read_in_part(tmp_path: Path) -> None:
    text = """profile p /opt/*/bin/** {
  /opt/long-name/bin/x/y r,
}
profile q /opt/*/sbin/** {
  /opt/long-name/bin/x/y r,
}
"""
    assert found(tmp_path, "LSM223", text) == ["4:LSM223"]


def test_an_exec_rule_that_an_alias_doubles(tmp_path: Path) -> None:
    text = """alias /bin/ -> /mnt/bin/,
profile p /opt/p {
  /bin/tool px,
}
profile :ns:q /mnt/bin/tool {
  /x r,
}
profile tool /mnt/bin/tool {
  /x r,
}
"""
    assert found(tmp_path, "LSM201", text) == []
