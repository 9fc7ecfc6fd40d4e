"""Access decisions of a real kernel with Smack: answers of access2, and what programs were refused.

`accesses.jsonl` tells what a program did to files and tasks of known labels.  What each step asks
is put to lsmc as operations; the kernel's own answer is the errno.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from errno import EACCES, EPERM
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import lsmc
from lsmc.policy import Policy
from tests.conformance.result import Result

#: Questions of access2 that lsmc answers otherwise on purpose.  A label that nothing has yet is
#: unknown to the kernel, which answers 0 whatever its rules say: no task or file can ask so.
#: Letters that the kernel passes over are a fault in a question here.
_UNKNOWN = "Never"
_FAULTY_LETTERS = ("q", "rq")
_IOCTL_WRITE = "0x4"


def queries(path: Path) -> Result:
    """The answers of access2 to the questions of each set of rules."""
    result = Result("smack queries")
    for line in path.read_text().splitlines():
        case = json.loads(line)
        if any(write["file"] == "revoke-subject" for write in case["write"]):
            result.skipped.append(f"{case['id']}: no file of policy does it")
            continue
        policy = _loaded(case, result)
        for query in case["queries"]:
            words = query["q"].split()
            found = _answer(policy, words)
            known_only = query["answer"] == "0" and found == "1" and _UNKNOWN in words[:2]
            if known_only or words[-1] in _FAULTY_LETTERS:
                result.skipped.append(f"{case['id']}: {query['q']}")
                continue
            result.add(found == query["answer"], f"{case['id']}: {query} but {found}")
    return result


def _loaded(case: dict[str, Any], result: Result) -> Policy:
    """The policy of some writes, without those rows that the kernel refuses."""
    with TemporaryDirectory() as folder:
        (rules := Path(folder) / "accesses.d").mkdir()
        for number, write in enumerate(case["write"]):
            name = {"load2": f"{number:03}", "change-rule": f"{number:03}-change-rule"}
            path = rules / name[write["file"]] if write["file"] in name else Path(folder)
            path = path / write["file"] if path.is_dir() else path
            path.write_text(write["text"], encoding="utf-8", newline="")
            try:
                lsmc.compile(path, module="smack")
                refused = False
            except lsmc.PolicyError:
                refused = True
                text = write["text"]
                for at in range(len(text), -1, -1):  # what the kernel has taken before the fault
                    path.write_text(text[:at], encoding="utf-8", newline="")
                    if _compiles(path):
                        break
            result.add(refused == bool(write["errno"]), f"{case['id']}: {write}")
        return lsmc.compile(folder, module="smack")


def _compiles(path: Path) -> bool:
    try:
        lsmc.compile(path, module="smack")
    except lsmc.PolicyError:
        return False
    return True


def _answer(policy: Policy, words: Sequence[str]) -> str:
    try:
        subject, obj, access = words[:3]
        return str(int(policy.query(subject, access, obj).allowed))
    except (ValueError, LookupError):
        return "E22"


class _Asked(NamedTuple):
    """One question to lsmc."""

    op: str
    label: str
    fields: dict[str, Any]


class _World:
    """The files by path: type, label, and what else is said of them."""

    def __init__(self, text: str) -> None:
        self.labels = {"/": "_", "/t": "*", "/x": "_"}
        self.flags: dict[str, str] = {}
        self.links: dict[str, str] = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            kind, _, label, path, *rest = line.split()
            self.labels[path] = label
            if kind in "dx" and rest:
                self.flags[path] = rest[0]
            if kind == "l":
                self.links[path] = rest[0]

    def walk(self, path: str) -> Iterator[_Asked]:
        """The search of the directories of a path."""
        folders = []
        while path != "/":
            path = posixpath.dirname(path)
            folders.append(path)
        for folder in reversed(folders):
            yield _Asked("search", self.labels[folder], {})

    def steps(self, step: Sequence[str]) -> Iterator[_Asked]:
        """What a step on files asks."""
        name, *words = step
        path = next((word for word in words if word.startswith("/")), "")
        yield from self.walk(path)
        if name not in ("lstat", "readlink") and path in self.links:
            path = self.links[path]
            yield from self.walk(path)
        label = self.labels.get(path, "")
        parent = self.labels.get(posixpath.dirname(path), "")
        flagged = "TRANSMUTE" in self.flags.get(posixpath.dirname(path), "")
        match name:
            case "open" if "c" in words[0] and not label:
                yield _Asked("create", parent, {"transmute": flagged})
            case "open" if "p" not in words[0]:
                mode = words[0]
                # the search for the name asks the mode, the open itself `r` besides
                op = "append" if "a" in mode else "write" if "w" in mode else "read"
                yield _Asked(op, label, {})
            case "access":
                yield _Asked(words[0], label, {})
            case "mkdir":
                yield _Asked("mkdir", parent, {"transmute": flagged})
            case "unlink" | "rmdir":
                yield _Asked(name, label, {"directory": parent})
            case "link":
                yield from self.walk(words[1])
                target = self.labels[posixpath.dirname(words[1])]
                yield _Asked("link", label, {"directory": target})
            case "rename":
                yield from self.walk(words[1])
                fields = {"directory": parent, "new_directory": self._parent(words[1])}
                if words[1] in self.labels:
                    fields["target"] = self.labels[words[1]]
                yield _Asked("rename", label, fields)
            case "lstat":
                yield _Asked("getattr", label, {})
            case "chdir":
                yield _Asked("search", label, {})
            case "statfs":
                yield _Asked("statfs", "_", {})
            case "readlink" | "open":  # with O_PATH
                pass
            case _ if name in _SAME:
                yield _Asked(_SAME[name], label, {})
            case _:
                raise NotImplementedError(name)

    def _parent(self, path: str) -> str:
        return self.labels[posixpath.dirname(path)]


#: Steps on files that are operations of lsmc under another name.
_SAME = {
    "stat": "getattr",
    "getxattr": "getxattr",
    "chmod": "chmod",
    "utime": "utime",
    "truncate": "truncate",
    "listdir": "readdir",
    "exec": "exec",
}
#: Steps on another task, or on an object that it made.
_ON_TASKS = {
    "ptrace": "ptrace_trace",
    "ptraceread": "ptrace_read",
    "getsid": "getsid",
    "getpgid": "getpgid",
    "setpgid": "setpgid",
    "getsched": "getscheduler",
    "setsched": "setscheduler",
    "setprio": "setpriority",
    "shmstat": "ipc_stat",
    "shmrm": "ipc_remove",
    "semop": "semop",
    "msgsnd": "msgsnd",
    "uconnect": "connect",
    "usend": "send",
}


def _on_task(step: Sequence[str], label: str) -> Iterator[_Asked]:
    name, *words = step
    match name:
        case "kill":
            yield _Asked("signal_send", label, {"signal": words[0]})
        case "shmat":
            yield _Asked("shmat" if "w" in words[1] else "shmat_read", label, {})
        case "shmget" | "msgget" | "semget":
            yield _Asked("ipc_get", label, {"mode": words[2] or "0666"})
        case "msgrcv":
            yield _Asked("r", label, {})  # the queue is empty, so that nothing is taken
        case _:
            yield _Asked(_ON_TASKS[name], label, {})


def accesses(path: Path) -> Result:
    """What the steps of programs were refused."""
    result = Result("smack accesses")
    world = _World((path.parent / "world.txt").read_text())
    policies: dict[str, Policy] = {}
    for line in path.read_text().splitlines():
        case = json.loads(line)
        rules = case["rules"]
        if rules not in policies:
            policies[rules] = lsmc.compile_text(rules, module="smack")
        for number, problem in enumerate(_judge(world, policies[rules], case)):
            result.add(not problem, f"{case['id']}.{number}: {case['steps']}: {problem}")
    return result


def _judge(world: _World, policy: Policy, case: dict[str, Any]) -> Iterator[str]:
    """What is wrong with each step that lsmc can answer, empty for nothing."""
    steps, other, opened, made = case["steps"], "", "", ""
    for step, errno, note in zip(steps, case["errnos"], case["notes"], strict=True):
        name, *words = step
        if name == "!as":
            other = words[0]
        elif name == "!open":
            opened = world.labels[words[1]]
        elif name == "label":
            expected = made
            if errno == 0 and note != expected:
                yield f"the new label is {note}, not {expected}"
        elif name == "relabel":
            pass  # decided by CAP_MAC_ADMIN
        elif name in ("read", "write", "socket"):
            yield "" if errno == 0 else f"{name}: errno {errno}"
        else:
            if opened and not any(word.startswith("/") for word in words):
                asked = list(_on_descriptor(step, opened))
            elif other:
                asked = list(_on_task(step, other))
            else:
                asked = list(world.steps(step))
            refused, made = _ask(policy, case, asked)
            exec_label = case["exec_label"]
            if name == "exec":
                flag = world.flags.get(words[0], case["subject"])
                yield "" if refused == (exec_label is None) else f"exec: {refused=} {exec_label}"
                if not refused and exec_label is not None:
                    yield "" if exec_label == flag else f"runs as {exec_label}, not {flag}"
                continue
            # reading memory of another task makes EACCES to EPERM, and so does what is reported
            traces = name.startswith("ptrace")
            if refused:
                right = errno in ((EPERM, EACCES) if traces else (EACCES,))
            else:
                right = errno != EACCES and not (errno == EPERM and traces)
            yield "" if right else f"{refused=}, but errno {errno}"


def _on_descriptor(step: Sequence[str], label: str) -> Iterator[_Asked]:
    name, *words = step
    match name:
        case "flock" | "fcntllk":
            yield _Asked("lock", label, {})
        case "ioctl":
            writes = words[0].startswith(_IOCTL_WRITE)
            yield _Asked("ioctl_write" if writes else "ioctl_read", label, {})
        case "mmap":
            yield _Asked("mmap_exec", label, {})
        case _:
            raise NotImplementedError(name)


def _ask(policy: Policy, case: dict[str, Any], asked: Sequence[_Asked]) -> tuple[bool, str]:
    """Whether any question is refused, and the label of what is made."""
    made = case["subject"]
    task = {"self_rules": case["self_rules"]}
    if case["cap_mac_override"]:
        task["capabilities"] = "mac_override"
    for op, label, fields in asked:
        verdict = policy.query(case["subject"], op, label, **fields, **task)
        if not verdict.allowed:
            return True, ""
        if "transmute" in fields:
            made = verdict.note.partition("gets the label `")[2].partition("`")[0]
    return False, made
