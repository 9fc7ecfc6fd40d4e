"""Compiles CIL files to a bundle."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.gc import gc_paused
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.selinux.settings import NO_NEVERALLOW


def compile_sources(sources: Sequence[Source], options: Options) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of files that belong together; there are no warnings.  Raises `PolicyError`."""
    from lsmc.modules.selinux.front import resolved
    from lsmc.modules.selinux.tables.pack import pack

    assertions = NO_NEVERALLOW not in dict(options.settings)
    with gc_paused():
        return pack(resolved(sources, assertions=assertions)), []
