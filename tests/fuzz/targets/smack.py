"""Policy of Smack: read, compiled, opened, linted, formatted, and asked."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.lint.run import run as run_checks
from lsmc.modules.smack.abilities import abilities, rules
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.compile import compile_sources
from lsmc.modules.smack.diff import diff
from lsmc.modules.smack.explain import explain
from lsmc.modules.smack.formatting import RowFormatter
from lsmc.modules.smack.lint.linter import LINT
from lsmc.modules.smack.questions import access_request
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.explanation import explanation_lines
from tests.fuzz.target import MemoryFiles, Target, words
from tests.places import ROOT

#: Files of a policy: an input is one of them, by its first byte, or several that NUL divides.
NAMES = ("accesses", "accesses.d/1-change-rule", "onlycap", "unconfined", "cipso", "netlabel")
WORDS = (
    *words("App Sys User::Home _ ^ * ? @ - r w x a t l b rwx r-x rwxatlb RW # -CIPSO 10.0.0.0/8"),
    *words("1:2:3:4:5:6:7:8/128 255 184 App/x " + "L" * 255),
    *(b"\n", b" ", b"\t", b"\0", b"\xa0", b"\xff", b"\x85"),
)


def seeds() -> Iterable[bytes]:
    """The sample policy, a file at a time and all together."""
    files = [path for path in sorted((ROOT / "profiles/smack").rglob("*")) if path.is_file()]
    texts = [path.read_bytes() for path in files if path.suffix != ".toml"]
    yield from texts
    yield b"\0".join(texts)
    yield b"\0".join((b"App Sys r", b"App Sys w r", b"App", b"Sys", b"App 1 2", b"10.0.0.1 App"))


def run(data: bytes) -> None:
    """Do all that one can do with a policy."""
    files = dict(zip(NAMES, data.split(b"\0", len(NAMES) - 1), strict=False))
    sources = [Source.from_bytes(name, text) for name, text in files.items()]
    for name, text in files.items():
        RowFormatter(Options()).format(name, text)
    memory = MemoryFiles({f"/p/{name}": text for name, text in files.items()})
    tree, faults = LINT.reader(Options(), memory, None)(["/p"], {}, 1)
    found, wrong = run_checks(tree, LINT.checks.values())
    assert not wrong, wrong
    for one in (*faults, *found):
        list(diagnostic_lines(one))
    try:
        bundle, _ = compile_sources(sources, Options())
    except PolicyError as refused:
        for fault in refused.diagnostics:
            list(diagnostic_lines(fault))
        return
    engine = Engine(bundle)
    list(rules(engine))
    assert diff(engine, engine) == []
    for subject in engine.subjects[:4]:
        abilities(engine, subject, ())
        for obj in (*engine.subjects[:4], "other"):
            list(explanation_lines(explain(engine, access_request(subject, "rw", obj))))


TARGET = Target("smack", run, seeds, WORDS)
