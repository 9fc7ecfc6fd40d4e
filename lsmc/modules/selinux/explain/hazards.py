"""What is at stake with an allow rule."""

from __future__ import annotations

from collections.abc import Iterator

_CHANGES = frozenset(("write", "append", "create", "relabelto", "rename", "unlink", "setattr"))
_READS = frozenset(("read", "open"))
_FULL = frozenset(
    (
        *("sys_admin", "sys_module", "sys_rawio", "sys_boot", "mac_admin", "mac_override"),
        *("setfcap", "bpf", "setuid", "setgid"),
    )
)
_PASSES_MODES = frozenset(("dac_override", "dac_read_search"))
#: Endings of types of programs, by the usual policy's custom.
_PROGRAMS = ("_exec_t", "bin_t", "lib_t")


def hazards(cls: str, permissions: tuple[str, ...], target: str) -> tuple[str, ...]:
    """The words of `lsmc.explain.hazards` that fit."""
    return tuple(dict.fromkeys(_hazards(cls, frozenset(permissions), target)))


def _hazards(cls: str, permissions: frozenset[str], target: str) -> Iterator[str]:
    if cls in ("capability", "cap_userns", "capability2", "cap2_userns"):
        if permissions & _FULL:
            yield "capability"
        if permissions & _PASSES_MODES:
            yield "bypasses-file-modes"
        if "sys_ptrace" in permissions:
            yield "other-processes"
    if cls == "process" and permissions & {"ptrace", "setcurrent", "dyntransition"}:
        yield "other-processes"
    if cls == "process" and permissions & {"execmem", "execheap", "execstack"}:
        yield "write-and-execute"
    if cls == "file" and "execmod" in permissions:
        yield "write-and-execute"
    if cls == "security" and permissions & {"load_policy", "setenforce", "setbool", "setsecparam"}:
        yield "policy"
    if cls == "system" and "module_load" in permissions:
        yield "new-privileges"
    if cls in ("blk_file", "chr_file") and ("fixed_disk" in target or "memory_device" in target):
        yield "raw-device"
    if cls == "file" and target.startswith("shadow") and permissions & (_READS | _CHANGES):
        yield "password-hashes" if permissions & _READS else "accounts"
    if cls == "file" and target.endswith(_PROGRAMS) and permissions & _CHANGES:
        yield "programs"
