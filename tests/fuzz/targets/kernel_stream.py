"""The kernel's format of policy: what is written can be loaded, and damage of it is refused.

An input that begins as a stream does is read as one; any other is the body of a profile.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base import zstd
from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.compiled import (
    DamagedPolicy,
    is_compiled,
    packed,
    profiles,
    sets,
    stream_of,
)
from lsmc.modules.apparmor.kernel.loading import removed
from lsmc.modules.apparmor.kernel.render import render
from tests.fuzz.target import Target, words
from tests.fuzz.targets.policy import INCLUDES
from tests.fuzz.targets.policy import WORDS as POLICY_WORDS
from tests.modules.apparmor.kernel.reader import read
from tests.places import ROOT

PATH = "/policy/p"
FEATURES = str(ROOT / "profiles/abi/5.0")
#: Those of a kernel with tables of permissions.
TABLES = str(ROOT / "tests/modules/apparmor/kernel/tables.features")
BODIES = (
    "/a** rw, owner /b{c,d} w, deny /x? r, /e px -> q, /f cx, profile f { /g r, }",
    "link /a -> /b*, change_profile -> q, change_profile /x -> :ns:z, ^h { /h r, }",
    "signal set=(hup rtmin+3) peer=q, ptrace read, capability kill, deny capability setuid,",
    "network inet stream, network netlink, unix type=stream peer=(label=q), userns, io_uring,",
    "network (send bind) inet stream ip=::1 port=80-90, network inet6 peer=(ip=1.2.3.4 port=1),",
    "prompt /a r, deny network inet icmp, unix (send) addr=@a* peer=(addr=none), network tcp,",
    "mount options=(ro nosuid) fstype=ext4 /a -> /b, umount /c, pivot_root /d, mqueue (read) /q,",
    "dbus send bus=system path=/a interface=b member=c peer=(label=q), set rlimit cpu <= 3,",
)
WORDS = (
    *POLICY_WORDS,
    *words("version profile flags caps64 policydb aadfa xtable rlimits namespace"),
    b"\x04\x08\0version\0\x02\x07\x20\x20\0",
    b"\x08",
    b"\x0b\xff\xff",
    b"\x06\xff\xff\xff\xff",
    b"\x07",
)


def _stream(body: bytes, features: str = FEATURES) -> bytes:
    text = (
        b'include <tunables/global>\nprofile p /bin/p* xattrs=(user.a="b*") {\n' + body + b"\n}\n"
    )
    texts = tuple({**INCLUDES, PATH: text}.items())
    (file,) = render([PATH], Options("/base", features=features, texts=texts), 1)
    return file.data


def seeds() -> Iterable[bytes]:
    """Bodies of profiles, and the streams of each."""
    for body in BODIES:
        yield body.encode()
        yield _stream(body.encode())
        yield _stream(body.encode(), TABLES)
    yield zstd.compressed(_stream(BODIES[0].encode()))
    yield packed(_stream(BODIES[0].encode()))


def run(data: bytes) -> None:
    """Compile and read again; or find the profiles of a stream."""
    if is_compiled(data):
        try:
            parts = list(profiles(data))
        except (DamagedPolicy, zstd.ZstdFault):
            return
        assert b"".join(part for _, part in parts) == stream_of(data)
        names = [name for part in sets(data) for name in part.names]
        assert sorted(names) == sorted(name for name, _ in parts)
        removed([name for name, _ in parts])
        return
    try:
        found = _stream(data)
    except PolicyError:
        return
    parts = list(profiles(found))
    assert parts
    assert len(list(read(found))) == len(parts)
    assert len(list(read(_stream(data, TABLES)))) == len(parts)


TARGET = Target("kernel-stream", run, seeds, WORDS)
