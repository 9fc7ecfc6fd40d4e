"""What the kernels use of the `cython` module, for when they run uncompiled.

The real module is never imported at run time, even where it is installed: it takes longer to import
than a whole query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

C = TypeVar("C")
F = TypeVar("F", bound=Callable[..., Any])

compiled: Final = False
longlong: TypeAlias = int
ulonglong: TypeAlias = int
Py_ssize_t: TypeAlias = int


def cfunc(function: F) -> F:
    """Mark a C function; nothing to do."""
    return function


def ccall(function: F) -> F:
    """Mark a function for callers in C and in Python; nothing to do."""
    return function


def cclass(kind: type[C]) -> type[C]:
    """Mark an extension type; nothing to do."""
    return kind


def declare(_type: str, **_how: str) -> Any:
    """Declare the type of an attribute; nothing to do."""
    return None


def locals(**_types: str) -> Callable[[F], F]:  # noqa: A001 - the name that Cython gives it
    """Declare the types of locals; nothing to do."""
    return cfunc


def returns(_type: str) -> Callable[[F], F]:
    """Declare what a C function returns; nothing to do."""
    return cfunc


def boundscheck(_on: bool) -> Callable[[F], F]:
    """Check indexes; Python always does."""
    return cfunc


def wraparound(_on: bool) -> Callable[[F], F]:
    """Let negative indexes count from the end; Python always does."""
    return cfunc
