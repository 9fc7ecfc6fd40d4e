"""Where a program runs: the domain after an execution."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from lsmc.modules.tomoyo.bundle import LineRecord
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine
from lsmc.modules.tomoyo.names import is_domain, namespace_of
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import MAX_DOMAIN, TRANSITIONS

#: How a program comes to its domain: a word of a line, a transition line, or neither.
How = Literal["keep", "initialize", "reset", "child", "parent", "jump"]
_BY_LINE: Final[dict[str, How]] = {
    "reset_domain": "reset",
    "initialize_domain": "initialize",
    "keep_domain": "keep",
}
_BY_WORD: Final[dict[str, How]] = {
    "keep": "keep",
    "initialize": "initialize",
    "reset": "reset",
    "child": "child",
    "parent": "parent",
}


class Next(NamedTuple):
    """The domain after an execution.

    Attributes:
        name: the domain that is meant.
        how: what leads there.
        line: the transition line that decided, if one did.
        stopped: lines `no_...` that kept others from being asked.
        ready: whether the kernel can put a program there.
        strict: whether the execution fails when it cannot, in every mode.
        profile: the profile of the domain, of one that is ready.
        made: whether the kernel makes the domain.
    """

    name: str
    how: How
    line: LineRecord | None
    stopped: tuple[LineRecord, ...]
    ready: bool
    strict: bool
    profile: int
    made: bool


def aggregated(engine: TomoyoEngine, space: str, name: str) -> tuple[str, LineRecord | None]:
    """The name of a program after the aggregators of a name space, and the one that gave it."""
    for aggregator, line in engine.aggregators(space):
        if glob(aggregator.pattern).matches(name):
            return aggregator.program, line
    return name, None


def next_domain(engine: TomoyoEngine, domain: Domain, word: str, transit: str) -> Next:
    """The domain after an execution.

    `word` is the name of the program as policy has it, `transit` what its line says behind that.
    """
    space = namespace_of(domain.name)
    line: LineRecord | None = None
    stopped: tuple[LineRecord, ...] = ()
    if transit:
        how: How = _BY_WORD.get(transit, "jump")
    else:
        how, line, stopped = _by_lines(engine, space, domain.name, word)
    name = _name(domain.name, space, word, how, transit)
    strict = bool(transit) or how == "reset"
    if how == "keep":
        return Next(name, how, line, stopped, True, strict, domain.profile, False)
    ready, profile, made = _assigned(engine, domain, name)
    return Next(name, how, line, stopped, ready, strict, profile, made)


def _by_lines(
    engine: TomoyoEngine, space: str, name: str, program: str
) -> tuple[How, LineRecord | None, tuple[LineRecord, ...]]:
    """What transition lines say: the kernel asks kind by kind, and `no_...` skips the next kind.

    Behind a `no_keep_domain` nothing is asked.
    """
    stopped: list[LineRecord] = []
    skipped = ""
    last = name.rpartition(" ")[2]
    for kind in TRANSITIONS:
        if kind == skipped:
            continue
        lines = engine.transitions_of(space, kind, program)
        fitting = (line for one, line in lines if one.domain in (None, name, last))
        found = next(fitting, None)
        if found is None:
            continue
        if kind.startswith("no_"):
            stopped.append(found)
            skipped = kind.removeprefix("no_")
        else:
            return _BY_LINE[kind], found, tuple(stopped)
    return "child", None, tuple(stopped)


def _name(domain: str, space: str, word: str, how: How, transit: str) -> str:
    match how:
        case "keep":
            return domain
        case "initialize":
            return f"{space} {word}"
        case "reset":
            return f"<{word}>"
        case "parent":
            return domain.rpartition(" ")[0] or domain
        case "child":
            return f"{domain} {word}"
    return transit if transit.startswith("<") else f"{domain} {transit}"


def _assigned(engine: TomoyoEngine, domain: Domain, name: str) -> tuple[bool, int, bool]:
    """Whether the kernel can put a program into a domain, its profile, whether it is made."""
    space = namespace_of(name)
    found = engine.find(name)
    if found is not None:
        return engine.profile(space, found.profile) is not None, found.profile, False
    if space != namespace_of(domain.name) or len(name) >= MAX_DOMAIN or not is_domain(name):
        return False, 0, False
    return True, domain.profile, True
