"""The verdicts of many requests: what equal ones share is kept.

A question about two contexts that no rule grants anything of is answered from the rows alone; its
verdict depends on the operation only.  All others are judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.engine.verdict import Verdict
from lsmc.modules.selinux.questions import InvalidContext, Party, booleans_of
from lsmc.modules.selinux.tables.layout import DONTAUDIT, MASK_BITS

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

#: Answers that are kept; then all are forgotten.
_KEPT = 1 << 18
#: The fields of requests whose answers are kept; `owner` means nothing here.
_NEEDED = {"subject", "op", "object"}
_KNOWN = _NEEDED | {"owner", "booleans"}


class Batch:
    """The answers that a policy has given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: dict[tuple[Any, ...], Verdict] = {}
        self._parties: dict[str, Party] = {}
        self._denials: dict[str, Verdict] = {}

    def answers(
        self,
        requests: Iterable[Mapping[str, Any]],
        other: Callable[[Mapping[str, Any]], Verdict],
    ) -> Iterator[Verdict]:
        """The verdicts of requests, in order; `other` answers any one of them."""
        known = self._answers
        for request in requests:
            fields = request.keys()
            if not _NEEDED <= fields <= _KNOWN:
                yield other(request)
                continue
            key = (request["subject"], request["op"], request["object"])
            booleans = request.get("booleans")
            if booleans:
                key = (*key, *self._setting(booleans))
            found = known.get(key)
            if found is None:
                found = self._denial(key, booleans)
                if found is None:
                    found = other(request)
                if len(known) >= _KEPT:
                    known.clear()
                known[key] = found
            yield found

    def _setting(self, booleans: object) -> tuple[object, ...]:
        """What tells a setting of booleans apart from others; raises as `booleans_of`."""
        return tuple(sorted(booleans_of(booleans, self._engine.tables.names).items()))

    def _denial(self, key: tuple[Any, ...], booleans: object) -> Verdict | None:
        """The verdict where no rule grants anything of what is asked and the kernel logs that."""
        engine = self._engine
        subject, op, obj = key[:3]
        source, target = self._party(subject), self._party(obj)
        if source is None or target is None or source.type in engine.tables.permissive:
            return None
        access = engine.access({"op": op})
        if access.cls is None or access.unknown:
            return None
        state = engine.default_state
        if booleans:
            state = engine.state(booleans_of(booleans, engine.tables.names))
        grant = state.grant(source.type, target.type, access.cls)
        if access.mask & (grant | grant >> DONTAUDIT * MASK_BITS):
            return None
        return self._denials.setdefault(
            op,
            Verdict.deny(access.wanted, explicit=False, audited=True, note="no rule allows it"),
        )

    def _party(self, text: str) -> Party | None:
        """A subject or object by its context; None for any other text."""
        known = self._parties.get(text)
        if known is None and ":" in text and text[0] != "/":
            try:
                context = self._engine.context(text)
            except InvalidContext:
                return None
            if len(self._parties) >= _KEPT:
                self._parties.clear()
            known = self._parties[text] = Party(context.type, context)
        return known
