"""Whether a profile grants all that another grants: held against every object of a small world."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import lsmc
from lsmc.analysis.openings import Opening
from lsmc.engine.matcher import Matcher
from lsmc.modules.apparmor.analysis.excess import compared, excess
from lsmc.modules.apparmor.analysis.kernel_objects import requestable
from lsmc.modules.apparmor.classes import LINK
from tests.places import PROFILES

NAMES = ("".join(name) for size in (1, 2) for name in itertools.product("ab", repeat=size))
PATHS = [
    "/",
    *(
        f"/{path}{end}"
        for depth in (1, 2)
        for path in map(
            "/".join, itertools.product(list(NAMES) if depth == 1 else "ab", repeat=depth)
        )
        for end in ("", "/")
    ),
]
CAPABILITIES = ("kill", "chown", "sys_admin")


def policy(one: str, other: str, head: str = "") -> lsmc.Policy:
    text = f"{head}profile one {{\n{one}\n}}\nprofile other {{\n{other}\n}}\n"
    return lsmc.compile_text(text, base=PROFILES)


def matcher(found: lsmc.Policy, name: str) -> Matcher:
    profile = found.engine.tables.find(name)
    assert profile is not None
    return found.engine.tables.matcher(profile)


def exceeds(found: lsmc.Policy) -> Opening | None:
    return excess(matcher(found, "one"), matcher(found, "other"), requestable)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("", "", None),
        ("/a r,", "/a r,", None),
        ("/a r,", "/* rw,", None),
        ("/* r,", "/a r,", "r file /b"),
        ("/a rw,", "/a r,", "wa file /a"),
        ("/a rpx,", "/a r,", None),
        ("/a rix,", "/a r,", "m file /a"),
        ("/a r,", "owner /a r,", "r file /a"),
        ("owner /a r,", "/a r,", None),
        ("/* r,", "/* r,\ndeny /a* w,", None),
        ("/* r,", "/* r,\ndeny /b/ r,\ndeny /a* r,", "r file /a"),
        ("/* r,\ndeny /a* r,", "/* r,\ndeny /a r,", None),
        ("/* r,\npriority=1 /a r,", "/* r,\ndeny /a r,", "r file /a"),
        ("/[ab] r,", "/a r,\n/b r,", None),
        ("//a r,", "/b r,", None),
        ("/a/../b r,", "", None),
        ("capability kill,", "capability,", None),
        ("capability,", "capability kill,", "use capability bpf"),
        ("network inet,", "network,", None),
        ("network inet stream,", "network inet dgram,", "inet\0stream"),
        ("mount,", "", "mount mount"),
        ("umount /a/,", "umount,", None),
        ("link /a -> /b,", "link /a -> /*,", None),
        ("link /a -> /b,", "link subset /a -> /*,", "subset link /a"),
        ("link subset /a -> /b,", "link /a -> /*,", None),
        ("userns,", "", "create userns"),
        ("/* ix,", "/* ix,\n/a px -> one,\n/c r,", "m file /a"),
        ("/* ix,", "/* ix,\n/a pix -> one,\n/c r,", None),
        ("link /a -> /b,", "link /a -> /b,\nlink subset /a -> /b,", "subset link /a"),
        (
            "owner /sys/module/apparmor/parameters/enabled r,",
            "change_profile -> one,",
            "r file /sys",
        ),
        ("signal,\nptrace,\ndbus,\nunix,", "", None),
        ("change_profile,", "", None),
    ],
)
def test_named_pairs(one: str, other: str, found: str | None) -> None:
    access = exceeds(policy(one, other, "abi <abi/4.0>,\n" if "userns" in one else ""))
    if found is None:
        assert access is None
    else:
        assert access is not None
        perms = "".join(access.cls.names(access.mask))
        assert found in f"{perms} {access.cls.name} {access.key.decode()}"


def test_a_class_that_one_of_them_mediates() -> None:
    """Who is not asked about a class may do all of it."""
    asked = lsmc.compile_text("abi <abi/4.0>,\nprofile one { /a r, }\n", base=PROFILES)
    free = lsmc.compile_text("profile one { /a r, }\n", base=PROFILES)
    assert excess(matcher(asked, "one"), matcher(free, "one"), requestable) is None
    access = excess(matcher(free, "one"), matcher(asked, "one"), requestable)
    assert access is not None
    assert access.cls.name == "userns"


_paths = st.sampled_from(
    ["/a", "/b", "/*", "/**", "/a*", "/a/**", "/{a,b}/", "/[^a]", "/*/b", "/a/"]
)
_perms = st.sampled_from(["r", "w", "rw", "k", "m", "rk", "a"])
_rule = st.builds(
    "{}{}{}{} {},".format,
    st.sampled_from(["", "", "", "priority=1 ", "priority=-1 "]),
    st.sampled_from(["", "", "", "deny ", "audit "]),
    st.sampled_from(["", "", "owner "]),
    _paths,
    _perms,
)
_exec = st.builds(
    "{}{} {}{},".format,
    st.sampled_from(["", "", "owner "]),
    st.sampled_from(["/a", "/b", "/ab"]),
    st.sampled_from(["", "r", "m"]),
    st.sampled_from(["ix", "px", "pix", "ux", "px -> other"]),
)
_link = st.builds(
    "link {}{} -> {},".format,
    st.sampled_from(["", "subset "]),
    st.sampled_from(["/a", "/b", "/*"]),
    st.sampled_from(["/a", "/b", "/*"]),
)
_capability = st.builds(
    "{}capability {},".format, st.sampled_from(["", "deny "]), st.sampled_from(["", *CAPABILITIES])
)
_rules = st.lists(st.one_of(_rule, _rule, _exec, _link, _capability), max_size=4)


def links(found: lsmc.Policy, name: str, key: bytes, owner: bool) -> int:
    """What a profile grants on a link, where one without a subset test is more."""
    asked = matcher(found, name)
    return compared(LINK, asked.decide(asked.walk(bytes((LINK.code,)) + key), LINK, owner))


@given(common=_rules, one=_rules, other=_rules)
def test_random_pairs(common: list[str], one: list[str], other: list[str]) -> None:
    """What is said agrees with the answers for every object of the small world."""
    try:
        found = policy("\n".join(common + one), "\n".join(common + other))
    except lsmc.PolicyError:
        reject()  # modes of execution that clash
    access = exceeds(found)
    if access is not None and access.cls is LINK:
        assert links(found, "one", access.key, access.owner) & access.mask
        assert not links(found, "other", access.key, access.owner) & access.mask
        return
    if access is not None:
        asked = {"class": access.cls.name, "object": access.key.decode(), "owner": access.owner}
        perms = list(access.cls.names(access.mask))
        assert found.answer({"subject": "one", **asked, "perms": perms}).allowed
        for perm in perms:
            assert not found.answer({"subject": "other", **asked, "perms": [perm]}).allowed
        return
    for key in map(b"\0".join, itertools.product((b"/a", b"/b", b"/c"), repeat=2)):
        for owner in (True, False):
            mine, theirs = (links(found, name, key, owner) for name in ("one", "other"))
            assert not mine & ~theirs, key
    for cls, objects, perms in (
        ("file", PATHS, "rwakml"),
        ("capability", CAPABILITIES, ("use",)),
    ):
        for name, owner, perm in itertools.product(objects, (True, False), perms):
            asked = {"class": cls, "object": name, "owner": owner, "perms": [perm]}
            if found.answer({"subject": "one", **asked}).allowed:
                assert found.answer({"subject": "other", **asked}).allowed, asked
