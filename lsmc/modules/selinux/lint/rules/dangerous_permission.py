"""A permission that gives a domain power over the system.

What it does: finds `allow` rules, conditional ones too, with permissions that lead out of what
policy confines: loading policy or turning enforcement off, loading kernel modules, capabilities
such as `sys_admin`, `sys_ptrace` and `dac_override`, memory that is written and executed, and
writing files of the types in the settings.  Each is told once for a source and a file of policy.

Why is this bad: it need not be, as some programs are for this.  It is what an attacker of the
program wins.

Bad:

```cil
(type web_t)
(allow web_t self (capability (sys_admin)))  ; found
(allow web_t self (process (execmem)))  ; found
```

Good:

```cil
(type web_t)
(allow web_t self (capability (net_bind_service)))
```

How sure: what the rule gives is exact; whether the program needs it is for you to say.

How to fix: remove the permission, or move what needs it to a domain of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import listing
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree

_CAPABILITIES = (
    *("sys_admin", "sys_module", "sys_ptrace", "sys_rawio", "sys_boot", "dac_override"),
    *("dac_read_search", "mac_admin", "mac_override", "setfcap", "bpf"),
)
#: Permissions of classes, whatever the target.
_POWERS: Mapping[str, tuple[str, ...]] = {
    "security": ("load_policy", "setenforce", "setbool", "setsecparam", "setcheckreqprot"),
    "capability": _CAPABILITIES,
    "capability2": _CAPABILITIES,
    "system": ("module_load", "module_request"),
    "process": ("execmem", "execheap", "execstack", "ptrace", "setcurrent"),
    "file": ("execmod",),
}
_WRITING = ("write", "append", "create", "relabelto", "relabelfrom", "setattr", "rename", "unlink")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The first rule of each source, file and class with such permissions."""
    powers = {
        tree.class_numbers[name]: tree.mask(name, *words)
        for name, words in _POWERS.items()
        if name in tree.class_numbers
    }
    file, writing = tree.class_numbers.get("file"), tree.mask("file", *_WRITING)
    kept = {tree.type_numbers.get(name) for name in tree.setting(CHECK, "types")}
    rules = tree.policy.rules["allow"]
    columns = (rules.source, rules.target, rules.cls, rules.permissions, rules.place)
    told: set[tuple[int, int, int, int]] = set()
    for source, target, cls, permissions, place in zip(*columns, strict=True):
        found = permissions & powers.get(cls, 0)
        if cls == file and target in kept:
            found |= permissions & writing
        if not found:
            continue
        key = (source, cls, found, tree.policy.places.find(place)[0])
        if key not in told:
            told.add(key)
            words = listing(f"`{word}`" for word in tree.permissions(cls, found))
            name = tree.policy.classes[cls].name
            yield CHECK.finding(
                tree.span(place), f"this gives {words} of `{name}` to `{tree.name(source)}`"
            )


CHECK = Check(
    "LSM651",
    "dangerous-permission",
    "info",
    run,
    table={"types": ["shadow_t", "selinux_config_t", "policy_config_t", "semanage_store_t"]},
    confidence="medium",
)
