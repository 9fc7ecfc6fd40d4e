"""Options that describe the context of a request: process, object, directory, modules."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable
from typing import Any

import click

from lsmc.base.numbers import natural
from lsmc.cli.faults import UsageFault
from lsmc.stack.context import Context, ContextError
from lsmc.stack.modes import AclEntry, acl_of_xattr

_ACL = "system.posix_acl_access"
_OPTIONS = (
    ("--uid", "NUMBER", "The user of the process."),
    ("--gid", "NUMBER", "The group of the process."),
    ("--groups", "LIST", "Its supplementary groups, divided by commas [none]."),
    ("--caps", "LIST", "Its capabilities: names, all, none or a hex mask [all for user 0]."),
    ("--owner", "NUMBER", "The owner of the object: a file, or another process."),
    ("--group", "NUMBER", "The group of the object."),
    ("--mode", "MODE", "The mode of the object: 0644, 0100644 or -rw-r--r--."),
    ("--dir-owner", "NUMBER", "The owner of the directory that holds the object."),
    ("--dir-group", "NUMBER", "The group of that directory."),
    ("--dir-mode", "MODE", "The mode of that directory."),
    ("--lsm", "LIST", "The active modules, as /sys/kernel/security/lsm prints them."),
)
_NAMES = tuple(flag[2:].replace("-", "_") for flag, _, _ in _OPTIONS)
_NUMBERS = ("uid", "gid", "owner", "group", "dir_owner", "dir_group")


def context_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a context; the function receives it as `context`, or None."""

    @functools.wraps(function)
    def wrapper(*args: Any, stat_path: str | None, **rest: Any) -> Any:
        given = {name: rest.pop(name) for name in _NAMES}
        context = _context({n: v for n, v in given.items() if v is not None}, stat_path)
        if context is not None and rest["not_owner"] and context.uid == context.owner is not None:
            raise UsageFault("--not-owner contradicts --uid, which is the object's owner")
        return function(*args, context=context, **rest)

    for flag, metavar, text in reversed(_OPTIONS):
        wrapper = click.option(flag, metavar=metavar, help=text)(wrapper)
    return click.option(
        "--stat",
        "stat_path",
        metavar="PATH",
        help="Take object and directory from a file of this machine; follows links.",
    )(wrapper)


def _context(given: dict[str, str], stat_path: str | None) -> Context | None:
    """Build the context from the options; raises `UsageFault`, OSError."""
    if not given and stat_path is None:
        return None
    values: dict[str, Any] = {
        name: _number(name, text) if name in _NUMBERS else text for name, text in given.items()
    }
    try:
        context = Context.of(values)
        return context if stat_path is None else _with_file(context, stat_path)
    except ContextError as fault:
        raise UsageFault(str(fault)) from None


def _number(name: str, text: str) -> int:
    found = natural(text, 10)
    if found is None:
        raise UsageFault(f"--{name.replace('_', '-')} takes a number, not `{text}`")
    return found


def _with_file(context: Context, path: str) -> Context:
    """Fill in the object and the directory from a file on disk where the options leave them open.

    Raises OSError for a file that does not exist or cannot be reached, `ContextError`.
    """
    from dataclasses import replace

    path = os.path.realpath(path, strict=True)
    found: dict[str, Any] = {}
    for prefix, name in (("", path), ("dir_", os.path.dirname(path))):
        status = os.stat(name)
        known = {"owner": status.st_uid, "group": status.st_gid, "mode": status.st_mode}
        for field, value in known.items():
            if getattr(context, prefix + field) is None:
                found[prefix + field] = value
        if prefix + "mode" in found:
            found[prefix + "acl"] = _acl(name)
    return replace(context, **found)


def _acl(path: str) -> tuple[AclEntry, ...]:
    """The access control list of a file; empty when it has none or the file system has none."""
    try:
        data = os.getxattr(path, _ACL)
    except OSError as fault:
        if fault.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return ()
        raise
    try:
        return acl_of_xattr(data)
    except ValueError as fault:
        raise ContextError(f"`{path}`: {fault}") from None
