"""The `all` rule: everything but limits and profile changes (apparmor.d(5), "all rule")."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.ir.model import Effect, Rule
from lsmc.modules.apparmor.lower.context import Lowering, RuleHead
from lsmc.modules.apparmor.lower.rules.capability import lower_capability
from lsmc.modules.apparmor.lower.rules.dbus import lower_dbus
from lsmc.modules.apparmor.lower.rules.file import lower_file
from lsmc.modules.apparmor.lower.rules.ipc import lower_io_uring, lower_mqueue, lower_userns
from lsmc.modules.apparmor.lower.rules.mount import lower_mount, lower_pivot_root
from lsmc.modules.apparmor.lower.rules.network import lower_network, lower_unix
from lsmc.modules.apparmor.lower.rules.peer import lower_ptrace, lower_signal
from lsmc.modules.apparmor.syntax import ast


def lower_all(_: ast.AllRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of `all`; raises nothing."""
    for kind, lower in (
        ("network", lower_network),
        ("unix", lower_unix),
        ("dbus", lower_dbus),
        ("signal", lower_signal),
        ("ptrace", lower_ptrace),
        ("userns", lower_userns),
        ("io_uring", lower_io_uring),
        ("mqueue", lower_mqueue),
    ):
        yield from lower(ast.ClassRule(kind, None), head, context)
    yield from lower_mount(ast.MountRule("mount", (), None, None), head, context)
    yield from lower_mount(ast.MountRule("remount", (), None, None), head, context)
    yield from lower_mount(ast.MountRule("umount", (), None, None), head, context)
    yield from lower_pivot_root(ast.PivotRootRule((), None, None), head, context)
    yield from lower_capability(ast.CapabilityRule(()), head, context)
    denied = head.effect is Effect.DENY
    context.forget()  # nobody wrote the parts
    if denied:
        context.alter(
            "denies files only to their owner, execution apart", "add `deny /{**,} rwlkm,`"
        )
    path = ast.Word("/{**,}", head.origin)
    # the compiler denies these to the owner only
    files = head._replace(owner="owner") if denied else head
    perms = ast.Word("rwlkm", head.origin)
    yield from lower_file(ast.FileRule(path, perms), files, context)
    perms = ast.Word("x" if denied else "ix", head.origin)
    yield from lower_file(ast.FileRule(path, perms), head._replace(priority=-1), context)
