"""What `diff` tells of two policies covers every difference of a small world, and shows there."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

import lsmc
from lsmc.analysis.observed import outcome
from lsmc.engine.verdict import Verdict
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.requests.fields import key_fields
from lsmc.tables.groups import make_key

RULES = (
    *("/a r,", "/a w,", "/a rw,", "/b rwl,", "/* r,", "/** w,", "owner /a* rk,", "/a/b rl,"),
    *("owner /** rw,", "deny /a r,", "audit deny /b w,", "audit /a r,", "/[ab] rwk,", "/a* l,"),
    *("priority=1 /a* w,", "priority=-1 deny /** w,", "/a ix,", "/* Px,", "/b px,", "/a/** mr,"),
    *("link /a -> /b,", "link subset /b -> /a,", "deny /b l,", "link /** -> /a/*,", "prompt /b r,"),
    *("signal send peer=a,", "signal (receive) peer={a,b},", "deny signal peer=b,", "signal,"),
    *("signal send set=(term) peer=a//&b,", "signal peer=b//&*,", "audit signal send peer=b,"),
    *("ptrace trace peer=a,", "ptrace peer=a//&a,", "deny ptrace read peer=b,", "ptrace (read),"),
    *("capability kill,", "deny capability kill,", "capability,", "audit capability chown,"),
    *("change_profile /a -> q,", "change_profile -> q,", "deny change_profile -> q,"),
    *("change_profile -> {q,r},", "unix (bind, send) addr=@a,", "unix,", "deny unix send,"),
    *("unix (send) type=stream addr=@\\xff*,", "owner /[^a] a,", "deny owner /b r,", "/b/ r,"),
)
HEADS = ("profile p", "profile p flags=(complain)", "profile p flags=(audit)")
PATHS = ("/", "/a", "/b", "/c", "/a/", "/b/", "/a/b", "/ab", "/a/c")
PEERS = ("a", "b", "c", "a//&b", "b//&a", "a//&a", "b//&c", "b//&b", "a//&b//&c")


class Asked(NamedTuple):
    """A request for one permission."""

    cls: str
    object: str
    fields: Mapping[str, str]
    owner: bool
    perm: str

    def request(self) -> dict[str, Any]:
        """For `Policy.answer`."""
        found = {"subject": "p", "class": self.cls, "perms": [self.perm], "object": self.object}
        return {**found, "owner": self.owner, **self.fields}


def world() -> Iterator[Asked]:
    """All that is asked."""
    objects: list[tuple[str, str, dict[str, str], tuple[str, ...]]] = [
        *(("file", path, {}, BY_NAME["file"].permissions) for path in PATHS),
        *(("link", a, {"target": b}, ("link",)) for a, b in itertools.product(PATHS[1:], PATHS)),
        *(
            ("signal", peer, {"signal": name}, BY_NAME["signal"].permissions)
            for peer, name in itertools.product(PEERS, ("term", "kill"))
        ),
        *(("ptrace", peer, {}, BY_NAME["ptrace"].permissions) for peer in PEERS),
        *(("capability", name, {}, ("use",)) for name in ("kill", "chown", "bpf")),
        *(("change_profile", name, {}, ("change_profile", "onexec")) for name in "qrs"),
        *(("onexec", to, {"exec": path}, ("onexec",)) for to in "qrs" for path in ("/a", "/b")),
        *(
            ("unix", name, {"type": kind, "peer_addr": "none", "peer_label": "a"}, ("bind", "send"))
            for name in ("@a", "@b", "@\udcff", "@\udcff\0", "none")
            for kind in ("stream", "dgram")
        ),
    ]
    for cls, obj, fields, perms in objects:
        for owner, perm in itertools.product((True, False), perms):
            yield Asked(cls, obj, fields, owner, perm)


def said(verdict: Verdict) -> tuple[Any, ...]:
    """An answer; a denial that is logged is one, by whatever rule or none."""
    return verdict._replace(rules=(), decision="deny-implicit" if not verdict.allowed else "allow")


def concerns(change: lsmc.Change, alone: Mapping[str, lsmc.Policy], asked: Asked) -> bool:
    """Whether a change speaks of a request, or of another look-up that its operation makes."""
    assert change.rule is not None
    cls = change.cls
    objects = [(asked.object, asked.fields)]
    perms = {asked.perm}
    if cls != asked.cls and (cls, asked.cls) == ("file", "link"):
        objects, perms = [(asked.object, {}), (asked.fields["target"], {})], {*"rwaxmkl"}
    elif cls != asked.cls and (cls, asked.cls) == ("change_profile", "onexec"):
        objects = [(asked.object, {})]
    elif cls != asked.cls:
        return False
    if cls in ("signal", "ptrace"):
        objects += [(name, asked.fields) for name in asked.object.split("//&")]
    halves = {"all": (True, False), "owner": (True,), "other": (False,)}[change.who]
    if asked.owner not in halves or not perms & {*change.permissions}:
        return False
    if change.rule.text not in alone:
        return False  # what the compiler adds to a profile
    engine = alone[change.rule.text].engine
    profile = engine.tables.find("p")
    assert profile is not None
    matcher = engine.tables.matcher(profile)
    mediation = BY_NAME[cls]
    keys = (make_key(mediation.code, key_fields(mediation, obj, f, "p")) for obj, f in objects)
    return any(matcher.matched(matcher.walk(key)) for key in keys)


@pytest.fixture(scope="module")
def alone() -> dict[str, lsmc.Policy]:
    return {rule: lsmc.compile_text(f"profile p {{ {rule} }}") for rule in RULES}


def drawn(seed: int) -> tuple[str, list[str], list[str]]:
    """A head, and the rules of two policies that have many of them in common."""
    draw = random.Random(seed)
    shared = draw.sample(RULES, draw.randint(0, 5))
    return (
        draw.choice(HEADS),
        shared + draw.sample(RULES, draw.randint(0, 3)),
        shared[draw.randint(0, 1) :] + draw.sample(RULES, draw.randint(0, 3)),
    )


@pytest.mark.parametrize("seed", range(120))
def test_every_difference_is_told_and_every_witness_shows(
    seed: int, alone: dict[str, lsmc.Policy]
) -> None:
    head, one, other = drawn(seed)
    try:
        old, new = (lsmc.compile_text("\n".join((head, "{", *r, "}"))) for r in (one, other))
    except lsmc.PolicyError:
        pytest.skip("two ways to execute one file")
    changes = lsmc.diff(old, new)
    for change in changes:
        assert change.witness is not None
        assert tuple(change.witness["perms"]) == change.permissions
        assert change.before[:5] != change.after[:5]
        for perm in change.permissions:
            asked = {**change.witness, "perms": [perm]}
            if change.shows:
                assert said(old.answer(asked)) != said(new.answer(asked)), (change, one, other)
    for asked in world():
        before, after = (said(side.answer(asked.request())) for side in (old, new))
        if before != after:
            told = any(concerns(change, alone, asked) for change in changes)
            assert told, (asked, before, after, one, other, changes)


@pytest.mark.parametrize("seed", range(120))
def test_whatever_is_newly_allowed_is_told_as_wider(seed: int) -> None:
    head, one, other = drawn(seed)
    try:
        old, new = (lsmc.compile_text("\n".join((head, "{", *r, "}"))) for r in (one, other))
    except lsmc.PolicyError:
        pytest.skip("two ways to execute one file")
    told = {(change.cls, change.direction) for change in lsmc.diff(old, new)}
    back = {(change.cls, change.direction) for change in lsmc.diff(new, old)}
    turned = {"wider": "narrower", "narrower": "wider", "other": "other"}
    # an execution that goes by the path is not called narrower: other programs may go elsewhere
    unsaid = {("file", "other")}
    assert {(cls, turned[way]) for cls, way in told} - unsaid == back - unsaid
    for asked in world():
        missing = [bool(side.answer(asked.request()).missing) for side in (old, new)]
        if missing[0] != missing[1]:
            way = "wider" if missing[0] else "narrower"
            assert any(way == found for _, found in told), (asked, one, other)


#: Rules whose difference no answer shows, or hardly any.
SILENT = (
    *("/a px,", "audit /a px,", "/a px -> x,", "/a px -> z,", "/[ab] Pix -> z,", "/b Pix,"),
    *("deny mount /a -> b,", "audit deny mount /a -> b,", "mount /a -> {b,/b},", "mount,"),
    *("link subset /a -> /b,", "audit deny link /a -> /b,", "deny link /a -> /*,", "prompt /b w,"),
    *("signal peer=a//&b,", "audit signal peer=b//&{a,c},", "prompt signal peer=b,"),
)


def decided(policy: lsmc.Policy, asked: Asked) -> tuple[Any, ...]:
    """What the tables of a policy say at the key of a request."""
    profile = policy.engine.tables.find("p")
    assert profile is not None
    matcher = policy.engine.tables.matcher(profile)
    cls = BY_NAME[asked.cls]
    node = matcher.walk(make_key(cls.code, key_fields(cls, asked.object, asked.fields, "p")))
    decision = matcher.decide(node, cls, asked.owner)
    return outcome(SEMANTICS, decision, profile)


def unseen() -> Iterator[Asked]:
    """Keys about which no kernel asks."""
    for name in ("b", "/b", "b/", "/a//"):
        for fields in ({"source": "/a"}, {"source": "/a", "options": "ro"}):
            yield Asked("mount", name, fields, True, "mount")
    for owner in (True, False):
        for name in ("a", "/a//b", "/a/.", "", "//"):
            yield Asked("file", name, {}, owner, "r")
        yield Asked("link", "/a", {"target": "b"}, owner, "link")


@pytest.mark.parametrize("seed", range(120))
def test_no_difference_of_the_tables_is_lost(seed: int) -> None:
    """Where the tables differ at a key, something of its class is told."""
    draw = random.Random(seed)
    head, one, other = drawn(seed)
    one, other = ([*rules, *draw.sample(SILENT, draw.randint(0, 2))] for rules in (one, other))
    try:
        old, new = (lsmc.compile_text("\n".join((head, "{", *r, "}"))) for r in (one, other))
    except lsmc.PolicyError:
        pytest.skip("two ways to execute one file")
    told = {change.cls for change in lsmc.diff(old, new)}
    flagged = "audit" in head  # then everything is logged, whatever the rules say
    for asked in (*world(), *unseen()):
        before, after = decided(old, asked), decided(new, asked)
        if flagged:
            before, after = ((*x[:1], *x[3:]) for x in (before, after))
        if before != after:
            assert asked.cls in told, (asked, before, after, one, other)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_rules_is_no_difference(seed: int) -> None:
    head, one, _ = drawn(seed)
    other = list(one)
    random.Random(seed).shuffle(other)
    try:
        old, new = (lsmc.compile_text("\n".join((head, "{", *r, "}"))) for r in (one, other))
    except lsmc.PolicyError:
        pytest.skip("two ways to execute one file")
    assert lsmc.diff(old, new) == []
