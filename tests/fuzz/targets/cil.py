"""CIL: read, resolved, checked and packed; what is wrong is told with its place."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.selinux.compile import compile_sources
from tests.fuzz.target import Target, words
from tests.places import PROFILES

WORDS = (
    *words(
        '( ) ( ( ) ) ; " block optional in macro call booleanif tunableif true false type allow'
        " typeattribute typeattributeset and or not xor all range self x y a.b .a domain process"
        " blockinherit blockabstract classmap classmapping context filecon sidorder constrain eq"
        " t1 t2 h1 h2 l1 level low s0 c0 typetransition neverallow allowx ioctl 0x1 0xffffffffff"
    ),
    *(b"\n", b"\r", b"\0", b"\xff", b'""', b"(" * 400, b"(not " * 200, b"x" * 3000),
)


def seeds() -> Iterable[bytes]:
    """The samples, each alone and all in one file."""
    files = [path.read_bytes() for path in sorted((PROFILES / "selinux").glob("*.cil"))]
    return (b"\n".join(files), *files)


def run(data: bytes) -> None:
    """A file is compiled, or each of its faults has a place."""
    try:
        compile_sources([Source.from_bytes("x.cil", data)], Options())
    except PolicyError as refusal:
        for one in refusal.diagnostics:
            assert one.line or one.name in ("too-many", "incomplete-policy")


TARGET = Target("cil", run, seeds, WORDS, longest=16_384)
