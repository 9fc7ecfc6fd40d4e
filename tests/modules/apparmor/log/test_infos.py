"""What the kernel's `info=` and `error=` mean: every text has its sentence."""

from __future__ import annotations

import re

import pytest

from lsmc.modules.apparmor.log.infos import INFOS, info_of, meaning
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked

#: A record of the kind that has the text, and words that its sentence must hold: cause and remedy.
CASES = {
    "no new privs": ("exec", 1, ["NoNewPrivileges", "`ix`", "Px -> &t//x`"]),
    "profile transition not found": ("exec", 13, ["/o", "was not loaded", "t//x"]),
    "profile not found": ("exec", 13, ["/o", "was not loaded", "t//x"]),
    "ptrace prevents transition": ("exec", 13, ["tracer", "t//x", "ptrace trace peer=t//x,"]),
    "conflicting profile attachments": ("exec", 13, ["several profiles attach to /o", "exact"]),
    "conflicting profile attachments - ix fallback": ("exec", 0, ["several", "`ix`", "exact"]),
    "conflicting profile attachments - ux fallback": (
        "exec",
        0,
        ["several", "unconfined", "exact"],
    ),
    "ix fallback": ("exec", 0, ["none attaches to /o", "`ix`"]),
    "ux fallback": ("exec", 0, ["none attaches to /o", "unconfined"]),
    "change_profile onexec": ("exec", 13, ["next execution", "t//x"]),
    "no change_onexec valid for executable": ("exec", 0, ["`change_profile` rule", "/o"]),
    "could not create null profile": ("exec", 12, ["out of memory"]),
    "failed null profile create": ("change_hat", 12, ["out of memory"]),
    "failed to build target label": ("change_profile", 12, ["out of memory"]),
    "label build failed": ("change_hat", 12, ["out of memory"]),
    "label not found": ("change_profile", 2, ["no profile t//x", "not loaded"]),
    "change_profile unprivileged unconfined converted to stacking": (
        "change_onexec",
        0,
        ["stacked", "restrict_unprivileged_unconfined"],
    ),
    "not a single threaded task": ("change_profile", 13, ["threads"]),
    "hat not found": ("change_hat", 2, ["no hat", "add the hat"]),
    "no hats defined": ("change_hat", 10, ["no hat", "add the hat"]),
    "target not hat": ("change_hat", 1, ["t//x", "child profile", "hat NAME"]),
    "conflicting target types": ("change_hat", 1, ["hats and others"]),
    "conflicting targets types": ("change_hat", 1, ["hats and others"]),
    "unconfined can not change_hat": ("change_hat", 1, ["unconfined", "no hats"]),
    "failed token match": ("change_hat", 13, ["token", "kills"]),
    "Failed name lookup - deleted entry": ("link", 2, ["deleted", "mediate_deleted", "no rule"]),
    "Failed name lookup - disconnected path": (
        "open",
        13,
        ["disconnected", "attach_disconnected", "no rule"],
    ),
    "Failed name lookup - disconnected IPC path": ("getattr", 13, ["attach_disconnected.ipc"]),
    "Failed name lookup - name too long": ("open", 36, ["longer", "path_max", "no rule"]),
    "Failed name lookup": ("open", 12, ["could not find the name"]),
    "target restricted": ("link", 13, ["`l` for the new name /o", "to t//x"]),
    "link not subset of target": ("link", 13, ["/o", "another way", "`subset`"]),
    "failed mntpnt match": ("mount", 13, ["mount point /o"]),
    "failed srcname match": ("mount", 13, ["mount point /o", "source"]),
    "failed type match": ("mount", 13, ["up to the type"]),
    "failed flags match": ("mount", 13, ["mount point, source and type", "flags"]),
    "failed data match": ("mount", 13, ["data"]),
    "failed perms check": ("mount", 13, ["all fields"]),
    "failed af match": ("create", 13, ["address family"]),
    "failed protocol match": ("create", 13, ["protocol"]),
    "failed type and protocol match": ("create", 13, ["type and protocol"]),
    "failed local address match": ("bind", 13, ["none of those has its address"]),
    "failed local label match": ("bind", 13, ["label of the socket"]),
    "failed cmd selection match": ("setsockopt", 13, ["what was done"]),
    "failed listen backlog match": ("listen", 13, ["length of the queue"]),
    "failed sockopt match": ("setsockopt", 13, ["option"]),
    "failed peer address match": ("connect", 13, ["address of the peer"]),
    "failed peer label match": ("connect", 13, ["profile of the peer"]),
    "optional: no audit": ("capable", 1, ["only tries", "without it"]),
    "current": ("setprocattr", 22, ["/proc/PID/attr/", "fault of the program"]),
    "exec": ("setprocattr", 22, ["/proc/PID/attr/", "fault of the program"]),
    "invalid": ("setprocattr", 22, ["/proc/PID/attr/", "fault of the program"]),
    "cap_sys_resource": ("setrlimit", 13, ["capability sys_resource,"]),
    "Userns create - transitioning profile": (
        "userns_create",
        0,
        ["no profile", "under the profile `t//x`", "rule `userns,`", "unprivileged_userns"],
    ),
    "Userns create restricted - failed to find unprivileged_userns profile": (
        "userns_create",
        13,
        ["no profile", "which was not loaded", "rule `userns,`"],
    ),
    "User namespace creation restricted": ("userns_create", 13, ["no profile", "rule `userns,`"]),
    "policy_locked": ("profile_load", 13, ["locked"]),
    "not policy admin": ("profile_load", 13, ["CAP_MAC_ADMIN"]),
    "profile can not be replaced": ("profile_replace", 1, ["stays"]),
    "cannot replace immutable profile": ("profile_replace", 1, ["immutable"]),
    "cannot replace immutible profile": ("profile_replace", 1, ["immutable"]),
    "profile already exists": ("profile_load", 17, ["replace the profile"]),
    "parent does not exist": ("profile_load", 2, ["parent"]),
    "profile does not exist": ("profile_remove", 2, ["no such profile"]),
    "no profile specified": ("profile_remove", 2, ["names no profile"]),
    "namespace does not exist": ("profile_remove", 2, ["no such policy namespace"]),
    "same as current profile, skipping": ("profile_replace", 0, ["loaded already"]),
    "failed to unpack profile": ("profile_load", 71, ["damaged"]),
    "invalid profile format": ("profile_load", 93, ["not compiled policy"]),
    "unsupported interface version": ("profile_load", 93, ["another version"]),
}


def record(info: str, operation: str, error: int, **more: str) -> Record:
    return Record(
        event_type="AA_RECORD_DENIED",
        operation=operation,
        profile="p",
        name="/o",
        name2="t//x",
        denied_mask="r",
        info=info,
        errorcode=error or None,
        **more,  # type: ignore[arg-type]
    )


def test_every_text_has_a_case() -> None:
    assert CASES.keys() == INFOS.keys()


@pytest.mark.parametrize("info", CASES)
def test_the_sentence_of_a_text(info: str) -> None:
    operation, error, words = CASES[info]
    one = record(info, operation, error)
    said = meaning(one)
    assert all(word in said for word in words), said
    assert not re.search(r"[{}]", said)
    question = asked(one)
    if not INFOS[info].asks:
        assert question.requests == ()
    if not question.requests:
        assert question.reason == said
    assert question.by == INFOS[info].by


@pytest.mark.parametrize("error", [1, 2, 12, 36, 95])
@pytest.mark.parametrize("info", ["something new", ""])
def test_an_unknown_reason_of_the_kernel(info: str, error: int) -> None:
    """An errno that is none of the rules' is never asked of them."""
    one = record(info, "open", error)
    assert asked(one).requests == ()
    assert "the rules did not decide it" in asked(one).reason
    assert info in asked(one).reason


@pytest.mark.parametrize("info", ["failed new field match", "failed some check", "a remark"])
def test_an_unknown_remark_on_the_rules(info: str) -> None:
    one = record(info, "open", 13)
    found = asked(one)
    assert found.requests
    assert found.by == "rules"
    assert found.reason


def test_texts_that_begin_alike() -> None:
    """Kernels of distributions write more of a kind."""
    for info, like in (
        ("Userns create - something", "User namespace creation restricted"),
        ("Failed name lookup - bad", "Failed name lookup"),
        ("change_profile onexec - ix fallback", "change_profile onexec"),
    ):
        assert info_of(record(info, "exec", 13)) == INFOS[like]
    one = record("failed to unpack profile rlimits", "profile_load", 71)
    assert info_of(one) == INFOS["failed to unpack profile"]


def test_names_are_put_in_as_they_are() -> None:
    one = record("target restricted", "link", 13)._replace(name="/{name}{to}", name2="/{name}")
    assert "the new name /{name}{to}, but" in meaning(one)
    assert meaning(one).endswith("a link to /{name}")


def test_a_profile_for_the_program() -> None:
    """The file that makes a user namespace is named where the record says it."""
    info = "Userns create - transitioning profile"
    one = record(info, "userns_create", 0, execpath="/opt/x")
    assert "`profile /opt/x flags=(unconfined) { userns, }`" in meaning(one)
    assert "flags=(unconfined)" not in meaning(one._replace(execpath="/opt/x y"))


def test_nothing_to_say() -> None:
    one = Record(event_type="AA_RECORD_DENIED", operation="open", profile="p", name="/x")
    assert (meaning(one), one.remark) == ("", "")
    assert one._replace(info="no new privs", errorcode=1).remark == "no new privs, EPERM"
    assert one._replace(errorcode=9999).remark == "9999"
