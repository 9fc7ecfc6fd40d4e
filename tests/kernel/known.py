"""Differences between the kernel's answers and lsmc's that are meant, each with its reason.

The policies are compiled by apparmor_parser 3.0.8, lsmc follows the language of 6.0; some records
are the kernel's own affair.  Every difference of a case must be known for the case to pass, and
each is counted.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lsmc import compile_text
from lsmc.modules.apparmor.operations import find
from lsmc.policy import Policy
from tests.kernel.cases import Case, made
from tests.kernel.compare import Difference
from tests.kernel.expect import Expected


class Seen(NamedTuple):
    """A case with its policy, what lsmc expected, and the version of the kernel."""

    text: str
    policy: Policy
    case: Case
    expected: Expected
    kernel: tuple[int, ...]


class Known(NamedTuple):
    """A difference that is meant: when it applies, and why; `since` is the first such kernel."""

    name: str
    reason: str
    applies: Callable[[Seen, Difference], bool]
    since: tuple[int, ...] = ()


def _learning(seen: Seen, difference: Difference) -> bool:
    del seen
    return difference.what == "record" and "//null-" in difference.kernel


def _capability_of_call(seen: Seen, difference: Difference) -> bool:
    return (
        difference.what == "record"
        and seen.case.act[0] != "capable"
        and difference.kernel.startswith("AUDIT capable")
        and _logs_all(seen, difference.kernel)
    )


def _logs_all(seen: Seen, record: str) -> bool:
    """Whether the profile of a record has flags=(audit)."""
    profile = seen.policy.engine.tables.find(record.split()[2])
    return profile is not None and profile.audit


def _matches(globs: Sequence[str], path: str) -> bool:
    """Whether one of some globs matches a path."""
    rules = "".join(f"{glob} r, " for glob in globs)
    return compile_text(f"profile m {{ {rules} }}").query("m", "read", path).allowed


_AUDITED_PIVOT = re.compile(r"^\s*audit (?:allow )?pivot_root .*?(/\S+),$", re.MULTILINE)
_AUDITED_EXEC = re.compile(r"^\s*audit (?:owner )?(/\S+) \w+x\b", re.MULTILINE)


def _audit_of_loser(seen: Seen, difference: Difference) -> bool:
    if difference.kernel.startswith("AUDIT exec"):
        return _matches(_AUDITED_EXEC.findall(seen.text), seen.case.act[-1])
    if difference.kernel.startswith("AUDIT pivotroot"):
        return _matches(_AUDITED_PIVOT.findall(seen.text), f"{seen.case.act[1]}/")
    return False


_ONEXEC = ("onexec", "stack_onexec")
_CHANGE = re.compile(r"^(audit |allow |deny )*change_profile (?:safe |unsafe )?(/\S+|) ?-> (\S+),$")


def _onexec_unnamed(seen: Seen, difference: Difference) -> bool:
    """Whether the executable has no rule, so that the kernel passes over the missing pair.

    3.0.8 has a deny rule take that of its executables too, and of all that its target matches.
    """
    if seen.case.act[0] not in _ONEXEC or difference.kernel not in ("0", "", "True", "False"):
        return False
    path = seen.case.act[2]
    return any(
        _matches(_executables(seen.text, name, "deny "), path)
        or _matches(_denied_targets(seen.text, name), f"/ {path}")
        or (
            not _matches(_executables(seen.text, name, "allow "), path)
            and "onexec" not in seen.policy.permissions(name, "change_profile", path).allow
        )
        for name in seen.case.subject.split("//&")
    )


def _executables(text: str, name: str, effect: str) -> list[str]:
    """What the change_profile rules of a profile name; all executables where they name none."""
    found = map(_CHANGE.match, own_rules(text, name))
    denies = effect == "deny "
    return [match[2] or "/**" for match in found if match and (match[1] == "deny ") == denies]


def _denied_targets(text: str, name: str) -> list[str]:
    """The targets of the deny rules of a profile, as globs of paths behind `/ `."""
    found = map(_CHANGE.match, own_rules(text, name))
    return [f'"/ {match[3]}"' for match in found if match and match[1] == "deny "]


def own_rules(text: str, name: str) -> list[str]:
    """The rules of a drawn profile or hat, without those of its hats and children."""
    inside: list[str] = []
    rules = []
    for line in map(str.strip, text.splitlines()):
        if line.endswith("{"):
            inside.append(line.removeprefix("profile ").removeprefix("^").split()[0])
        elif line == "}":
            inside.pop()
        elif "//".join(inside) == name:
            rules.append(line)
    return rules


def _audit_of_subset(seen: Seen, difference: Difference) -> bool:
    if seen.case.act[0] != "link" or not difference.ours.startswith("AUDIT link"):
        return False
    _, old, new = seen.case.act
    return any(
        "subset" in seen.policy.permissions(part, "link", new, target=old, owner=owner).allow
        for part in seen.case.subject.split("//&")
        for owner in (True, False)
    )


def _stat_of_denied(seen: Seen, difference: Difference) -> bool:
    if not difference.kernel.startswith("AUDIT getattr") or difference.ours:
        return False
    profile = difference.kernel.split()[2]
    found = seen.policy.permissions(profile, "file", seen.case.act[1])
    return "r" in found.deny and "audit" in seen.text


def _read_for_dump(seen: Seen, difference: Difference) -> bool:
    if seen.case.act[0] != "exec" or difference.ours or difference.what != "record":
        return False
    return difference.kernel.split()[1:4:2] in (["capable", "dac_override"], ["capable", _SEARCH])


def _left_open(seen: Seen, difference: Difference) -> bool:
    if not seen.expected.open:
        return False
    if difference.what == "errno":
        return difference.kernel == str(errno.EPERM)
    # a layer that refuses leaves those behind it unasked, and may try a capability
    return difference.what == "record" and (
        not difference.kernel or difference.kernel.split()[1] == "capable"
    )


_SEARCH = "dac_read_search"
_UPPER = frozenset(
    (
        *("link", "file_mmap", "file_mprotect", "change_profile", "change_onexec", "change_hat"),
        *("stack", "stack_onexec"),
    )
)


def _upper_bits(seen: Seen, difference: Difference) -> bool:
    """A record that flags=(audit) asks for about one of these, or for others without them."""
    words = (difference.kernel or difference.ours).split()
    upper = _UPPER | {"exec"} if seen.case.act[0] in _ONEXEC else _UPPER
    if difference.what != "record" or words[0] != "AUDIT" or words[1] not in upper:
        return False
    return _logs_all(seen, " ".join(words))


def _compound_peer(seen: Seen, difference: Difference) -> bool:
    """Whether a stack as peer was answered by its components, and the kernel refused it."""
    if difference.what == "errno" and difference.kernel == "0":
        return False
    for answer in seen.expected.answers:
        ask = answer.ask
        operation = find(ask.op, dict(ask.fields))
        if "//&" not in ask.object or operation is None:
            continue
        if operation.cls not in ("signal", "ptrace"):
            continue
        asked = seen.policy.engine.ask(ask.subject, operation, ask.object, True, ask.fields)
        if any("//&" not in look.part.object for look in asked.lookups):
            return True
    return False


_DENIES_ALL = re.compile(r"^audit deny ptrace(?: \([^)]*\bread\b[^)]*\))? peer=\*\*?,$")


def _denied_marker(seen: Seen, difference: Difference) -> bool:
    """Whether a profile denies tracing so wholly that 3.0.8 leaves nothing of it."""
    del difference
    if seen.case.act[0] not in ("trace", "traceme", "peek"):
        return False
    names = f"{seen.case.subject}//&{seen.case.peer.partition('@')[0]}".split("//&")
    return any(
        any(map(_DENIES_ALL.match, own_rules(seen.text, name)))
        and not any(seen.policy.permissions(name, "ptrace", peer).allow for peer in names)
        for name in names
    )


def _queue_of_file(seen: Seen, difference: Difference) -> bool:
    if seen.case.act[:2] not in (("queue", "create"), ("queue", "open")):
        return False
    return difference.kernel == str(errno.EACCES) or difference.kernel.split()[1:2] == ["open"]


def _bind_to_path(seen: Seen, difference: Difference) -> bool:
    """Whether a directory that may not be searched keeps the file of a socket from being asked."""
    if difference.what != "record" or difference.kernel or " mknod " not in difference.ours:
        return False
    _, family, _, _, step, *address = seen.case.act
    folder = next((made(entry) for entry in seen.case.setup), None)
    closed = folder is not None and folder.mode & 0o111 != 0o111
    return (family, step) == ("1", "bind") and address[0].startswith("/") and closed


def _audit_of_stack(seen: Seen, difference: Difference) -> bool:
    words = difference.kernel.split()
    if difference.what != "record" or difference.ours or words[:1] != ["AUDIT"]:
        return False
    names = seen.case.subject.split("//&")
    audits = [
        name for name in names if getattr(seen.policy.engine.tables.find(name), "audit", False)
    ]
    return words[1] in _UPPER and bool(audits) and words[2] in set(names) - set(audits)


def _null_device(seen: Seen, difference: Difference) -> bool:
    words = difference.kernel.split()
    return seen.case.act[1:2] == ("inherit",) and words[3:4] == ["apparmor/.null"]


def _unsaid_stack(seen: Seen, difference: Difference) -> bool:
    return seen.case.act[0] == "stack_onexec" and difference.what.startswith("explain")


def _capability_once(seen: Seen, difference: Difference) -> bool:
    """Whether it is a component of a stack behind the first."""
    words = difference.ours.split()
    if difference.what != "record" or difference.kernel or words[1] != "capable":
        return False
    return words[2] in seen.case.subject.split("//&")[1:]


def _target_learned(seen: Seen, difference: Difference) -> bool:
    """Whether a profile that only logs has no child for a program that it sends to one."""
    if difference.what != "errno" or (difference.kernel, difference.ours) != ("0", "13"):
        return False
    profiles = map(seen.policy.engine.tables.find, seen.case.subject.split("//&"))
    return seen.case.act[0] == "exec" and any(one and one.mode == "complain" for one in profiles)


def _searched_first(seen: Seen, difference: Difference) -> bool:
    errors = (str(errno.EACCES), str(errno.EPERM))
    asked = difference.what == "errno" and (difference.kernel, difference.ours) == errors
    return asked and seen.case.act[0] == "pivot_root"


_ACCEPTED = frozenset(("accept", "send", "receive"))


def _accept_of_peer(seen: Seen, difference: Difference) -> bool:
    """Whether it is what the one who listens is asked while another connects."""
    if difference.what != "record" or seen.case.act[0] != "own" or seen.case.act[4] != "accept":
        return False
    words = (difference.kernel or difference.ours).split()
    return words[1] == "connect" and set(words[-1].split(",")) <= _ACCEPTED


def _looked_up_first(seen: Seen, difference: Difference) -> bool:
    """Whether a connection to a path is refused by its modes before AppArmor is asked."""
    if seen.case.act[:2] not in (("own", "1"), ("given", "1")) or difference.what != "record":
        return False
    step, address = seen.case.act[4:6]
    tried = difference.kernel.split()[1:2] == ["capable"]
    refused = seen.expected.errno == errno.EACCES and (tried or not difference.kernel)
    return refused and step in ("connect", "sendto") and address.startswith("/")


_STACK_OR_INHERIT = re.compile(r"\b[pc]ix -> &", re.IGNORECASE)


def _stack_inherited(seen: Seen, difference: Difference) -> bool:
    """Whether an execution is refused for a stack that is not there, which may be inherited."""
    if seen.case.act[0] != "exec":
        return False
    refusal = difference.what == "errno" and (difference.kernel, difference.ours) == ("0", "13")
    logged = difference.what == "record" and not difference.kernel and " exec " in difference.ours
    return (refusal or logged) and any(
        _STACK_OR_INHERIT.search(rule)
        for name in seen.case.subject.split("//&")
        for rule in own_rules(seen.text, name)
    )


KNOWN: tuple[Known, ...] = (
    Known(
        "looked-up-first",
        "AppArmor is asked where two unix sockets meet, which is behind the look-up of the path; "
        "lsmc asks it first, as kernels do that do not tell those sockets apart",
        _looked_up_first,
        since=(7,),
    ),
    Known(
        "stack-inherited",
        "an execution by `pix` or `cix` to a stack that is not there inherits the profile; earlier "
        "kernels refuse it",
        _stack_inherited,
        since=(7,),
    ),
    Known(
        "accept-of-peer",
        "who listens is asked for `accept` when another connects, with that one as peer, and again "
        "when it accepts, without; lsmc asks the second only, so that rules without the peer count",
        _accept_of_peer,
        since=(7,),
    ),
    Known(
        "capability-once",
        "the kernel remembers by the credentials of a task which capabilities it logged "
        "(audit_caps), so that of a stack the first component is logged and not those behind it",
        _capability_once,
        since=(7,),
    ),
    Known(
        "target-learned",
        "a profile that only logs goes on in one made for learning where the target of a rule for "
        "an execution is not there; earlier kernels refuse it",
        _target_learned,
        since=(7,),
    ),
    Known(
        "searched-first",
        "pivot_root looks its paths up before it asks whether the task may mount at all",
        _searched_first,
        since=(7,),
    ),
    Known(
        "null-device",
        "in place of a file that may not be inherited a program gets a device of AppArmor's own, "
        "of which 6.12 logs that it is a disconnected path",
        _null_device,
    ),
    Known(
        "unsaid-stack",
        "the record of an execution that lacks a rule for change_onexec names the profile, and not "
        "that it was to be put on top; the explainer takes it for the profile alone",
        _unsaid_stack,
    ),
    Known(
        "audit-of-stack",
        "a change of profile by a stack is logged for all components by what the last one that was "
        "asked has, flags=(audit) included (aa_change_profile)",
        _audit_of_stack,
    ),
    Known(
        "compound-peer",
        "a peer that is a stack is compared as a whole and then by its components; kernels before "
        "a4c9efa4dbad refuse it at once where its whole name leads nowhere (label_compound_match)",
        _compound_peer,
    ),
    Known(
        "denied-marker",
        "where `audit deny` of tracing speaks of a peer without a name too (`peer=**`), 3.0.8 "
        "loses the mark of the class, and the kernel does not ask the profile",
        _denied_marker,
    ),
    Known(
        "queue-of-file",
        "a kernel without rules for message queues opens them as files of a mount that is nowhere, "
        "and refuses a disconnected path; no rule of the policy is asked",
        _queue_of_file,
    ),
    Known(
        "audit-of-loser",
        "where a rule without wildcards wins an execution or pivot_root, 3.0.8 keeps the `audit` "
        "of the rule that loses; in 6.0 it follows the rule that decides",
        _audit_of_loser,
    ),
    Known(
        "onexec-unnamed",
        "the kernel finds that the executable has no rule for change_onexec and goes on without "
        "an error (profile_onexec in 6.1); the policy does not allow it",
        _onexec_unnamed,
    ),
    Known(
        "audit-of-subset",
        "the kernel forgets that a link is asked for while it compares the permissions of both "
        "names (profile_path_link), so that `audit` of a link with that test logs nothing",
        _audit_of_subset,
    ),
    Known(
        "stat-of-denied",
        "3.0.8 leaves the audit bit of a permission that a deny rule takes; only stat shows it, "
        "which asks for nothing and is logged as reading",
        _stat_of_denied,
    ),
    Known(
        "read-for-dump",
        "an execution also tests whether the program may be read, to know whether the process may "
        "be dumped (would_dump in fs/exec.c), and logs the capability that it tries",
        _read_for_dump,
    ),
    Known(
        "bind-to-path",
        "between its questions about a socket and about the file that it makes, the kernel looks "
        "the directory up; a verdict has one place for the answers of a profile",
        _bind_to_path,
    ),
    Known(
        "left-open",
        "the verdict says that the context does not tell enough of a layer, and the layer decides",
        _left_open,
    ),
    Known(
        "learning-profile",
        "a program that runs in a profile made for learning has its own accesses logged; the "
        "policy does not have that profile",
        _learning,
    ),
    Known(
        "capability-of-call",
        "flags=(audit) logs each capability that the system call tries by the way",
        _capability_of_call,
    ),
    Known(
        "upper-bits",
        "flags=(audit) makes the kernel log the lower sixteen bits of an allowed request, where m, "
        "l and changes of profile are not; the manual says that every access is logged",
        _upper_bits,
    ),
)


def explain(seen: Seen, difference: Difference) -> Known | None:
    """The known difference that a difference is an instance of."""
    return next(
        (
            known
            for known in KNOWN
            if known.since <= seen.kernel and known.applies(seen, difference)
        ),
        None,
    )
