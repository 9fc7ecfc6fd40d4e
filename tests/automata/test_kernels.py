from __future__ import annotations

import importlib
import subprocess
import sys

from hypothesis import given, settings

from lsmc.automata.dfa import determinize
from lsmc.automata.pattern import Pattern
from lsmc.kernels.walk import compiled
from tests.automata.strategies import STRINGS, pattern_lists


@given(pattern_lists)
@settings(max_examples=40)
def test_a_walker_answers_alike_however_often_it_is_asked(numbered: list[Pattern]) -> None:
    """Rows are scanned when first met, written out on the second visit and indexed from then on."""
    dfa = determinize(numbered)
    expected = [dfa.walk(text) for text in STRINGS]
    walker = dfa.walker()
    assert [walker.walk(text) for text in STRINGS] == expected
    assert walker.walk_many(STRINGS) == expected
    assert [walker.depth(text) for text in STRINGS] == [dfa.depth(text) for text in STRINGS]


def test_the_cython_package_is_not_needed_to_run() -> None:
    program = "import sys, lsmc.automata.partition; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()
    assert "Cython" not in modules
    assert "cython" not in modules


def test_a_compiled_kernel_says_so() -> None:
    for name in ("walk", "subset", "positions"):
        file = importlib.import_module(f"lsmc.kernels.{name}").__file__ or ""
        assert compiled() == (not file.endswith(".py"))
