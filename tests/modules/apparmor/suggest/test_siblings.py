"""Paths of one kind as one pattern, and the rules that come of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lsmc
from lsmc.compiler.inputs import Options
from lsmc.explain.choice import choose
from lsmc.explain.diagnosis import Explained
from lsmc.modules.apparmor.suggest.patches import patched
from lsmc.modules.apparmor.suggest.permissions import with_both
from lsmc.modules.apparmor.suggest.remedies import RemedyFinder
from lsmc.modules.apparmor.suggest.siblings import families
from tests.places import PROFILES


@pytest.mark.parametrize(
    ("paths", "patterns"),
    [
        (["/srv/data/x1/y", "/srv/data/x27/y"], ["/srv/data/x[0-9]*/y"]),
        (["/d/x1/y1", "/d/x2/y2", "/d/x1/y3"], ["/d/x[0-9]*/y[0-9]*"]),
        (["/v/1", "/v/22", "/v/a"], ["/v/[0-9]*"]),
        (["/u/x86_64/a1", "/u/x86_64/a2"], ["/u/x86_64/a[0-9]*"]),
        (["/etc/p/a.conf", "/etc/p/b.conf", "/etc/p/c.conf"], ["/etc/p/*.conf"]),
        (["/etc/p/a.conf", "/etc/p/b.conf"], []),
        (["/etc/passwd", "/etc/group", "/etc/hosts"], []),
        (["/c/net/lo/mtu", "/c/net/eth0/mtu", "/c/net/wlan0/mtu"], ["/c/net/*/mtu"]),
        (["/a/b", "/c/b", "/d/b"], []),  # not the directories of the root
        (["/a1", "/a/1"], []),
        (["@{PROC}/@{pid}/b1", "@{PROC}/@{pid}/b2"], ["@{PROC}/@{pid}/b[0-9]*"]),
        (["/p/[0-9]*/a1", "/p/[0-9]*/a2"], ["/p/[0-9]*/a[0-9]*"]),
        ([r"/a\x31/1", r"/a\x32/1"], []),
        (["/a/b", "/a/b"], ["/a/b"]),
        ([], []),
    ],
)
def test_families(paths: list[str], patterns: list[str]) -> None:
    assert [family.pattern for family in families(paths)] == patterns


@given(
    st.lists(st.from_regex(r"(/[a-c]{1,2}[0-9]{0,2}(\.[ab])?){1,3}", fullmatch=True), max_size=12)
)
def test_a_pattern_matches_its_members(paths: list[str]) -> None:
    seen: set[int] = set()
    for family in families(paths):
        glob = family.pattern.replace("[0-9]", "\0").replace(".", r"\.")
        regex = glob.replace("*", "[^/]*").replace("\0", "[0-9]")
        assert all(re.fullmatch(regex, paths[number]) for number in family.members)
        assert not seen & set(family.members)
        seen |= set(family.members)


HEAD = 'audit: type=1400 audit(1700000000.{}:7): apparmor="DENIED" pid=7 profile="app" comm="app" '
POLICY = "include <tunables/global>\nprofile app /usr/bin/app {\n  /x r,\n}\n"


def explained(tmp_path: Path, *records: tuple[str, str, str]) -> list[Explained]:
    """Records as operation, name and mask with the owner's number."""
    (tmp_path / "p").write_text(POLICY)
    lines = [
        f'{HEAD.format(n)}operation="{op}" name="{name}" requested_mask="{mask}"'
        f' denied_mask="{mask.rstrip("0123456789")}" fsuid=1 ouid={mask[-1]}\n'
        for n, (op, name, mask) in enumerate(records)
    ]
    (tmp_path / "log").write_text("".join(lines))
    policy = lsmc.compile(tmp_path / "p", base=PROFILES)
    find = RemedyFinder(policy.engine, Options(str(PROFILES))).explained
    return list(find(lsmc.explain_log(policy, tmp_path / "log").diagnoses))


def added(tmp_path: Path, found: list[Explained], take: str = "general") -> list[str]:
    """The lines that a patch adds; the changed policy allows all that the log asks."""
    remedies = choose(found, take).taken  # type: ignore[arg-type]
    ((old, new),) = patched(remedies, Options(str(PROFILES))).values()
    (tmp_path / "p").write_text(new)
    policy = lsmc.compile(tmp_path / "p", base=PROFILES)
    again = lsmc.explain_log(policy, tmp_path / "log").diagnoses
    assert {one.status for one in again} == {"allowed"}
    return [line.strip() for line in new.splitlines() if line not in old.splitlines()]


def test_many_files_get_one_rule(tmp_path: Path) -> None:
    records = [("open", f"/srv/data/x{n}/y", "r0") for n in range(40)]
    records += [("open", f"/opt/pihole/a{n}.conf", "r0") for n in range(40)]
    found = explained(tmp_path, *records)
    assert len(found) == 80
    assert added(tmp_path, found) == ["/opt/pihole/a[0-9]*.conf r,", "/srv/data/x[0-9]*/y r,"]
    general = next(one for one in found[0].remedies if one.kind == "general")
    assert general.opens == ("r /srv/data/x0a/y",)  # nothing that the log asks for


def test_devices_are_of_one_kind_wherever_they_hang(tmp_path: Path) -> None:
    found = explained(
        tmp_path,
        ("open", "/sys/devices/virtual/net/lo/operstate", "r0"),
        ("open", "/sys/devices/pci0000:00/0000:00:1f.6/net/eth2/operstate", "r0"),
    )
    (rule,) = added(tmp_path, found)
    assert rule.endswith("/devices/**/net/*/operstate r,")


def test_what_one_file_needs_is_one_rule(tmp_path: Path) -> None:
    found = explained(tmp_path, ("exec", "/usr/bin/ls", "x0"), ("open", "/usr/bin/ls", "rm0"))
    assert added(tmp_path, found, "exact") == ["/usr/bin/ls mrix,"]


def test_the_owner_is_said_where_the_record_says_it(tmp_path: Path) -> None:
    found = explained(tmp_path, ("open", "/dev/pts/4", "rw1"), ("open", "/dev/pts/5", "r0"))
    assert [one.remedies[0].rule for one in found] == ["owner /dev/pts/4 rw,", "/dev/pts/5 r,"]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("/bin/ls ix,", "/bin/ls rm,", "/bin/ls mrix,"),
        ("/a r,", "/a w,", "/a rw,"),
        ("owner /a r,", "owner /a k,", "owner /a rk,"),
        ("owner /a r,", "/a w,", ""),
        ("owner /a r,", "/a ix,", "/a rix,"),
        ("/a ix,", "/a Px,", ""),
        ("/a a,", "/a rw,", "/a rw,"),
        ("/a r,", "capability kill,", ""),
        ("link /a -> /b,", "/a r,", ""),
    ],
)
def test_rules_for_one_file(one: str, other: str, both: str) -> None:
    assert with_both(one, other) == both


def test_abstractions_by_the_share_that_is_needed(tmp_path: Path) -> None:
    folder = tmp_path / "abstractions"
    folder.mkdir()
    (folder / "many").write_text("".join(f"/srv/m{n} r,\n" for n in range(40)) + "/srv/x r,\n")
    (folder / "few").write_text("/srv/x r,\n/srv/y r,\n")
    (folder / "some").write_text("".join(f"/srv/s{n} r,\n" for n in range(9)) + "/srv/x r,\n")
    policy = tmp_path / "p"
    policy.write_text("profile app { }\n")

    def offered(*names: str) -> list[str]:
        lines = (
            f'{HEAD.format(n)}operation="open" name="{name}" requested_mask="r" denied_mask="r"\n'
            for n, name in enumerate(names)
        )
        (tmp_path / "log").write_text("".join(lines))
        opened = lsmc.compile(policy, base=tmp_path)
        find = RemedyFinder(opened.engine, Options(str(tmp_path))).explained
        first, *_ = find(lsmc.explain_log(opened, tmp_path / "log").diagnoses)
        return [one.rule for one in first.remedies if one.kind == "abstraction"]

    few, some, many = (f"include <abstractions/{name}>" for name in ("few", "some", "many"))
    assert offered("/srv/x") == [few]
    assert offered("/srv/x", "/srv/s1", "/srv/s2") == [few, some]
    assert offered("/srv/x", "/srv/m1", "/srv/m2") == [few, many]
    assert offered("/srv/x", "/srv/m1") == [few]
