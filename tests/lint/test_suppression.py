"""Comments that are to silence findings, and cannot; the others are in `tests/cases`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.support import lint_files


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# lsmc: ignore", "names no code"),
        ("# lsmc: ignore[]", "names no code"),
        ("# lsmc: ignore[LSM1]", "`LSM1` is the beginning of codes, not a code"),
        ("# lsmc: ignore[LSM142]", "no check `LSM142`"),
        ("# lsmc: ignore[unreachble-rule]", "did you mean `unreachable-rule`?"),
        ("# lsmc: disable[LSM101]", "is not a suppression"),
    ],
)
def test_broken(tmp_path: Path, comment: str, message: str) -> None:
    policy = f"profile p /bin/p {{\n  /usr/a r, {comment}\n}}\n"
    result = lint_files(tmp_path, {"p": policy}, "LSM101")
    (one,) = result.findings
    assert result.broken
    assert one.code == "LSM902"
    assert message in one.message
