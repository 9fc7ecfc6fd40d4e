"""Mode bits and access control lists against the words of the manual, one file mode after another.

The formulation here follows path_resolution(7), capabilities(7) and the access check of acl(5).
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.stack.asking import Asking, CapabilityAnswer
from lsmc.stack.checks import check
from lsmc.stack.context import Context
from lsmc.stack.dac import access
from lsmc.stack.modes import AclEntry, Inode
from lsmc.stack.orders import LayerStep

ACCESS = LayerStep("dac", "access")
WANTED = ("r", "w", "x", "rw", "rx", "wx", "rwx")


def bits(text: str) -> int:
    return sum({"r": 4, "w": 2, "x": 1}[letter] for letter in text)


def by_the_manual(mode: int, relation: str, wanted: str, caps: set[str], directory: bool) -> bool:
    """Whether access is granted, in the order of the sentences of the manual."""
    digits = f"{mode & 0o777:03o}"
    digit = int(digits[["owner", "group", "other"].index(relation)])
    if all(digit & bits(letter) for letter in wanted):
        return True
    if directory:
        return "dac_override" in caps or ("dac_read_search" in caps and "w" not in wanted)
    if "x" in wanted and not any(int(one) & 1 for one in digits):
        return False
    return "dac_override" in caps or ("dac_read_search" in caps and wanted == "r")


@pytest.mark.parametrize("directory", [False, True], ids=["file", "directory"])
@pytest.mark.parametrize("relation", ["owner", "group", "supplementary", "other"])
def test_every_mode(relation: str, directory: bool) -> None:
    uid, gid, groups = {
        "owner": (7, 9, ()),
        "group": (1, 8, ()),
        "supplementary": (1, 9, (3, 8)),
        "other": (1, 9, (3,)),
    }[relation]
    for mode, caps in product(
        range(0o1000), ((), ("dac_read_search",), ("dac_override",), ("dac_read_search", "kill"))
    ):
        kind = 0o040000 if directory else 0o100000
        context = Context(uid, gid, groups, caps, owner=7, group=8, mode=kind | mode)
        for wanted in WANTED if mode % 7 == 0 else ("r", "wx"):
            if not directory or "x" not in wanted:  # executing a directory is refused otherwise
                asking = Asking(
                    context,
                    "open",
                    tuple(wanted),
                    "/o",
                    {},
                    lambda _: CapabilityAnswer(True, False),
                )
                mean = "group" if relation == "supplementary" else relation
                expected = by_the_manual(mode, mean, wanted, set(caps), directory)
                assert check(ACCESS, asking).allowed is expected, (oct(mode), wanted, caps)


def acl_by_the_manual(
    acl: list[AclEntry], uid: int, groups: set[int], owner: int, group: int, wanted: int
) -> bool:
    """The check of acl(5), sentence by sentence."""
    only = {entry.tag: entry.permissions for entry in acl if entry.tag not in ("user", "group")}
    mask = only.get("mask", 7)
    if uid == owner:
        return wanted & only["owner"] == wanted
    if not mask and "mask" in only:  # no group bits in the mode: the kernel looks at the mode alone
        return group not in groups and wanted & only["other"] == wanted
    mine = [entry for entry in acl if entry.tag == "user" and entry.id == uid]
    if mine:
        return wanted & mine[0].permissions & mask == wanted
    matching = [e.permissions for e in acl if e.tag == "group" and e.id in groups]
    matching += [only["group-owner"]] * (group in groups)
    if matching:
        return any(wanted & one & mask == wanted for one in matching)
    return wanted & only["other"] == wanted


perms = st.integers(0, 7)
small = st.integers(0, 4)


@st.composite
def lists(draw: st.DrawFn) -> list[AclEntry]:
    users = draw(st.lists(st.tuples(small, perms), max_size=3, unique_by=lambda one: one[0]))
    groups = draw(st.lists(st.tuples(small, perms), max_size=3, unique_by=lambda one: one[0]))
    return [
        AclEntry("owner", draw(perms)),
        *(AclEntry("user", bits, number) for number, bits in users),
        AclEntry("group-owner", draw(perms)),
        *(AclEntry("group", bits, number) for number, bits in groups),
        AclEntry("mask", draw(perms)),
        AclEntry("other", draw(perms)),
    ]


def mode_with(acl: list[AclEntry]) -> int:
    """The mode that a file shows: its group bits are the mask."""
    found = {entry.tag: entry.permissions for entry in acl if entry.tag not in ("user", "group")}
    return found["owner"] << 6 | found["mask"] << 3 | found["other"]


@given(lists(), small, small, st.sets(small), small, small, st.integers(1, 7))
def test_access_control_lists(
    acl: list[AclEntry], uid: int, gid: int, groups: set[int], owner: int, group: int, wanted: int
) -> None:
    inode = Inode(owner, group, mode_with(acl), tuple(acl))
    found = access(Context(uid, gid, tuple(groups)), inode, wanted)
    assert found.allowed is acl_by_the_manual(acl, uid, groups | {gid}, owner, group, wanted)


def test_a_list_counts_only_where_the_group_has_bits() -> None:
    """With an empty mask the kernel reads the mode alone, and a named user is one of the others."""
    named = [AclEntry("owner", 7), AclEntry("user", 7, 1), AclEntry("group-owner", 7)]
    for mask, allowed in ((0, True), (1, False)):
        acl = (*named, AclEntry("mask", mask), AclEntry("other", 4))
        inode = Inode(2, 2, 0o704 | mask << 3, acl)
        assert access(Context(1, 1), inode, 4).allowed is allowed


unknown = st.one_of(st.none(), small)


@given(
    st.one_of(st.just([]), lists()), unknown, unknown, st.sets(small, max_size=2), unknown, unknown,
    st.integers(0, 0o777), st.integers(1, 7),
)  # fmt: skip
def test_what_is_not_known_stands_for_every_number(
    acl: list[AclEntry],
    uid: int | None,
    gid: int | None,
    groups: set[int],
    owner: int | None,
    group: int | None,
    mode: int,
    wanted: int,
) -> None:
    mode = mode_with(acl) if acl else mode
    entries, several = tuple(acl), tuple(groups)
    found = access(Context(uid, gid, several), Inode(owner, group, mode, entries), wanted)
    numbers = range(7)  # those that occur, and two that do not
    ways = {
        access(Context(u, g, several), Inode(o, i, mode, entries), wanted).allowed
        for u, g, o, i in product(
            *(numbers if one is None else (one,) for one in (uid, gid, owner, group))
        )
    }
    assert found.allowed is (ways.pop() if len(ways) == 1 else None)


def test_a_mode_that_is_not_known_leaves_the_answer_open() -> None:
    assert access(Context(1, 1), Inode(1, 1), 4).allowed is None


def test_hostile_lists_are_read_in_no_time() -> None:
    acl = [
        *(AclEntry("user", number % 8, number) for number in range(2000)),
        *(AclEntry("group", number % 8, number) for number in range(2000)),
        *(AclEntry("owner", 7), AclEntry("group-owner", 7), AclEntry("mask", 7)),
        AclEntry("other", 7),
    ]
    assert access(Context(), Inode(mode=0o777, acl=tuple(acl)), 4).allowed is None
