"""What a measurement gives: rows of a table, and points of a curve."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, what was seen, a peer's figure beside it, and the ratio."""

    what: str
    seen: str
    peer: str = ""
    ratio: str = ""


@dataclass(frozen=True)
class Curve:
    """How a cost grows: (size, seconds of processor time) for each size."""

    name: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    title: str
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
