"""Aliases that profiles may need which were not given to lint."""

from __future__ import annotations

from pathlib import Path

from tests.lint.support import lint_files, short


def test_an_alias_that_another_profile_may_need(tmp_path: Path) -> None:
    files = {
        "example": "include <tunables/alias>\nprofile p {\n  /x r,\n}\n",
        "tunables/alias": "alias /srv/ -> /mnt/srv/,\nalias /usr/ -> /usr/,\n",
    }
    assert short(lint_files(tmp_path, files, "LSM218")) == ["1:LSM218", "2:LSM218"]
    (tmp_path / "other").write_text("profile other /srv/other {\n}\n")
    assert short(lint_files(tmp_path, files, "LSM218")) == ["2:LSM218"]
