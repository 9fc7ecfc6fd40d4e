"""Records of each kind and transport, made up for these tests."""

from __future__ import annotations

import json

import pytest

from lsmc.logs.record import LogError
from lsmc.modules.apparmor.log.parse import foreign, parse
from lsmc.modules.apparmor.log.record import Record

HEAD = 'type=AVC msg=audit(1700000000.123:45): apparmor="DENIED" operation="open" profile="/bin/p" '
BASE = {
    "event_type": "AA_RECORD_DENIED",
    "audit_id": "1700000000.123:45",
    "operation": "open",
    "profile": "/bin/p",
    "epoch": 1_700_000_000,
    "audit_subid": 45,
}


def fields(line: str) -> dict[str, object]:
    record = parse(line)
    assert record is not None
    return record.to_json()


def extra(pairs: str) -> dict[str, object]:
    """What some pairs add to a record."""
    found = fields(HEAD + pairs)
    assert {name: found.pop(name) for name in BASE} == BASE
    return found


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ('name="/etc/a b"', {"name": "/etc/a b"}),
        ("name=2F6574632F612062", {"name": "/etc/a b"}),
        ("name=2F78FF", {"name": "/x\udcff"}),
        ("name=2F780061", {"name": "/x"}),
        ('name="/t/back\\slash"', {"name": "/t/back\\slash"}),
        ('name="/t/back\\" pid=3', {"name": "/t/back\\", "pid": 3}),
        ('name="/t/\\\\\\x41"', {"name": "/t/\\\\\\x41"}),
        ('comm="a\\" profile="/p\\q"', {"command": "a\\", "profile": "/p\\q"}),
        ('name=""', {"name": ""}),
        ("comm=4100", {"command": "A"}),
        ('comm="x" exe="/bin/y"', {"command": "/bin/y"}),
        ('target="b//c"', {"name2": "b//c"}),
        ("target=622F2F6320", {"name2": "b//c "}),
        ("target=2F610A", {"name2": "/a\n"}),
        ("target=2F61FFFE", {"name2": "/a\udcff\udcfe"}),
        ("execpath=2F610A peer=610A", {"execpath": "/a\n", "peer": "a\n"}),
        ("srcname=2F6120 fstype=61FF", {"src_name": "/a ", "fs_type": "a\udcff"}),
        ("pid=0 task=0 parent=0 lport=0", {}),
        ("pid=007", {"pid": 7}),
        ("fsuid=0 ouid=4294967295", {"fsuid": 0, "ouid": 4_294_967_295}),
        ('requested_mask="wc" denied_mask="wc"', {"mask": "wc", "denied_mask": "wc"}),
        ('requested="send" denied="send"', {"mask": "send", "denied_mask": "send"}),
        ('mask="receive"', {"denied_mask": "receive"}),
        ('info="no such" error=-13', {"info": "no such", "errorcode": 13}),
        ('capability=23  capname="sys_nice"', {"name": "sys_nice"}),
        ("signal=term", {"signal": "term"}),
        ("signal=rtmin+3", {"signal": "rtmin+3"}),
        ("signal=unknown(99)", {"signal": "unknown(99)"}),
        ('peer="q//r" peer_pid=9', {"peer": "q//r", "peer_pid": 9}),
        ('label="l" peer_label="m"', {"profile": "l", "peer_profile": "m"}),
        (
            'family="inet6" sock_type="dgram" protocol=17',
            {"network_family": "inet6", "socket_type": "dgram", "protocol": "udp"},
        ),
        ("protocol=0", {"protocol": "ip"}),
        ("protocol=99", {"protocol": "unknown(99)"}),
        ('protocol="tcp"', {"protocol": "tcp"}),
        (
            "laddr=::1 lport=80 faddr=10.0.0.1 fport=99",
            {"local_addr": "::1", "local_port": 80, "foreign_addr": "10.0.0.1", "foreign_port": 99},
        ),
        (
            "saddr=127.0.0.1 src=1 daddr=127.0.0.2 dest=2",
            {
                "local_addr": "127.0.0.1",
                "local_port": 1,
                "foreign_addr": "127.0.0.2",
                "foreign_port": 2,
            },
        ),
        ('addr="@sock" peer_addr=none', {"net_addr": "@sock"}),
        ('addr=none peer_addr="/run/s"', {"peer_addr": "/run/s"}),
        ("addr=2F72756E2F6120", {"net_addr": "/run/a "}),
        ('addr="@2F6100"', {"net_addr": "@/a\0"}),
        ('peer_addr="@6100FF62"', {"peer_addr": "@a\0\udcffb"}),
        ('addr="@22"', {"net_addr": '@"'}),
        ('addr="@C3A9"', {"net_addr": "@\u00e9"}),
        ('addr="@4142"', {"net_addr": "@4142"}),  # the kernel would have written AB
        ('addr="@00a1f"', {"net_addr": "@00a1f"}),
        ('addr="@/a\\b"', {"net_addr": "@/a\\b"}),
        ('addr="@"', {"net_addr": "@"}),
        (
            'fstype="tmpfs" srcname="none" flags="rw, nosuid"',
            {"fs_type": "tmpfs", "src_name": "none", "flags": "rw, nosuid"},
        ),
        (
            'class="io_uring" tcontext="unconfined"',
            {"class": "io_uring", "peer_profile": "unconfined"},
        ),
        ('namespace="root//lxd"', {"namespace": "root//lxd"}),
        ('execpath="/bin/unshare"', {"execpath": "/bin/unshare"}),
        ("rlimit=nofile value=12", {"rlimit": "nofile", "value": 12}),
        ('attribute="a" magic_token=7', {"attribute": "a", "token": 7}),
        (
            'bus="system" path="/a" interface="b.C" method="D"',
            {"dbus_bus": "system", "dbus_path": "/a", "dbus_interface": "b.C", "dbus_member": "D"},
        ),
        ('some_future_key="x" other=3 pid=4', {"pid": 4}),
        ("pid=1 pid=2", {"pid": 2}),
        ('pid=1 \x1dOUID="root" FSUID="joe"', {"pid": 1}),
        ("comm=(null) laddr=?", {}),
    ],
)
def test_pairs(pairs: str, expected: dict[str, object]) -> None:
    """A pair fills its field."""
    found = extra(pairs) if "profile" not in expected else fields(HEAD + pairs)
    assert {name: found.get(name) for name in expected} == expected
    if "profile" not in expected:
        assert found == expected


@pytest.mark.parametrize(
    "front",
    [
        "type=AVC msg=audit(1.002:3): ",
        "node=web1 type=AVC msg=audit(1.002:3): ",
        "type=1400 audit(1.002:3): ",
        "audit: type=1400 audit(1.002:3): ",
        "[   12.345678] audit: type=1400 audit(1.002:3): ",
        "<5>[   12.345678] audit: type=1400 audit(1.002:3): ",
        "[Mon Jan  1 15:09:04 2024] audit: type=1400 audit(1.002:3): ",
        "Jan  1 15:09:04 host kernel: [   12.345678] audit: type=1400 audit(1.002:3): ",
        "Jan  1 15:09:04+08:00 host.example kernel: type=1400 audit(1.002:3): ",
        "2024-01-01T15:09:04.562575-08:00 host kernel: [1.234567] type=1400 audit(1.002:3): ",
        "2024-01-01 15:09:04 host kernel: audit(1.002:3): ",
        "Jan 01 15:09:04 host audit[1234]: AVC audit(1.002:3): ",
        '<5>1 2024-01-01T15:09:04Z host kernel - - [meta seq="1"] type=1400 audit(1.002:3): ',
        "msg=audit(1.002:3): ",
        "> type=AVC msg=audit(1.002:3): ",
    ],
)
def test_transports(front: str) -> None:
    """Whatever stands in front, the record is the same."""
    record = parse(front + 'apparmor="ALLOWED" operation="open" name="/x" pid=1\n')
    assert record == Record(
        event_type="AA_RECORD_ALLOWED",
        audit_id="1.002:3",
        operation="open",
        name="/x",
        pid=1,
        epoch=1,
        audit_subid=3,
    )


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("AUDIT", "AUDIT"),
        ("ALLOWED", "ALLOWED"),
        ("DENIED", "DENIED"),
        ("HINT", "HINT"),
        ("STATUS", "STATUS"),
        ("ERROR", "ERROR"),
        ("KILLED", "KILLED"),
    ],
)
def test_events(word: str, event: str) -> None:
    """The kind of event is said by a word, or by an audit type."""
    expected = f"AA_RECORD_{event}"
    assert fields(f'type=AVC msg=audit(1.2:3): apparmor="{word}"')["event_type"] == expected
    number = 1501 + ["AUDIT", "ALLOWED", "DENIED", "HINT", "STATUS", "ERROR", "KILLED"].index(word)
    for line in (
        f'type={number} msg=audit(1.2:3): operation="x"',
        f'type=UNKNOWN[{number}] msg=audit(1.2:3): operation="x"',
        f'msg=audit(1.2:3): type={number} operation="x"',
        f'type=APPARMOR_{"KILL" if word == "KILLED" else word} msg=audit(1.2:3): operation="x"',
    ):
        assert fields(line)["event_type"] == expected


def test_bus_daemon_in_auditd() -> None:
    """The numbers outside of the message are the daemon's own."""
    line = (
        "type=USER_AVC msg=audit(1.002:3): pid=7 uid=81 auid=4294967295 ses=4294967295 "
        'msg=\'apparmor="DENIED" operation="dbus_method_call" bus="system" path="/a" member="B" '
        'mask="send" label="p" peer_label="q"  exe="/usr/bin/dbus-daemon" sauid=81 '
        "hostname=? addr=? terminal=?'"
    )
    assert fields(line) == {
        "event_type": "AA_RECORD_DENIED",
        "audit_id": "1.002:3",
        "operation": "dbus_method_call",
        "denied_mask": "send",
        "profile": "p",
        "peer_profile": "q",
        "command": "/usr/bin/dbus-daemon",
        "dbus_bus": "system",
        "dbus_path": "/a",
        "dbus_member": "B",
        "epoch": 1,
        "audit_subid": 3,
    }


def test_bus_daemon_in_syslog() -> None:
    """A bus daemon without auditd logs the pairs alone."""
    line = 'Jan  1 15:09:04 h dbus-daemon[12]: [session uid=1 pid=2] apparmor="DENIED" mask="bind"'
    assert parse(line.replace("[session uid=1 pid=2] ", "")) == Record(
        event_type="AA_RECORD_DENIED", denied_mask="bind"
    )
    assert parse(line) == Record(event_type="AA_RECORD_DENIED", denied_mask="bind")


def test_journal() -> None:
    """journald keeps the header of audit records apart, and bytes as numbers."""
    pairs = 'apparmor="DENIED" operation="open" name="/x"'
    audit = {
        "_TRANSPORT": "audit",
        "_AUDIT_TYPE_NAME": "AVC",
        "_AUDIT_ID": "7",
        "_SOURCE_REALTIME_TIMESTAMP": "1700000000123456",
        "MESSAGE": "AVC " + pairs,
    }
    expected = {
        "event_type": "AA_RECORD_DENIED",
        "audit_id": "1700000000.123:7",
        "operation": "open",
        "name": "/x",
        "epoch": 1_700_000_000,
        "audit_subid": 7,
    }
    assert fields(json.dumps(audit)) == expected
    kernel = f"audit: type=1400 audit(1700000000.123:7): {pairs}"
    assert fields(json.dumps({"MESSAGE": kernel})) == expected
    assert fields(json.dumps({"MESSAGE": list(kernel.encode())})) == expected
    daemon = {"MESSAGE": pairs, "__REALTIME_TIMESTAMP": "1700000000123456"}
    assert fields(json.dumps(daemon))["epoch"] == 1_700_000_000
    assert parse('{"MESSAGE": null}') is None
    assert parse('{"MESSAGE": {"a": 1}}') is None
    assert parse("[" * 100_000) is None
    assert parse("{" * 100_000) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Jan  1 15:09:04 host sshd[1]: session opened",
        "type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=2 success=no",
        'type=AVC msg=audit(1.2:3): avc:  denied  { read } for pid=3 comm="x"',
        'Jan  1 15:09:04 h sudo: joe : COMMAND="/bin/grep apparmor="DENIED" /var/log/x"',
        'type=USER_CMD msg=audit(1.2:3): pid=1 msg=\'cmd="apparmor="DENIED""\'',
        'Jan  1 15:09:04 h x: name="audit(1.2:3): apparmor="DENIED""',
    ],
)
def test_others(line: str) -> None:
    """A line of another, even one that quotes a record, is not AppArmor's."""
    assert parse(line) is None
    assert foreign(line).event_type == "AA_RECORD_INVALID"


def test_a_lost_dot() -> None:
    """Some pages drop the dot in the time; ten digits are seconds until the year 2286."""
    found = fields('audit: type=1400 audit(1474720530785:35364): apparmor="DENIED" operation="x"')
    assert (found["audit_id"], found["epoch"]) == ("1474720530.785:35364", 1_474_720_530)


@pytest.mark.parametrize(
    ("stamp", "epoch"),
    [
        ("2023-03-29T09:36:21.8-04:00", 1_680_096_981),
        ("2023-03-29T09:36:21,123456-04:00", 1_680_096_981),
        ("<29>2023-03-29T13:36:21Z", 1_680_096_981),
        ("1680096981.800000", 1_680_096_981),
        ("2023-03-29T13:36:21Z", 1_680_096_981),
        ("2023-03-29T09:36:21-0400", 1_680_096_981),
        ("2023-03-29T09:36:21", None),
        ("Mar 29 09:36:21", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2023-13-29T09:36:21Z", None),
    ],
)
def test_a_time_before_a_record_without_one(stamp: str, epoch: int | None) -> None:
    """Without the year or the offset it is not known when it was."""
    found = parse(f'{stamp} host dbus-daemon[7]: apparmor="DENIED" operation="dbus_bind"')
    assert found is not None
    assert found.epoch == epoch
    head = parse(f'{stamp} host kernel: audit(5.6:7): apparmor="DENIED" operation="open"')
    assert head is not None
    assert head.epoch == 5


def test_foreign_fields() -> None:
    """Other audit records show their type and text."""
    assert foreign("type=LOGIN msg=audit(1.2:3): pid=4 uid=0\n").to_json() == {
        "event_type": "AA_RECORD_INVALID",
        "audit_id": "1.2:3",
        "operation": "LOGIN",
        "info": "pid=4 uid=0",
        "epoch": 1,
        "audit_subid": 3,
    }


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ('name="/cut', "no `key=value` at column 53"),
        ("name=xyz", "`name` is neither quoted nor hexadecimal"),
        ("name=ABC", "`name` is neither quoted nor hexadecimal"),
        ("pid=", "`pid` is empty"),
        ("pid=1x", "`pid` is not a number"),
        ("pid=99999999999999999999999", "`pid` is not a number"),
        ("pid=\u0663", "`pid` is not a number"),
        ('pid="1"', "`pid` is quoted"),
        ("operation=open", "`operation` is not quoted"),
        ("laddr=nowhere", "`laddr` is not an address"),
        ('operation="ptrace" target=8022C0FF81A0FFFF', "`target` is not text"),
        ("signal=term,", "`signal` is not a word"),
        ("faddr=10.0.0.1.", "`faddr` is not an address"),
        ('apparmor="MAYBE"', "`apparmor` names no kind of event"),
        ("stray words", "no `key=value` at column 53"),
    ],
)
def test_broken(pairs: str, reason: str) -> None:
    """A broken record says why, and keeps what stood before the fault."""
    with pytest.raises(LogError) as caught:
        parse(HEAD + pairs)
    assert caught.value.reason.startswith(reason)
    assert caught.value.record.profile == "/bin/p"
    assert caught.value.record.event_type == "AA_RECORD_INVALID"


def test_no_event() -> None:
    """A record that lost its kind of event is broken."""
    with pytest.raises(LogError, match="no kind of event"):
        parse('type=AVC msg=audit(1.2:3): operation="open" profile="x"')


def test_old_records() -> None:
    """Records of AppArmor 2.0 are named as such."""
    with pytest.raises(LogError) as caught:
        parse(
            "type=APPARMOR msg=audit(1.2:3): REJECTING r access to /x (y(1) profile /y active /y)"
        )
    assert caught.value.record.operation == "APPARMOR"


def test_field_names() -> None:
    """JSON has the names of the contract, in a fixed order."""
    found = list(fields(HEAD + 'class="file" denied_mask="r" comm="x" name="y"'))
    assert found == [
        *("event_type", "audit_id", "operation", "denied_mask", "profile", "name", "command"),
        *("class", "epoch", "audit_subid"),
    ]
