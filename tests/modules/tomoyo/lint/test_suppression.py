"""Comments that silence findings: in policy of TOMOYO they are lines of their own."""

from __future__ import annotations

from pathlib import Path

import lsmc

POLICY = """<kernel> /bin/a
use_profile 3
# lsmc: ignore[LSM670] an older kernel reads both
file read,write /tmp/a
# lsmc: ignore[LSM670] nothing is wrong here
file read /tmp/b

# lsmc: ignore[LSM670] not the next line

file readx /tmp/c
"""


def test_a_comment_is_for_the_next_line(tmp_path: Path) -> None:
    path = tmp_path / "domain_policy.conf"
    path.write_text(POLICY)
    found = lsmc.check([path], module="tomoyo", select=["LSM670", "LSM901"])
    assert [(one.line, one.code) for one in found] == [(5, "LSM901"), (8, "LSM901"), (10, "LSM670")]
    assert "on the next line" in found[0].message
