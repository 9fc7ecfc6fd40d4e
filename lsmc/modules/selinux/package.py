"""Modules of the policy store: packed files, and policy packages (`.pp`) that hold no CIL.

A package is turned into CIL by the converter of policycoreutils, as `semodule` does; there is no
other reader of its format.
"""

from __future__ import annotations

import bz2
import os
import subprocess
from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source, Span
from lsmc.modules.selinux.errors import error
from lsmc.modules.selinux.settings import MAX_SOURCE

#: Where policycoreutils puts its converter, by distribution; no other place is looked at.
CONVERTERS = ("/usr/libexec/selinux/hll/pp", "/usr/lib/selinux/hll/pp")
_PACKED = "BZh"
#: The first bytes of a policy package.
_PACKAGE = "\x8f\xff\x7c\xf9"
#: Seconds that the converter may take for one package.
_PATIENCE = 60


class _Unusable(Exception):
    """Why a file is no CIL and can not become any, and what to do."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice


def unpacked(sources: Sequence[Source]) -> list[Source]:
    """The sources as CIL; raises `PolicyError` for those that can not be."""
    found: list[Source] = []
    faults: list[Diagnostic] = []
    for source in sources:
        try:
            found.append(_cil(source))
        except _Unusable as reason:
            fault = error(
                "module-package", Span(Source(source.path, ""), 0, 0), str(reason), reason.advice
            )
            faults.append(fault)
    if faults:
        raise PolicyError(faults)
    return found


def _cil(source: Source) -> Source:
    if source.text.startswith(_PACKED):
        source = Source.from_bytes(source.path, _unpacked(source.text.encode("latin-1")))
    if source.text.startswith(_PACKAGE):
        return Source.from_bytes(source.path, _converted(source.text.encode("latin-1")))
    if source.path.endswith((".pp", ".pp.bz2")):
        raise _Unusable("this is no policy package")
    return source


def _unpacked(data: bytes) -> bytes:
    reader = bz2.BZ2Decompressor()
    try:
        found = reader.decompress(data, MAX_SOURCE + 1)
    except (OSError, EOFError):
        raise _Unusable("this file is damaged: bzip2 can not unpack it") from None
    if len(found) > MAX_SOURCE:
        raise _Unusable(f"this file has more than {MAX_SOURCE:,} bytes when it is unpacked")
    if not reader.eof:
        raise _Unusable("this file is cut short")
    return found


def _converted(data: bytes) -> bytes:
    """The CIL of a policy package."""
    converter = next((path for path in CONVERTERS if os.access(path, os.X_OK)), None)
    if converter is None:
        raise _Unusable(
            f"a policy package is read by {CONVERTERS[0]}, which is not there",
            "install policycoreutils, or give the module as CIL",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program at a fixed place, without a shell
            [converter], input=data, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise _Unusable(f"{converter} failed: {fault}") from None
    if done.returncode or len(done.stdout) > MAX_SOURCE:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
        raise _Unusable(f"this policy package can not be converted: {said[0][:200]}")
    return done.stdout
