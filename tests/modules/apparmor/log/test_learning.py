"""What a policy says to records of profiles that the kernel made for learning."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc

POLICY = """
profile a /bin/a {
  /bin/child Cx -> kid,
  /bin/same ix,
  /bin/other Px,
  signal send peer=a//kid,
  /srv/a r,
  profile kid {
    /bin/same ix,
    /srv/kid r,
  }
}
profile other /bin/other {
  /srv/other r,
}
"""
LINE = (
    'audit: type=1400 audit(1.1:1): apparmor="ALLOWED" {what} profile="{name}" pid=1 comm="x"'
    " fsuid=0 ouid=1\n"
)


def status(folder: Path, name: str, what: str) -> tuple[str, str]:
    """The subject that answers for a record, and its answer."""
    log = folder / "log"
    log.write_text(LINE.format(name=name, what=what))
    (one,) = lsmc.explain_log(lsmc.compile_text(POLICY), log).diagnoses
    return one.subject, one.status


@pytest.mark.parametrize(
    ("name", "subject", "path"),
    [
        ("a//null-/bin/child", "a//kid", "/srv/kid"),
        ("a//null-/bin/same", "a", "/srv/a"),
        ("a//null-/bin/other", "other", "/srv/other"),
        ("a//null-/bin/child//null-/bin/same", "a//kid", "/srv/kid"),
        ("a//null-/bin/unknown", "a", "/srv/a"),
        ("a//null-1f", "a", "/srv/a"),
    ],
)
def test_the_profile_of_a_program_answers(
    tmp_path: Path, name: str, subject: str, path: str
) -> None:
    what = 'operation="open" name="{}" requested_mask="r" denied_mask="r"'
    assert status(tmp_path, name, what.format(path)) == (subject, "allowed")
    assert status(tmp_path, name, what.format("/srv/none")) == (subject, "denied")


def test_a_peer_is_what_runs_now(tmp_path: Path) -> None:
    what = 'operation="signal" denied_mask="send" signal=term peer="a//null-/bin/child"'
    assert status(tmp_path, "a", what) == ("a", "allowed")


def test_a_profile_of_the_very_name_answers_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    what = 'operation="open" class="file" name="/b" requested_mask="r" denied_mask="r"'
    log.write_text(LINE.format(name="a//null-2d", what=what))
    policy = lsmc.compile_text("profile a { ^null-2d { /b r, } }")
    (one,) = lsmc.explain_log(policy, log).diagnoses
    assert (one.subject, one.status) == ("a//null-2d", "allowed")
