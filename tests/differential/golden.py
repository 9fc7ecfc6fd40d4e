"""Answers of the real compiler about our sample policy, kept for where it is not installed.

    python -m tests.differential.golden         # write golden.json anew; needs apparmor_parser

The questions are drawn as in the comparison, a few of each class and profile; the answers kept are
the compiler's own.  Questions where a known difference applies are left out.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.differential.answers import Answer, Question
from tests.differential.compare import Compared, ask
from tests.differential.known import explain
from tests.differential.oracle import (
    Oracle,
    RefusedError,
    compile_with_parser,
    oracles,
    parser,
)
from tests.differential.ours import Ours, compile_here
from tests.places import PROFILES

HERE = Path(__file__).resolve().parent
FEATURES = HERE / "features"
GOLDEN = HERE / "golden.json"
#: Questions kept of each class of a profile, and as many again of those that are granted.
KEPT = 4


def sample(path: Path) -> Ours:
    """A sample file, compiled here."""
    return compile_here(path, PROFILES, FEATURES)


def encoded(answer: Answer) -> list[object]:
    """An answer as JSON: sets as words, a transition as a list."""
    sets = (" ".join(sorted(part)) for part in answer[:3])
    extra = list(answer.extra) if isinstance(answer.extra, tuple) else answer.extra
    return [*sets, extra, answer.mediated]


def kept(ours: Ours, theirs: Mapping[str, Oracle]) -> Iterator[Compared]:
    """The questions to keep about a file."""
    groups: dict[tuple[str, str], list[Compared]] = {}
    for compared in ask(ours, theirs, 300, 0):
        question, mine, other, rules = compared
        if explain(rules or {}, question, mine, other) is None or mine == other:
            groups.setdefault((question.profile, question.cls), []).append(compared)
    for (name, cls), found in groups.items():
        rng = random.Random(f"{name} {cls}")
        granted = [c for c in found if c.theirs.allow or c.theirs.quiet]
        chosen = rng.sample(found, min(len(found), KEPT))
        chosen += rng.sample(granted, min(len(granted), 4 * KEPT if cls == "file" else KEPT))
        seen: set[Question] = set()
        for compared in chosen:
            if compared.question not in seen and compared.question.object != "exists":
                seen.add(compared.question)
                yield compared


def write() -> int:
    """Write the golden answers; the exit status."""
    if parser() is None:
        print("apparmor_parser is not there", file=sys.stderr)
        return 2
    files: dict[str, list[Any]] = {}
    for path in sorted(path for path in PROFILES.iterdir() if path.is_file()):
        try:
            theirs = oracles(compile_with_parser(path, PROFILES, FEATURES, ()))
        except RefusedError as refused:
            print(f"{path.name} is left out: {refused}", file=sys.stderr)
            continue
        files[path.name] = [
            [q.profile, q.cls, q.object, q.owner, dict(q.fields), encoded(their)]
            for q, _, their, _ in kept(sample(path), theirs)
        ]
    blocks = []
    for name, entries in files.items():
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        blocks.append(f"{json.dumps(name)}: [\n{lines}\n]")
    GOLDEN.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="ascii")
    print(f"{sum(map(len, files.values()))} answers about {len(files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(write())
