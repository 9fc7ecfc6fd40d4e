"""The places of statements, also of copied ones, and the errors found at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.modules.selinux.errors import error, nearest
from lsmc.modules.selinux.places import COPIED, Places
from lsmc.modules.selinux.resolve.symbols import Missing, Part

#: Errors that are noted; who has more corrects these first.
_ENOUGH = 500
#: Errors of which the nearest names are sought, which takes time.
_ADVISED = 10
#: Calls and inheritances that are named with what they copied.
_NAMED = 20


class Ledger:
    """The places of a policy that is being put together, and what is wrong with it so far."""

    def __init__(self, sources: Places) -> None:
        self.errors: list[Diagnostic] = []
        self._copies: list[tuple[int, int]] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self.places = Places(sources.sources, sources.starts, self._copies)

    def place(self, part: Part, place: int) -> int:
        """The place of a statement in a part, which may be a copy."""
        if part.via is None:
            return place
        key = (place, part.via)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = COPIED + len(self._copies)
            self._copies.append(key)
        return number

    def missing(self, place: int, reason: Missing, known: Callable[[], Iterable[str]]) -> None:
        """Note that a name is not declared, with the nearest of those that are known."""
        advice = ""
        if len(self.errors) < _ADVISED:
            advice = nearest(reason.name, reason.known or known())
        self.fault(place, "unknown-name", reason.message, advice, reason.name)

    def fault(
        self,
        place: int,
        name: str,
        message: str,
        help: str = "",
        word: str = "",
        related: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Note an error at a statement, or at a word in it; `related` are places and labels."""
        if len(self.errors) >= _ENOUGH:
            return
        span = _narrowed(self.places.span(place), word)
        labels = [*related, *((one, "copied here") for one in self.places.via(place)[:_NAMED])]
        found = [Label(_keyword(self.places.span(one)), text) for one, text in labels]
        self.errors.append(error(name, span, message, help, found))


def _keyword(span: Span) -> Span:
    """The beginning of a statement, up to its keyword."""
    found = re.match(r"\(?[\w.-]*", span.text)
    return Span(span.source, span.start, span.start + (found.end() if found else 1))


def _narrowed(span: Span, word: str) -> Span:
    """The first place of a word in a statement, else its beginning."""
    found = re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])", span.text) if word else None
    if found is None:
        return _keyword(span)
    return Span(span.source, span.start + found.start(), span.start + found.end())
