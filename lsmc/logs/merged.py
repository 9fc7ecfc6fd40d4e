"""Reads the records of several modules in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from lsmc.logs.envelope import Envelope
from lsmc.logs.record import LogError, LogFormat, LogPlace

Forms = Sequence[LogFormat]


def merged(forms: Forms) -> LogFormat:
    """One form that reads what each of some forms reads.

    Where several read a line, the first does.  What is no record is shown as the first shows it,
    and only records of the first are known again by their outlines.
    """
    if len(forms) == 1:
        return forms[0]
    return forms[0]._replace(
        marks=tuple(dict.fromkeys(mark for form in forms for mark in form.marks)),
        worth_reading=partial(_worth_reading, forms),
        goes_on=partial(_goes_on, forms),
        speaks=partial(_speaks, forms),
        read=partial(_read, forms),
    )


def _worth_reading(forms: Forms, line: bytes) -> bool:
    return any(form.worth_reading(line) for form in forms)


def _goes_on(forms: Forms, record: bytes, line: bytes) -> bytes | None:
    found = (form.goes_on(record, line) for form in forms)
    return next((joined for joined in found if joined is not None), None)


def _speaks(forms: Forms, text: str) -> bool:
    return any(form.speaks(text) for form in forms)


def _read(forms: Forms, message: Envelope, source: LogPlace) -> Any | None:
    """The record that the first form finds that finds one; raises the first `LogError` else."""
    fault: LogError | None = None
    for form in forms:
        try:
            record = form.read(message, source)
        except LogError as error:
            fault = fault or error
        else:
            if record is not None:
                return record
    if fault is not None:
        raise fault
    return None
