"""Which question an alert asks: the hook or the system call tells the operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lsmc.modules.kubearmor.log.record import Record
from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.operations import OPERATIONS

_BY_HOOK = {name: one.name for one in reversed(OPERATIONS) for name in one.audit}
#: The operations of system calls, by a beginning of their names.
_CALLS = (
    ("SYS_EXEC", "exec"),
    ("SYS_OPEN", "open"),
    ("SYS_CREAT", "mknod"),
    ("SYS_UNLINK", "unlink"),
    ("SYS_RMDIR", "rmdir"),
    ("SYS_MKDIR", "mkdir"),
    ("SYS_MKNOD", "mknod"),
    ("SYS_SYMLINK", "symlink"),
    ("SYS_LINK", "link"),
    ("SYS_RENAME", "rename"),
    ("SYS_CHMOD", "chmod"),
    ("SYS_FCHMOD", "chmod"),
    ("SYS_CHOWN", "chown"),
    ("SYS_FCHOWN", "chown"),
    ("SYS_TRUNCATE", "truncate"),
    ("SYS_SOCKET", "socket_create"),
    ("SYS_CONNECT", "connect"),
    ("SYS_ACCEPT", "accept"),
    ("TCP_CONNECT", "connect"),
    ("TCP_ACCEPT", "accept"),
)
_HOOK = re.compile(r"\blsm=(\w{1,32})")
_CALL = re.compile(r"\b(?:syscall|kprobe)=(\w{1,32})")
_CAPABILITY = re.compile(r"CAP_(\w{1,32})", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_WRITES = ("O_WRONLY", "O_RDWR")
_ENFORCERS = {"AppArmor": "apparmor", "BPFLSM": "bpf"}
#: The operations of an alert that names no hook and no call.
_BY_CATEGORY = {"File": "open", "Process": "exec", "Network": "connect", "Capabilities": "capable"}


def question(record: Record) -> tuple[dict[str, Any] | None, str]:
    """The question of an alert; None, and why, where it asks none."""
    op = record.operation
    if op is None:
        return None, f"`{record.category}` is nothing that policy decides"
    request: dict[str, Any] = {"subject": record.subject, "op": op}
    enforcer = _ENFORCERS.get(record.enforcer or "")
    if enforcer is not None:
        request["enforcer"] = enforcer
    source = record.parent_process_name if op == "exec" else record.process_name
    if source and source.startswith("/"):
        request["source"] = source
    found = _object(record, op)
    if found is None:
        return None, f"`{record.resource or ''}` is no object of `{op}`"
    return {**request, **found}, ""


def operation_of(record: Record) -> str | None:
    """What was done, as questions name it; None for what policy does not decide."""
    if record.category == "Syscall":
        return None
    return _operation(record.data or "") or _BY_CATEGORY.get(record.category or "")


def _operation(data: str) -> str | None:
    hook = _HOOK.search(data)
    if hook is not None:
        return _BY_HOOK.get(hook[1])
    call = _CALL.search(data)
    if call is None:
        return None
    op = next((name for start, name in _CALLS if call[1].startswith(start)), None)
    if op == "open" and any(flag in data for flag in _WRITES):
        return "append" if "O_APPEND" in data else "write"
    return op


def _object(record: Record, op: str) -> Mapping[str, Any] | None:
    resource = record.resource or ""
    text = f"{resource} {record.data or ''}"
    if op == "capable":
        found = _CAPABILITY.search(text)
        name = found[1].lower() if found is not None else ""
        return {"object": name} if name in CAPABILITIES else None
    if op == "resolve":
        return {"object": resource} if resource else None
    if op in ("socket_create", "connect", "accept"):
        return _socket(text)
    path = resource.split(" ", 1)[0] if op == "exec" else resource
    return {"object": path} if path.startswith("/") else None


def _socket(text: str) -> Mapping[str, Any] | None:
    """A socket from `domain=AF_INET type=SOCK_STREAM protocol=TCP`, or a part of it."""
    fields: dict[str, str] = {}
    for word in _WORD.findall(text):
        upper = word.upper()
        if upper.startswith("AF_"):
            fields["family"] = upper[3:].lower()
        elif upper.startswith("SOCK_") and upper[5:] in TYPES:
            fields["type"] = upper[5:].lower()
        elif upper in PROTOCOLS:
            fields["protocol"] = upper.lower()
    return {"object": "", **fields} if {"type", "protocol"} & fields.keys() else None
