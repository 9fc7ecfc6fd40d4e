"""Configuration of lint: `lsmc.toml` and `pyproject.toml`, with paths asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.lint.config import config_of, table_of
from lsmc.lint.model import SettingError
from lsmc.lint.setup import Setup
from lsmc.modules.apparmor.lint.linter import LINT
from tests.fuzz.target import Target, words
from tests.places import ROOT

PATHS = ("abstractions/base", "a/b/c/d/e/f", "x" * 200, "a/" * 100 + "a", "../up", "n\u00e9\n")
WHOLE = b"""base = "etc"
include = ["more"]
features = "abi/4.0"
target = "4.1"
select = ["LSM1", "too-broad"]
extend-select = ["ALL"]
ignore = ["LSM901"]
fail-level = "info"
baseline = "b.json"
[variables]
V = ["/a", "/b"]
W = "x"
B = true
[per-path-ignores]
"abstractions/**" = ["LSM2"]
"**/x*?/**/y**" = ["ALL"]
[severity]
LSM301 = "info"
deny-only-quiets = "off"
[checks.costly-pattern]
states = 500
[[assertions]]
name = "n"
"""
WORDS = (
    *words(
        "base include features target variables select extend-select ignore per-path-ignores "
        "severity fail-level baseline assertions checks tool.lsmc ALL LSM1 LSM LSM999 too-broad "
        "true false 1e999 nan 1979-05-27 0xff = == [[ ]] {} [] ** **/ * ? / ./ ../ a.a.a.a. "
        "\\u0000 \\ud800 # , '''"
    ),
    *(b'"', b'"""', b"\n", b"\0", b"\xff", b"\xc3\xa9", b"9" * 500, b"[" * 100, b"a." * 100),
)


def seeds() -> Iterable[bytes]:
    """A file with all there is, its lines, and the same in a project's file."""
    yield WHOLE
    yield b"[tool.lsmc]\n" + WHOLE.partition(b"[variables]")[0]
    yield from WHOLE.splitlines(keepends=True)
    yield (ROOT / "pyproject.toml").read_bytes()[:2000]
    yield b'[per-path-ignores]\n"' + b"**/" * 14 + b'x" = ["ALL"]\n'
    yield b"a = " + b"[" * 3000 + b"]" * 3000
    yield b"a = " + b"9" * 5000
    yield b"a." * 2000 + b"a = 1"


def run(data: bytes) -> None:
    """A configuration, or one fault of it in one line."""
    for name in ("/no such directory/lsmc.toml", "/no such directory/pyproject.toml"):
        told = name
        try:
            table = table_of(name, data)
            config = config_of(name, table or {}, LINT)
            Setup(config).selected(LINT)
            for path in PATHS:
                config.ignores("LSM101", f"/no such directory/{path}")
        except SettingError as fault:
            told = str(fault)
        assert told.startswith(name), "a fault without its file"


TARGET = Target("config", run, seeds, WORDS)
