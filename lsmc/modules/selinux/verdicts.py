"""From an access vector to a verdict, with the rules behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lsmc.engine.verdict import Exec, RequestError, RuleRef, Verdict
from lsmc.modules.selinux.decide.extended import Numbered
from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.decide.vectors import Vector
from lsmc.modules.selinux.questions import Access, Party
from lsmc.modules.selinux.tables.layout import UNKNOWN_HANDLING, ExtendedRecord

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

_ALLOW, _AUDIT, _QUIET = range(3)
#: What is said where nothing is known of roles and levels, and where no rule grants an access.
TYPES_ONLY = "types, booleans and bounds alone are judged"
NO_RULE = "no rule allows it"
_EMPTY = Vector(0, 0, 0, 0)


class Judged(NamedTuple):
    """A question about one access, and what decides it.

    Attributes:
        vector: what the subject may do to the object.
        granted, refused: masks of the permissions asked for that the policy knows.
        unknown: whether the permissions that it does not know are granted.
        numbered: what rules say of the number of a call; None where none is judged.
        extended: the rules about numbers for this pair of types.
        logged: whether the access is logged.
    """

    state: State
    source: Party
    target: Party
    access: Access
    vector: Vector
    granted: int
    refused: int
    unknown: bool
    numbered: Numbered | None
    extended: tuple[ExtendedRecord, ...]
    logged: bool

    @property
    def allowed(self) -> bool:
        """Whether all that is asked for is granted, whatever the mode of the subject."""
        return not self.refused and (self.unknown or not self.access.unknown)


def judge(
    engine: Engine,
    state: State,
    source: Party,
    target: Party,
    access: Access,
    number: tuple[str, int] | None,
) -> Judged:
    """Decide on an access; `RequestError` for a number that goes with nothing that is asked for."""
    unknown = UNKNOWN_HANDLING[engine.tables.head.unknown] == "allow"
    if number is not None and number[0] not in access.wanted:
        raise RequestError(f"`{number[0]}` goes with the permission {number[0]}")
    if access.cls is None:
        logged = not unknown
        return Judged(*(state, source, target, access, _EMPTY, 0, 0, unknown, None, (), logged))
    vector = engine.vector(state, source, target, access.cls)
    granted, quiet, audit = access.mask & vector.allow, vector.quiet, vector.audit
    extended: tuple[ExtendedRecord, ...] = ()
    numbered = None
    for what in access.numbered:
        rules = tuple(engine.extended.of(state, source.type, target.type, access.cls, what))
        extended += rules
        if number is None or number[0] != what or not rules:
            continue
        numbered = engine.extended.judge(rules, number[1])
        bit = access.bits[access.wanted.index(what)]
        if numbered.allow is None:
            granted &= ~bit
        if numbered.audit is None:
            audit &= ~bit
        if numbered.quiet is not None:
            quiet |= bit
    refused = access.mask & ~granted
    if refused or (access.unknown and not unknown):
        logged = bool(refused & ~quiet) or bool(access.unknown and not unknown)
    else:
        logged = bool(granted & audit)
    return Judged(
        state,
        source,
        target,
        access,
        vector,
        granted,
        refused,
        unknown,
        numbered,
        extended,
        logged,
    )


def verdict(engine: Engine, judged: Judged) -> Verdict:
    """The verdict of a decision."""
    access = judged.access
    note = "; ".join(_notes(engine, judged))
    if judged.allowed:
        return Verdict.allow(
            access.wanted,
            audited=judged.logged,
            transition=_execution(engine, judged),
            rules=tuple(_rules(engine, judged)),
            note=note,
        )
    known = zip(access.wanted, access.bits, strict=True)
    granted = tuple(
        name for name, bit in known if (judged.granted & bit if bit else judged.unknown)
    )
    missing = tuple(name for name in access.wanted if name not in granted)
    found = Verdict.deny(
        missing,
        explicit=False,
        audited=judged.logged,
        granted=granted,
        rules=tuple(_rules(engine, judged)),
        note=note,
    )
    if not engine.enforce and judged.source.type in engine.tables.permissive:
        return found._replace(allowed=True, decision="permissive")
    return found


def _execution(engine: Engine, judged: Judged) -> Exec | None:
    """As what a program runs, of a question about the execution of a file."""
    if judged.access.name != "file" or "execute" not in judged.access.wanted:
        return None
    from lsmc.modules.selinux.executions import execution

    return execution(engine, judged.state, judged.source, judged.target)


def _notes(engine: Engine, judged: Judged) -> Iterator[str]:
    """What people must know of a verdict, beside its rules."""
    tables, access, vector = engine.tables, judged.access, judged.vector
    if access.cls is None or access.unknown:
        what = f"class `{access.name}`"
        if access.cls is not None:
            what = f"{', '.join(access.unknown)} of {what}"
        handling = UNKNOWN_HANDLING[tables.head.unknown]
        yield f"the policy does not know {what}; handleunknown says {handling}"
        if access.cls is None:
            return
    for what, party in (("subject", judged.source), ("object", judged.target)):
        if party.note:
            yield f"{what} {party.note}"
    if judged.refused & ~vector.types:
        yield NO_RULE
    elif judged.refused:
        lost = judged.refused
        if vector.failed and lost & ~vector.role & ~vector.bounds & ~vector.allow:
            yield "a constraint forbids it"
        if lost & vector.role:
            roles = tables.names.roles
            one, other = judged.source.context, judged.target.context
            assert one is not None
            assert other is not None
            yield f"no rule allows role {roles[one.role]} to become {roles[other.role]}"
        if lost & vector.bounds:
            parent = tables.names.types[tables.bounds[judged.source.type]]
            yield f"the type that bounds it, {parent}, may not do that"
        if lost & vector.allow:
            yield "no rule allows this number"
    if judged.extended and judged.numbered is None:
        yield f"rules judge the number of the call: ask with {access.numbered[0]}=NUMBER"
    if judged.source.type in tables.permissive and not judged.allowed:
        yield f"{tables.names.types[judged.source.type]} is permissive"
    if judged.source.context is None or judged.target.context is None:
        yield TYPES_ONLY


def _rules(engine: Engine, judged: Judged) -> Iterator[RuleRef]:
    """The rules that decide: what grants where all is granted, else what takes away."""
    access, vector = judged.access, judged.vector
    if access.cls is None:
        return
    tables, references = engine.tables, engine.references
    profile = tables.names.types[judged.source.type]
    pair = (judged.source.type, judged.target.type)
    if judged.allowed:
        yield from references.grants(judged.state, *pair, access.cls, _ALLOW, judged.granted)
        if judged.numbered is not None and judged.numbered.allow is not None:
            yield from references.extended(judged.numbered.allow, *pair)
        if judged.logged:
            yield from references.grants(judged.state, *pair, access.cls, _AUDIT, judged.granted)
        return
    lost = judged.refused & vector.types
    for number in vector.failed:
        rule = tables.constraints[number]
        if rule.permissions & lost:
            yield from references.constraint(rule, profile)
    if lost & vector.bounds:
        yield from references.bound(judged.source.type)
    if not judged.logged:
        yield from references.grants(judged.state, *pair, access.cls, _QUIET, judged.refused)
        if judged.numbered is not None and judged.numbered.quiet is not None:
            yield from references.extended(judged.numbered.quiet, *pair)
    if not engine.enforce and judged.source.type in tables.permissive:
        text, place = f"(typepermissive {profile})", tables.permissive[judged.source.type]
        yield from references.refs(profile, text, place)
