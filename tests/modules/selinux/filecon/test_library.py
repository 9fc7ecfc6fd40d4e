"""Labels of paths beside those of libselinux, for file contexts that secilc writes.

Skipped where either is not installed.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lsmc.modules.selinux.filecon.labels import KINDS, FileLabels, order
from lsmc.modules.selinux.filecon.regex import BadExpression, Expression
from tests.modules.selinux.support import PRELUDE

LIBRARY = ctypes.util.find_library("selinux")
pytestmark = pytest.mark.skipif(
    LIBRARY is None or shutil.which("secilc") is None, reason="libselinux and secilc are needed"
)
#: The modes by which libselinux tells kinds of files (stat(2)).
MODES = {
    "any": 0,
    "file": 0o100000,
    "dir": 0o040000,
    "char": 0o020000,
    "block": 0o060000,
    "socket": 0o140000,
    "pipe": 0o010000,
    "symlink": 0o120000,
}
_PATH_OPTION = 3  # SELABEL_OPT_PATH of selinux/label.h
_PIECES = ("/", "a", "b", "/a", "/b", r"\.", ".", "[ab]", "[^/]", "[a-c]", r"\d", "1", "x")
_TIMES = ("*", "+", "?", "{2}", "{1,2}", "{2,}", "{0}", "*?", "{,2}")


class _Option(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("value", ctypes.c_char_p))


class _Library:
    """Looks up paths in a file of contexts."""

    def __init__(self, contexts: Path) -> None:
        self._library = ctypes.CDLL(LIBRARY, use_errno=True)
        self._library.selabel_open.restype = ctypes.c_void_p
        options = (_Option * 1)(_Option(_PATH_OPTION, str(contexts).encode()))
        self._handle = ctypes.c_void_p(self._library.selabel_open(0, options, 1))
        assert self._handle

    def find(self, path: bytes, kind: str) -> str | None:
        found = ctypes.c_char_p()
        failed = self._library.selabel_lookup_raw(
            self._handle, ctypes.byref(found), path, MODES[kind]
        )
        return None if failed or found.value is None else found.value.decode()


def _expression(draw: random.Random, depth: int = 0) -> str:
    way = draw.random()
    if depth > 2 or way < 0.5:
        return draw.choice(_PIECES)
    if way < 0.75:
        return _expression(draw, depth + 1) + _expression(draw, depth + 1)
    if way < 0.83:
        return f"({_expression(draw, depth + 1)}|{_expression(draw, depth + 1)})"
    if way < 0.86:
        return f"{_expression(draw, depth + 1)}|{_expression(draw, depth + 1)}"
    return f"({_expression(draw, depth + 1)}){draw.choice(_TIMES)}"


def _entries(draw: random.Random) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    while len(found) < 12:
        text = "/" + _expression(draw)
        try:
            Expression(text)
        except BadExpression:
            continue
        found[text, draw.choice((*KINDS, "any", "file"))] = None
    return list(found)


@pytest.mark.parametrize("seed", range(12))
def test_like_libselinux(seed: int, tmp_path: Path) -> None:
    """The order of the statements and the labels of paths are those of the tools."""
    draw = random.Random(seed)
    entries = _entries(draw)
    types = [f"t{number}_t" for number in range(len(entries))]
    lines = [f"(type {one})(roletype object_r {one})" for one in types]
    for (text, kind), one in zip(entries, types, strict=True):
        lines.append(f'(filecon "{text}" {kind} (system_u object_r {one} ((s0) (s0))))')
    policy, contexts = tmp_path / "p.cil", tmp_path / "contexts"
    policy.write_text("\n".join(lines))
    command = ["secilc", "-o", str(tmp_path / "bin"), "-f", str(contexts)]
    subprocess.run([*command, str(PRELUDE), str(policy)], check=True, capture_output=True)
    written = [line.split("\t")[0] for line in contexts.read_text().splitlines()]
    numbers = sorted(range(len(entries)), key=lambda number: order(*entries[number]))
    assert [entries[number][0] for number in numbers] == written
    labels = FileLabels([entries[number] for number in numbers])
    library = _Library(contexts)
    for _ in range(300):
        path = ("/" + "".join(draw.choices("/abc.1x", k=draw.randrange(6)))).encode()
        kind = draw.choice((*MODES,))
        number = labels.find(path, kind)
        ours = None if number is None else types[numbers[number]]
        theirs = library.find(path, kind)
        assert ours == (theirs and theirs.split(":")[2]), (path, kind, entries)
