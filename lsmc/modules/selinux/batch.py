"""The verdicts of many requests: what equal ones share is kept.

A question that no rule grants anything of is answered from the rows alone; its verdict depends on
the operation only.  All others are judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.engine.verdict import Verdict
from lsmc.modules.selinux.questions import InvalidContext, Party, booleans_of
from lsmc.modules.selinux.tables.layout import DONTAUDIT, MASK_BITS
from lsmc.modules.selinux.verdicts import NO_RULE, TYPES_ONLY

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

Request = Mapping[str, Any]
#: Answers and rules behind them that are kept; then all are forgotten.
_KEPT = 1 << 19
#: The fields of requests whose answers are kept, and those that mean nothing here.
_NEEDED = {"subject", "op", "object"}
_KNOWN = _NEEDED | {"owner", "mediated", "booleans"}


class Batch:
    """The answers that a policy has given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: dict[tuple[Any, ...], Verdict] = {}
        self._kept = 0
        self._parties: dict[str, Party] = {}
        self._denials: dict[tuple[str, bool], Verdict] = {}

    def answers(
        self, requests: Iterable[Request], other: Callable[[Request], Verdict]
    ) -> Iterator[Verdict]:
        """The verdicts of requests, in order; `other` answers any one of them."""
        for request in requests:
            fields = request.keys()
            plain = fields >= _NEEDED and fields <= _KNOWN
            yield self._plain(request) if plain else other(request)

    def answer(self, request: Request) -> Verdict:
        """The verdict of one request; raises as `Engine.answer`."""
        if _NEEDED <= request.keys() <= _KNOWN:
            return self._plain(request)
        return self._engine.answer(request)

    def _plain(self, request: Request) -> Verdict:
        """The verdict of a request that depends on the needed fields and booleans alone."""
        key: tuple[Any, ...] = (request["subject"], request["op"], request["object"])
        booleans = request.get("booleans")
        if booleans:
            key = (*key, *self._setting(booleans))
        try:
            found = self._answers.get(key)
        except TypeError:  # a field of another type, which is told there
            return self._engine.answer(request)
        if found is None:
            found = self._denial(key, booleans)
            if found is None:
                found = self._engine.answer(request)
            self._kept += 1 + len(found.rules)
            if self._kept > _KEPT:
                self._answers.clear()
                self._kept = 0
            self._answers[key] = found
        return found

    def _setting(self, booleans: object) -> tuple[object, ...]:
        """What tells a setting of booleans apart from others; raises as `booleans_of`."""
        return tuple(sorted(booleans_of(booleans, self._engine.tables.names).items()))

    def _denial(self, key: tuple[Any, ...], booleans: object) -> Verdict | None:
        """The verdict where no rule grants anything of what is asked and the kernel logs that."""
        engine = self._engine
        if not all(isinstance(word, str) for word in key[:3]):
            return None
        source, target = self._party(key[0]), self._party(key[2])
        if source is None or target is None or source.type in engine.tables.permissive:
            return None
        access = engine.access({"op": key[1]})
        if access.cls is None or access.unknown:
            return None
        state = engine.default_state
        if booleans:
            state = engine.state(booleans_of(booleans, engine.tables.names))
        grant = state.grant(source.type, target.type, access.cls)
        if access.mask & (grant | grant >> DONTAUDIT * MASK_BITS):
            return None
        types_only = source.context is None or target.context is None
        known = self._denials.get((key[1], types_only))
        if known is None:
            note = f"{NO_RULE}; {TYPES_ONLY}" if types_only else NO_RULE
            known = Verdict.deny(access.wanted, explicit=False, audited=True, note=note)
            self._denials[key[1], types_only] = known
        return known

    def _party(self, text: str) -> Party | None:
        """A subject or object by its context or type; None for any other text."""
        known = self._parties.get(text)
        if known is None and text and text[0] != "/":
            try:
                if ":" not in text and self._engine.find(text) is None:
                    return None
                known = self._engine.party(text)
            except InvalidContext:
                return None
            if len(self._parties) >= _KEPT:
                self._parties.clear()
            self._parties[text] = known
        return known
