"""Answers to questions as `lsmc.Policy` hands them on: one, or many with what they share kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lsmc.engine.matcher import Matcher
from lsmc.engine.verdict import Verdict
from lsmc.kernels.walk import answers as walk_answers
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.questions import asked_by

_FILE_KEY = bytes((FILE.code,))
#: What requests say whose answer may depend on nothing but the path; `owner` can be left out.
_PLAIN = ({"subject", "op", "object"}, {"subject", "class", "perms", "object"})


def answer(engine: Engine, request: Mapping[str, Any]) -> Verdict:
    """The verdict of one request, of all layers where it has a `context`; raises as `asked_by`."""
    question = asked_by(engine, request)
    context = request.get("context")
    if context is None:
        return engine.ask(*question).verdict
    from lsmc.modules.apparmor.decide.layered import context_of, layered

    return layered(engine, *question, context_of(context)).verdict


def answers(
    engine: Engine,
    requests: Iterable[Mapping[str, Any]],
    other: Callable[[Mapping[str, Any]], Verdict],
) -> Iterator[Verdict]:
    """The verdicts of many requests, in order; `other` answers any one of them."""
    plain: dict[tuple[Any, ...], Matcher | None] = {}

    def first(request: Mapping[str, Any]) -> Verdict:
        """Answer, and note whether others of its shape depend on their path alone."""
        verdict = other(request)
        op, perms = request.get("op"), request.get("perms")
        if isinstance(op or perms, str) and request.keys() - {"owner"} in _PLAIN:
            shape = (op, request.get("class"), perms, "owner" not in request, len(request))
            plain[request["subject"], *shape] = engine.by_path(request)
        return verdict

    return walk_answers(requests, plain, _FILE_KEY, first, other)
