"""The report of a lint run, the input of every format; and what the formats share.

A format is a module here with `render(report) -> str`, found by its name.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.rule_docs import Page
from lsmc.modules.registry import DEFAULT


@dataclass(frozen=True, slots=True)
class LintReport:
    """`findings` in order; `faults` are failures of lsmc itself and never among them.

    `root` is the directory that paths are relative to in the formats of code hosts.
    `suppressed`, `known` and `elsewhere` count what is not reported: see `lsmc.lint.run.Result`.
    `module` is the security module whose policy was linted.
    """

    findings: tuple[Diagnostic, ...]
    faults: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()
    pages: Mapping[str, Page] = field(default_factory=dict)
    root: str = "."
    version: str = ""
    suppressed: int = 0
    known: int = 0
    elsewhere: int = 0
    module: str = DEFAULT

    def relative(self, path: str) -> str | None:
        """A path relative to the root, with `/`; None when it lies outside."""
        name = os.path.relpath(_absolute(path), os.path.realpath(self.root))
        return None if name.startswith("..") else name.replace(os.sep, "/")

    def named(self, path: str) -> str:
        """A path relative to the root, else the whole of it."""
        return self.relative(path) or _absolute(path)

    def uri(self, path: str) -> tuple[str, bool]:
        """A path as a URI reference, and whether it is relative to the root."""
        name = self.relative(path)
        quoted = urllib.parse.quote(os.fsencode(name or _absolute(path)))
        return (quoted, True) if name is not None else (f"file://{quoted}", False)


def _absolute(path: str) -> str:
    folder, name = os.path.split(path)
    return str(Path(os.path.realpath(folder or ".")) / name)
