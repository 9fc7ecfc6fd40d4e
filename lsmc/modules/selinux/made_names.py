"""Names that compilers make for sets of types that nobody has named."""

from __future__ import annotations

import re

#: `checkmodule` numbers attributes, and `hll/pp` puts all that a module requires in one.
_MADE = re.compile(r"(?:\w*_)?typeattr_\d+|cil_gen_require")


def is_made(name: str) -> bool:
    """Whether a compiler made the name of an attribute."""
    return _MADE.fullmatch(name) is not None
