"""Hints about words that are not known."""

from __future__ import annotations

from lsmc.base.errors import did_you_mean


def test_the_last_part_of_a_path_may_be_meant() -> None:
    known = ("/usr/bin/myapp", "/opt/app/myapp", "myapp-helper", "dnsmasq")
    assert did_you_mean("myapp", known) == ("did you mean `/usr/bin/myapp` or `/opt/app/myapp`?")
    assert did_you_mean("dnsmask", known) == "did you mean `dnsmasq`?"
    assert did_you_mean("nothing alike", known) == ""
