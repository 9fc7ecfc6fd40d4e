"""Answers to questions as `lsmc.Policy` hands them on: one, or many with what they share kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lsmc.engine.verdict import Verdict
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.questions import asked_by

_FILE_KEY = bytes((FILE.code,))
#: What requests say whose answer may depend on nothing but the path; `owner` can be left out.
_PLAIN = ({"subject", "op", "object"}, {"subject", "class", "perms", "object"})

#: Shapes of requests whose answers are kept.
_SHAPES = 10_000


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
    from lsmc.kernels.batch import PathAnswers, PathNodes
    from lsmc.kernels.batch import answers as by_path

    plain, nodes = engine.plain, engine.path_nodes

    def first(request: Mapping[str, Any]) -> Verdict:
        """Answer, and note whether others of its shape depend on their path alone."""
        verdict = other(request)
        op, perms = request.get("op"), request.get("perms")
        if isinstance(op or perms, str) and request.keys() - {"owner"} in _PLAIN:
            shape = (op, request.get("class"), perms, "owner" not in request, len(request))
            if len(plain) >= _SHAPES:
                plain.clear()
                nodes.clear()
            matcher = engine.by_path(request)
            if matcher is not None and matcher not in nodes:
                nodes[matcher] = PathNodes(matcher, _FILE_KEY)
            kept = PathAnswers(nodes[matcher]) if matcher is not None else None
            plain[request["subject"], *shape] = kept
        return verdict

    return by_path(requests, plain, first, other)
