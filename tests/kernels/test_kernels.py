from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from array import array
from itertools import accumulate, chain, pairwise, product
from pathlib import Path
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc.kernels
from lsmc.automata.determinize import determinize
from lsmc.automata.pattern import Pattern
from lsmc.kernels import comb, minimise, runs
from lsmc.kernels.walk import compiled, is_real_path
from tests.automata.strategies import STRINGS, pattern_lists


@given(pattern_lists)
@settings(max_examples=40)
def test_a_walker_answers_alike_however_often_it_is_asked(numbered: list[Pattern]) -> None:
    """Rows are scanned when first met, written out on the second visit and indexed from then on."""
    dfa = determinize(numbered)
    expected = [dfa.walk(text) for text in STRINGS]
    walker = dfa.walker()
    assert [walker.walk(text) for text in STRINGS] == expected
    assert [walker.walk(text) for text in STRINGS] == expected  # from the rows written out
    assert [walker.depth(text) for text in STRINGS] == [dfa.depth(text) for text in STRINGS]


def test_the_cython_package_is_not_needed_to_run() -> None:
    program = "import sys, lsmc.automata.partition; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()
    assert "Cython" not in modules
    assert "cython" not in modules


def test_a_compiled_kernel_says_so() -> None:
    for name in ("outlines", "walk", "subset", "positions"):
        file = importlib.import_module(f"lsmc.kernels.{name}").__file__ or ""
        assert compiled() == (not file.endswith(".py"))


def uncompiled(name: str = "walk") -> ModuleType:
    """The source of a kernel, run as Python whether it is compiled or not."""
    file = Path(lsmc.kernels.__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"uncompiled_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_path_is_real_alike_in_both_forms_and_by_its_definition() -> None:
    pure = uncompiled()
    assert not pure.compiled()
    texts = ["".join(some) for size in range(8) for some in product("/.a\0", repeat=size)]
    texts += ["/\udcff/x", "/é/..", "/é/..é", "/0/-/+"]
    for text in texts:
        data = text.encode("utf-8", "surrogateescape")
        names = text.removeprefix("/").removesuffix("/").split("/")
        plain = all(name not in ("", ".", "..") for name in names) and "\0" not in text
        expected = text == "/" or (text.startswith("/") and plain)
        assert is_real_path(data) is expected, text
        assert pure.is_real_path(data) is expected, text


@given(st.lists(st.lists(st.integers(0, 3) | st.integers(254, 255), max_size=4), max_size=6))
def test_runs_are_cut_and_checked_alike_in_both_forms(cut: list[list[int]]) -> None:
    lengths = array("H", map(len, cut))
    items = bytes(chain.from_iterable(cut))
    ordered = all(run == sorted(set(run)) for run in cut)
    for form in (runs, uncompiled("runs")):
        offsets = form.offsets_of(lengths)
        assert [list(items[start:end]) for start, end in pairwise(offsets)] == cut
        assert form.ascend(offsets, items) is ordered


@given(st.lists(st.integers(0, 256), max_size=20), st.lists(st.integers(0, 6), max_size=20))
def test_numbers_are_put_in_order_alike_in_both_forms(sizes: list[int], some: list[int]) -> None:
    offsets = array("I", accumulate(sizes, initial=0))
    largest = sorted(range(len(sizes)), key=lambda state: -sizes[state])
    order = list(dict.fromkeys(some))
    for form in (comb, uncompiled("comb")):
        assert form.largest_first(offsets).tolist() == largest
        places = array("I", some)
        assert form.picked(array("I", range(10, 17)), places).tolist() == [10 + n for n in some]
    for form in (minimise, uncompiled("minimise")):
        blocks = array("I", some)
        first = form.numbered(blocks, 7)[: len(order)]
        assert blocks.tolist() == [order.index(block) for block in some]
        assert first.tolist() == [some.index(block) for block in order]
