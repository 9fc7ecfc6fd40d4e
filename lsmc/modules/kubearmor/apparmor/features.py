"""What AppArmor profiles are compiled against: a kernel's features, and included files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
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


def included(
    search: Sequence[str], native: Iterable[str], files: DiskFiles
) -> tuple[tuple[str, bytes], ...]:
    """The files that a profile may include, by path, in order; missing ones are left out.

    `search` are the directories in which names are sought, `native` the raw texts that policy
    brings.  Of a directory its files are included.  Nothing is read outside of `search`, nor beyond
    a bound, since a text may include what it likes.
    """
    names = list(_ALWAYS)
    for text in native:
        names += _named(text.encode("utf-8", "surrogateescape"))
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    size = 0
    while names and len(found) < MAX_FILES and size < MAX_SOURCE:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _found(name, search, files)
        if path is None:
            continue
        inside = files.entries(path)
        if inside is not None:
            below = (str(PurePath(path) / one) for one in sorted(inside)[:MAX_FILES])
            names += [one for one in below if files.entries(one) is None]
            continue
        try:
            found[path] = files.read(path)
        except OSError:
            continue
        size += len(found[path])
        names += _named(found[path])
    return tuple(sorted(found.items()))


def _named(data: bytes) -> list[str]:
    """The names that a text includes."""
    return [match[1].decode("utf-8", "surrogateescape") for match in _INCLUDE.finditer(data)]


def _found(name: str, search: Sequence[str], files: DiskFiles) -> str | None:
    """The path that a name means, in the first directory that has it; none outside of them."""
    for folder in map(os.path.normpath, search):
        path = os.path.normpath(str(PurePath(folder) / name))
        if path.startswith(f"{folder}/") and files.exists(path):
            return path
    return None
