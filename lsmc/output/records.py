"""Records of logs as JSON, one a line; what the records of an outline share is written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lsmc.kernels.outlines import PARTS, filled
from lsmc.output.json import dumps

if TYPE_CHECKING:
    from lsmc.kernels.outlines import Sighting
    from lsmc.logs.reader import LogReader

#: Outlines that are kept.
_MOST = 1 << 13
#: Parts of sightings that are texts; none of them needs escapes.
_TEXTS = frozenset(("id", "name"))


def sighting_writer(reader: LogReader) -> Callable[[Sighting], str]:
    """What writes the record of the sighting that a reader is at, as a line of JSON."""
    known: dict[tuple[int, str], tuple[str | int, ...]] = {}

    def write(one: Sighting) -> str:
        form = known.get((one.like, reader.path))
        if form is None:
            if len(known) >= _MOST:
                known.clear()
            form = known[one.like, reader.path] = _form(reader, one)
        return filled(one, form)

    return write


def _form(reader: LogReader, one: Sighting) -> tuple[str | int, ...]:
    """A record as texts and numbers of parts, in turn."""
    own, path = reader.form.own, reader.path
    form: list[str | int] = []
    before = "{"
    for name, value in reader.record(one).to_json().items():
        part = own.get(name, "")
        before += f"{dumps(name)}: "
        if part and getattr(one, part) != "":
            quote = '"' if part in _TEXTS else ""
            form += (before + quote, PARTS.index(part))
            before = f"{quote}, "
        elif name == "source":
            form += (f'{before}{{"file": {dumps(path)}, "line": ', PARTS.index("line"))
            before = "}, "
        else:
            before += f"{dumps(value)}, "
    return (*form, before.removesuffix(", ") + "}\n")
