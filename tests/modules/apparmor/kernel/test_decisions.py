"""What a kernel reads off a stream is what the tables of a bundle decide, for random policy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsmc.base.diagnostics import PolicyError
from lsmc.base.text import encode
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.apparmor.names import CAPABILITIES, SIGNALS
from lsmc.policy import Policy
from tests.modules.apparmor.kernel.reader import Profile, read
from tests.places import ROOT
from tests.strategies import INCLUDES, PEERS, Text, compile_policy, paths, policies

#: Permissions by the bits of the tables.
FILE = {"x": 0x01, "w": 0x02, "r": 0x04, "a": 0x08, "k": 0x20, "m": 0x40}
SIGNAL = {"send": 0x02, "receive": 0x04}
PTRACE = {"trace": 0x02, "read": 0x04, "tracedby": 0x08, "readby": 0x10}
NUMBERS = {name: number for number, name in enumerate(SIGNALS[:-1], 1)} | {"rtmin+3": 131}
OTHER = 14


def stream(text: object) -> Profile:
    """The profile `p` of a policy text as a kernel is given it."""
    texts = tuple((path, encode(one)) for path, one in {**INCLUDES, "/policy": str(text)}.items())
    options = Options("/base", features=str(ROOT / "profiles/abi/4.0"), texts=texts)
    (file,) = render(["/policy"], options, 1)
    return next(one for one in read(file.data) if one.name == "p")


def bits(granted: frozenset[str], table: dict[str, int]) -> int:
    """Permissions as bits of a table."""
    return sum(bit for name, bit in table.items() if name in granted)


def check_file(policy: Policy, profile: Profile, path: str, owner: bool) -> None:
    """What is allowed, logged and not logged of a path."""
    found = policy.permissions("p", "file", path, owner=owner)
    assert profile.files is not None or not found.allow
    if profile.files is None:
        return
    allow, logs = profile.files.words(profile.files.match(path.encode()))
    shift = 0 if owner else OTHER
    every = sum(FILE.values())
    assert allow >> shift & every == bits(found.allow, FILE), (path, owner)
    assert logs >> shift & every == bits(found.audit, FILE), (path, owner)
    assert logs >> shift + 7 & every == bits(found.quiet, FILE), (path, owner)


def check_others(policy: Policy, profile: Profile, peer: str) -> None:
    """What is allowed of signals and traces, and the capabilities."""
    assert profile.other is not None
    for name, number in NUMBERS.items():
        found = policy.permissions("p", "signal", peer, signal=name)
        text = bytes((10, number)) + peer.encode()
        allow, logs = profile.other.words(profile.other.match(text))
        assert allow == bits(found.allow, SIGNAL), (name, peer)
        assert logs & 0x7F == bits(found.audit, SIGNAL), (name, peer)
    found = policy.permissions("p", "ptrace", peer)
    allow, _ = profile.other.words(profile.other.match(b"\x09" + peer.encode()))
    assert allow == bits(found.allow, PTRACE), peer
    low, high = profile.fields["caps"], [value for _, value in profile.fields["caps64"]]
    for number, name in enumerate(CAPABILITIES):
        found = policy.permissions("p", "capability", name)
        sets = [a | b << 32 for a, b in zip(low, high, strict=True)][:3]
        held = [bool(one >> number & 1) for one in sets]
        assert held == [bool(one) for one in (found.allow, found.audit, found.quiet)], name


@given(policies(), st.lists(paths(), min_size=1, max_size=6), st.sampled_from(PEERS))
def test_decisions(text: Text, asked: list[str], peer: str) -> None:
    try:
        policy = compile_policy(text)
    except PolicyError:  # two modes of execution of one path
        return
    profile = stream(text)
    for path in asked:
        for owner in (True, False):
            check_file(policy, profile, path, owner)
    check_others(policy, profile, peer)
