"""Compiles files of TOMOYO policy to a bundle."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.tomoyo.bundle import pack
from lsmc.modules.tomoyo.policy import read_policy


def compile_sources(sources: Sequence[Source], options: Options) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some files, in the order in which they are loaded; raises `PolicyError`."""
    del options
    policy = read_policy(sources)
    if policy.faults:
        files = {one.file: None for one in policy.faults if one.file is not None}
        raise PolicyError(policy.faults, files)
    return pack(policy), []
