"""A security module without automata: `SUBJECT LEVEL` a line, and whoever has more may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from lsmc.analysis.change import Change
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source, Span
from lsmc.compiler.whole import compile_whole
from lsmc.engine.verdict import UnknownName, Verdict
from lsmc.explain.explanation import Explanation, Question
from lsmc.ir.operation import Operation
from lsmc.modules.interface import SecurityModule
from lsmc.tables.layout import OWN, words
from lsmc.tables.sections import Sections, pack_sections


class _Section(IntEnum):
    NAMES = OWN  # a name a line, and its level at the same place
    LEVELS = OWN + 1


def _compile(sources: Sequence[Source]) -> tuple[bytes, list[Diagnostic]]:
    levels: dict[str, int] = {}
    for source in sources:
        for line in source.text.splitlines():
            name, _, level = line.partition(" ")
            if not level.isdecimal():
                where = Span(source, 0, len(source.text))
                raise PolicyError([Diagnostic("LV001", "level", "error", "not a level", where)])
            levels[name] = int(level)
    names = "\n".join(levels).encode("latin-1")
    sections: dict[int, bytes] = {
        _Section.NAMES: names,
        _Section.LEVELS: words(list(levels.values())),
    }
    return pack_sections("levels", sections), []


class Levels:
    """An open bundle."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.bundle = Sections(data, _Section)
        self.subjects = bytes(self.bundle.body(_Section.NAMES)).decode().splitlines()
        self.levels = dict(zip(self.subjects, self.bundle.words(_Section.LEVELS), strict=True))

    def find(self, name: str) -> int | None:
        """The level of a subject."""
        return self.levels.get(name)


def _explain(opened: Levels, request: Mapping[str, Any]) -> Explanation:
    subject, other = request["subject"], request["object"]
    for name in (subject, other):
        if opened.find(name) is None:
            raise UnknownName("subject", name, opened.subjects)
    verdict = Verdict.allow(("read",), note=f"level {opened.levels[subject]}")
    if opened.levels[subject] <= opened.levels[other]:
        verdict = Verdict.deny(("read",), explicit=False, audited=True, note="not above it")
    asked = Question(subject, "read", other, True, {}, "level", ("read",), "levels_read", ())
    return Explanation(verdict, asked, (), (), (), None)


def _diff(old: Levels, new: Levels) -> list[Change]:
    names = sorted({*old.subjects, *new.subjects})
    pairs = [(name, old.find(name), new.find(name)) for name in names]
    return [Change(n, "setting", what="level", before=a, after=b) for n, a, b in pairs if a != b]


LEVELS = SecurityModule(
    name="levels",
    title="levels",
    claims=lambda paths: all(path.endswith(".levels") for path in paths),
    compiler=lambda: compile_whole(lambda sources, _options: _compile(sources)),
    compile_text=lambda text, name, _options: _compile([Source.from_bytes(name, text)]),
    open=lambda data, _name, _enforce: Levels(data),
    answer=lambda opened, request: _explain(opened, request).verdict,
    explain=_explain,
    diff=_diff,
    operations=lambda: [Operation("read", "level", ("read",), "levels_read")],
)
