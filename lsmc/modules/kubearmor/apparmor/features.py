"""What AppArmor profiles are compiled against: a kernel's features, and included files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import PurePath

from lsmc.compiler.inputs import MAX_SOURCE, DiskFiles
from lsmc.modules.kubearmor.names import CAPABILITIES

FEATURES_NAME = "<features of the kernel>"
#: What kernels from 5.9 on mediate and profiles without `abi` may count on.
FEATURES = f"""
caps {{ mask {{ {" ".join(CAPABILITIES)} }} }}
dbus {{ mask {{ acquire send receive }} }}
domain {{
  change_hat change_hatv change_onexec change_profile stack
  attach_conditions {{ xattr }}
}}
file {{ mask {{ create read write exec append mmap_exec link lock }} }}
mount {{ mask {{ mount umount pivot_root }} }}
namespaces {{ profile pivot_root }}
network {{ af_mask af_unix }}
policy {{ set_load outofband versions {{ v5 v6 v7 }} }}
ptrace {{ mask {{ read trace }} }}
rlimit {{
  mask {{
    cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio
    rttime
  }}
}}
signal {{
  mask {{
    hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp
    ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys emt lost
  }}
}}
""".encode()
#: Files that are included by all that is compiled together.
MAX_FILES = 512
#: What KubeArmor's profiles include.
_ALWAYS = ("tunables/global", "abstractions/base")
_INCLUDE = re.compile(
    rb'^\s*(?:#?\s*include\s+(?:if\s+exists\s+)?|abi\s+)[<"]([^>"\n]+)[>"]', re.MULTILINE
)


def included(base: str, native: Iterable[str], files: DiskFiles) -> tuple[tuple[str, bytes], ...]:
    """The files that a profile may include, by path, in order; missing ones are left out.

    `native` are the raw texts that policy brings.  Of a directory its files are included.  Nothing
    is read beyond a bound, since a text may include what it likes.
    """
    waiting = [str(PurePath(base) / name) for name in _ALWAYS]
    for text in native:
        waiting += _named(text.encode("utf-8", "surrogateescape"), base)
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    size = 0
    while waiting and len(found) < MAX_FILES and size < MAX_SOURCE:
        path = os.path.normpath(waiting.pop())
        if path in seen:
            continue
        seen.add(path)
        names = files.entries(path)
        if names is not None:
            inside = (str(PurePath(path) / name) for name in sorted(names)[:MAX_FILES])
            waiting += [one for one in inside if files.entries(one) is None]
            continue
        try:
            data = files.read(path)
        except OSError:
            continue
        found[path] = data
        size += len(data)
        waiting += _named(data, base)
    return tuple(sorted(found.items()))


def _named(data: bytes, base: str) -> list[str]:
    """The paths that a text includes; one that is not absolute is sought in the base."""
    names = (match[1].decode("utf-8", "surrogateescape") for match in _INCLUDE.finditer(data))
    return [str(PurePath(base) / name) for name in names]
