"""The layers against the running kernel: real files and processes, other users, some capabilities.

Each example is tried by a child process that takes the user, groups and capabilities of the
context.  Nothing confines it, so that users, modes and capabilities alone decide.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.policy import Policy
from lsmc.stack.capabilities import NAMES
from lsmc.stack.context import Context
from lsmc.stack.modes import AclEntry

_LIBC = ctypes.CDLL(None, use_errno=True)
_KEEPCAPS = 8  # PR_SET_KEEPCAPS
_CAPSET = {"x86_64": 126, "aarch64": 91}.get(os.uname().machine, 0)
_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_IDS = (0, 4001, 4002, 4003)
_CAPS = ("chown", "dac_override", "dac_read_search", "fowner", "kill", "mknod")
_TAGS = {"owner": 1, "user": 2, "group-owner": 4, "group": 8, "mask": 16, "other": 32}


def effective() -> int:
    """The capabilities of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16)


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0
    or not _CAPSET
    or not all(effective() >> NAMES.index(name) & 1 for name in (*_CAPS, "setuid", "setgid")),
    reason="takes root with the capabilities that are tried",
)


@dataclass(frozen=True)
class Process:
    uid: int
    gid: int
    groups: tuple[int, ...]
    caps: frozenset[str]

    def become(self) -> None:
        """Take these ids and exactly these capabilities; there is no way back."""
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        _LIBC.prctl(_KEEPCAPS, 1, 0, 0, 0)
        os.setresuid(self.uid, self.uid, self.uid)
        mask = sum(1 << NAMES.index(name) for name in self.caps)
        head = ctypes.create_string_buffer(struct.pack("<Ii", _VERSION, 0))
        low = mask & 0xFFFFFFFF
        data = ctypes.create_string_buffer(
            struct.pack("<6I", low, low, 0, mask >> 32, mask >> 32, 0)
        )
        if _LIBC.syscall(_CAPSET, head, data):
            raise OSError(ctypes.get_errno(), "capset")


def tried(process: Process, act: Callable[[], object]) -> str:
    """What an act of a child process gives: the name of the errno, or nothing."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            process.become()
            act()
        except OSError as fault:
            code = fault.errno or 255
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return errno.errorcode[code] if code else ""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return lsmc.compile_text("profile p { }")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that everybody can search."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


ids = st.sampled_from(_IDS)
processes = st.builds(
    Process,
    ids,
    ids,
    st.lists(ids, max_size=2).map(tuple),
    st.frozensets(st.sampled_from(_CAPS), max_size=3),
)
modes = st.one_of(st.integers(0, 0o777), st.sampled_from((0, 0o640, 0o700, 0o707, 0o070, 0o111)))
triples = st.integers(0, 7)


@st.composite
def lists(draw: st.DrawFn) -> tuple[AclEntry, ...]:
    users = draw(st.lists(st.tuples(ids, triples), max_size=2, unique_by=lambda one: one[0]))
    groups = draw(st.lists(st.tuples(ids, triples), max_size=2, unique_by=lambda one: one[0]))
    return (
        AclEntry("owner", draw(triples)),
        *(AclEntry("user", bits, number) for number, bits in sorted(users)),
        AclEntry("group-owner", draw(triples)),
        *(AclEntry("group", bits, number) for number, bits in sorted(groups)),
        AclEntry("mask", draw(triples)),
        AclEntry("other", draw(triples)),
    )


def list_on(path: Path, acl: tuple[AclEntry, ...]) -> None:
    """Set an access control list; the file then shows another mode."""
    rows = (
        struct.pack(
            "<HHI", _TAGS[e.tag], e.permissions, e.id if e.tag in ("user", "group") else -1 % 2**32
        )
        for e in acl
    )
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(rows))


def opened(path: Path, flags: int) -> Callable[[], object]:
    return lambda: os.open(path, flags)


def acts(file: Path) -> dict[str, tuple[str, Callable[[], object]]]:
    """Each act by name: the operation that it is, and how it is done."""
    other = file.with_name("other")
    return {
        "read": ("r", opened(file, os.O_RDONLY)),
        "write": ("w", opened(file, os.O_WRONLY)),
        "both": ("rw", opened(file, os.O_RDWR)),
        "append": ("append", opened(file, os.O_WRONLY | os.O_APPEND)),
        "truncate": ("truncate", lambda: os.truncate(file, 0)),
        "exec": ("exec", lambda: os.execv(file, [str(file)])),
        "chmod": ("chmod", lambda: file.chmod(0o600)),
        "chown": ("chown", lambda: os.chown(file, 4004, -1)),
        "unlink": ("unlink", file.unlink),
        "rename": ("rename", lambda: file.rename(other)),
        "create": ("create", opened(other, os.O_WRONLY | os.O_CREAT)),
        "mkdir": ("mkdir", other.mkdir),
        "symlink": ("symlink", lambda: other.symlink_to("x")),
        "link": ("link", lambda: os.link(file, other)),
        "mknod": ("mknod", lambda: os.mknod(other, 0o020600, os.makedev(1, 3))),
        "stat": ("getattr", file.stat),
    }


#: What this kernel does where a whole context leaves the answer open: fs.protected_hardlinks is
#: read below, an owner gives the file away, and nothing has the new name.
PROTECTED = Path("/proc/sys/fs/protected_hardlinks")
LEFT_OPEN = {
    "hardlink": ("EPERM",) if PROTECTED.read_text().strip() == "1" else ("", "EACCES"),
    "chown": ("EPERM",),
    "rename": ("",),
}
ACTS = tuple(acts(Path("/x")))


@pytest.mark.slow
@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    process=processes,
    owner=ids,
    group=ids,
    mode=modes,
    acl=st.one_of(st.just(()), st.just(()), lists()),
    dir_owner=ids,
    dir_group=ids,
    dir_mode=st.one_of(st.sampled_from((0o755, 0o777, 0o1777, 0o1770)), modes),
    act=st.sampled_from(ACTS),
)
def test_files(
    policy: Policy,
    place: Path,
    process: Process,
    owner: int,
    group: int,
    mode: int,
    acl: tuple[AclEntry, ...],
    dir_owner: int,
    dir_group: int,
    dir_mode: int,
    act: str,
) -> None:
    folder = Path(tempfile.mkdtemp(dir=place))
    file = folder / "file"
    file.write_bytes(b"")
    os.chown(file, owner, group)
    file.chmod(mode)
    if acl:
        try:
            list_on(file, acl)
        except OSError:  # the file system has none
            acl = ()
    os.chown(folder, dir_owner, dir_group)
    folder.chmod(dir_mode)
    context = Context(
        process.uid,
        process.gid,
        process.groups,
        process.caps,
        owner=owner,
        group=group,
        mode=0o020600 if act == "mknod" else file.stat().st_mode,
        acl=acl,
        dir_owner=dir_owner,
        dir_group=dir_group,
        dir_mode=dir_mode,
    )
    op, do = acts(file)[act]
    name = "other" if op in ("create", "mkdir", "symlink", "mknod", "link") else "file"
    fields: dict[str, Any] = {
        "rename": {"target": f"{folder}/other"},
        "link": {"target": str(file)},
    }.get(op, {})
    path = f"{folder}/{name}" + ("/" if op == "mkdir" else "")
    verdict = policy.query("unconfined", op, path, context=context, **fields)
    found = tried(process, do)
    if found == "ENOEXEC":  # an empty file may be executed and then is not a program
        found = ""
    first = next((one for one in verdict.chain if one.verdict in ("deny", "unknown")), None)
    if first is None or first.verdict == "deny":
        assert found == (first.errno if first else ""), verdict.chain
    else:
        assert found in LEFT_OPEN[first.test], verdict.chain
    for one in (file, folder / "other"):
        with contextlib.suppress(OSError):
            one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()


@settings(max_examples=40, deadline=None)
@given(process=processes, owner=ids)
def test_signals(policy: Policy, process: Process, owner: int) -> None:
    other = os.fork()
    if other == 0:
        os.setresuid(owner, owner, owner)
        signal.pause()
        os._exit(0)
    try:
        status = Path(f"/proc/{other}/status")
        while f"Uid:\t{owner}" not in status.read_text():
            time.sleep(0.001)
        context = Context(process.uid, process.gid, process.groups, process.caps, owner=owner)
        verdict = policy.query("unconfined", "signal_send", "p", context=context, signal="hup")
        found = tried(process, lambda: os.kill(other, 0))
        assert found == ("" if verdict.refusal is None else verdict.refusal.errno)
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
