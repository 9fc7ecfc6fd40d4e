"""What a kernel reads off a stream about IP sockets is what the tables of a bundle decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.parts import Deployment
from lsmc.policy import Policy
from tests.modules.apparmor.kernel.reader import Profile, read
from tests.modules.apparmor.kernel.sockets import (
    CREATE,
    OWN,
    PAIR,
    Socket,
    UnixSocket,
    asked,
    asked_of_packet,
    asked_of_unix,
)

CLASSES = {"network_v8": 14, "network_v9": 15}
ADDRESSES = ("none", "10.0.0.1", "10.0.0.2", "::1", "fe80::2")
PORTS = (0, 1, 80, 443, 1023, 1024, 1025, 40_000, 65_535)
WORDS = ("inet stream", "inet dgram", "inet", "inet6", "tcp", "udp", "inet icmp", "stream", "")
SOCKET = Socket("inet", "stream", "tcp", "10.0.0.1", 1025, "10.0.0.2", 80)
SOCKETS = (("stream", "tcp"), ("dgram", "udp"), ("raw", "icmp"))


@pytest.fixture(scope="module", params=sorted(CLASSES))
def features(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / str(request.param)
    path.write_text(f"{request.param} {{ af_mask {{ inet inet6 }} af_inet {{ yes }} }}")
    return path


def conditions() -> st.SearchStrategy[str]:
    """An address, a port or several, both or none."""
    ports = st.sampled_from((*map(str, PORTS), "1-1023", "80-1024", "1000-65535"))
    return st.builds(
        lambda ip, port: " ".join(part for part in (ip, port) if part),
        st.one_of(st.just(""), st.sampled_from(ADDRESSES).map(lambda ip: f"ip={ip}")),
        st.one_of(st.just(""), ports.map(lambda port: f"port={port}")),
    )


@st.composite
def rules(draw: st.DrawFn, interfaces: tuple[str, ...] = ("",)) -> str:
    """A rule for networks."""
    peer, interface = draw(conditions()), draw(st.sampled_from(interfaces))
    fitting = [*PAIR, "accept"] if peer else [*PAIR, *OWN, *CREATE]
    permissions = " ".join(sorted(draw(st.sets(st.sampled_from(fitting), max_size=3))))
    parts = (
        draw(st.sampled_from(("", "audit", "deny", "audit deny"))),
        "network",
        f"({permissions})" if permissions else "",
        draw(st.sampled_from(WORDS)),
        draw(conditions()),
        interface and f"interface={interface}",
        f"peer=({peer})" if peer else "",
    )
    return " ".join(part for part in parts if part) + ","


def sockets() -> st.SearchStrategy[Socket]:
    """A socket with its ends."""
    address, port = st.sampled_from(ADDRESSES), st.sampled_from(PORTS)
    return st.builds(
        lambda family, kind, *ends: Socket(family, *kind, *ends),
        st.sampled_from(("inet", "inet6")),
        st.sampled_from(SOCKETS),
        *(address, port, address, port),
    )


def compiled(text: str, features: Path) -> tuple[Profile, Policy]:
    """The first profile of a policy as a kernel is given it, and its tables."""
    policy = f'abi "{features}",\n{text}'
    texts = (("/policy", policy.encode()), (str(features), features.read_bytes()))
    options = Options("/base", features=str(features), texts=texts)
    (file,) = render(["/policy"], options, 1)
    found = front_end(options).compile("/policy")
    data, _ = bundle(list(found.profiles), list(found.diagnostics))
    return next(read(file.data)), Policy(data)


@given(st.lists(rules(), min_size=1, max_size=5), st.lists(sockets(), min_size=1, max_size=10))
def test_decisions(features: Path, written: list[str], several: list[Socket]) -> None:
    profile, policy = compiled(f"profile p {{ {' '.join(written)} }}", features)
    assert profile.other is not None
    for socket in several:
        fields = {**socket._asdict(), "port": str(socket.port), "peer_port": str(socket.peer_port)}
        found = policy.permissions("p", "network", fields.pop("family"), **fields)
        for name, bit in {**CREATE, **OWN, **PAIR}.items():
            allow, logs = asked(profile.other, CLASSES[features.name], socket, name)
            assert bool(allow & bit) == (name in found.allow), (name, socket)
            assert bool(logs & bit) == (name in found.audit), (name, socket)
            assert bool(logs >> 7 & bit) == (name in found.quiet), (name, socket)


@pytest.fixture(scope="module")
def of_packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "features"
    path.write_text("network_v9 { af_inet { yes } } network_v9_skb { iface { yes } }")
    return path


@given(
    st.lists(rules(("", "", "eth0", "wlan*")), min_size=1, max_size=5),
    st.lists(sockets(), min_size=1, max_size=10),
    st.sampled_from(("eth0", "wlan1", "lo")),
)
@example(["network inet stream,", "deny network send inet stream interface=eth0,"], [SOCKET], "lo")
@example(["network inet stream interface=eth0,"], [SOCKET], "lo")
def test_packets(of_packets: Path, written: list[str], several: list[Socket], name: str) -> None:
    """A message is let through where its socket and its packets are."""
    profile, policy = compiled(f"profile p {{ {' '.join(written)} }}", of_packets)
    assert profile.other is not None
    for socket in several:
        fields = {**socket._asdict(), "port": str(socket.port), "peer_port": str(socket.peer_port)}
        family = fields.pop("family")
        found = policy.permissions("p", "network", family, **fields, interface=name)
        for permission, bit in PAIR.items():
            words = (
                asked(profile.other, 15, socket, permission),
                asked_of_packet(profile.other, socket, permission, name, "unlabeled"),
            )
            allowed = all(allow & bit for allow, _ in words)
            assert allowed == (permission in found.allow), (permission, socket)


UNIX_FEATURES = {
    4: "network { af_unix { yes } }",
    14: "network { af_unix { yes } } network_v8 { af_mask { unix } }",
    15: "network_v9 { af_unix { yes } }",
}


@pytest.fixture(scope="module", params=sorted(UNIX_FEATURES))
def of_unix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / str(request.param)
    path.write_text(UNIX_FEATURES[request.param])
    return path


@st.composite
def unix_rules(draw: st.DrawFn) -> str:
    """A rule for unix sockets."""
    addresses = st.sampled_from(("", "addr=@a*", "addr=@ab", "addr=none", "addr=auto"))
    peer = " ".join((draw(addresses), draw(st.sampled_from(("", "label=x", "label=[xy]"))))).strip()
    fitting = [*PAIR, "accept"] if peer else [*PAIR, *OWN, *CREATE]
    permissions = " ".join(sorted(draw(st.sets(st.sampled_from(fitting), max_size=3))))
    parts = (
        draw(st.sampled_from(("", "", "priority=1", "audit", "deny", "audit deny"))),
        "unix",
        f"({permissions})" if permissions else "",
        draw(st.sampled_from(("", "type=stream", "type=dgram"))),
        draw(addresses),
        f"peer=({peer})" if peer else "",
    )
    return " ".join(part for part in parts if part) + ","


def unix_sockets() -> st.SearchStrategy[UnixSocket]:
    """A unix socket with its ends."""
    addresses = st.sampled_from(("@a", "@ab", "@b", "@0a1b2", "none"))
    return st.builds(
        UnixSocket,
        st.sampled_from(("stream", "dgram")),
        addresses,
        addresses,
        st.sampled_from(("x", "y", "z")),
    )


@given(
    st.lists(unix_rules(), min_size=1, max_size=5),
    st.lists(unix_sockets(), min_size=1, max_size=10),
)
def test_unix_decisions(of_unix: Path, written: list[str], several: list[UnixSocket]) -> None:
    profile, policy = compiled(f"profile p {{ {' '.join(written)} }}", of_unix)
    assert profile.other is not None
    for socket in several:
        for name, bit in {**CREATE, **OWN, **PAIR}.items():
            for one in (socket, socket._replace(addr="auto")) if name == "bind" else (socket,):
                fields = one._asdict()
                found = policy.permissions("p", "unix", fields.pop("addr"), **fields)
                allow, logs = asked_of_unix(profile.other, int(of_unix.name), one, name)
                assert bool(allow & bit) == (name in found.allow), (name, one)
                assert bool(logs & bit) == (name in found.audit), (name, one)
                assert bool(logs >> 7 & bit) == (name in found.quiet), (name, one)


@pytest.mark.parametrize(
    ("features", "code", "stub"),
    [
        (UNIX_FEATURES[4], 4, 4),
        (UNIX_FEATURES[14], 14, 4),
        (UNIX_FEATURES[15], 15, 15),
    ],
)
def test_unix_sockets(tmp_path: Path, features: str, code: int, stub: int) -> None:
    """The strings of the compilers (4.1.0; with `network_v9` 6.0), each with what it allows."""
    policy = """profile a {
      unix (create, bind, listen, setopt) type=stream addr=@a\\000b,
      unix (send) type=stream addr=none peer=(addr=@c label=q),
      deny unix (connect) type=stream,
    }"""
    (tmp_path / "features").write_text(features)
    profile, _ = compiled(policy, tmp_path / "features")
    assert profile.other is not None
    start = bytes((code,)) + b"\0\x01\0\x01\0\0"
    for text, allow in (
        (bytes((stub,)), 0x04),
        (bytes((stub,)) + b"\0\x01", 0x04),
        (start, 0x10),
        (start + b"\0a\0b\0\0", 1 << 17),
        (start + b"\0a\0b\0label\0\x02\0\0", 1 << 18),
        (start + b"\0a\0b\0\0\x04\0\x07", 1 << 19),
        (start + b"\0a\0\0", 0),
        (start + b"\x01\0\0\x01\0c\0q", 0x02),
        (start + b"\x01\0\0\x01\0c\0r", 0),
    ):
        assert profile.other.words(profile.other.match(text))[0] == allow, text
    refused = profile.other.match(start + b"\0x\0\0\x01\x01\0q")
    assert profile.other.words(refused) == (0, 0x40 << 7)


@pytest.mark.parametrize(
    ("abi", "kernel", "classes"),
    [
        ("network {af_unix {yes}} network_v8 {af_mask}", "network_v8 network_v9 {af_unix}", {14}),
        ("network {af_unix {yes}}", "network_v8 network_v9 {af_unix}", {14}),
        ("network {af_unix {yes}}", "network_v8", {14}),
        ("network {af_unix {yes}}", "network_v9 {af_unix}", {15}),
        ("network_v8 network_v9 {af_unix}", "network_v8 network_v9 {af_unix}", {14, 15}),
        ("network_v9", "network_v9 {af_unix}", {15}),
    ],
)
def test_classes_of_an_abi(tmp_path: Path, abi: str, kernel: str, classes: set[int]) -> None:
    """A kernel with strings of class 15 asks unix sockets by their addresses wherever it has them.

    A profile that does not count on that class must have none of it, or all unix sockets are
    denied.
    """
    for name, text in (("abi", abi), ("kernel", kernel)):
        (tmp_path / name).write_text(text)
    (tmp_path / "p").write_text("profile p { network unix, }")
    options = Options(features=str(tmp_path / "kernel"))
    deployment = Deployment(abi=str(tmp_path / "abi"))
    (file,) = render([str(tmp_path / "p")], options, 1, deployment)
    (profile,) = read(file.data)
    assert profile.other is not None
    found = {code for code in (4, 14, 15) if profile.other.match(bytes((code,)))}
    assert found == classes
    if 15 in classes:  # making a socket is asked behind the protocol
        made = profile.other.match(b"\x0f\0\1\0\1\0\0")
        assert profile.other.words(made)[0] & 0x10


def test_families_of_kernels_without_strings(tmp_path: Path) -> None:
    """A table of types: allowed, logged, refused without a word (`net_allowed_af` of 3.0.8)."""
    policy = """profile a {
      network inet, audit network netlink raw, deny network inet6 dgram, network inet6,
      audit deny network can, unix type=dgram, deny unix type=stream,
    }
    profile b { /x r, }"""
    (tmp_path / "features").write_text("network { af_mask { inet } af_unix { yes } }")
    profile, _ = compiled(policy, tmp_path / "features")
    flat = profile.fields["net_allowed_af"]
    found = {at // 3: tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)}
    assert len(found) == 46
    assert {number: types for number, types in found.items() if any(types)} == {
        1: (1 << 2, 0, 0),
        2: (0x43E, 0, 0),
        10: (0x43E & ~4, 0, 4),
        16: (8, 8, 0),
    }


def test_every_family(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("network { af_mask { inet } }")
    profile, _ = compiled("profile a { network, }", tmp_path / "features")
    assert profile.fields["net_allowed_af"] == [0xFFFF, 0, 0] * 46
