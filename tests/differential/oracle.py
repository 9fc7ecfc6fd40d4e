"""What the real compiler's automata grant: `apparmor_parser` run on a file, its output read back.

The answers are bits of rules, before any profile mode.  Objects are walked through the compiled
automata byte by byte, in the order in which the kernel feeds them (security/apparmor in Linux; for
unix sockets the af_unix patches of Ubuntu).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lsmc.modules.apparmor.names import CAPABILITIES
from tests.differential import binary, domain
from tests.differential.answers import FREE, Answer, Question, Xindex, to_text
from tests.differential.binary import Perms, Profile
from tests.differential.masks import (
    CHANGE,
    DBUS,
    FAMILIES,
    FILE,
    LINK,
    LOCAL_STAGES,
    MOUNT,
    ONEXEC,
    PIVOT_ROOT,
    PTRACE,
    SIGNAL,
    SIGNALS,
    SOCKET,
    STAGES,
    TYPES,
    UMOUNT,
    USERNS,
)
from tests.differential.questions import flags_of

#: Seconds that the compiler may take for a file.
TIMEOUT = 60


class RefusedError(Exception):
    """The compiler does not take the file; the message is its last line."""


def parser(path: str | None = None) -> str | None:
    """The path of the compiler, the one named or the installed one; None when it is not there."""
    folders = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return shutil.which(path or "apparmor_parser", path=folders)


@cache
def version(program: str) -> str:
    """The version of a compiler, `3.0.8`."""
    out = subprocess.run([program, "--version"], capture_output=True, check=True, text=True).stdout
    found = re.search(r"version (\S+)", out)
    return found[1] if found else ""


def target(program: str) -> str:
    """The target that a compiler stands for."""
    major = int(version(program).partition(".")[0])
    return "3.0" if major <= 3 else "4.1" if major == 4 else "6.0"


def compile_with_parser(
    path: Path, base: Path, features: Path, include: Iterable[Path], program: str | None = None
) -> bytes:
    """The binary policy of a file; raises `RefusedError`."""
    command = [program or parser() or "", "--config-file", os.devnull, "-QTK", "-S"]
    command += ["--base", str(base), "-M", str(features), *(f"-I{folder}" for folder in include)]
    with subprocess.Popen(
        [*command, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=path.parent,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            # some sets of change_profile rules make 3.0.8 loop, in a process of its own
            os.killpg(process.pid, signal.SIGKILL)
            raise RefusedError(f"still at work after {TIMEOUT} seconds") from None
    if process.returncode:
        lines = err.decode(errors="replace").strip().splitlines()
        raise RefusedError(lines[-1] if lines else f"exit status {process.returncode}")
    return out


@dataclass(frozen=True)
class Oracle:
    """One profile of a compiled policy."""

    profiles: Mapping[str, Profile]
    profile: Profile

    @property
    def free(self) -> bool:
        """Whether the profile confines nothing."""
        return self.profile.mode == "unconfined"

    def answer(self, question: Question) -> Answer:
        """What the compiler's policy says."""
        obj, owner, given = question.raw, question.owner, question.field
        match question.cls:
            case "profile":
                return Answer(extra=self._head(question.object))
            case "attach":
                return Answer(extra=self._attached(question))
            case "exec":
                return Answer(extra=self._exec_label(obj, owner))
            case "link test":
                return Answer(extra=self._link_allowed(obj, given("target"), owner))
        if self.free:
            return FREE
        match question.cls:
            case "file":
                return self._file(obj, owner)
            case "link":
                return self._link(obj, given("target"), owner)
            case "change_profile":
                return self._change_profile(obj)
            case "onexec":
                return self._onexec(given("exec"), obj)
            case "capability":
                return self._capability(question.object)
            case "network":
                return self._network(question.object, to_text(given("type")))
            case "unix":
                addresses = _address(given("addr")), _address(given("peer_addr"))
                found = self._unix(to_text(given("type")), *addresses, given("peer_label"))
                # autobind is asked for bind alone; a name is chosen then
                return found.only("bind") if given("addr") == b"auto" else found
            case "signal":
                number = SIGNALS[to_text(given("signal"))]
                return self._key("signal", bytes((number,)) + obj, SIGNAL)
            case "ptrace":
                return self._ptrace(obj)
            case "dbus":
                return self._dbus(tuple(given(name) for name, _ in question.fields))
            case "mount":
                flags = flags_of(given("options"))
                return self._mount(obj, given("source"), given("fstype"), flags)
            case "umount":
                return self._key("mount", obj, UMOUNT)
            case "pivot_root":
                return self._key("mount", obj + b"\0" + given("oldroot"), PIVOT_ROOT)
            case "userns":
                return self._key("ns", b"", USERNS)
        raise KeyError(question.cls)

    def _head(self, name: str) -> object:
        limits = sorted(self.profile.rlimits.items())
        heads: dict[str, object] = {
            "mode": self.profile.mode,
            "audit": self.profile.audit,
            "hat": self.profile.is_hat,
            "rlimits": " ".join(f"{name}={value}" for name, value in limits),
        }
        return heads[name]

    def _attached(self, question: Question) -> str | None:
        """The profile of an executable, among all or among the children of the question's."""
        parent = self.profiles.get(question.profile)
        space = parent.namespace if parent else dict(question.fields).get("namespace", "")
        return domain.attach(self.profiles, question.raw, parent.name if parent else "", space)

    # --- files

    def _file(self, path: bytes, owner: bool) -> Answer:
        """The permissions on a path and the transition of its execution."""
        return file_answer(self.profile, self.profile.file_perms(path, owner))

    def _exec_label(self, path: bytes, owner: bool) -> str | None:
        """The label that executing a path leads to, None when there is none."""
        return domain.after_exec(self.profiles, self.profile, path, owner)

    def _link(self, new: bytes, old: bytes, owner: bool) -> Answer:
        """The permissions of a pair of names: the link and whether the subset test is asked."""
        return link_answer(self.profile.file_perms(new + b"\0" + old, owner))

    def _link_allowed(self, new: bytes, old: bytes, owner: bool) -> bool:
        """Whether the rules let a hard link be made."""
        return domain.may_link(self.profile, new, old, owner)

    def _change_profile(self, target: bytes) -> Answer:
        """What may be done with the name of a profile."""
        return answer(self.profile.file_perms(target, True), CHANGE)

    def _onexec(self, path: bytes, target: bytes) -> Answer:
        """Whether a pair of executable and profile is granted, and whether scrubbed."""
        return onexec_answer(self.profile.file_perms(path + b"\0" + target, True))

    # --- capabilities and the policy automaton

    def _capability(self, name: str) -> Answer:
        """One capability."""
        bit = 1 << CAPABILITIES.index(name)
        caps = self.profile.capabilities
        perms = Perms(*(caps[word] & bit and 1 for word in ("allow", "audit", "quiet")))
        return answer(perms, {"use": 1})

    def mediates(self, cls: str) -> bool:
        """Whether the policy automaton is alive after a class byte."""
        return not self.free and bool(self.profile.start(cls))

    def _key(self, cls: str, key: bytes, names: Mapping[str, int]) -> Answer:
        if not self.mediates(cls):
            return FREE
        return answer(self.profile.perms(cls, key), names)

    def _network(self, family: str, kind: str) -> Answer:
        """A family and a type of socket, as coarse rules see them."""
        number, bit = FAMILIES[family], TYPES[kind]
        for cls in ("netv9", "netv8"):
            if self.mediates(cls):
                return self._key(cls, struct.pack(">HH", number, bit), SOCKET)
        table = self.profile.families
        if table is None:  # no rules; the marker of the class tells whether it is mediated
            return Answer() if self.mediates("net") else FREE
        row = table[number] if number < len(table) else (0, 0, 0)
        every = frozenset(SOCKET)
        none: frozenset[str] = frozenset()
        allow, audit, quiet = (every if word >> bit & 1 else none for word in row)
        return Answer(allow, audit & allow, quiet - allow)

    def _unix(self, kind: str, addr: bytes, peer_addr: bytes, peer_label: bytes) -> Answer:
        """A unix socket, each permission at the stage where the kernel asks for it."""
        cls = self.socket_class
        if not cls:
            return FREE
        start = struct.pack(">HHH", 1, TYPES[kind], 0)
        local = start + addr + b"\0" + b"\0"
        peer = local + b"\1" + peer_addr + b"\0" + peer_label
        keys = {"": start, "local": local, "peer": peer}
        keys.update((stage, local + LOCAL_STAGES[stage]) for stage in LOCAL_STAGES)
        return together(
            answer(self.profile.perms(cls, keys[stage]), {name: SOCKET[name] for name in names})
            for stage, names in STAGES.items()
        )

    @property
    def socket_class(self) -> str:
        """The class that has the rules for unix sockets; empty when they are not mediated."""
        return next((name for name in ("netv9", "netv8", "net") if self.mediates(name)), "")

    def _ptrace(self, peer: bytes) -> Answer:
        """Tracing a peer or being traced by it."""
        if not self.mediates("ptrace"):
            return FREE
        return answer(self.profile.perms("label", bytes((binary.CLASS["ptrace"],)) + peer), PTRACE)

    def _dbus(self, fields: tuple[bytes, ...]) -> Answer:
        """A message or a name on a bus: bus, name, label, path, interface, member."""
        if not self.mediates("dbus"):
            return FREE
        stages = ((6, ("send", "receive")), (2, ("bind",)), (1, ("eavesdrop",)))
        return together(
            self._key("dbus", b"\0".join(fields[:count]), {name: DBUS[name] for name in names})
            for count, names in stages
        )

    def _mount(self, mountpoint: bytes, source: bytes, fstype: bytes, flags: int) -> Answer:
        """A mount under flags that are already those of its kind."""
        numbers = bytes(bit + 1 for bit in range(32) if flags >> bit & 1)
        key = b"\0".join((mountpoint, source, fstype, numbers))
        return self._key("mount", key, MOUNT)


def answer(perms: Perms, names: Mapping[str, int]) -> Answer:
    """Masks as names of permissions."""
    allow, audit, quiet = (
        frozenset(name for name, bit in names.items() if mask & bit)
        for mask in (perms.allow, perms.audit, perms.quiet)
    )
    return Answer(allow, audit & allow, quiet - allow)


def file_answer(profile: Profile, perms: Perms) -> Answer:
    """The permissions on a path, and the transition where it may be executed."""
    found = answer(perms, FILE)
    return found._replace(extra=transition(profile, perms.xindex)) if "x" in found.allow else found


def transition(profile: Profile, index: int) -> Xindex:
    """The transition that an index stands for."""
    kind = {0: "", binary.X_NAME: "name", binary.X_TABLE: "table"}[index & binary.X_TYPE]
    child = bool(index & binary.X_CHILD)
    target = ""
    if kind == "table":
        assert profile.file is not None
        target = profile.file.names[index & binary.X_INDEX].replace("\0", ":", 1)
        target = f"{profile.name}//{target}" if child else target
    return Xindex(
        kind,
        target,
        child and kind == "name",
        bool(index & binary.X_INHERIT),
        bool(index & binary.X_UNCONFINED),
        bool(index & binary.X_UNSAFE),
    )


def link_answer(perms: Perms) -> Answer:
    """The permissions of a pair of names."""
    found = answer(perms, LINK)
    return found if "link" in found.allow else found._replace(allow=frozenset(), audit=frozenset())


def onexec_answer(perms: Perms) -> Answer:
    """The permission of an executable and a profile, and whether the environment is kept."""
    found = answer(perms, ONEXEC)
    return found._replace(extra=bool(perms.xindex & binary.X_UNSAFE) if found.allow else None)


def _address(addr: bytes) -> bytes:
    """An address of a unix socket as the kernel has it."""
    if addr == b"none":
        return b"\1"
    if addr == b"auto":
        return b""
    return b"\0" + addr[1:]


def together(found: Iterable[Answer]) -> Answer:
    """The answers of several stages as one."""
    allow, audit, quiet = (set().union(*sets) for sets in list(zip(*found, strict=True))[:3])
    return Answer(frozenset(allow), frozenset(audit), frozenset(quiet))


def oracles(data: bytes) -> dict[str, Oracle]:
    """The profiles of a binary policy by name."""
    profiles = binary.read(data)
    return {name: Oracle(profiles, profile) for name, profile in profiles.items()}
