"""Whether a profile lets through any request of a language, decided exactly, with an example.

The product of the profile's automata, of the language and of the keys that a kernel asks about is
walked breadth first, so the example is a shortest one.  A walk to its end proves that there is no
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product, starmap
from typing import Any, NamedTuple

from lsmc.analysis.rule_search import ClassView
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import Automaton, alternatives, walk
from lsmc.automata.common import member, shortest
from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import MediationClass

#: Objects that are asked about one by one where a language has no more.
_LISTED = 64


class Sought(NamedTuple):
    """Requests: a class, languages that the key is in, permissions, and whose objects.

    Attributes:
        cls: the class.
        keys: languages of keys without the class code; a key is in all of them.
        perms: permission bits; a request asks for all the bits of one of these masks.
        owners: whether the subject owns the object: True, False or both.
    """

    cls: MediationClass
    keys: tuple[Automaton[Any], ...]
    perms: tuple[int, ...]
    owners: tuple[bool, ...] = (True, False)


class Request(NamedTuple):
    """One request: a key without the class code, permission bits, and whose object it is."""

    key: bytes
    perms: int
    owner: bool


#: Whether a request is let through, as the policy answers it; None where it is not a request.
Answered = Callable[[Request], bool | None]
#: Whether a request for permission bits counts as let through under a decision.
Passes = Callable[[Decision, int], bool]


class Undecided(Exception):
    """Rules let requests through, but what else they depend on was not settled for all of them."""


def by_rules(decision: Decision, perms: int) -> bool:
    """Whether the rules allow it."""
    return decision.allow & perms == perms


def requests(
    semantics: Semantics,
    matcher: Matcher,
    sought: Sought,
    passes: Passes = by_rules,
    among: Sequence[Automaton[Any]] = (),
) -> Iterator[Request]:
    """A request for each way in which a profile lets something through, shortest first.

    Where operations of the class look up more than the key, these are candidates, and the answer
    of the policy has to tell.  Raises `automata.dfa.StateLimit` when the walk grows too large.

    Args:
        semantics: what the rules mean.
        matcher: the rules of the profile.
        sought: the requests.
        passes: what counts as let through.
        among: further languages that the key is in.
    """
    cls = sought.cls
    besides = semantics.besides.get(cls)
    inside = [*sought.keys, *among, semantics.requestable(cls, False)]
    more = besides.automata(matcher) if besides is not None else ()
    walked = [ClassView(matcher, cls.code), *inside, *more]
    count = len(inside) + 1
    unmatched = matcher.node(())
    candidates = besides is not None and besides.where_refused

    def passed(node: Node, candidates: bool = candidates) -> Iterator[tuple[int, bool]]:
        for owner in sought.owners:
            decision = matcher.decide(node, cls, owner)
            for perms in sought.perms:
                if candidates or passes(decision, perms):
                    yield perms, owner

    def goal(states: Sequence[Any], candidates: bool = candidates) -> bool:
        inner = states[1:count]
        return (
            None not in inner
            and all(one.accepts(state) for one, state in zip(inside, inner, strict=True))
            and any(True for _ in passed(states[0] or unmatched, candidates))
        )

    def plainly(states: Sequence[Any]) -> bool:
        return goal(states, candidates=False)

    def found(key: bytes) -> Iterator[Request]:
        node = matcher.walk(bytes((cls.code,)) + key)
        return (Request(key, perms, owner) for perms, owner in passed(node))

    first = shortest(walked[:count], plainly)
    if first is not None:
        yield from found(first)
    anywhere = any(True for _ in passed(unmatched))
    if first is None and not anywhere:
        return

    def alive(states: Sequence[Any]) -> bool:
        return None not in states[1:count] and (anywhere or states[0] is not None)

    for key in walk(walked, goal, alive=alive):
        yield from found(key)


def permitted(
    semantics: Semantics,
    matcher: Matcher,
    sought: Sought,
    answered: Answered,
    *,
    passes: Passes = by_rules,
    within: Sequence[Automaton[Any]] = (),
    apart: Callable[[], Iterable[Automaton[Any]]] = tuple,
) -> Request | None:
    """A shortest request that is let through, or None; raises `StateLimit`, `Undecided`.

    Args:
        semantics: what the rules mean.
        matcher: the rules of the profile.
        sought: the requests.
        answered: the policy's answer to one.
        passes: what counts as let through.
        within: further languages that the key is in.
        apart: languages that tell apart keys at which the answer may differ although the same rules
            match; used where rules let through what the policy refuses.
    """
    refused = False
    for request in requests(semantics, matcher, sought, passes, within):
        answer = answered(request)
        if answer:
            return request
        refused = refused or (answer is False and _by_object(matcher, sought.cls, request))
    if not refused or sought.cls in semantics.besides:
        return None
    listed = alternatives(sought.keys[0], _LISTED + 1)
    if len(listed) <= _LISTED:
        each = product(_within(listed, (*sought.keys, *within)), sought.perms, sought.owners)
        return next((one for one in starmap(Request, each) if answered(one)), None)
    unsettled = False
    for language in apart():
        for request in requests(semantics, matcher, sought, passes, (*within, language)):
            if answered(request):
                return request
            unsettled = unsettled or _by_object(matcher, sought.cls, request)
    if unsettled:
        raise Undecided
    return None


def _by_object(matcher: Matcher, cls: MediationClass, request: Request) -> bool:
    """Whether what follows a request depends on its object, beside the rules that match it."""
    node = matcher.walk(bytes((cls.code,)) + request.key)
    transition = matcher.decide(node, cls, request.owner).transition
    return transition is None or transition.kind in ("attach", "attach-child", "stack")


def _within(keys: Iterable[bytes], languages: Sequence[Automaton[Any]]) -> list[bytes]:
    return [key for key in keys if all(member(language, key) for language in languages)]
