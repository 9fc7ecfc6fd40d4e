"""Capabilities by number, and how a set of them is written.

Source: the kernel's include/uapi/linux/capability.h; `/proc/PID/status` prints sets as hex masks.
"""

from __future__ import annotations

#: By number, from 0 (`CAP_CHOWN`) to 40 (`CAP_CHECKPOINT_RESTORE`).
NAMES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid"),
    *("setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw"),
    *("ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct"),
    *("sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod"),
    *("lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog"),
    *("wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"),
)
ALL = frozenset(NAMES)
_HEX = frozenset("0123456789abcdef")
#: Hexadecimal digits of a mask in `/proc/PID/status`.
_MASK_DIGITS = 16


def plain(name: str) -> str:
    """A capability's name in lower case, without `cap_`."""
    return name.strip().lower().removeprefix("cap_")


def capability_set(text: str) -> frozenset[str]:
    """The set that a text writes; ValueError.

    Args:
        text: `all`, `none`, names divided by commas or blanks, or a hexadecimal mask, with `0x` or
            with the 16 digits of `/proc/PID/status`.
    """
    words = [plain(word) for word in text.replace(",", " ").split()]
    if words == ["all"]:
        return ALL
    if words == ["none"]:
        return frozenset()
    if len(words) == 1 and words[0] not in ALL:
        digits = words[0].removeprefix("0x")
        whole = len(digits) == _MASK_DIGITS or words[0].startswith("0x")
        if digits and whole and set(digits) <= _HEX and len(digits) <= _MASK_DIGITS:
            return _of_mask(int(digits, 16))
    if not words:
        raise ValueError("no capability is named; `none` is the empty set")
    return named(words)


def named(words: list[str]) -> frozenset[str]:
    """The set of some names; ValueError for one that is not a capability."""
    names = [plain(word) for word in words]
    for name in names:
        if name not in ALL:
            raise ValueError(f"`{name}` is not a capability")
    return frozenset(names)


def _of_mask(mask: int) -> frozenset[str]:
    if mask >> len(NAMES):
        raise ValueError(f"the mask has bits above {len(NAMES) - 1}, the last capability")
    return frozenset(name for number, name in enumerate(NAMES) if mask >> number & 1)
