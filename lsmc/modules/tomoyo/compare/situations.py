"""All situations that tests tell apart, one of each kind.

Tests are decided by attributes.  Of each attribute, values are taken that stand for all others:
numbers between which some test changes, texts for each set of patterns that some text matches.
What tests compare with each other is taken together.  So a statement about all situations is proved
by looking at these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any, Final, TypeAlias

from lsmc.automata.algebra import walk
from lsmc.base.errors import Error
from lsmc.modules.tomoyo.attributes import Attributes
from lsmc.modules.tomoyo.compare.clauses import ResolvedTest
from lsmc.modules.tomoyo.conditions import Situation, meets
from lsmc.modules.tomoyo.model import ArgumentTest, Comparison, Group, TextTest, VariableTest
from lsmc.modules.tomoyo.name_sets import AnyName
from lsmc.modules.tomoyo.numbers import Numbers
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import (
    ENVIRON,
    FILE_KINDS,
    NUMBERS,
    TYPES,
    Argument,
    Kind,
)

#: Combinations that are looked at; more are left undecided.
_MOST: Final = 20_000
#: The largest number of an attribute, and of a mode.
_LARGEST: Final = (1 << 32) - 1
_MODES: Final = 0o7777
#: States that patterns of one attribute may take together.
_STATES: Final = 20_000

#: The value of each variable: an attribute's word, an argument's number, or the environment.
Values: TypeAlias = Mapping[object, Any]
ENVIRONMENT: Final = "exec.envp"

#: The sections of a header by permission, and those that may be there; files have these by default.
_FILE: Final = ("path1", "path1.parent")
_SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("create", "mkdir", "mkfifo", "mksock", "mkblock", "mkchar"), ("path1.parent",)
    ),
    "symlink": ("path1.parent", "symlink.target"),
    "link": (*_FILE, "path2.parent"),
    "rename": (*_FILE, "path2", "path2.parent"),
    "pivot_root": (*_FILE, "path2", "path2.parent"),
    "mount": (*_FILE, "path2", "path2.parent"),
    "execute": (*_FILE, "exec"),
    "env": (*_FILE, "exec"),
}
_OPTIONAL: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "rename": (("path2",),),
    "mount": (("path1", "path1.parent"),),
}


class Undecided(Error):
    """Tests tell more situations apart than are looked at."""


def sections(kind: Kind, permission: str) -> tuple[str, ...]:
    """The sections of the header of an access."""
    if kind not in FILE_KINDS and kind is not ENVIRON:
        return ("task",)
    return ("task", *_SECTIONS.get(permission, _FILE))


def situations(tests: Sequence[ResolvedTest], kind: Kind, permission: str) -> Iterator[Attributes]:
    """Attributes for each way in which some tests can come out; raises `Undecided`."""
    there = sections(kind, permission)
    optional = _OPTIONAL.get(permission, ())
    used = {_section(word) for test in tests for word in _variables(test)}
    choices = [one for one in optional if used & set(one)]
    for absent in product(*([(), one] for one in choices)):
        gone = {section for one in absent for section in one}
        said = frozenset(one for one in there if one not in gone)
        yield from _situations(tests, kind, permission, said)


def _situations(
    tests: Sequence[ResolvedTest], kind: Kind, permission: str, said: frozenset[str]
) -> Iterator[Attributes]:
    parts = []
    for variables, some in _components(tests, said):
        parts.append(_cases(variables, some, kind, permission, said))
    count = 1
    for part in parts:
        count *= len(part)
    if count > _MOST:
        raise Undecided(f"conditions tell {count} situations apart; {_MOST} are looked at")
    for chosen in product(*parts):
        values = {name: value for part in chosen for name, value in part.items()}
        if _possible(values):
            yield _attributes(values, said)


def resolved_meets(test: ResolvedTest, attributes: Attributes, kind: Kind, permission: str) -> bool:
    """Whether a test is met in a situation."""

    def members(form: Argument, group: Group) -> Iterable[object]:
        del group
        return test.ranges if form is Argument.NUMBER else test.patterns

    return meets(test.test, Situation(attributes, kind, permission, members)) is True


def _section(variable: object) -> str:
    if isinstance(variable, int) or variable == ENVIRONMENT:
        return "exec"
    word = str(variable)
    return word if word == "symlink.target" else word.rpartition(".")[0]


def _variables(test: ResolvedTest) -> tuple[object, ...]:
    """The variables that a test looks at: words, numbers of arguments, the environment."""
    match test.test:
        case TextTest(attribute=word):
            return (word,)
        case ArgumentTest(number=number):
            return (number,)
        case VariableTest():
            return (ENVIRONMENT,)
        case Comparison(left=left, right=right):
            return tuple(one for one in (left, right) if isinstance(one, str) and one in NUMBERS)


def _components(
    tests: Sequence[ResolvedTest], said: frozenset[str]
) -> list[tuple[tuple[object, ...], list[ResolvedTest]]]:
    """Variables that tests compare with each other together, with the tests that look at them."""
    groups: list[tuple[set[object], list[ResolvedTest]]] = []
    for test in dict.fromkeys(tests):
        looked = {one for one in _variables(test) if _section(one) in said}
        if not looked:
            continue
        joined = (looked, [test])
        rest = []
        for group in groups:
            if group[0] & looked:
                joined = (joined[0] | group[0], group[1] + joined[1])
                looked = joined[0]
            else:
                rest.append(group)
        groups = [*rest, joined]
    return [(tuple(sorted(names, key=str)), some) for names, some in groups]


def _cases(
    variables: tuple[object, ...],
    tests: list[ResolvedTest],
    kind: Kind,
    permission: str,
    said: frozenset[str],
) -> list[Values]:
    """Values of some variables, one for each way in which their tests come out."""
    options = [_options(one, tests, len(variables)) for one in variables]
    count = 1
    for some in options:
        count *= len(some)
    if count > 4 * _MOST:
        raise Undecided(f"the tests of {', '.join(map(str, variables))} are too many")
    found: dict[tuple[bool, ...], Values] = {}
    for chosen in product(*options):
        values = dict(zip(variables, chosen, strict=True))
        attributes = _attributes(values, said)
        outcome = tuple(resolved_meets(one, attributes, kind, permission) for one in tests)
        found.setdefault(outcome, values)
    return list(found.values())


def _options(variable: object, tests: list[ResolvedTest], together: int) -> Sequence[Any]:
    """The values of a variable that are looked at."""
    if variable == ENVIRONMENT:
        return _environments([one.test for one in tests if isinstance(one.test, VariableTest)])
    if isinstance(variable, int):
        same = (one.test for one in tests if isinstance(one.test, ArgumentTest))
        patterns = [one.pattern for one in same if one.number == variable]
        return [None, *representatives(patterns)]
    word = str(variable)
    if word in ("exec.realpath", "symlink.target"):
        texts = [one for one in tests if isinstance(one.test, TextTest)]
        return representatives([pattern for one in texts for pattern in _patterns(one)])
    if word.endswith(".perm"):
        return range(_MODES + 1)
    if word.endswith(".type"):
        return tuple(TYPES.values())
    return numbers_between(_bounds(tests), _LARGEST, together)


def _patterns(test: ResolvedTest) -> tuple[str, ...]:
    assert isinstance(test.test, TextTest)
    pattern = test.test.pattern
    return test.patterns if isinstance(pattern, Group) else (pattern,)


def _bounds(tests: Iterable[ResolvedTest]) -> Iterator[tuple[int, int]]:
    for one in tests:
        if isinstance(one.test, Comparison):
            for side in (one.test.left, one.test.right, *one.ranges):
                if isinstance(side, Numbers):
                    yield side.bounds
                elif isinstance(side, str) and side in TYPES:
                    yield TYPES[side], TYPES[side]


def numbers_between(bounds: Iterable[tuple[int, int]], largest: int, each: int = 1) -> list[int]:
    """Numbers that stand for all: the first ones of each stretch between bounds of ranges."""
    starts = {0}
    for low, high in bounds:
        starts |= {low, high + 1}
    ordered = sorted(one for one in starts if one <= largest)
    found: list[int] = []
    for place, start in enumerate(ordered):
        end = ordered[place + 1] if place + 1 < len(ordered) else largest + 1
        found += range(start, min(end, start + each))
    return found


def representatives(patterns: Iterable[str]) -> list[str]:
    """A text for each set of patterns that some text matches, and no others; raises `Undecided`."""
    name = AnyName()
    globs = [glob(one) for one in dict.fromkeys(patterns)]
    seen: set[tuple[bool, ...]] = set()

    def new(states: tuple[Any, ...]) -> bool:
        if states[0] is None or not name.accepts(states[0]):
            return False
        outcome = tuple(
            state is not None and bool(one.accepts(state))
            for one, state in zip(globs, states[1:], strict=True)
        )
        if outcome in seen:
            return False
        seen.add(outcome)
        return True

    def alive(states: tuple[Any, ...]) -> bool:
        return states[0] is not None

    found = walk([name, *globs], new, alive=alive, limit=_STATES)
    return [one.decode("latin-1") for one in found]


#: Kinds of variables of which all sets are looked at.
_FEW_PAIRS: Final = 8


def _environments(tests: Sequence[VariableTest]) -> list[tuple[str, ...]]:
    names = [one for one in representatives([test.variable for test in tests]) if one]
    values = representatives([test.pattern for test in tests if test.pattern is not None])
    matched = [one for one in names if any(glob(test.variable).matches(one) for test in tests)]
    pairs = [f"{name}={value}" for name in matched for value in values]
    if len(pairs) > _FEW_PAIRS:
        raise Undecided("the tests of the environment are too many")
    sizes = range(len(pairs) + 1)
    return [chosen for size in sizes for chosen in combinations(pairs, size)]


def _possible(values: Values) -> bool:
    """Whether arguments agree: none stands behind one that is not there, and `argc` counts them."""
    numbers = [one for one in values if isinstance(one, int)]
    there = [one for one in numbers if values[one] is not None]
    gone = [one for one in numbers if values[one] is None]
    last = max(there, default=-1)
    if any(one < last for one in gone):
        return False
    count = values.get("exec.argc")
    if count is not None and (count <= last or any(one < count for one in gone)):
        return False
    variables, said = values.get("exec.envc"), values.get(ENVIRONMENT)
    return variables is None or said is None or variables >= len(said)


def _attributes(values: Values, said: frozenset[str]) -> Attributes:
    """The header of a record with some values."""
    numbers = {
        str(name): value
        for name, value in values.items()
        if isinstance(name, str) and isinstance(value, int)
    }
    argv: tuple[str, ...] | None = None
    envp: tuple[str, ...] | None = None
    given = {one: value for one, value in values.items() if isinstance(one, int)}
    if given:
        there = [one for one, value in given.items() if value is not None]
        argv = tuple(given.get(at) or "" for at in range(max(there, default=-1) + 1))
        numbers.setdefault("exec.argc", len(argv))
    if ENVIRONMENT in values:
        envp = tuple(values[ENVIRONMENT])
        numbers.setdefault("exec.envc", len(envp))
    return Attributes(
        said,
        numbers,
        values.get("exec.realpath"),
        argv,
        envp,
        values.get("symlink.target"),
    )


def header(attributes: Attributes) -> dict[str, Any]:
    """Attributes as a request has them; empty where no value is told apart."""
    found: dict[str, Any] = {
        one: {} for one in sorted(attributes.said - {"task", "symlink.target"})
    }
    for word, value in attributes.numbers.items():
        section, _, name = word.rpartition(".")
        found.setdefault(section, {})[name] = _written(name, value)
    if attributes.realpath is not None:
        found["exec"]["realpath"] = attributes.realpath
    for name, texts in (("argv", attributes.argv), ("envp", attributes.envp)):
        if texts is not None:
            found["exec"][name] = list(texts)
    if attributes.symlink is not None:
        found["symlink.target"] = attributes.symlink
    return found if any(found.values()) else {}


def _written(name: str, value: int) -> int | str:
    if name == "perm":
        return f"0{value:o}"
    if name == "type":
        return next(word for word, bits in TYPES.items() if bits == value)
    return value
