"""Features and abi files: read by themselves, for a policy, and by an `abi` line."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.resolve.features import parse_features
from lsmc.output.excerpt import diagnostic_lines
from tests.fuzz.target import MemoryFiles, Target, words
from tests.places import ROOT

POLICY = b"""profile p {
  /a rw, /b px, network inet stream, unix, dbus, signal, ptrace, mount, capability kill,
  userns, mqueue, io_uring, change_profile -> q, network ip=::1,
}
"""
#: Of so many inputs one is used as the features of a compilation, and one by an `abi` line.
COMPILED = 16
WORDS = (
    *words(
        "caps mask dbus domain file mount namespaces network network_v8 network_v9 af_unix af_inet "
        "policy versions v5 v9 ptrace rlimit signal query label multi_transaction ipc posix_mqueue "
        "io_uring userns_create stack attach_conditions { } {{ }} yes no 0x1 # // chown kill"
    ),
    b"\0",
    b"\xff",
)


def seeds() -> Iterable[bytes]:
    """The abi files of the samples, whole and in pieces."""
    names = ("profiles/abi/4.0", "profiles/abi/5.0", "tests/differential/features-v7")
    for name in names:
        text = (ROOT / name).read_bytes()
        yield text
        yield from (block + b"}\n" for block in text.split(b"}\n") if block.count(b"{") == 1)


def run(data: bytes) -> None:
    """Read a features file, and compile with it."""
    features, faults = parse_features(Source.from_bytes("/abi", data))
    for fault in faults:
        list(diagnostic_lines(fault))
    features.words("network_v8")
    which = crc32(data) % COMPILED
    if which > 1:
        return
    options = Options("/base", (), "/base/abi/x" if which else None)
    head = b"" if which else b"abi <abi/x>,\n"
    files = MemoryFiles({"/base/abi/x": data, "/p": head + POLICY})
    try:
        compiled = front_end(options, files).compile("/p")
        bundle(list(compiled.profiles), list(compiled.diagnostics))
    except PolicyError as refused:
        for fault in refused.diagnostics:
            list(diagnostic_lines(fault))


TARGET = Target("features", run, seeds, WORDS)
