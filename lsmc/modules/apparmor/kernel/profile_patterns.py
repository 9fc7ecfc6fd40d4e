"""What a profile says, as patterns over a kernel's strings, with what each means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, concat
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import Effect
from lsmc.ir.model import Profile, Rule
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, NETWORK, ONEXEC, UNIX
from lsmc.modules.apparmor.kernel.keys import (
    CLASS_DBUS,
    CLASS_FILE,
    CLASS_IO_URING,
    CLASS_MOUNT,
    CLASS_NS,
    CLASS_POSIX_MQUEUE,
    CLASS_PTRACE,
    CLASS_SIGNAL,
    CLASS_SYSV_MQUEUE,
    file_pattern,
    other_patterns,
)
from lsmc.modules.apparmor.kernel.network import network_patterns
from lsmc.modules.apparmor.kernel.sockets import (
    CLASS_NET_V8,
    CLASS_NET_V9,
    CLASS_OLD_NET,
    CLASS_PACKETS,
    UNIX_FAMILY,
    Networks,
)
from lsmc.modules.apparmor.kernel.unix import has_peer, unix_patterns
from lsmc.modules.apparmor.kernel.words import ATTACHED, READ_ON, STUB, Access
from lsmc.modules.apparmor.resolve.features import Features

#: Features of a kernel, each with the class of lsmc's and that of strings which it has mediated.
_STUBS = (
    ("mount", "mount", CLASS_MOUNT),
    ("dbus", "dbus", CLASS_DBUS),
    ("signal", "signal", CLASS_SIGNAL),
    ("ptrace", "ptrace", CLASS_PTRACE),
    ("network_v8", "network", CLASS_NET_V8),
    ("network_v9", "network", CLASS_NET_V9),
    ("network_v9_skb", "network", CLASS_PACKETS),
    ("ipc/posix_mqueue", "mqueue", CLASS_POSIX_MQUEUE),
    ("ipc/sysv_mqueue", "mqueue", CLASS_SYSV_MQUEUE),
    ("namespaces/mask/userns_create", "userns", CLASS_NS),
    ("io_uring", "io_uring", CLASS_IO_URING),
)
_FREE_MODES = ("unconfined", "default_allow")
_NO_RULE = Facts(0, Effect.ALLOW, 0, 0)
_STUB, _ATTACH, _READ_ON = (Access(None, _NO_RULE, word) for word in (STUB, ATTACHED, READ_ON))


def file_patterns(rules: Iterable[Rule]) -> Iterator[tuple[Pattern, Access]]:
    """The patterns of some rules in the automaton of files."""
    for rule in rules:
        pattern = file_pattern(rule)
        if pattern is not None:
            yield pattern, _access(rule)
        if rule.cls is ONEXEC and rule.effect is Effect.ALLOW:
            # the executable alone, to which the target is added at the execution
            facts = _facts(rule)._replace(transition=None)
            bit = CHANGE_PROFILE.mask(("onexec",))
            yield rule.fields[0], Access(CHANGE_PROFILE, facts._replace(owner=bit, other=bit))


def stubs(profile: Profile, version: int, features: Features) -> Iterator[tuple[Pattern, Access]]:
    """What tells which classes a profile mediates, for a version of the kernel's interface."""
    free = profile.mode in _FREE_MODES
    for feature, name, code in _STUBS:
        if feature in features and name in profile.mediated and (not free or name == "userns"):
            yield Literal(bytes((code,))), _STUB
    if free:
        return
    if "unix" in profile.mediated:
        code = CLASS_NET_V9 if "network_v9/af_unix" in features else CLASS_OLD_NET
        yield Literal(bytes((code,))), _STUB
        yield Literal(bytes((code, 0, UNIX_FAMILY))), _STUB
    if version > 5:
        yield Literal(bytes((CLASS_FILE,))), _STUB


def all_other_patterns(
    rules: Sequence[Rule], mediated: Collection[str], networks: Networks
) -> Iterator[tuple[Pattern, Access]]:
    """The patterns of the rules of a unit in the automaton of all else, of mediated classes."""
    paired = {rule.origin for rule in rules if rule.cls is UNIX and has_peer(rule)}
    for rule in rules:
        if rule.cls is UNIX:
            alone = rule.origin in paired and not has_peer(rule)
            for pattern, mask in unix_patterns(rule, networks.unix, alone):
                yield pattern, _access(rule, mask)
        elif rule.cls is NETWORK:
            for pattern, mask in network_patterns(rule, networks):
                yield pattern, _access(rule, mask) if mask else _READ_ON
        elif rule.cls.name in mediated:
            for pattern in other_patterns(rule):
                yield pattern, _access(rule)


def attachment(profile: Profile) -> Iterator[tuple[Pattern, Access]]:
    """The patterns of the attachment; none for one by name alone."""
    found = profile.attachment
    if found is None or found.by_name or _is_own_name(profile):
        return
    for pattern in found.patterns:
        yield pattern, _ATTACH


def conditions(profile: Profile) -> Sequence[tuple[bytes, tuple[Pattern, Access]]]:
    """The extended attributes that an attachment asks for, with the patterns of their values.

    A value is read behind a NUL, which tells one that is empty from none.  The last that is written
    is the first, as the compiler has them.
    """
    found = profile.attachment.xattrs if profile.attachment is not None else ()
    return [
        (name.encode("latin-1"), (concat((Literal(b"\0"), value)), _ATTACH))
        for name, value in reversed(found)
    ]


def _is_own_name(profile: Profile) -> bool:
    assert profile.attachment is not None
    own = Literal(profile.name.rpartition("//")[2].encode("latin-1"))
    return profile.attachment.patterns == (own,) and not profile.attachment.xattrs


def _facts(rule: Rule) -> Facts:
    return Facts(
        0,
        int(rule.effect),
        rule.owner,
        rule.other,
        rule.audit,
        rule.priority,
        rule.exact and bool(rule.cls.specific),
        rule.transition,
        rule.adds_log,
        rule.weak,
    )


def _access(rule: Rule, mask: int | None = None) -> Access:
    """What a rule says, of some permissions only."""
    facts = _facts(rule)
    if mask is not None:
        facts = facts._replace(owner=facts.owner & mask, other=facts.other & mask)
    return Access(rule.cls, facts)


def rank(profile: Profile) -> int:
    """The length by which the kernel ranks an attachment: what stands before its first loop."""
    assert profile.attachment is not None
    return min(_fixed(pattern)[0] for pattern in profile.attachment.patterns)


def _fixed(pattern: Pattern) -> tuple[int, bool]:
    """The least length before a loop or `?`, and whether the pattern goes on behind it."""
    match pattern:
        case Literal(text):
            return len(text), True
        case Chars(mask):
            return 1, mask.bit_count() < 128
        case Star():
            return 0, False
        case Union(options):
            found = [_fixed(option) for option in options]
            return min(length for length, _ in found), all(on for _, on in found)
        case Concat(parts):
            total = 0
            for part in parts:
                length, goes_on = _fixed(part)
                total += length
                if not goes_on:
                    return total, False
            return total, True
