"""The questions of the kernel about all that is neither file nor socket.

They are asked in security/apparmor/lsm.c and in the files that it calls: capability.c, ipc.c,
mount.c, domain.c, resource.c.
"""

from __future__ import annotations

import errno
from dataclasses import replace

from tests.kernel.ask import Ask, Asks, Files, around, named, process
from tests.kernel.cases import UNCONFINED, Case, ids_of

SIGNALS = {
    0: "exists",
    1: "hup",
    9: "kill",
    10: "usr1",
    15: "term",
    17: "chld",
    18: "cont",
    23: "urg",
    **{number: f"rtmin+{number - 32}" for number in (34, 37, 64)},
}
RESOURCES = {4: "core", 5: "rss", 7: "nofile", 11: "sigpending"}
_MOUNT_FLAGS = {
    0x1: "ro",
    0x2: "nosuid",
    0x20: "remount",
    0x1000: "bind",
    0x2000: "move",
    0x4000: "rec",
    0x40000: "private",
    0x80000: "slave",
    0x100000: "shared",
}
_REMOUNT, _TWO_PATHS, _NEW = 0x20, 0x3000, 0x1C3020
#: What each side of an act on another process asks.
_SIDES = {
    "trace": ("ptrace_trace", "ptrace_tracedby"),
    "traceme": ("ptrace_trace", "ptrace_tracedby"),
    "peek": ("ptrace_read", "ptrace_readby"),
}


def capable(case: Case, words: list[str], files: Files) -> Asks:
    """A capability is used."""
    del files
    refusal = errno.EACCES if words[0] == "sys_nice" else errno.EPERM
    context = process(case)
    yield Ask(case.subject, "capable", words[0], "capable", refusal=refusal, context=context)


def kill(case: Case, words: list[str], files: Files) -> Asks:
    """A signal is sent to the peer; both sides are asked."""
    del files
    fields = {"signal": SIGNALS[int(words[0])]}
    peer, _, ids = case.peer.partition("@")
    send = Ask(case.subject, "signal_send", peer, "signal", fields=fields)
    receive = Ask(peer, "signal_receive", case.subject, "signal", fields=fields, joined=True)
    context = process(case)
    if context is None:
        yield from (send, receive)
    else:
        context = replace(context, owner=ids_of(ids).uid)
        yield send._replace(context=context, parts=(send, receive))


def trace(case: Case, words: list[str], files: Files) -> Asks:
    """The peer is traced or read, or traces the process; both sides are asked."""
    del files, words
    peer, _, ids = case.peer.partition("@")
    who, whom = (peer, case.subject) if case.act[0] == "traceme" else (case.subject, peer)
    context = process(case)
    # get_robust_list(2) has one error for all reasons
    refusal = errno.EPERM if case.act[0] == "peek" else errno.EACCES
    own, other = _SIDES[case.act[0]]
    first = Ask(who, own, whom, "ptrace", refusal=refusal)
    parts = (first, Ask(whom, other, who, "ptrace", refusal=refusal, joined=True))
    if who == UNCONFINED:
        parts = parts[:1]  # it may trace everything
    if context is None:
        yield from parts
    else:
        context = replace(context, owner=ids_of(ids).uid, group=ids_of(ids).gid)
        yield first._replace(context=context, parts=parts)


def limit(case: Case, words: list[str], files: Files) -> Asks:
    """A hard limit is set."""
    del files
    number, value = words
    fields, context = {"value": value}, process(case)
    about = RESOURCES[int(number)]
    yield Ask(case.subject, "setrlimit", about, "setrlimit", fields=fields, context=context)


def mount(case: Case, words: list[str], files: Files) -> Asks:
    """Something is mounted, moved or changed."""
    source, target, kind, number = words
    flags = int(number, 16)
    op = "remount" if flags & _REMOUNT else "mount"
    options = ",".join(word for flag, word in _MOUNT_FLAGS.items() if flags & flag and word != op)
    fields = {"options": options}
    if flags & _TWO_PATHS:
        fields["source"] = named(source, files)
    if not flags & _NEW:
        fields |= {"source": source, "fstype": kind}
    where, context = named(target, files), around(case, files, target)
    yield Ask(case.subject, op, where, "mount", fields=fields, context=context)


def umount(case: Case, words: list[str], files: Files) -> Asks:
    """A file system is unmounted."""
    where, context = named(words[0], files), around(case, files, words[0])
    yield Ask(case.subject, "umount", where, "umount", context=context)


def pivot(case: Case, words: list[str], files: Files) -> Asks:
    """The root is changed."""
    new, old = (named(path, files) for path in words)
    fields, context = {"oldroot": old}, around(case, files, words[0])
    yield Ask(case.subject, "pivot_root", new, "pivotroot", fields=fields, context=context)


def change(case: Case, words: list[str], files: Files) -> Asks:
    """The profile is changed, at once."""
    del files
    yield Ask(case.subject, case.act[0], words[0], case.act[0])


def onexec(case: Case, words: list[str], files: Files) -> Asks:
    """The profile is changed at the next execution, which follows: two questions, one of ours."""
    del files
    target, path = words
    operation = {"onexec": "change_onexec"}.get(case.act[0], case.act[0])
    if case.act[0] == "stack_onexec":
        target = f"&{target}"
    fields = {"exec": path}
    parts = (
        Ask(case.subject, "change_profile", target, operation, perms=("onexec",)),
        Ask(case.subject, "onexec", target, "exec", fields=fields, perms=("onexec",)),
    )
    yield Ask(case.subject, "onexec", target, operation, fields=fields, parts=parts)


def unmediated(case: Case, words: list[str], files: Files) -> Asks:
    """What only later kernels ask rules about."""
    del files
    what, *how = case.act
    op = {"ring": "io_uring", "queue": "mqueue"}.get(what, "userns_create")
    if how:
        op = f"{op}_{how[0]}"
    yield Ask(case.subject, op, words[1] if len(words) > 1 else "", op)
