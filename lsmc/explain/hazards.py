"""The words for what is at stake when an access is allowed, for all modules."""

from __future__ import annotations

from collections.abc import Mapping

#: Each hazard, and what it opens.
HAZARDS: Mapping[str, str] = {
    "password-hashes": "reads password hashes",
    "accounts": "changes who may log in, or with which rights",
    "private-keys": "reads private keys or stored passwords",
    "raw-device": "reaches memory or disks below the file system",
    "programs": "changes programs or libraries that others run",
    "start-up-files": "changes what runs at login or start-up",
    "kernel-settings": "changes settings of the running kernel",
    "policy": "changes the security policy itself",
    "control-socket": "commands a service that acts with full rights",
    "interpreter": "runs any program text with these rights",
    "write-and-execute": "a file that can be written and then executed",
    "capability": "a capability that amounts to full rights",
    "bypasses-file-modes": "a capability that passes over file permissions",
    "other-processes": "reads or steers another process",
    "leaves-confinement": "leaves confinement",
    "mounts": "changes what file names mean",
    "new-privileges": "gives access to much more of the kernel",
    "raw-network": "reads or forges traffic of others",
    "every-object": "covers every object of its class",
    "overrides-deny": "overrides a rule that denies this",
}
