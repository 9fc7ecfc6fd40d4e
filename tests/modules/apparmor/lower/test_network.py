"""Rules for networks of a kernel that tells addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.api import compile_text
from lsmc.base.diagnostics import PolicyError

FEATURES = "network_v8 { af_mask { inet inet6 } af_inet { yes } }"
OWN = {"bind", "listen", "accept", "shutdown", "getattr", "setattr", "getopt", "setopt"}
MESSAGES = {"send", "receive", "connect"}


@pytest.mark.parametrize(
    ("rule", "to_peer", "to_other"),
    [
        # with a peer all permissions are given, of which messages alone know of it
        ("network inet stream peer=(ip=10.0.0.1),", {"create", *OWN, *MESSAGES}, {"create", *OWN}),
        ("network (accept send) inet stream peer=(ip=10.0.0.1),", {"accept", "send"}, {"accept"}),
        ("network send inet stream peer=(ip=10.0.0.1 port=80),", {"send"}, set()),
        ("network inet stream,", {"create", *OWN, *MESSAGES}, {"create", *OWN, *MESSAGES}),
        # a condition of the socket's own end says nothing of making it
        ("network (create bind) inet stream ip=10.0.0.3,", {"create", "bind"}, {"create", "bind"}),
        ("network (create bind) inet stream ip=10.0.0.4,", {"create"}, {"create"}),
    ],
)
def test_conditions(tmp_path: Path, rule: str, to_peer: set[str], to_other: set[str]) -> None:
    (tmp_path / "features").write_text(FEATURES)
    policy = compile_text(f"profile p {{ {rule} }}", features=tmp_path / "features")
    for peer, granted in (("10.0.0.1", to_peer), ("10.0.0.2", to_other)):
        found = policy.permissions(
            "p",
            "network",
            "inet",
            type="stream",
            protocol="tcp",
            ip="10.0.0.3",
            port=1024,
            peer_ip=peer,
            peer_port=80,
        )
        assert found.allow == granted


@pytest.mark.parametrize("address", ["fe80::1%eth0", "10.0.0.0/8", "[::1]", "010.0.0.1", "1.2.3"])
def test_what_is_no_address(address: str) -> None:
    """What the compilers refuse (inet_pton)."""
    with pytest.raises(PolicyError, match="not an IPv4 or IPv6 address"):
        compile_text(f"profile p {{ network inet ip={address}, }}")
