"""Which records are one cause, and what is kept of them."""

from __future__ import annotations

import pytest

from lsmc.explain.log_groups import MAX_PROCESSES, Causes
from lsmc.explain.varying import folded
from lsmc.modules.apparmor.log.grouping import GROUPING
from lsmc.modules.apparmor.log.parse import parse
from lsmc.modules.apparmor.log.record import Record


def record(rest: str, *, at: int = 1_700_000_000, profile: str = "p") -> Record:
    head = f'audit: type=1400 audit({at}.001:1): apparmor="DENIED" profile="{profile}" '
    found = parse(head + rest)
    assert found is not None
    return found


def grouped(*records: Record, **options: object) -> Causes:
    causes = Causes(GROUPING, **options)  # type: ignore[arg-type]
    for one in records:
        causes.add(one)
    return causes


def opened(name: str, comm: str = "c", **more: object) -> Record:
    rest = f'operation="open" name="{name}" comm="{comm}" denied_mask="r"'
    return record(rest, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("/proc/12/task/345/comm", "/proc/*/task/*/comm"),
        ("/run/user/1000/bus", "/run/user/*/bus"),
        ("/proc/1/fd/", "/proc/*/fd/"),
        ("/proc/12", "/proc/*"),
        ("/tmp/job-48213.log", "/tmp/job-*.log"),
        ("/tmp/job-48.log", "/tmp/job-48.log"),
        ("/dev/sda1", "/dev/sda1"),
        ("/home/a/.ssh/id_ed25519", "/home/a/.ssh/id_ed25519"),
        ("/srv/log/2026-08-01/x.log", "/srv/log/*/x.log"),
        ("/srv/log/x-2026-08-01.log", "/srv/log/x-*.log"),
        ("/sys/devices/pci0000:00/0000:00:1f.3/x", "/sys/devices/pci0000:00/0000:00:1f.3/x"),
        ("/x/0f8fad5b-d9cb-469f-a165-70867728950e/y", "/x/*/y"),
        ("/x/d41d8cd98f00b204e9800998ecf8427e", "/x/*"),
        (":1.42", ":1.*"),
        ("", ""),
    ],
)
def test_folding(text: str, pattern: str) -> None:
    assert folded(text) == pattern


def test_records_that_differ_in_numbers_are_one_cause() -> None:
    first = opened("/proc/10/stat", "b", at=1_700_000_001)
    causes = grouped(opened("/proc/9/stat", "a", at=1_700_000_005), first, opened("/etc/x"))
    most, other = causes.sorted()
    assert (most.count, most.pattern, most.cls) == (2, "/proc/*/stat", "file")
    assert (most.first, most.last) == (1_700_000_001, 1_700_000_005)
    assert most.processes == {"a": 1, "b": 1}
    assert most.record == first
    assert most.varied
    assert not other.varied
    assert len(causes) == 2


def test_what_makes_a_difference() -> None:
    base = 'operation="open" name="/a" denied_mask="r" fsuid=1 ouid=1'
    causes = grouped(
        record(base),
        record(base.replace('"r"', '"w"')),
        record(base.replace("ouid=1", "ouid=2")),
        record(base, profile="q"),
        record(base.replace("open", "exec")),
        record(base.replace("/a", "/b")),
    )
    assert len(causes) == 6


def test_ports_that_the_kernel_chose_are_one() -> None:
    base = (
        'operation="connect" class="net" family="inet" sock_type="stream" protocol=6 '
        'requested="connect" denied="connect" faddr=192.0.2.1 '
    )
    causes = grouped(
        record(base + "fport=443 lport=40001"),
        record(base + "fport=443 lport=40002"),
        record(base + "fport=80 lport=40002"),
    )
    assert [cause.count for cause in causes.sorted()] == [2, 1]
    assert causes.sorted()[0].pattern == "inet stream :* -> 192.0.2.1:443"


@pytest.mark.parametrize(
    ("ports", "count"), [((1024, 1025), 2), ((32766, 32767), 2), ((32768, 60999), 1)]
)
def test_a_port_that_the_kernel_may_choose_is_one_from_32768(
    ports: tuple[int, ...], count: int
) -> None:
    """As `net.ipv4.ip_local_port_range` has it when nobody changed it."""
    base = 'operation="bind" class="net" family="inet" sock_type="stream" protocol=6 '
    base += 'requested="bind" denied="bind" saddr=192.0.2.1 '
    assert len(grouped(*(record(f"{base}src={port}") for port in ports))) == count


def test_learning_profiles_are_one_unless_they_name_programs() -> None:
    numbers = [opened("/a", profile=f"p//null-{name}//null-{name}f") for name in ("1", "2a", "3")]
    assert len(grouped(*numbers)) == 1
    programs = [opened("/a", profile=f"p//null-/usr/bin/{name}") for name in "xyz"]
    assert len(grouped(*programs)) == 3


def test_the_number_of_causes_is_bounded() -> None:
    """Beyond it, the files of a directory are one cause, and every record is counted."""
    causes = grouped(*(opened(f"/{name}") for name in "abca"), opened("/x/y"), most=3)
    assert [(cause.count, cause.object) for cause in causes.sorted()] == [(4, "/*"), (1, "/x/y")]
    assert causes.counts.grouped == 5
    assert causes.counts.folded == 4


def test_the_number_of_processes_is_bounded() -> None:
    causes = grouped(*(opened("/a", f"c{n}") for n in range(MAX_PROCESSES + 3)))
    (cause,) = causes.sorted()
    assert len(cause.processes) == MAX_PROCESSES
    assert cause.more


def test_choices() -> None:
    some = [opened("/a", at=n, profile=p) for n in (10, 20) for p in ("web", "web//cgi", "db")]
    causes = grouped(*some, since=15.0, profile="web*")
    assert causes.counts == (2, 3, 1, 0, 0)


def test_a_profile_may_be_asked_for_by_the_last_part_of_its_path() -> None:
    some = [opened("/a", profile=name) for name in ("/usr/sbin/dnsmasq", "dnsmasq", "other")]
    causes = grouped(*some, profile="dnsmasq")
    assert {cause.record.subject for cause in causes.sorted()} == {"/usr/sbin/dnsmasq", "dnsmasq"}


def test_a_record_without_a_time_is_kept() -> None:
    found = parse('apparmor="DENIED" operation="open" profile="p" name="/a" denied_mask="r"')
    assert found is not None
    assert len(grouped(found, since=1e12)) == 1
