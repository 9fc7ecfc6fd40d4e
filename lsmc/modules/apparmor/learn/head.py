"""What a new profile file begins with, as the policy around and the target compiler have it."""

from __future__ import annotations

import posixpath
import re

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.learn.text import FileHead
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.compilers import Version, compiler_for

_ABI = re.compile(r"(\d{1,3})\.(\d{1,3})")
BASE = "abstractions/base"


def head_for(
    library: Library, options: Options, machine: Version | None
) -> tuple[FileHead, Version | None]:
    """The head of new files, and the compiler that they are for: the target or the machine's.

    The abi is the newest that the policy has and the compiler knows.  Policy that has only newer
    ones is not for this machine.
    """
    compiler = compiler_for({}, options.target) if options.target is not None else machine
    found: list[Version] = []
    for folder in library.search:
        for name in library.files.entries(posixpath.join(folder, "abi")) or ():
            match = _ABI.fullmatch(name)
            if match is not None:
                found.append((int(match[1]), int(match[2])))
    known = [abi for abi in found if compiler is None or abi <= compiler]
    if found and not known and options.target is None:
        known, compiler = found, max(found)
    head = FileHead(
        abi="abi/{}.{}".format(*max(known)) if known else "",
        tunables=_has(library, "tunables/global"),
        base=BASE if _has(library, BASE) else "",
    )
    return head, compiler


def _has(library: Library, name: str) -> bool:
    return any(library.files.exists(posixpath.join(folder, name)) for folder in library.search)
