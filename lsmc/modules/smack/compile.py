"""Compiles the sources of a Smack policy to a bundle."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.compiler.linking import refuse
from lsmc.modules.smack.bundle import pack
from lsmc.modules.smack.read import read


def compile_sources(sources: Sequence[Source], options: Options) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some sources in the order of loading; raises `PolicyError`."""
    del options
    policy, faults = read(sources)
    refuse(faults)
    return pack(policy), []
