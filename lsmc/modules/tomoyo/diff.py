"""What two TOMOYO policies decide differently.

Lines are compared by what they grant, not by their text: each line that only one policy has is
compared with all lines of the other, and the access that shows the difference is put to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from lsmc.analysis.change import Change, Direction, Side
from lsmc.automata.algebra import search
from lsmc.automata.dfa import StateLimit
from lsmc.engine.verdict import RuleRef, Verdict
from lsmc.modules.tomoyo.compare.clauses import Clause, clauses
from lsmc.modules.tomoyo.compare.cover import Joined, Witness, access_of, request_of, uncovered
from lsmc.modules.tomoyo.compare.situations import Undecided, resolved_meets, situations
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine, ref
from lsmc.modules.tomoyo.evaluate import judge
from lsmc.modules.tomoyo.heirs import ways
from lsmc.modules.tomoyo.model import Mode
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.questions import Access
from lsmc.modules.tomoyo.syntax.profiles import Profile
from lsmc.modules.tomoyo.transitions import next_domain
from lsmc.modules.tomoyo.vocabulary import ASKED, FUNCTIONS, KINDS, PATH, Kind, function

#: Lines for one permission that cannot be compared before the others are passed over.
_TRIALS: Final = 3


def diff(old: TomoyoEngine, new: TomoyoEngine) -> list[Change]:
    """The changes of each domain, in order, then those of name spaces."""
    found: list[Change] = []
    for name in dict.fromkeys((*old.subjects, *new.subjects)):
        before, after = old.find(name), new.find(name)
        if before is not None and after is not None:
            found += _settings(old, new, before, after)
            for kind in KINDS:
                some = (_lines(old, new, before, after, kind, one) for one in kind.permissions)
                found += _together(chain.from_iterable(some))
            found += _executions(old, new, before, after)
        else:
            found.append(Change(name, "added" if before is None else "removed"))
    return [*found, *_aggregators(old, new)]


def _together(changes: Iterable[Change]) -> Iterator[Change]:
    """Changes, those of one line that differ in the permission alone as one."""
    kept: dict[object, Change] = {}
    for change in changes:
        witness = change.witness or {}
        about = str({key: value for key, value in witness.items() if key != "op"})
        key = (change.rule, change.direction, about, change.kind == "decision" or change.what)
        first = kept.get(key)
        if first is None:
            kept[key] = change
            continue
        permissions = (*first.permissions, *change.permissions)
        before, after = (
            Side(
                (*one.allow, *other.allow),
                (*one.audit, *other.audit),
                exec=one.exec or other.exec,
                rules=tuple(dict.fromkeys((*one.rules, *other.rules))),
            )
            for one, other in ((first.before, change.before), (first.after, change.after))
        )
        kept[key] = first._replace(permissions=permissions, before=before, after=after)
    yield from kept.values()


def _settings(
    old: TomoyoEngine, new: TomoyoEngine, before: Domain, after: Domain
) -> Iterator[Change]:
    """What the profiles of a domain do differently, accesses of equal changes together."""
    was, now = _profile(old, before), _profile(new, after)
    changed: dict[tuple[Mode, Mode], list[str]] = {}
    for category, words in FUNCTIONS.items():
        pairs = [(word, was.mode(category, word), now.mode(category, word)) for word in words]
        same = {(one, other) for _, one, other in pairs}
        if len(same) == 1:
            pairs = [("", *same.pop())]
        for word, one, other in pairs:
            if one != other:
                name = f"{category}::{word}" if word else category
                changed.setdefault((one, other), []).append(name)
    for (one, other), names in changed.items():
        what = f"mode of {', '.join(names)}"
        direction = _direction(_lets(one), _lets(other))
        yield Change(
            before.name,
            "setting",
            what=what,
            before=str(one),
            after=str(other),
            direction=direction,
        )


def _profile(engine: TomoyoEngine, domain: Domain) -> Profile:
    return engine.profile(namespace_of(domain.name), domain.profile) or Profile()


def _lets(mode: Mode) -> bool:
    """Whether a mode lets through what no line grants."""
    return mode.mode != "enforcing"


def _direction(before: bool, after: bool) -> Direction:
    if before == after:
        return "other"
    return "wider" if after else "narrower"


def _checked(engine: TomoyoEngine, domain: Domain, kind: Kind, permission: str) -> bool:
    """Whether lines that grant a permission decide anything in a domain."""
    if kind is PATH and permission == "execute":
        return True
    profile = _profile(engine, domain)
    named = [function(kind, permission, socket) for socket in _sockets(kind, permission)]
    return any(one is None or profile.mode(*one).mode != "disabled" for one in named)


def _sockets(kind: Kind, permission: str) -> tuple[str, ...]:
    """The types of socket of which a permission is asked; one empty text for what is no socket."""
    if not kind.socket:
        return ("",)
    family = kind.head.split()[1]
    return tuple(
        socket for (one, socket), asked in ASKED.items() if one == family and permission in asked
    )


def _lines(
    old: TomoyoEngine,
    new: TomoyoEngine,
    before: Domain,
    after: Domain,
    kind: Kind,
    permission: str,
) -> Iterator[Change]:
    """What lines grant in one policy only."""
    if not _checked(old, before, kind, permission) and not _checked(new, after, kind, permission):
        return
    was = _clauses(old, before, kind, permission)
    now = _clauses(new, after, kind, permission)
    named = kind is PATH and permission == "execute"  # lines before another name the program
    for one, other, domain in ((was, now, before), (now, was, after)):
        known = {clause.key for clause in other}
        told: set[int] = set()
        undecided = 0
        for clause in one:
            if clause.key in known or clause.rule is None or clause.rule.number in told:
                continue
            try:
                if undecided == _TRIALS:
                    raise Undecided("three lines before it could not be compared")
                witness = uncovered(clause, other, kind, permission, also=one if named else ())
            except Undecided as fault:
                undecided = min(undecided + 1, _TRIALS)
                yield _undecided(domain.name, kind, permission, clause, str(fault))
                continue
            if witness is not None:
                told.add(clause.rule.number)
                yield _change(old, new, clause, witness, domain, kind, permission)


def _clauses(engine: TomoyoEngine, domain: Domain, kind: Kind, permission: str) -> list[Clause]:
    rules = engine.rules_of(domain, kind, permission)
    return list(clauses(engine, namespace_of(domain.name), rules))


def _undecided(name: str, kind: Kind, permission: str, clause: Clause, reason: str) -> Change:
    assert clause.rule is not None
    what = f"whether other lines grant {kind.head} {permission} as this line does: {reason}"
    return Change(name, "setting", kind.name, what, rule=ref(name, clause.rule), shows=False)


def _change(
    old: TomoyoEngine,
    new: TomoyoEngine,
    clause: Clause,
    witness: Witness,
    domain: Domain,
    kind: Kind,
    permission: str,
) -> Change:
    """A difference, as both policies answer an access that shows it."""
    chosen: tuple[Access, Verdict, Verdict] | None = None
    for socket in _sockets(kind, permission):
        access = access_of(witness, domain.name, kind, permission, socket)
        verdicts = judge(old, access).verdict, judge(new, access).verdict
        if chosen is None or verdicts[0].decision != verdicts[1].decision:
            chosen = (access, *verdicts)
    assert chosen is not None
    assert clause.rule is not None
    access, was, now = chosen
    return Change(
        domain.name,
        "decision",
        kind.name,
        f"{kind.head} {permission}",
        _side(was),
        _side(now),
        ref(domain.name, clause.rule),
        _request(old, new, access),
        (permission,),
        shows=was.decision != now.decision,
        direction=_direction(was.allowed, now.allowed),
    )


def _request(old: TomoyoEngine, new: TomoyoEngine, access: Access) -> Mapping[str, Any]:
    """The request of an access; the name of a program is one that no aggregator changes."""
    request = request_of(access)
    space = namespace_of(access.subject)
    executes = access.kind is PATH and access.permission == "execute"
    if executes and (old.aggregators(space) or new.aggregators(space)):
        request.setdefault("attributes", {}).setdefault("exec", {})
    return request


def _side(verdict: Verdict) -> Side:
    target = verdict.transition.target or "fails" if verdict.transition is not None else ""
    return Side(
        allow=verdict.granted,
        audit=(verdict.granted or verdict.missing) if verdict.audited else (),
        exec=target,
        rules=verdict.rules,
    )


def _executions(
    old: TomoyoEngine, new: TomoyoEngine, before: Domain, after: Domain
) -> Iterator[Change]:
    """An execution that both policies grant and that leads to different domains."""
    access = _execution(old, new, before, after)
    if access is None:
        return
    was, now = judge(old, access).verdict, judge(new, access).verdict
    yield Change(
        before.name,
        "decision",
        PATH.name,
        "domain after file execute",
        _side(was),
        _side(now),
        next(iter(_only(now.rules, was.rules) or _only(was.rules, now.rules)), None),
        _request(old, new, access),
        ("execute",),
        direction="other",
    )


def _only(one: Sequence[RuleRef], other: Sequence[RuleRef]) -> list[RuleRef]:
    texts = {ref.text for ref in other}
    return [ref for ref in one if ref.text not in texts]


def _execution(
    old: TomoyoEngine, new: TomoyoEngine, before: Domain, after: Domain
) -> Access | None:
    sides = [
        (engine, domain, _clauses(engine, domain, PATH, "execute"))
        for engine, domain in ((old, before), (new, after))
    ]
    targets = [
        [_target(engine, domain, clause) for clause in some] for engine, domain, some in sides
    ]
    keys = [[clause.key for clause in some] for *_, some in sides]
    if keys[0] != keys[1] or targets[0] != targets[1]:
        every = [clause for *_, some in sides for clause in some]
        tests = [test for clause in every for test in clause.tests]
        try:
            for attributes in situations(tests, PATH, "execute"):
                active = [
                    [
                        (clause, target)
                        for clause, target in zip(some, found, strict=True)
                        if all(resolved_meets(t, attributes, PATH, "execute") for t in clause.tests)
                    ]
                    for (*_, some), found in zip(sides, targets, strict=True)
                ]
                name = _parted(*active)
                if name is not None:
                    witness = Witness((name,), (), None, attributes)
                    return access_of(witness, before.name, PATH, "execute")
        except (Undecided, StateLimit):
            return None
    return _free_execution(old, new, before, after)


def _target(engine: TomoyoEngine, domain: Domain, clause: Clause) -> str | None:
    """The domain after an execution that a clause grants; None where it fails."""
    assert clause.rule is not None
    operand = clause.names[0]
    word = getattr(operand, "text", "")
    after = next_domain(engine, domain, word, clause.rule.acl.condition.transit)
    return after.name if after.ready else None


def _parted(
    one: Sequence[tuple[Clause, str | None]], other: Sequence[tuple[Clause, str | None]]
) -> str | None:
    """A program that both let run, and that comes to different domains."""
    automata = [Joined(clause.names) for clause, _ in (*one, *other)]
    if not one or not other:
        return None

    def first(states: Sequence[Any], some: Sequence[tuple[Clause, str | None]], at: int) -> Any:
        for place, (_, target) in enumerate(some, at):
            if states[place] is not None and automata[place].accepts(states[place]):
                return (target,)
        return None

    def goal(states: tuple[Any, ...]) -> bool:
        found = first(states, one, 0), first(states, other, len(one))
        return None not in found and found[0] != found[1]

    def alive(states: tuple[Any, ...]) -> bool:
        return any(state is not None for state in states)

    found = search(automata, goal, alive=alive)
    return None if found is None else found.decode("latin-1")


def _free_execution(
    old: TomoyoEngine, new: TomoyoEngine, before: Domain, after: Domain
) -> Access | None:
    """An execution that no line needs to grant, where transition lines part the policies."""
    space = namespace_of(before.name)
    sides = (old, before), (new, after)
    if not all(_lets(_profile(*side).mode("file", "execute")) for side in sides):
        return None
    lines = [line for engine, _ in sides for line, _ in engine.transitions(space)]
    named = [glob(word) for engine, domain in sides for word in _words(engine, domain)]
    for program in dict.fromkeys([*(line.program for line in lines if line.program), "/any"]):
        if any(one.matches(program) for one in named):
            continue
        found = [next_domain(engine, domain, program, "") for engine, domain in sides]
        if (found[0].name, found[0].ready) != (found[1].name, found[1].ready):
            witness = Witness((program,), (), None, _known())
            return access_of(witness, before.name, PATH, "execute")
    return None


def _words(engine: TomoyoEngine, domain: Domain) -> Iterator[str]:
    """The words for programs in the lines of a domain."""
    for way in ways(engine, domain):
        if way.rule.acl.kind is PATH:
            yield way.word


def _known() -> Any:
    return next(iter(situations((), PATH, "execute")))


def _aggregators(old: TomoyoEngine, new: TomoyoEngine) -> Iterator[Change]:
    """Lines that name programs otherwise, in the order in which they are asked."""
    for space in dict.fromkeys((*old.spaces, *new.spaces)):
        before, after = (
            [str(line) for line, _ in engine.aggregators(space)] for engine in (old, new)
        )
        if before != after:
            yield Change(
                space,
                "setting",
                what="aggregators",
                before="; ".join(before),
                after="; ".join(after),
            )
