"""What subjects may do of some requests, of a module whose objects are finitely many names.

Every object that a glob matches is asked about, so that the answer is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from lsmc.analysis.access_search import Why, Witness
from lsmc.engine.verdict import LET_THROUGH, RequestError, UnknownName, Verdict

#: Characters that make a text a glob.
_GLOB = frozenset("*?[")


class ListedSearch:
    """A search in an open bundle, which `answer` asks.

    `objects` gives the names of all objects that questions with an operation may have; it raises
    `UnknownName` for an operation that does not exist.
    """

    def __init__(
        self,
        objects: Callable[[str], Sequence[str]],
        answer: Callable[[Mapping[str, Any]], Verdict],
    ) -> None:
        self._objects = objects
        self._answer = answer

    def sought(
        self,
        op: str,
        objects: Sequence[str],
        fields: Mapping[str, Sequence[str]],
        owner: bool | None,
    ) -> tuple[Mapping[str, Any], ...]:
        """The requests of an operation, without subjects; raises `UnknownName`, `RequestError`.

        Args:
            op: the operation.
            objects: shell globs over objects; any object when there are none.
            fields: a text for each field.
            owner: has no meaning here: labels own nothing.
        """
        del owner
        request: dict[str, Any] = {"op": op}
        for name, texts in fields.items():
            if len(texts) != 1 or _GLOB & set(texts[0]):
                raise RequestError(f"`{name}` is one text here, not a glob", texts[0])
            request[name] = texts[0]
        known = self._objects(op)
        for glob in objects:
            if not any(matches(name, glob) for name in known):
                raise UnknownName("object", glob, known)
        chosen = [
            name for name in known if not objects or any(matches(name, one) for one in objects)
        ]
        return tuple({**request, "object": name} for name in chosen)

    def witnesses(
        self, subjects: Iterable[str], sought: Sequence[Mapping[str, Any]]
    ) -> Iterator[Witness]:
        """Of each subject that may do any of it, one request."""
        for subject in subjects:
            found = (self._witness({"subject": subject, **request}) for request in sought)
            first = next((one for one in found if one is not None), None)
            if first is not None:
                yield first

    def _witness(self, request: Mapping[str, Any]) -> Witness | None:
        verdict = self._answer(request)
        if not verdict.allowed:
            return None
        return Witness(request["subject"], _why(verdict), request, verdict)


def _why(verdict: Verdict) -> Why:
    if verdict.decision in LET_THROUGH:
        return "mode"
    return "rules" if verdict.decision == "allow" else "unconfined"


def matches(name: str, glob: str) -> bool:
    """Whether a name is a text, or is matched by it as a shell glob."""
    return name == glob or fnmatchcase(name, glob)
