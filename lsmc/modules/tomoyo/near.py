"""Lines that nearly grant an access, and where they part from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from lsmc.automata.algebra import search as shortest
from lsmc.automata.dfa import StateLimit
from lsmc.explain.explanation import Difference, Miss
from lsmc.modules.tomoyo.conditions import meets
from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine, ref
from lsmc.modules.tomoyo.matching import fits, matched, needs_device, situation_of
from lsmc.modules.tomoyo.model import (
    ArgumentTest,
    Comparison,
    Group,
    Test,
    TextTest,
    VariableTest,
)
from lsmc.modules.tomoyo.name_sets import RealNames
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.numbers import Addresses, Numbers
from lsmc.modules.tomoyo.patterns import Glob, State, glob
from lsmc.modules.tomoyo.questions import Access, Value
from lsmc.modules.tomoyo.vocabulary import MOUNT, TYPES

#: Lines that come close and are told.
_MOST_NEAR = 3
#: States that are looked at for an example of what a pattern would match.
_STATES = 2_000


def misses(engine: TomoyoEngine, domain: Domain, access: Access) -> Iterator[Miss]:
    """The lines of a domain that nearly grant an access: matching ones first, then the nearest."""
    space = namespace_of(domain.name)
    near: list[tuple[tuple[int, int], Miss]] = []
    for rule in domain.rules:
        if rule.acl.kind is not access.kind:
            continue
        match = matched(engine, space, rule, access)
        granted = access.permission in rule.acl.permissions
        here = ref(domain.name, rule, *(match.members if match else ()))
        if match is not None and not granted:
            yield Miss("permission", here, rule.acl.permissions, (access.permission,))
        elif match is not None:
            failed = _failed(engine, space, rule, access)
            if failed:
                yield _miss(here, access, failed)
        elif granted:
            differences, distance = _differences(engine, space, rule, access)
            if distance is not None:
                near.append((distance, _miss(here, access, differences)))
    near.sort(key=lambda one: one[0])
    yield from (miss for _, miss in near[:_MOST_NEAR])


def _miss(here: Any, access: Access, differences: list[Difference]) -> Miss:
    first, *others = differences
    return Miss(
        *("near", here, (access.permission,), (access.permission,)),
        field=first.field,
        value=first.value,
        matched=first.matched,
        expected=first.expected,
        example=first.example,
        others=tuple(others),
    )


def _failed(engine: TomoyoEngine, space: str, rule: Rule, access: Access) -> list[Difference]:
    """The tests of a line that an access does not meet."""
    situation = situation_of(engine, space, access)
    return [
        _of_test(test, access)
        for test in rule.acl.condition.tests
        if meets(test, situation) is False
    ]


def _of_test(test: Test, access: Access) -> Difference:
    """How a test is not met."""
    known = access.attributes
    match test:
        case Comparison():
            word = str(test.left)
            value = known.numbers.get(word)
            shown = "" if value is None else _shown(word, value)
        case TextTest():
            word = test.attribute
            shown = (known.symlink if word == "symlink.target" else known.realpath) or ""
        case ArgumentTest():
            word = f"exec.argv[{test.number}]"
            argv = known.argv or ()
            shown = argv[test.number] if test.number < len(argv) else ""
        case VariableTest():
            word, shown = f'exec.envp["{test.variable}"]', ""
    wanted = str(test).removeprefix(word).removeprefix("=")
    if not test.equal:
        wanted = f"anything but {wanted.removeprefix('!=')}"
    return Difference(field=word, value=shown, example=wanted)


def _shown(word: str, value: int) -> str:
    if word.endswith(".type"):
        return next((name for name, bits in TYPES.items() if bits == value), str(value))
    return f"0{value:o}" if word.endswith(".perm") else str(value)


class _Parting(NamedTuple):
    """Where a pattern parts from a name: how far it matches, how it would go on, what it has."""

    matched: str
    expected: str
    example: str


def _differences(
    engine: TomoyoEngine, space: str, rule: Rule, access: Access
) -> tuple[list[Difference], tuple[int, int] | None]:
    """The arguments at which a line parts from an access, and how far apart they are.

    No distance for a line that has nothing in common with it.
    """
    found: list[Difference] = []
    common = 0
    for place, (operand, value) in enumerate(
        zip(rule.acl.arguments, access.arguments, strict=True)
    ):
        if access.kind is MOUNT and place == 0 and not needs_device(access):
            continue
        what, form = access.kind.arguments[place]
        options: list[str | Numbers | Addresses]
        if isinstance(operand, Group):
            options = [one.member.member for one in engine.members(space, form, operand)]
        else:
            options = [operand]
        if any(fits(option, value) for option in options):
            common += 1
            continue
        difference = _nearest(what, options, value)
        common += len(difference.matched) > 1
        found.append(difference)
    if not common and len(access.arguments) > 0:
        return found, None
    length = sum(len(one.matched) for one in found)
    return found, (len(found), -length)


def _nearest(what: str, options: Sequence[str | Numbers | Addresses], value: Value) -> Difference:
    """How the nearest of some operands differs from a value."""
    if not isinstance(value, str):
        example = str(options[0]) if options else ""
        return Difference(field=what, value=str(value), example=example)
    partings = [parting(glob(str(option)), value) for option in options]
    if not partings:
        return Difference(field=what, value=value)
    best = max(partings, key=lambda one: len(one.matched))
    matched_ = best.matched if len(best.matched) > 1 else ""
    return Difference(what, value, matched_, best.expected, best.example)


class _From(NamedTuple):
    """The rest of a pattern, from a state on."""

    glob: Glob
    start: State

    def edges(self, state: State) -> tuple[tuple[int, State], ...]:
        """As of the pattern."""
        return self.glob.edges(state)

    def accepts(self, state: State) -> tuple[int, ...]:
        """As of the pattern."""
        return self.glob.accepts(state)


def parting(pattern: Glob, name: str) -> _Parting:
    """Where a pattern parts from a name."""
    state = pattern.start
    at = 0
    for byte in name.encode("latin-1"):
        following = next((to for mask, to in pattern.edges(state) if mask >> byte & 1), None)
        if following is None:
            break
        state, at = following, at + 1
    while at > 0:
        rest = _completion(pattern, state, slash=name[:at].endswith("/"))
        if rest is not None:
            return _Parting(name[:at], rest, name[:at] + rest)
        # what is read leads nowhere; what a shorter beginning leads to is asked
        at -= 1
        state = _state_behind(pattern, name[:at])
    return _Parting("", "", _completion(pattern, pattern.start) or "")


def _state_behind(pattern: Glob, name: str) -> State:
    state = pattern.start
    for byte in name.encode("latin-1"):
        state = next(to for mask, to in pattern.edges(state) if mask >> byte & 1)
    return state


def _completion(pattern: Glob, state: State, *, slash: bool = False) -> str | None:
    """The shortest text that completes a beginning, the one that reads best.

    `slash` says that the beginning ends in a `/`.
    """
    rest = _From(pattern, state)

    def alive(states: tuple[Any, ...]) -> bool:
        return states[0] is not None and states[1] is not None

    def goal(states: tuple[Any, ...]) -> bool:
        return alive(states) and bool(rest.accepts(states[0]))

    try:
        found = shortest([rest, RealNames(slash=slash)], goal, alive=alive, limit=_STATES)
    except StateLimit:
        return None
    return None if found is None else found.decode("latin-1")


def example_of(pattern: Glob) -> str | None:
    """The shortest name of a pattern, the one that reads best; None where it has none."""
    return _completion(pattern, pattern.start)
