"""What the real compiler's automata grant: `apparmor_parser` run on a file, its output read back.

The answers are bits of rules, before any profile mode.  Objects are walked through the compiled
automata byte by byte, in the order in which the kernel feeds them (security/apparmor in Linux; for
unix sockets the af_unix patches of Ubuntu).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.differential.answers import FREE, Answer, Question, Xindex, to_text
from tests.differential.questions import flags_of

#: Seconds that the compiler may take for a file.
TIMEOUT = 60
TOOLS = Path(__file__).resolve().parents[3] / "shared" / "tools"


class RefusedError(Exception):
    """The compiler does not take the file; the message is its last line."""


def parser() -> str | None:
    """The path of the compiler, where it is installed."""
    return shutil.which("apparmor_parser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@cache
def reader(tools: Path = TOOLS) -> ModuleType | None:
    """The reader of compiled policy (`aapolicy.py`), or None where it is not there."""
    path = tools / "aapolicy.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("aapolicy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["aapolicy"] = module
    spec.loader.exec_module(module)
    return module


def compile_with_parser(path: Path, base: Path, features: Path, include: Iterable[Path]) -> bytes:
    """The binary policy of a file; raises `RefusedError`."""
    program = parser()
    assert program is not None
    command = [program, "-QTK", "-S", "--base", str(base), "-M", str(features)]
    command += [f"-I{directory}" for directory in include]
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

    api: Any
    policies: Any
    profile: Any

    @property
    def free(self) -> bool:
        """Whether the profile confines nothing."""
        return bool(self.profile.mode == "unconfined")

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
                number = self.api.SIGNALS[to_text(given("signal"))]
                return self._key("signal", bytes((number,)) + obj, self.api.SIGNAL_PERMS)
            case "ptrace":
                return self._ptrace(obj)
            case "dbus":
                return self._dbus(tuple(given(name) for name, _ in question.fields))
            case "mount":
                flags = flags_of(given("options"))
                return self._mount(obj, given("source"), given("fstype"), flags)
            case "umount":
                return self._key("mount", obj, {"umount": 4})
            case "pivot_root":
                return self._key("mount", obj + b"\0" + given("oldroot"), {"pivot_root": 1})
            case "userns":
                return self._key("ns", b"", {"create": 8})
        raise KeyError(question.cls)

    def _head(self, name: str) -> object:
        limits = sorted(self.profile.rlimits.items())
        heads: dict[str, object] = {
            "mode": self.profile.mode,
            "audit": self.profile.audit_all,
            "hat": self.profile.is_hat,
            "rlimits": " ".join(f"{name}={value}" for name, value in limits),
        }
        return heads[name]

    def _attached(self, question: Question) -> str | None:
        """The profile of an executable, among all or among the children of the question's."""
        parent = self.policies.profiles.get(question.profile)
        space = parent.namespace if parent else dict(question.fields).get("namespace")
        found, _ = self.policies.attach(question.raw, parent and parent.name, space)
        return str(found.fqname) if found else None

    # --- files

    def _file(self, path: bytes, owner: bool) -> Answer:
        """The permissions on a path and the transition of its execution."""
        perms = self.profile.raw_file_perms(path, owner)
        letters = self.api.file_letters
        allow = frozenset(letters(perms.allow))
        transition = self._transition(perms.xindex) if "x" in allow else None
        return Answer(
            allow,
            frozenset(letters(perms.audit)) & allow,
            frozenset(letters(perms.quiet)) - allow,
            transition,
        )

    def _transition(self, index: int) -> Xindex:
        found = self.profile.decode_x(index)
        kind = "" if found["type"] == "none" else found["type"]
        target = str(found["target"] or "").replace("\0", ":", 1)
        return Xindex(
            kind,
            target,
            found["child"] and kind == "name",
            found["inherit"],
            found["unconfined"],
            found["unsafe"],
        )

    def _exec_label(self, path: bytes, owner: bool) -> str | None:
        """The label that executing a path leads to, None when there is none."""
        label = self.policies.exec_transition(self.profile, path, owner)["label"]
        if label is not None:
            # the reader leaves the namespace of a profile out of its label
            space = self.profile.namespace
            inside = f":{space}://{label}" if space else ""
            return inside if inside in self.policies.profiles else str(label)
        # the kernel parses a name of the table as a label; the reader knows no stacks there
        target = self._file(path, owner).extra
        name = target.target if isinstance(target, Xindex) else ""
        parts = name.split("//&")
        known = len(parts) > 1 and all(part in self.policies.profiles for part in parts)
        return name if known else None

    def _link(self, new: bytes, old: bytes, owner: bool) -> Answer:
        """The permissions of a pair of names: the link and whether the subset test is asked."""
        perms = self._file_perms(new + b"\0" + old, owner)
        names = {"link": self.api.MAY_LINK, "subset": self.api.MAY_LOCK}
        answer = _answer(perms, names)
        if "link" not in answer.allow:
            return answer._replace(allow=frozenset())
        return answer

    def _link_allowed(self, new: bytes, old: bytes, owner: bool) -> bool:
        """Whether the rules let a hard link be made."""
        return bool(self.profile.link_check(to_text(new), to_text(old), owner).granted)

    def _change_profile(self, target: bytes) -> Answer:
        """What may be done with the name of a profile."""
        names = {"change_profile": self.api.MAY_CHANGE_PROFILE, "onexec": self.api.MAY_ONEXEC}
        return _answer(self._file_perms(target, True), names)

    def _onexec(self, path: bytes, target: bytes) -> Answer:
        """Whether a pair of executable and profile is granted, and whether scrubbed."""
        perms = self._file_perms(path + b"\0" + target, True)
        answer = _answer(perms, {"onexec": self.api.MAY_ONEXEC})
        unsafe = bool(perms.xindex & self.api.X_UNSAFE) if answer.allow else None
        return answer._replace(extra=unsafe)

    def _file_perms(self, key: bytes, owner: bool) -> Any:
        return self.profile._fperms(self.profile._fmatch(key), owner)

    # --- capabilities and the policy automaton

    def _capability(self, name: str) -> Answer:
        """One capability."""
        bit = 1 << self.api.CAPS.index(name)
        caps = self.profile.caps
        allow, audit, quiet = (
            frozenset(("use",)) if caps[word] & bit else frozenset()
            for word in ("allow", "audit", "quiet")
        )
        return Answer(allow, audit & allow, quiet - allow)

    def mediates(self, cls: str) -> bool:
        """Whether the policy automaton is alive after a class byte."""
        return not self.free and bool(self.profile.mediates(cls))

    def _key(self, cls: str, key: bytes, names: Mapping[str, int]) -> Answer:
        if not self.mediates(cls):
            return FREE
        return _answer(self.profile.policy_match(self.api.CLASS[cls], key), names)

    def _network(self, family: str, kind: str) -> Answer:
        """A family and a type of socket, as coarse rules see them."""
        number, bit = self.api.FAMILIES[family], self.api.SOCKTYPES[kind]
        for cls in ("netv9", "netv8"):
            if self.mediates(cls):
                return self._key(cls, struct.pack(">HH", number, bit), self.api.NET_PERMS)
        table = self.profile.net_af
        if table is None:  # no rules; the marker of the class tells whether it is mediated
            return Answer() if self.mediates("net") else FREE
        row = table[number] if number < len(table) else (0, 0, 0)
        every = frozenset(self.api.NET_PERMS)
        none: frozenset[str] = frozenset()
        allow, audit, quiet = (every if word >> bit & 1 else none for word in row)
        return Answer(allow, audit & allow, quiet - allow)

    def _unix(self, kind: str, addr: bytes, peer_addr: bytes, peer_label: bytes) -> Answer:
        """A unix socket, each permission at the stage where the kernel asks for it."""
        cls = next((c for c in ("netv9", "netv8", "net") if self.mediates(c)), "")
        if not cls:
            return FREE
        number = self.api.CLASS[cls]
        perms = self.api.NET_PERMS
        start = struct.pack(">HHH", 1, self.api.SOCKTYPES[kind], 0)
        local = start + addr + b"\0" + b"\0"
        peer = local + b"\1" + peer_addr + b"\0" + peer_label
        stages = (
            (start, ("create",)),
            (local, ("bind", "accept", "shutdown", "setattr", "getattr")),
            (local + b"\2\0\0", ("listen",)),
            (local + b"\4\0\0", ("setopt", "getopt")),
            (peer, ("send", "receive", "connect")),
        )
        found = [
            _answer(self.profile.policy_match(number, key), {n: perms[n] for n in names})
            for key, names in stages
        ]
        return _together(found)

    def _ptrace(self, peer: bytes) -> Answer:
        """Tracing a peer or being traced by it."""
        if not self.mediates("ptrace"):
            return FREE
        key = bytes((self.api.CLASS["ptrace"],)) + peer
        return _answer(
            self.profile.policy_match(self.api.CLASS["label"], key), self.api.PTRACE_PERMS
        )

    def _dbus(self, fields: tuple[bytes, ...]) -> Answer:
        """A message or a name on a bus: bus, name, label, path, interface, member."""
        if not self.mediates("dbus"):
            return FREE
        perms = self.api.DBUS_PERMS
        stages = (
            (fields, ("send", "receive")),
            (fields[:2], ("bind",)),
            (fields[:1], ("eavesdrop",)),
        )
        found = [
            self._key("dbus", b"\0".join(key), {n: perms[n] for n in names})
            for key, names in stages
        ]
        return _together(found)

    def _mount(self, mountpoint: bytes, source: bytes, fstype: bytes, flags: int) -> Answer:
        """A mount under flags that are already those of its kind."""
        numbers = bytes(bit + 1 for bit in range(32) if flags >> bit & 1)
        key = b"\0".join((mountpoint, source, fstype, numbers))
        return self._key("mount", key, {"mount": 2})


def _answer(perms: Any, names: Mapping[str, int]) -> Answer:
    allow, audit, quiet = (
        frozenset(name for name, bit in names.items() if mask & bit)
        for mask in (perms.allow, perms.audit, perms.quiet)
    )
    return Answer(allow, audit & allow, quiet - allow)


def _address(addr: bytes) -> bytes:
    """An address of a unix socket as the kernel has it."""
    if addr == b"none":
        return b"\1"
    if addr == b"auto":
        return b""
    return b"\0" + addr[1:]


def _together(found: Iterable[Answer]) -> Answer:
    """The answers of several stages as one."""
    allow, audit, quiet = (set().union(*sets) for sets in list(zip(*found, strict=True))[:3])
    return Answer(frozenset(allow), frozenset(audit), frozenset(quiet))


def oracles(data: bytes, api: Any) -> dict[str, Oracle]:
    """The profiles of a binary policy by name."""
    policies = api.PolicySet(api.load(data))
    return {name: Oracle(api, policies, p) for name, p in policies.profiles.items()}
