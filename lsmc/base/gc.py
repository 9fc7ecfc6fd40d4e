"""Memory of a run that keeps what it makes."""

from __future__ import annotations

import errno
import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Objects of a run that Python may search as new ones: fewer than a tenth of a second's work.
_FEW = 200_000


class _Left:
    """Whether a run before left garbage that Python will not look for by itself."""

    garbage = False


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the search for garbage: in a run whose objects live on it costs a tenth of the time.

    The objects of a large run count as old afterwards, or all of them would be searched at once as
    new.  Python does not search those it took over so, therefore the next run begins with a search:
    a process that compiles again and again keeps the garbage of one run at most.
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


def exhausted(fault: BaseException) -> bool:
    """Whether a failure says that memory ran out; a library that cannot be mapped says it too."""
    if isinstance(fault, ImportError):
        return any(words in str(fault) for words in _UNMAPPED)
    if isinstance(fault, OSError):
        return fault.errno == errno.ENOMEM
    return isinstance(fault, MemoryError)


#: What the C library says when there is no room for a shared library.
_UNMAPPED = ("failed to map segment", "cannot allocate memory", "cannot map zero-fill pages")
