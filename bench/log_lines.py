"""Lines of logs as four transports write them, the same for the same seed.

Most records repeat what some program does again and again; a fifth of them name a process, a random
file or a port that the kernel chose, so that no two are alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_START = 1_767_225_600
_HOSTS = ("web1", "web2", "db1")
PROGRAMS = tuple(f"app{number}" for number in range(40))
_NOISE = (
    "systemd[1]: Started Session {n} of User root.",
    "sshd[{n}]: Accepted publickey for deploy from 192.0.2.{b} port {n} ssh2: ED25519 SHA256:abc",
    "kernel: [{n}.{n}] usb 1-1: new high-speed USB device number {b} using xhci_hcd",
    "CRON[{n}]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
    'nginx[{n}]: 192.0.2.{b} - - "GET /static/{n}.css HTTP/1.1" 200 {n} "-" "Mozilla/5.0"',
)
_CALL = (
    "type=SYSCALL msg=audit({id}): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c"
    ' a1=7ffd{n} a2=0 a3=0 items=1 ppid=1 pid={n} auid=4294967295 uid=33 gid=33 comm="app"'
)


def _body(rnd: random.Random) -> str:
    """What a record says behind its header."""
    program = rnd.choice(PROGRAMS)
    pid = rnd.randrange(300, 99_999)
    head = f'profile="/usr/bin/{program}"'
    kind = rnd.random()
    if kind < 0.1:
        return (
            f'apparmor="DENIED" operation="capable" class="cap" {head} pid={pid}'
            f' comm="{program}" capability=21  capname="sys_admin"'
        )
    if kind < 0.2:
        return (
            f'apparmor="DENIED" operation="connect" class="net" {head} pid={pid} comm="{program}"'
            f" laddr=192.0.2.7 lport={rnd.randrange(32_768, 60_999)} faddr=198.51.100.{pid % 20}"
            ' fport=443 family="inet" sock_type="stream" protocol=6'
            ' requested_mask="connect" denied_mask="connect"'
        )
    if kind < 0.25:
        return (
            f'apparmor="DENIED" operation="signal" class="signal" {head} pid={pid}'
            f' comm="{program}" requested_mask="send" denied_mask="send" signal=term'
            f' peer="/usr/bin/{rnd.choice(PROGRAMS[:3])}"'
        )
    if kind < 0.35:
        name = rnd.choice((f"/proc/{pid}/status", f"/tmp/job-{rnd.randrange(10**8):08}.tmp"))
    else:
        name = f"/srv/{program}/data/part-{rnd.randrange(6)}.db"
    verb, mask = rnd.choice((("open", "r"), ("open", "r"), ("open", "wr"), ("mknod", "c")))
    event = "ALLOWED" if program.endswith("9") else "DENIED"  # some are in complain mode
    return (
        f'apparmor="{event}" operation="{verb}" class="file" {head} name="{name}" pid={pid}'
        f' comm="{program}" requested_mask="{mask}" denied_mask="{mask}" fsuid=33 ouid=0'
    )


def _line(rnd: random.Random, number: int, share: float) -> str:
    seconds = _START + number // 50
    record = rnd.random() < share
    transport = number % 4
    identity = f"{seconds}.{number % 1000:03}:{number}"
    if transport in (2, 3):  # audit.log, raw and enriched
        if not record:
            return _CALL.format(id=identity, n=rnd.randrange(1000, 99_999))
        names = '\x1dFSUID="www-data" OUID="root"' if transport == 3 else ""
        return f"type=AVC msg=audit({identity}): {_body(rnd)}{names}"
    minute, second = divmod(seconds % 3600, 60)
    front = f"Jan  {1 + seconds % 9} {seconds // 3600 % 24:02}:{minute:02}:{second:02}"
    front += f" {_HOSTS[number % 3]} "
    if not record:
        return front + rnd.choice(_NOISE).format(n=rnd.randrange(1000, 99_999), b=number % 250)
    ring = f"[{number // 40}.{number % 10**6:06}] " if transport == 0 else ""
    return f"{front}kernel: {ring}audit: type=1400 audit({identity}): {_body(rnd)}"


def lines(count: int, share: float, seed: int = 1) -> Iterator[str]:
    """Lines of which a share is records of AppArmor."""
    rnd = random.Random(seed)
    return (_line(rnd, number, share) for number in range(count))


def write(path: Path, count: int, share: float) -> Path:
    """A log of so many lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines(count, share))
    return path
