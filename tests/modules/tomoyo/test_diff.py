"""What two policies decide differently: exactly, and with a witness."""

from __future__ import annotations

import pytest

from lsmc.modules.tomoyo.diff import diff
from lsmc.modules.tomoyo.evaluate import answer
from tests.modules.tomoyo.support import domain, opened


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["file read /a", "file write /a"], ["file write/read /a"]),
        (["file read /\\*"], ["file read /\\*", "file read /a"]),
        (["file read /\\A"], ["file read /\\a", "file read /\\A\\a"]),
        (["file read /a"], ["file read /a task.uid=0", "file read /a task.uid!=0"]),
        (["file read /a task.uid=0-9"], ["file read /a 5-9=task.uid", "file read /a task.uid=0-6"]),
        (["file mkdir /a/ 0-0777"], ["file mkdir /a/ 0-0377", "file mkdir /a/ 0400-0777"]),
        (["file read /a path1.perm=0-07777"], ["file read /a"]),
        (
            ["network inet stream bind 10.0.0.0-10.0.0.9 80"],
            [
                "network inet dgram bind 10.0.0.0-10.0.0.4 80",
                "network inet stream bind 10.0.0.5-10.0.0.9 80",
            ],
        ),
        (
            ["file mount /a /m/ tmpfs 0"],
            ["file mount any /m/ tmpfs 0"],
        ),
    ],
)
def test_policies_that_decide_the_same(old: list[str], new: list[str]) -> None:
    assert diff(opened(domain(*old)), opened(domain(*new))) == []


@pytest.mark.parametrize(
    ("old", "new", "directions"),
    [
        (["file read /a"], [], ["narrower"]),
        (["file read /\\a"], ["file read /\\A"], ["wider"]),
        (["file read /a task.uid=0"], ["file read /a task.euid=0"], ["narrower", "wider"]),
        (["file read /a path1.perm=owner_read"], ["file read /a"], ["wider"]),
        (["file rename /a /b path2.uid!=0"], ["file rename /a /b"], ["wider"]),
        (["file read/write /a"], ["file read/append /a"], ["narrower", "wider"]),
        (
            ["network unix stream bind /a"],
            ["network unix stream connect /a"],
            ["narrower", "wider"],
        ),
        (["file mount /a /m/ ext4 0"], ["file mount any /m/ ext4 0"], ["narrower", "wider"]),
        (["file execute /b"], ["file execute /b keep"], ["other"]),
        (["file execute /\\*"], ["file execute /\\*", "file execute /b"], []),
        (["file execute /\\*"], ["file execute /b", "file execute /\\*"], ["other"]),
        (['file execute /b exec.argv[0]="\\*"'], ["file execute /b"], ["wider"]),
        (['file execute /b exec.envp["A"]!=NULL'], ["file execute /b"], ["wider"]),
    ],
)
def test_each_change_has_a_witness(old: list[str], new: list[str], directions: list[str]) -> None:
    before, after = opened(domain(*old)), opened(domain(*new))
    changes = diff(before, after)
    assert [change.direction for change in changes] == directions
    for change in changes:
        assert change.witness is not None
        found = answer(before, change.witness), answer(after, change.witness)
        assert found[0].allowed != found[1].allowed or found[0].transition != found[1].transition


def test_modes_and_domains() -> None:
    enforced = opened(domain(profile=3))
    permissive = opened(domain(profile=2) + domain(name="<kernel> /bin/b"))
    found = diff(enforced, permissive)
    assert [(change.kind, change.direction) for change in found] == [
        ("setting", "wider"),
        ("added", "other"),
    ]
    assert "file, network, misc" in found[0].what


def test_groups_are_resolved() -> None:
    old = opened(domain("file read @G"), "path_group G /a\npath_group G /b\n")
    new = opened(domain("file read /\\a"))
    assert diff(old, opened(domain("file read /b", "file read /a"))) == []
    assert [change.direction for change in diff(old, new)] == ["wider"]


def test_what_is_disabled_in_both_is_not_compared() -> None:
    old, new = (opened(domain(line, profile=0)) for line in ("file read /a", "file read /b"))
    assert diff(old, new) == []


def test_what_cannot_be_compared_is_told() -> None:
    """Patterns of exponentially many states: the effort is bounded."""

    def lines(begin: str, lengths: range) -> list[str]:
        return ["file read /\\*" + begin + "\\?" * length for length in lengths]

    old = opened(domain(*lines("a", range(300, 306))))
    new = opened(domain(*lines("\\A", range(300, 306))))
    changes = diff(old, new)
    assert changes
    assert all("compared" in one.what and not one.shows for one in changes)
