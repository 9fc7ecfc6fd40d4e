"""Memory of a run that keeps what it makes."""

from __future__ import annotations

import errno
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: where all that is made lives on, the search takes a tenth.

    What was made counts as old afterwards, else all of it would be searched at once as new.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
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
