"""What is left of a rule that refuses an access."""

from __future__ import annotations

import pytest

from lsmc.modules.apparmor.suggest.denials import left_of_both, relaxed


@pytest.mark.parametrize(
    ("rule", "cls", "wanted", "obj", "left"),
    [
        ("deny /srv/a rw,", "file", ("r",), "", "deny /srv/a w,"),
        ("deny /srv/a rw,", "file", ("w", "a"), "", "deny /srv/a r,"),
        ('deny owner "/srv/a  b" wl,', "file", ("a",), "", 'deny owner "/srv/a  b" l,'),
        ("audit deny rw /x,", "file", ("r",), "", "audit deny w /x,"),
        ("deny /x r,", "file", ("r",), "", ""),
        ("deny /x mrwklx,", "file", ("x",), "", "deny /x mrwkl,"),
        ("deny /** wl,", "link", ("link",), "", "deny /** w,"),
        (
            "deny signal (send, receive) peer=q,",
            "signal",
            ("send",),
            "",
            "deny signal (receive) peer=q,",
        ),
        ("deny signal (send, receive),", "signal", ("receive",), "", "deny signal (send),"),
        ("deny signal (send receive),", "signal", ("send", "receive"), "", ""),
        (
            "deny dbus (send receive) bus=system,",
            "dbus",
            ("receive",),
            "",
            "deny dbus (send) bus=system,",
        ),
        ("deny capability kill chown,", "capability", ("use",), "kill", "deny capability chown,"),
        ("deny capability kill chown,", "capability", ("use",), "chown", "deny capability kill,"),
        ("deny capability,", "capability", ("use",), "chown", ""),
        ("deny network inet,", "network", ("create",), "", ""),
        ("deny mount,", "mount", ("mount",), "", ""),
        ("deny all,", "file", ("r",), "", ""),
    ],
)
def test_what_is_left(rule: str, cls: str, wanted: tuple[str, ...], obj: str, left: str) -> None:
    assert relaxed(rule, cls, wanted, obj) == left


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        ("deny /x rw,", "deny /x rw,", "deny /x rw,"),
        ("deny /x rk,", "deny /x wk,", "deny /x k,"),
        ("deny /x r,", "deny /x w,", ""),
        ("deny /x r,", "", ""),
        ("deny signal send,", "deny signal receive,", ""),
    ],
)
def test_what_two_narrowings_leave(one: str, other: str, left: str) -> None:
    assert left_of_both(one, other) == left
