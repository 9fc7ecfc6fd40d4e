"""The names that the subject of a log record may have in a policy."""

from __future__ import annotations

from lsmc.modules.apparmor.log.record import Record

_LEARNING = "//null-"
_STACK = "//&"


def namespace(record: Record) -> str:
    """The policy namespace of a record's subject, below the root; empty for the root itself.

    The kernel names it apart (`namespace="root//ns"`) or before the profile (`:ns://name`).
    """
    for part in (record.profile or "").split(_STACK):
        if part.startswith(":"):
            return part[1:].partition(":")[0]
    return (record.namespace or "").removeprefix("root").removeprefix("//")


def _full(part: str, space: str) -> str:
    """The name of a profile with its namespace, written as policy names it."""
    if part.startswith(":"):
        space, _, part = part[1:].partition(":")
    return f":{space}://{part.removeprefix('//')}" if space else part


def subjects(record: Record) -> tuple[str, ...]:
    """The names that the subject of a record may have in a policy.

    A profile of another policy namespace is never one of the root, which may have the same name. A
    process in complain mode that executed something without a rule runs under a profile made for
    learning, `name//null-…`, whose wishes are the concern of the profile it came from. A program
    that makes a user namespace while it has no profile is asked as the file that it was executed
    from, to which a profile may attach.
    """
    name = record.profile or ""
    space = namespace(record)
    if not name:
        return ()
    if name == "unconfined" and not space and record.class_ == "namespace" and record.execpath:
        return (record.execpath,)
    named = name.startswith(":") or f"{_STACK}:" in name  # the parts say where they belong
    apart = "" if named else space
    found = [_STACK.join(_full(part, apart) for part in name.split(_STACK))]
    found += [part.partition(_LEARNING)[0] for part in tuple(found) if _LEARNING in part]
    return tuple(dict.fromkeys(filter(None, found)))
