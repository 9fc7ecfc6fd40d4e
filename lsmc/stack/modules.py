"""Security modules: which lists of them a kernel can have, and which of them implement a hook.

A hook asks the modules in the order of `/sys/kernel/security/lsm` and stops at the first refusal.
Sources: the kernel's security/security.c (`ordered_lsm_parse`, `prepare_lsm`) and the hook lists of
the modules: security/yama/yama_lsm.c, security/landlock/*.c, security/tomoyo/tomoyo.c, ipe/ipe.c,
integrity/ima/ima_main.c.
"""

from __future__ import annotations

from collections.abc import Sequence

APPARMOR = "apparmor"
#: At most one of these (`LSM_FLAG_EXCLUSIVE`).
EXCLUSIVE = ("selinux", "smack", APPARMOR)
#: May come before `capability`: it is set up early where CONFIG_SECURITY_LOCKDOWN_LSM_EARLY is set.
_EARLY = "lockdown"
_STACKABLE = (
    *("capability", _EARLY, "yama", "loadpin", "safesetid", "landlock", "bpf", "tomoyo", "ipe"),
    *("integrity", "ima", "evm"),
)
KNOWN = (*_STACKABLE, *EXCLUSIVE)

_PATHS = (
    *("path_link", "path_mkdir", "path_mknod", "path_symlink", "path_unlink", "path_rmdir"),
    *("path_rename", "path_truncate", "file_open", "sb_mount", "sb_umount", "sb_pivotroot"),
    *("socket_bind", "socket_connect"),
)
#: Those of the hooks that operations have here; bpf may answer any, and selinux and smack any but
#: those on paths.
_HOOKS = {
    "yama": ("ptrace_access_check", "ptrace_traceme"),
    "landlock": (*_PATHS, "ptrace_access_check", "ptrace_traceme", "task_kill"),
    "tomoyo": (
        *(*_PATHS, "path_chmod", "path_chown", "inode_getattr", "bprm_creds_for_exec"),
        *("socket_listen", "socket_sendmsg"),
    ),
    "ipe": ("mmap_file",),
    "ima": ("mmap_file",),
}
_EVERY = ("bpf",)
_LABELLING = ("selinux", "smack")
#: Asked of AppArmor by name: a program that is not a kernel, and a file of its own in /proc.
_OWN = {"dbus-daemon": (APPARMOR, "selinux"), "setprocattr": (APPARMOR,)}


def modules_of(text: str) -> tuple[str, ...]:
    """The active modules, as `/sys/kernel/security/lsm` prints them; ValueError."""
    return checked(text.replace(",", " ").split())


def checked(names: Sequence[str]) -> tuple[str, ...]:
    """The list of modules, if a kernel can have it; ValueError."""
    for name in names:
        if name not in KNOWN:
            raise ValueError(f"`{name}` is not a security module")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"`{twice}` is listed twice")
    if tuple(names[:1]) != ("capability",) and tuple(names[:2]) != (_EARLY, "capability"):
        raise ValueError("`capability` is always the first module; only `lockdown` may precede it")
    majors = [name for name in names if name in EXCLUSIVE]
    if len(majors) > 1:
        raise ValueError(f"`{majors[0]}` and `{majors[1]}` exclude each other")
    return tuple(names)


def answering(
    hook: str, modules: Sequence[str] | None, *, labelling: bool = False
) -> tuple[str, ...]:
    """The modules that implement a hook, in order; AppArmor alone when the list is unknown.

    With `labelling` only those that judge labels of inodes.
    """
    if modules is None:
        return (APPARMOR,)
    if hook in _OWN:
        return tuple(name for name in modules if name in _OWN[hook])
    if labelling:
        return tuple(name for name in modules if name in _LABELLING)
    return tuple(name for name in modules if name == APPARMOR or _implements(name, hook))


def _implements(name: str, hook: str) -> bool:
    if name in _LABELLING and not hook.startswith("path_"):
        return True
    return name in _EVERY or hook in _HOOKS.get(name, ())
