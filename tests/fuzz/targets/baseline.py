"""Baselines: read, compared with findings, and told what is gone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import Options
from lsmc.lint.baseline import Baseline, write
from lsmc.lint.model import SettingError
from lsmc.lint.run import Linter
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import compile_tree
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.json import diagnostic, dumps
from tests.fuzz.target import MemoryFiles, Target, words

PATH = "/b.json"
POLICY = b"profile p /p {\n  /a r,\n  /a r,\n  deny /b r,\n  /b rw,\n  /**/x rwmkl,\n}\n"
WORDS = (
    *words(
        "version entries code file profile rule count LSM101 LSM301 1 0 -1 1e9 1.0 true null "
        '"p" "" "../../x" "\\u0000" "\\ud800" "/dev/null" {} [] , : [ ] { }'
    ),
    *(b'"', b"\n", b"\0", b"\xff", b"9" * 500, b"[" * 200, b'{"code": "LSM101", '),
)


@cache
def findings() -> tuple[Diagnostic, ...]:
    """What lint finds in a small profile."""
    name = "/no such directory/p"
    front = front_end(Options("/"), MemoryFiles({name: POLICY}))
    read = partial(compile_tree, front)
    return tuple(Linter(read, LINT.checks.values(), LINT).lint([name]).findings)


def seeds() -> Iterable[bytes]:
    """The baseline of the profile, each of its lines alone, and odd ones."""
    whole = write(findings(), {}, PATH)
    yield whole
    for line in whole.splitlines()[1:-1]:
        yield b'{"version": 1, "entries": [\n' + line.rstrip(b",") + b"\n]}\n"
    yield b'{"version": 1, "entries": [' + b"[" * 100_000 + b"]}"
    yield b'{"version": 1, "entries": [], "x": ' + b"9" * 5000 + b"}"
    entry = b'{"code": "LSM101", "file": "%s", "profile": "", "rule": "x", "count": %s}'
    for file, count in ((b"a" * 300, b"1"), (b"\\u0000", b"1"), (b"\\ud800", b"9" * 4000)):
        twice = b", ".join([entry % (file, count)] * 2)
        yield b'{"version": 1, "entries": [' + twice + b"]}"


def run(data: bytes) -> None:
    """A baseline, or one fault of it."""
    try:
        baseline: Baseline | None = Baseline.parse(PATH, data)
    except SettingError as fault:
        told = str(fault)
        baseline = None
    if baseline is None:
        assert told.startswith(PATH), "a fault without its file"
        return
    new = [one for one in findings() if not baseline.takes(one, {})]
    assert len(new) <= len(findings())
    for one in baseline.gone(["LSM101", "LSM301"], ["/no such directory/p"]):
        list(diagnostic_lines(one))
        dumps(diagnostic(one))


TARGET = Target("baseline", run, seeds, WORDS, longest=1 << 17)
