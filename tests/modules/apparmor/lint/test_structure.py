"""Checks of variables, includes, aliases and conventions, beyond the examples of their pages."""

from __future__ import annotations

from pathlib import Path

from tests.lint.support import lint_files, short

RULE = "  /x r,\n"


def found(folder: Path, code: str, files: dict[str, str]) -> list[str]:
    return short(lint_files(folder, files, code))


def test_a_variable_used_in_a_branch_not_taken(tmp_path: Path) -> None:
    text = "@{a} = /a\n$b = false\nprofile p {\n  if $b {\n    @{a} r,\n  }\n  /x r,\n}\n"
    assert found(tmp_path, "LSM211", {"example": text}) == []


def test_a_variable_used_in_an_attachment_or_a_test(tmp_path: Path) -> None:
    text = "@{a} = /a\n@{b} = 1\n$c = @{b} == 1\nprofile p @{a} {\n  if $c {\n    /x r,\n  }\n}\n"
    assert found(tmp_path, "LSM211", {"example": text}) == []


def test_a_variable_in_a_comment_is_not_used(tmp_path: Path) -> None:
    text = "@{a} = /a\nprofile p {\n  /x r, # @{a}\n}\n"
    assert found(tmp_path, "LSM211", {"example": text}) == ["1:LSM211"]


def test_a_variable_in_the_value_of_a_customary_one(tmp_path: Path) -> None:
    files = {
        "first": "@{cache} = /c\nprofile p {\n  include <abstractions/own>\n}\n",
        "second": "@{data} = /b\n@{cache} = @{data}/c\n@{lost} = /b\nprofile q {\n  /x r,\n}\n",
        "third": "@{name} = t\n@{exec_path} = /bin/@{name}\nprofile r /bin/t {\n  /x r,\n}\n",
        "abstractions/own": "@{cache}/** r,\n",
    }
    (finding,) = lint_files(tmp_path, files, "LSM211").findings
    assert (finding.file, finding.line) == (str(tmp_path / "second"), 3)


def test_redefinition_of_an_included_variable(tmp_path: Path) -> None:
    files = {
        "example": "include <tunables/own>\n@{a} := /b\n@{a} ?= /c\nprofile p {\n  @{a} r,\n}\n",
        "tunables/own": "@{a} = /a\n",
    }
    assert found(tmp_path, "LSM212", files) == ["2:LSM212"]


def test_empty_variable_through_another(tmp_path: Path) -> None:
    text = '@{a} = ""\n@{b} = @{a}/x\nprofile p {\n  /y@{b} r,\n}\n'
    assert found(tmp_path, "LSM213", {"example": text}) == ["1:LSM213"]


def test_a_parameter_that_is_tested(tmp_path: Path) -> None:
    files = {
        "example": "profile p {\n  include <abstractions/own>\n  /x r,\n}\n",
        "abstractions/own": "if defined @{a} {\n  @{a} r,\n}\n",
    }
    assert found(tmp_path, "LSM214", files) == []


def test_self_include(tmp_path: Path) -> None:
    files = {
        "example": "profile p {\n  include <abstractions/own>\n}\n",
        "abstractions/own": "include <abstractions/own>\n/x r,\n",
    }
    assert found(tmp_path, "LSM215", files) == ["1:LSM215"]


def test_diamond_is_no_cycle(tmp_path: Path) -> None:
    files = {
        "example": "profile p {\n  include <abstractions/a>\n  include <abstractions/b>\n}\n",
        "abstractions/a": "include <abstractions/c>\n",
        "abstractions/b": "include <abstractions/c>\n",
        "abstractions/c": "/x r,\n",
    }
    assert found(tmp_path, "LSM215", files) == []
    assert found(tmp_path, "LSM216", files) == []


def test_fix_of_a_second_include(tmp_path: Path) -> None:
    text = "profile p {\n  include <abstractions/a>\n  include <abstractions/a> # again\n"
    text += "  deny {\n    include <abstractions/a>\n  }\n}\n"
    files = {"example": text, "abstractions/a": "/x r,\n"}
    first, second = lint_files(tmp_path, files, "LSM216").findings
    assert first.fix is not None
    assert first.fix.safe
    assert second.fix is None
    assert second.related


def test_a_directory_and_a_file_in_it(tmp_path: Path) -> None:
    text = "profile p {\n  include <abstractions/d>\n  include <abstractions/d/a>\n}\n"
    files = {"example": text, "abstractions/d/a": "/x r,\n", "abstractions/d/b": "/y r,\n"}
    assert found(tmp_path, "LSM216", files) == ["3:LSM216"]
    reverse = "profile p {\n  include <abstractions/d/a>\n  include <abstractions/d>\n}\n"
    assert found(tmp_path, "LSM216", {**files, "example": reverse}) == []


def test_hooks_are_a_setting(tmp_path: Path) -> None:
    text = "profile p {\n  include if exists <site/p>\n  include if exists <local/p>\n  /x r,\n}\n"
    assert found(tmp_path, "LSM217", {"example": text}) == ["2:LSM217"]
    toml = '[checks.missing-optional-include]\nhooks = ["site/*"]\n'
    assert found(tmp_path, "LSM217", {"example": text, "lsmc.toml": toml}) == ["3:LSM217"]


def test_an_alias_that_matches_an_attachment_or_in_one_file_only(tmp_path: Path) -> None:
    files = {
        "example": "include <tunables/alias>\nprofile p /usr/bin/p {\n  /x r,\n}\n",
        "second": "include <tunables/alias>\nprofile q /opt/q {\n  /srv/y r,\n}\n",
        "tunables/alias": "alias /usr/ -> /mnt/usr/,\nalias /srv/ -> /mnt/srv/,\n",
    }
    assert found(tmp_path, "LSM218", files) == []


def test_an_alias_that_another_profile_may_need(tmp_path: Path) -> None:
    files = {
        "example": "include <tunables/alias>\nalias /own/ -> /a/,\nprofile p {\n  /x r,\n}\n",
        "tunables/alias": "alias /srv/ -> /mnt/srv/,\nalias /usr/ -> /usr/,\n",
    }
    assert found(tmp_path, "LSM218", files) == ["2:LSM218", "1:LSM218", "2:LSM218"]
    (tmp_path / "other").write_text("profile other /srv/other {\n}\n")
    assert found(tmp_path, "LSM218", files) == ["2:LSM218", "2:LSM218"]


def test_local_include_of_an_existing_file_is_unsafe(tmp_path: Path) -> None:
    files = {"example": "profile p {\n  /x r,\n}\n", "local/example": "/y r,\n"}
    (finding,) = lint_files(tmp_path, files, "LSM219").findings
    assert finding.fix is not None
    assert not finding.fix.safe


def test_off_by_default(tmp_path: Path) -> None:
    codes = {one.code for one in lint_files(tmp_path, {"example": "profile p {\n}\n"}).findings}
    assert not codes & {"LSM219", "LSM221"}


def test_empty_hat_and_limits(tmp_path: Path) -> None:
    text = "profile p {\n  ^hat {\n  }\n}\nprofile q {\n  set rlimit nproc <= 10,\n}\n"
    assert found(tmp_path, "LSM210", {"example": text}) == ["2:LSM210"]


def test_names_with_dots(tmp_path: Path) -> None:
    files = {"usr.sbin.tool": "profile other /{usr/,}sbin/tool {\n  /x r,\n}\n"}
    assert found(tmp_path, "LSM221", files) == []
    assert found(tmp_path, "LSM221", {"wrong": files["usr.sbin.tool"]}) == ["1:LSM221"]
