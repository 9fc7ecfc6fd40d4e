"""The pause of the search for garbage: a process that runs again and again keeps no garbage."""

from __future__ import annotations

import gc
import weakref

import pytest

from lsmc.base import gc as pause


class Cyclic:
    """Garbage that counting references does not find."""

    def __init__(self) -> None:
        self.itself = self


def run(cycles: int) -> weakref.ref[Cyclic]:
    """One run that leaves garbage; what refers to a part of it."""
    with pause.gc_paused():
        made = [Cyclic() for _ in range(cycles)]
        return weakref.ref(made[0])


def test_the_garbage_of_a_large_run_is_gone_when_the_next_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pause, "_FEW", 10)
    left = run(100)
    assert left() is not None
    run(1)
    assert left() is None


def test_the_garbage_of_a_small_run_is_found_as_any() -> None:
    left = run(5)
    gc.collect(0)
    assert left() is None


def test_a_run_leaves_the_search_as_it_was() -> None:
    gc.disable()
    try:
        run(1)
        assert not gc.isenabled()
    finally:
        gc.enable()
    run(1)
    assert gc.isenabled()
