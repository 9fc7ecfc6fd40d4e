"""Where inputs come from: coverage-guided by atheris, or blind mutation of the seeds.

atheris (libFuzzer for Python) keeps each input that reaches something new and goes on from there.
It need not be installed; the blind engine is the same on every machine, and made of nothing but a
seeded generator, so that a short run in the tests draws the same inputs each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.fuzz.guard import Guard, limit_memory
from tests.fuzz.target import Target, regressions, targets

#: Instrumented code is slower.
SLOWER = 3.0
_BOUNDARIES = (0, 1, 0x7F, 0x80, 0xFF)


def starts(target: Target) -> list[bytes]:
    """The seeds, and what was found before."""
    return [*target.seeds(), *(path.read_bytes() for path in regressions(target.name))]


def blind(name: str, folder: Path, deadline: float, seed: int) -> None:
    """Run mutated seeds until the time is up."""
    target = targets()[name]
    guard = Guard(target, folder, deadline)
    limit_memory()
    for data in mutations(target, seed):
        guard(data)
        if guard.over:
            break
    guard.write_state()


def guided(name: str, folder: Path, deadline: float, seed: int) -> None:
    """Let libFuzzer make inputs until the time is up; ends the process."""
    import atheris  # type: ignore[import-not-found,unused-ignore]

    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(atheris.instrument_imports(include=["lsmc"]))
        target = targets()[name]
        guard = Guard(target, folder, deadline, SLOWER)
        for number, data in enumerate(starts(target)):
            (corpus / f"seed-{number:05}").write_bytes(data)
            guard(data)  # what is imported when first needed gets instrumented too

        def one(data: bytes) -> None:
            guard(data)
            if guard.over:
                guard.write_state()
                os._exit(0)

        words = folder / "words"
        words.write_text("".join(f'"{_escaped(w)}"\n' for w in target.words), encoding="ascii")
        flags = {
            "seed": seed or 1,
            "max_len": target.longest,
            "dict": words,
            "timeout": 1 << 30,
            "rss_limit_mb": 0,
            "malloc_limit_mb": 0,
            "len_control": 0,
            "artifact_prefix": f"{folder}/",
            "verbosity": 0,
        }
        given = [sys.argv[0], *(f"-{key}={value}" for key, value in flags.items()), str(corpus)]
        atheris.Setup(given, one)
        limit_memory()
        atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def mutations(target: Target, seed: int) -> Iterator[bytes]:
    """The seeds as they are, then endless changes of them: the same ones for the same seed."""
    known = starts(target)
    yield from known
    draw = Random(seed)
    while True:
        data = bytearray(draw.choice(known))
        for _ in range(draw.choice((1, 1, 1, 2, 2, 4, 8, 16))):
            _change(data, draw, target, known)
        yield bytes(data[: target.longest])


def _change(data: bytearray, draw: Random, target: Target, known: list[bytes]) -> None:
    """One change of an input, in place."""
    start = draw.randrange(len(data) + 1)
    end = min(len(data), start + draw.choice((0, 1, 1, 2, 4, 8, 32)))
    match draw.randrange(7):
        case 0:
            del data[start:end]
        case 1:
            data[start:end] = bytes((draw.choice(_BOUNDARIES),)) * (end - start or 1)
        case 2:
            data[start:start] = data[start:end] * draw.choice((1, 2, 50))
        case 3 if start < len(data):
            data[start] ^= 1 << draw.randrange(8)
        case 4:
            data[start:end] = draw.randbytes(draw.randrange(1, 5))
        case 5:
            other = draw.choice(known)
            begin = draw.randrange(len(other) + 1)
            data[start:end] = other[begin : begin + draw.choice((1, 8, 64))]
        case _:
            data[start:end] = draw.choice(target.words)
