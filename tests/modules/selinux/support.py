"""Small policies of SELinux: a text beside the classes, users, roles and levels of the prelude."""

from __future__ import annotations

import re
from pathlib import Path

from lsmc.base.source import Source
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.front import resolved
from lsmc.modules.selinux.model import Policy
from lsmc.modules.selinux.tables.pack import pack

PRELUDE = Path(__file__).parent / "prelude.cil"
#: Declarations, not parameters of macros.
_TYPE = re.compile(r"(?<!\()\(type (\w+)\)")


def policy(text: str, *, assertions: bool = True) -> Policy:
    """The policy of a text; all its types may be those of objects and of processes."""
    types = dict.fromkeys(_TYPE.findall(text))
    roles = "".join(f"(roletype object_r {one})(roletype system_r {one})" for one in types)
    sources = [
        Source.from_bytes("prelude.cil", PRELUDE.read_bytes()),
        Source.from_bytes("p.cil", text.encode()),
        Source.from_bytes("roles.cil", roles.encode()),
    ]
    return resolved(sources, assertions=assertions)


def engine(text: str, *, assertions: bool = True) -> Engine:
    """The policy of a text, opened."""
    return Engine(pack(policy(text, assertions=assertions)), "p.cil")
