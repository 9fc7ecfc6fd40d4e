"""Collects one agreed constant from each module of a package, in order of name.

Adding a file adds a check, an output format or a command; nothing registers itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def collect(package: str, constant: str) -> dict[str, Any]:
    """The constant of each module of a package that has it, by module name."""
    folder = importlib.import_module(package)
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package}.{info.name}")
        value = getattr(module, constant, None)
        if value is not None:
            found[info.name] = value
    return found
