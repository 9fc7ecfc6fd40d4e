"""Comments that silence findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.support import lint_files, short


def body(*lines: str, head: str = "") -> dict[str, str]:
    rules = "".join(f"  {line}\n" for line in lines)
    return {"p": f"{head}profile p /bin/p {{\n{rules}  deny /etc/** r,\n}}\n"}


def found(folder: Path, *lines: str, head: str = "") -> list[str]:
    return short(lint_files(folder, body(*lines, head=head), "LSM101", "LSM9"))


def test_a_comment_on_the_line_silences_its_code(tmp_path: Path) -> None:
    rules = ("/etc/a r, # lsmc: ignore[LSM101] why", "/etc/b r,")
    assert found(tmp_path, *rules) == ["3:LSM101"]


@pytest.mark.parametrize(
    "comment",
    [
        "# lsmc: ignore[unreachable-rule] by name",
        "#lsmc:ignore[lsm101]",
        "# lsmc: ignore[LSM104, LSM101]",
        "## lsmc: ignore [LSM101]",
    ],
)
def test_spellings(tmp_path: Path, comment: str) -> None:
    assert found(tmp_path, f"/etc/a r, {comment}") == []


def test_a_rule_of_several_lines_may_have_it_on_the_last(tmp_path: Path) -> None:
    assert found(tmp_path, "/etc/a", "  r, # lsmc: ignore[LSM101]") == []


def test_the_whole_file(tmp_path: Path) -> None:
    head = "# a comment\n# lsmc: ignore-file[LSM101] generated\n"
    assert found(tmp_path, "/etc/a r,", "/etc/b r,", head=head) == []


def test_what_silences_nothing_is_found(tmp_path: Path) -> None:
    assert found(tmp_path, "/usr/a r, # lsmc: ignore[LSM101]") == ["2:LSM901"]
    head = "# lsmc: ignore-file[LSM101]\n"
    assert found(tmp_path, "/usr/a r,", head=head) == ["1:LSM901"]


def test_only_codes_that_ran_are_unused(tmp_path: Path) -> None:
    assert found(tmp_path, "/usr/a r, # lsmc: ignore[LSM301]") == []


def test_misplaced(tmp_path: Path) -> None:
    alone = found(tmp_path, "# lsmc: ignore[LSM101]", "/etc/a r,")
    assert alone == ["2:LSM901", "3:LSM101"]
    late = found(tmp_path, "/etc/a r,", "# lsmc: ignore-file[LSM101]")
    assert late == ["2:LSM101", "3:LSM901"]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# lsmc: ignore", "names no code"),
        ("# lsmc: ignore[]", "names no code"),
        ("# lsmc: ignore[LSM1]", "`LSM1` is the beginning of codes, not a code"),
        ("# lsmc: ignore[LSM142]", "no check `LSM142`"),
        ("# lsmc: ignore[unreachble-rule]", "did you mean `unreachable-rule`?"),
        ("# lsmc: disable[LSM101]", "is no suppression"),
    ],
)
def test_broken(tmp_path: Path, comment: str, message: str) -> None:
    result = lint_files(tmp_path, body(f"/usr/a r, {comment}"), "LSM101")
    (one,) = result.findings
    assert result.broken
    assert one.code == "LSM902"
    assert message in one.message


def test_errors_cannot_be_silenced(tmp_path: Path) -> None:
    rules = ("capability foo, # lsmc: ignore[LSM061]",)
    assert found(tmp_path, *rules) == ["2:LSM061", "2:LSM901"]


def test_words_about_lsmc_are_no_suppression(tmp_path: Path) -> None:
    assert found(tmp_path, "/usr/a r, # checked with lsmc: see the manual") == []


def test_comments_of_included_files_count(tmp_path: Path) -> None:
    files = body("include <abstractions/own>")
    files["abstractions/own"] = (
        "/etc/a r, # lsmc: ignore[LSM101]\n/usr/a r, # lsmc: ignore[LSM101]\ndeny /etc/* r,\n"
    )
    result = lint_files(tmp_path, files, "LSM101", "LSM901")
    assert [(Path(str(one.file)).name, one.line, one.code) for one in result.findings] == [
        ("own", 2, "LSM901")
    ]
