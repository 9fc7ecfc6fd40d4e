"""The security modules that there are; a module is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from lsmc.engine.verdict import UnknownName
from lsmc.modules.interface import SecurityModule

#: Where each module is, and what it is called there; the first that claims an input reads it.
_HOMES = {
    "apparmor": ("lsmc.modules.apparmor.module", "APPARMOR"),
}
NAMES = tuple(_HOMES)


@cache
def module_named(name: str) -> SecurityModule:
    """The module of a name; raises `UnknownName`."""
    home = _HOMES.get(name)
    if home is None:
        raise UnknownName("security module", name, NAMES)
    found: SecurityModule = getattr(import_module(home[0]), home[1])
    return found


def module_of(paths: Sequence[str]) -> SecurityModule:
    """The module whose policy some paths hold."""
    return next(module for module in map(module_named, NAMES) if module.claims(paths))
