"""What `load.py` chooses and how it reads the guest, without a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.base import zstd
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from tests.kernel.load import Compiled, Loaded, as_sets, largest, refusals
from tests.kernel.run import FEATURES

POLICY = """
profile small { /a r, }
profile outer {
  /b r,
  profile inner { /c/*/{d,e,f}*/g/** rw, signal, ptrace, mount, }
}
"""


def compiled(directory: Path) -> Path:
    source, stream = directory / "source", directory / "stream"
    source.write_text(POLICY)
    files = render([str(source)], Options(features=str(FEATURES)), 1)
    stream.write_bytes(b"".join(file.data for file in files))
    return stream


def test_children_come_with_and_behind_their_parents(tmp_path: Path) -> None:
    stream = compiled(tmp_path)
    assert [one.name for one in largest([stream], 1)] == ["outer", "outer//inner"]
    assert [one.name for one in largest([stream, stream], 9)] == ["outer", "outer//inner", "small"]
    whole = sum(len(one.data) for one in largest([stream], 9))
    assert whole == stream.stat().st_size


def test_files_are_sets(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    stream = compiled(tmp_path)
    packed = tmp_path / "packed.zst"
    packed.write_bytes(zstd.compressed(stream.read_bytes()))
    found = as_sets([stream, packed])
    assert [one.name for one in found] == ["small, outer, outer//inner"] * 2
    assert [one.data for one in found] == [stream.read_bytes(), packed.read_bytes()]


def test_what_the_kernel_refuses_is_named() -> None:
    chosen = [Compiled("a", b"12"), Compiled("b", b"345"), Compiled("c", b"")]
    assert [*refusals(chosen, Loaded({0: 0, 1: 71}, 1, []))] == [
        "b: Protocol error, 3 bytes",
        "c: the guest did not come to it",
    ]
