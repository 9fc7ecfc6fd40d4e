"""Python's garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Objects of a run that Python may search as new ones: fewer than a tenth of a second's work.
_FEW = 200_000


class _Left:
    """Whether an earlier run left garbage that Python will not look for by itself."""

    garbage = False


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector, which costs a tenth of the time of a large run.

    The objects of a large run are moved to the oldest generation afterwards; otherwise the next
    collection would scan them all as new.  Python does not scan them again by itself, therefore
    the next run begins with a full collection: a process that compiles repeatedly keeps the garbage
    of at most one run.
    """
    collects = gc.isenabled()
    if collects and _Left.garbage:
        gc.collect()
        _Left.garbage = False
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if gc.get_count()[0] > _FEW and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
                _Left.garbage = True
            gc.enable()
