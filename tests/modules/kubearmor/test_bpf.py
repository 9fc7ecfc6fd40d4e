"""The map of the BPF enforcer, and how an access is looked up in it."""

from __future__ import annotations

import pytest

from lsmc.modules.kubearmor.bpf.lookup import (
    Decision,
    decide_capability,
    decide_domain,
    decide_exec,
    decide_file,
    decide_network,
    name_seen,
)
from lsmc.modules.kubearmor.bpf.maps import MAX_KEYS, Bit, Map, container_map
from lsmc.modules.kubearmor.names import TYPES
from lsmc.modules.kubearmor.posture import Posture
from tests.modules.kubearmor.policies import policies

BLOCK = Posture("block", "block", "block")


def made(*specs: str, posture: Posture = BLOCK) -> Map:
    return container_map(policies(*specs), posture)


def opened(found: Map, path: str, source: str = "", owner: bool = True) -> Decision:
    return decide_file(found, "open", path, source, owner)


def test_a_directory_is_three_kinds_of_keys() -> None:
    found = made("file: {matchDirectories: [{dir: /a/b/, recursive: true}]}")
    base = Bit.READ | Bit.WRITE | Bit.RECURSIVE | Bit.DENY
    assert {key[0]: value.file for key, value in found.keys.items()} == {
        "/": base | Bit.HINT,
        "/a/": base | Bit.HINT,
        "/a/b": base,
        "/a/b/": base | Bit.DIR,
    }


def test_the_later_of_two_rules_for_a_key_holds() -> None:
    first = "file: {matchPaths: [{path: /a, action: Allow}]}"
    then = "file: {matchPaths: [{path: /a, action: Block}]}"
    assert not opened(made(first, then), "/a").allowed
    assert opened(made(then, first), "/a").allowed
    assert [one[0] for one in made(first, then).overwritten] == [("/a", "")]


def test_a_recursive_directory_above_goes_before_one_that_is_not() -> None:
    above = "{dir: /a/, recursive: true, action: Allow}"
    assert opened(made(f"file: {{matchDirectories: [{above}, {{dir: /a/b/}}]}}"), "/a/b/f").allowed
    below = "{dir: /a/b/, recursive: true}"
    assert not opened(made(f"file: {{matchDirectories: [{above}, {below}]}}"), "/a/b/f").allowed


def test_only_the_first_bytes_of_a_name_are_searched() -> None:
    deep = "/" + "/".join(["a" * 19, "b" * 19, "c" * 19]) + "/"
    found = made(f"file: {{matchDirectories: [{{dir: {deep}}}]}}")
    assert opened(found, f"{deep}d/e").allowed
    assert not opened(found, f"{deep}ddddd/e").allowed


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/a/", "/a"),
        ("//a//b", "/a/b"),
        ("/" + "/".join("abcdefghijklmnopqrstuvwxyz"), "/" + "/".join("ghijklmnopqrstuvwxyz")),
        ("/" + "x" * 300, "/" + "x" * 198),
    ],
)
def test_names_as_the_programs_see_them(path: str, seen: str) -> None:
    assert name_seen(path) == seen


def test_read_only_is_kept_at_each_write() -> None:
    found = made("file: {matchPaths: [{path: /a, readOnly: true, action: Allow}]}")
    assert opened(found, "/a").allowed
    assert not decide_file(found, "write", "/a", "", True).allowed
    assert decide_file(found, "path", "/a", "", True).allowed


@pytest.mark.parametrize(("owner", "allowed"), [(True, True), (False, False)])
def test_owner_only(owner: bool, allowed: bool) -> None:
    for action in ("Allow", "Block"):
        found = made(f"file: {{matchPaths: [{{path: /a, ownerOnly: true, action: {action}}}]}}")
        assert opened(found, "/a", owner=owner).allowed is allowed


def test_a_source_is_asked_before_all_others() -> None:
    found = made(
        "file: {matchPaths: [{path: /a}, {path: /a, action: Allow, fromSource: [{path: /b}]}]}"
    )
    assert opened(found, "/a", "/b").allowed
    assert not opened(found, "/a", "/c").allowed
    assert not opened(found, "/other", "/c").allowed


def test_postures() -> None:
    spec = "file: {matchPaths: [{path: /a, action: Allow}]}"
    refused = opened(made(spec), "/b")
    assert (refused.allowed, refused.posture, refused.alert) == (False, "block", True)
    let = opened(made(spec, posture=Posture()), "/b")
    assert (let.allowed, let.posture, let.alert) == (True, "audit", True)
    assert opened(made("file: {matchPaths: [{path: /a}]}"), "/b").allowed


def test_execname_is_the_last_component() -> None:
    found = made("process: {matchPaths: [{execname: apt}]}")
    assert not decide_exec(found, "/opt/x/apt", "", True).allowed
    assert decide_exec(found, "/opt/x/apt2", "", True).allowed


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (("-m", "random"), True),
        (("busybox", "-m"), True),
        (("-m", "other"), False),
        ((), False),
        (None, False),
        (("-m",) * 21, False),
    ],
)
def test_allowed_arguments(arguments: tuple[str, ...] | None, allowed: bool) -> None:
    found = made("process: {matchPaths: [{path: /a, allowedArgs: [-m, random]}]}")
    assert decide_exec(found, "/a", "", True, arguments=arguments).allowed is allowed


@pytest.mark.parametrize(("terminal", "allowed"), [(True, False), (False, True)])
def test_pts_blocks_on_a_terminal_alone(terminal: bool, allowed: bool) -> None:
    found = made("process: {matchPaths: [{path: /a, pts: false}]}")
    assert decide_exec(found, "/a", "", True, terminal).allowed is allowed


@pytest.mark.parametrize(
    ("protocol", "kind", "number", "allowed"),
    [
        ("tcp", "STREAM", 0, False),
        ("tcp", "STREAM", 6, False),
        ("tcp", "DGRAM", 0, True),
        ("udp", "DGRAM", 0, False),
        ("udp", "DGRAM", 1, True),
        ("icmp", "RAW", 1, False),
        ("raw", "RAW", 1, False),
        ("sctp", "SEQPACKET", 0, False),
        ("sctp", "STREAM", 0, True),
        ("all", "RDM", 0, False),
    ],
)
def test_sockets(protocol: str, kind: str, number: int, allowed: bool) -> None:
    found = made(f"network: {{matchProtocols: [{{protocol: {protocol}}}]}}")
    assert decide_network(found, TYPES[kind], number, "").allowed is allowed


def test_the_type_of_a_socket_is_asked_before_its_protocol() -> None:
    spec = "network: {matchProtocols: [{protocol: all, action: Allow}, {protocol: tcp}]}"
    assert decide_network(made(spec), TYPES["STREAM"], 6, "").allowed


@pytest.mark.parametrize("name", ["checkpoint_restore", "CAP_NET_RAW", "nonsense"])
def test_an_unknown_capability_is_taken_for_chown(name: str) -> None:
    found = made(f"capabilities: {{matchCapabilities: [{{capability: {name}}}]}}")
    assert not decide_capability(found, "chown", "").allowed
    assert decide_capability(found, "net_raw", "").allowed


@pytest.mark.parametrize(
    ("domain", "allowed"),
    [
        ("example.com", False),
        ("a.example.com", False),
        ("EXAMPLE.com", True),
        ("xexample.com", True),
        ("example.com.cluster.local", False),
        ("example.com.shop.svc.cluster.local", False),
        ("a" * 64 + ".example.com", True),
    ],
)
def test_domains(domain: str, allowed: bool) -> None:
    found = made("network: {matchDNSQueries: [{domain: .example.com.}]}")
    assert decide_domain(found, domain, "").allowed is allowed


def test_patterns_and_audits_write_no_keys() -> None:
    spec = "file: {matchPaths: [{path: /a, action: Audit}], matchPatterns: [{pattern: /b*}]}"
    assert made(spec).size == 0


def test_the_size_counts_directories_and_postures() -> None:
    entries = ", ".join(f"{{dir: /srv/{n:03}/}}" for n in range(MAX_KEYS // 2))
    assert made(f"file: {{action: Allow, matchDirectories: [{entries}]}}").size > MAX_KEYS


def test_a_directory_above_one_that_came_before_stays_a_hint() -> None:
    above = "{dir: /a/, recursive: true, action: Allow}"
    below = "{dir: /a/b/, recursive: true}"
    found = made(f"file: {{matchDirectories: [{below}, {above}]}}")
    assert not opened(found, "/a/b/f").allowed
    assert opened(found, "/a/f").allowed
