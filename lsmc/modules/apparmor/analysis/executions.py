"""Executions that lead elsewhere, and whether a program may then do more.

Where a rule leads by the path of the program, one path is asked for each way in which the rule and
an attachment match together, and each path that either lists.  Where it leads by name, the names
tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from lsmc.analysis.change import Change, Direction, Side, Who
from lsmc.analysis.diff import side_of
from lsmc.analysis.differing import Found, ProfilePair
from lsmc.analysis.rule_languages import ProfileRules, RuleLanguage, RuleLanguages
from lsmc.analysis.rule_search import ClassView
from lsmc.automata.algebra import Automaton, walk
from lsmc.automata.members import common
from lsmc.base.text import displayed
from lsmc.engine.verdict import UNCONFINED, RuleRef
from lsmc.ir.decision import ALLOW
from lsmc.ir.mediation import Transition
from lsmc.ir.model import qualified
from lsmc.modules.apparmor.analysis.freedom import End, Freedom
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import EXECUTE, FILE
from lsmc.modules.apparmor.decide.attachment import scope_key
from lsmc.modules.apparmor.decide.exec_transition import destination, transition_text
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.graph.attachment_index import AttachmentIndex
from lsmc.modules.apparmor.graph.executions import attached_paths
from lsmc.tables.records import ProfileRecord

Records: TypeAlias = tuple[ProfileRecord, ProfileRecord]

#: Paths that two globs share, each matched in another way, of which a policy is asked.
TRIED = 64
_BY_PATH = ("attach", "attach-child", "stack")
_PERMS = FILE.names(EXECUTE)


class MovedTargets(NamedTuple):
    """What differs in where executions may lead, beside their rules.

    Attributes:
        names: the full names of profiles that one of the policies does not have.
        programs: the languages of attachments that only one of them has, or the paths of those
            that match few, by the scope of the attachments.
    """

    names: frozenset[str]
    programs: Mapping[str, tuple[Automaton[Any] | tuple[bytes, ...], ...]]


class Executions:
    """The executions of each profile in two policies."""

    def __init__(self, freedom: Freedom) -> None:
        self._freedom = freedom
        self._engines = freedom.engines
        self._indexes = [AttachmentIndex.of_tables(one.tables) for one in self._engines]
        self._languages = [RuleLanguages(FILE, EXECUTE, decide) for _ in self._engines]
        self._rules: dict[tuple[int, str], ProfileRules] = {}

    # --- an execution whose rules differ

    def directed(self, change: Change, former: str) -> Iterator[Change]:
        """A change; for one of where an execution leads, one for each direction in which it goes.

        `former` is the name of the profile in the first policy.
        """
        if change.kind != "decision" or change.cls != FILE.name or not _executes(change):
            yield change
            return
        found: dict[Direction, Change] = {}
        followed = False
        asked = {**(change.witness or {}), "perms": _PERMS}
        for path in self._paths(change, former, bool(asked.get("owner", True))):
            asked["object"] = path
            ends = self._ends(asked, former, change.profile)
            followed = followed or None not in ends
            for way in self._freedom.ways(*ends):
                freed = self._freedom.is_free(1, ends[1])
                found.setdefault(way, _told(change, way, asked, freed=freed))
        kept = followed and change.direction not in ("other", *found)
        if not found or kept or change.permissions != _PERMS:
            yield change
        yield from found.values()

    def _paths(self, change: Change, former: str, owner: bool) -> Iterator[str]:
        """The example of a change, and what else goes as it does there to another profile."""
        witness = str((change.witness or {}).get("object", ""))
        yield witness
        texts = (change.before.exec, change.after.exec)
        if not any(map(_goes_by_path, texts)):
            return
        names = (former, change.profile)
        for side, name in enumerate(names):
            for rule in self._exec_rules(side, name).rules:
                transition = rule.facts.transition
                if transition is None or transition_text(transition) != texts[side]:
                    continue
                for path in self._where(rule, names):
                    said = (self._transition(one, names[one], path, owner) for one in (0, 1))
                    if tuple(map(_text, said)) == texts and displayed(path) != witness:
                        yield displayed(path)

    def _where(self, rule: RuleLanguage, names: tuple[str, str]) -> Iterator[bytes]:
        """Paths of a rule at which different profiles may attach, or none."""
        for index, engine, name in zip(self._indexes, self._engines, names, strict=True):
            record = engine.find(name)
            for parent in ("", record.name) if record is not None else ():
                scope = index.scope(parent, record.namespace if record else "")
                yield from attached_paths(rule, scope, TRIED)
        yield from islice(rule.samples(), TRIED)

    # --- an execution whose rules are the same

    def moved(self, records: Records, moved: MovedTargets) -> Iterator[Change]:
        """The executions that the rules of a profile leave alike, and that lead elsewhere.

        One that leads to what attaches, before and after, is told of the programs.
        """
        if not all(mediates(record, FILE) for record in records):
            return
        names = (records[0].full_name, records[1].full_name)
        told: dict[tuple[Direction, End, End], dict[bool, Change]] = {}
        for path in self._candidates(records, moved):
            for owner in (True, False):
                request = _request(names[1], path, owner)
                ends = self._ends(request, *names)
                if ends[0] == ends[1] or self._attach_so(records, path, ends):
                    continue
                for way in self._freedom.ways(*ends):
                    key = (way, *ends)
                    if owner not in told.setdefault(key, {}):
                        change = self._change(records, path, owner, ends, way)
                        if change is not None:
                            told[key][owner] = change
        for found in told.values():
            yield from _by_whom(found)

    def _candidates(self, records: Records, moved: MovedTargets) -> Iterator[bytes]:
        """Paths at which the rules of a profile lead alike, and something else may follow.

        All that are listed; else one for each state in which rules and an attachment match
        together, and one for each transition that names a profile.
        """
        sides = [list(self._transitions(side, records[side])) for side in (0, 1)]
        led = {one for one, _ in sides[0]} & {one for one, _ in sides[1]}
        seen: set[bytes] = set()
        for transition in led:
            mine = [[rule for one, rule in side if one == transition] for side in sides]
            for path in self._where_led(transition, mine, records, moved):
                if path not in seen:
                    seen.add(path)
                    yield path

    def _transitions(
        self, side: int, record: ProfileRecord
    ) -> Iterator[tuple[Transition, RuleLanguage]]:
        """Where the exec rules of a profile lead, in the one spelling for it."""
        for rule in self._exec_rules(side, record.full_name).rules:
            if rule.facts.effect == ALLOW:
                transition = destination(rule.facts.transition, record)
                if transition is not None:
                    yield transition, rule

    def _where_led(
        self,
        transition: Transition,
        rules: Sequence[Sequence[RuleLanguage]],
        records: Records,
        moved: MovedTargets,
    ) -> Iterator[bytes]:
        if not moved.names.isdisjoint(named_by(transition, records[1])):
            yield from islice(self._alike(transition, records, ()), 1)
        if transition.kind not in _BY_PATH:
            return
        parent = records[1].name if transition.kind == "attach-child" else ""
        for programs in moved.programs.get(scope_key(parent, records[1].namespace), ()):
            if isinstance(programs, tuple):
                yield from (path for path in programs if any(map(_matcher(path), rules[1])))
            elif all(_overlap(side, programs) for side in rules):
                yield from islice(self._alike(transition, records, (programs,)), TRIED)

    def _alike(
        self, transition: Transition, records: Records, within: Sequence[Automaton[Any]]
    ) -> Iterator[bytes]:
        """Paths of some languages at which a profile leads alike in both policies."""
        sides = zip(self._engines, records, strict=True)
        matchers = [engine.tables.matcher(record) for engine, record in sides]
        asked = SEMANTICS.requestable(FILE, False)
        views = [ClassView(matcher, FILE.code) for matcher in matchers]

        def alive(states: Sequence[Any]) -> bool:
            return None not in states

        def goal(states: Sequence[Any]) -> bool:
            if not alive(states) or not asked.accepts(states[2]):
                return False
            if not all(one.accepts(at) for one, at in zip(within, states[3:], strict=True)):
                return False
            return any(
                all(
                    decision.allow & EXECUTE
                    and destination(decision.transition, record) == transition
                    for decision, record in zip(
                        (
                            matcher.decide(node, FILE, owner)
                            for matcher, node in zip(matchers, states[:2], strict=True)
                        ),
                        records,
                        strict=True,
                    )
                )
                for owner in (True, False)
            )

        return walk([*views, asked, *within], goal, alive=alive)

    def _attach_so(self, records: Records, path: bytes, ends: tuple[End, End]) -> bool:
        """Whether what follows in both policies is what attaches to a path, or no confinement."""
        for index, record, end in zip(self._indexes, records, ends, strict=True):
            scopes = ("", record.name)
            found = [index.find(path, parent=p, namespace=record.namespace)[0] for p in scopes]
            if end is None or end not in [one.full_name if one else UNCONFINED for one in found]:
                return False
        return True

    def _change(
        self,
        records: Records,
        path: bytes,
        owner: bool,
        ends: tuple[End, End],
        way: Direction,
    ) -> Change | None:
        """The change of an execution; None where its rules differ, which is told of them."""
        names = (records[0].full_name, records[1].full_name)
        before, after = (
            destination(self._transition(side, names[side], path, owner), records[side])
            for side in (0, 1)
        )
        if before != after:
            return None
        pair = self._pair(records)
        found = Found(path, (), True)
        sides = [side_of(pair, side, FILE, found, owner) for side in (0, 1)]
        sides = [_leading(*one, refuses=None in ends) for one in zip(sides, ends, strict=True)]
        request = _request(names[1], path, owner)
        change = Change(
            profile=names[1],
            kind="decision",
            cls=FILE.name,
            before=sides[0],
            after=sides[1],
            rule=self._deciding(request),
            witness=request,
            permissions=_PERMS,
        )
        return _told(change, way, request, freed=self._freedom.is_free(1, ends[1]))

    def _deciding(self, request: Mapping[str, Any]) -> RuleRef | None:
        """The rule of the second policy by which something is executed."""
        for look in self._engines[1].answer(request).lookups:
            tables = self._engines[1].tables
            for ref in tables.refs(look.profile, look.node, look.decision, EXECUTE):
                return ref
        return None

    def _pair(self, records: Records) -> ProfilePair:
        tables = (self._engines[0].tables, self._engines[1].tables)
        return ProfilePair(SEMANTICS, tables, records, None)

    # --- what a policy says

    def _ends(self, request: Mapping[str, Any], former: str, name: str) -> tuple[End, End]:
        """What follows an execution in both policies."""
        before = self._end(0, {**request, "subject": former})
        return before, self._end(1, {**request, "subject": name})

    def _end(self, side: int, request: Mapping[str, Any]) -> End:
        """It is refused where the profile that should follow is not there.

        Of what complain mode lets through the kernel makes a profile that lets everything through.
        """
        verdict = self._engines[side].answer({**request, "perms": _PERMS}).verdict
        if verdict.missing and not verdict.allowed:
            return None
        target = verdict.transition.target if verdict.transition is not None else None
        return UNCONFINED if target is None else target

    def _transition(self, side: int, name: str, path: bytes, owner: bool) -> Transition | None:
        """Where the rules of a profile lead from a path; None for nowhere."""
        decision = self._exec_rules(side, name).decide(path, owner)
        return decision.transition if decision.allow & EXECUTE else None

    def _exec_rules(self, side: int, name: str) -> ProfileRules:
        key = (side, name)
        if key not in self._rules:
            bundle = self._engines[side].bundle
            self._rules[key] = self._languages[side].of(bundle, self._record(side, name))
        return self._rules[key]

    def _record(self, side: int, name: str) -> ProfileRecord:
        record = self._engines[side].find(name)
        assert record is not None
        return record


def named_by(transition: Transition, record: ProfileRecord) -> Iterator[str]:
    """The full names of the profiles that a transition names."""
    if transition.kind == "child":
        yield qualified(record.namespace, record.child(transition.name))
        return
    for part in transition.name.removeprefix("&").split("//&"):
        if part and part != UNCONFINED:
            yield part if part.startswith(":") else qualified(record.namespace, part)


def _executes(change: Change) -> bool:
    """Whether the rules of both policies let a file be executed, in different ways."""
    sides = (change.before, change.after)
    return set(_PERMS) <= set(change.permissions) and all(
        set(_PERMS) <= set(side.allow) for side in sides
    )


def _matcher(path: bytes) -> Callable[[RuleLanguage], bool]:
    return lambda rule: rule.matches(path)


def _overlap(rules: Iterable[RuleLanguage], programs: Automaton[Any]) -> bool:
    """Whether some rules match any of the programs."""
    return any(common(rule.automaton(), programs, 1) for rule in rules)


def _goes_by_path(execution: str) -> bool:
    """Whether the profile that follows, as a rule has it, is one that attaches to the path."""
    mode, _, name = execution.partition(" -> ")
    return mode[:1].lower() in ("p", "c") and (not name or name.startswith("&"))


def _text(transition: Transition | None) -> str:
    return "" if transition is None else transition_text(transition)


def _request(subject: str, path: bytes, owner: bool) -> dict[str, Any]:
    return SEMANTICS.request_of(subject, FILE, path, owner, _PERMS)


def _leading(side: Side, end: End, *, refuses: bool) -> Side:
    """What a policy decides, and where its execution leads if neither policy refuses it."""
    if end is None:
        return side._replace(allow=tuple(name for name in side.allow if name not in _PERMS))
    return side if refuses else side._replace(exec=f"{side.exec.partition(' -> ')[0]} -> {end}")


def _told(
    change: Change, direction: Direction, witness: Mapping[str, Any], *, freed: bool
) -> Change:
    hazards = ("leaves-confinement",) if direction == "wider" and freed else ()
    return change._replace(
        direction=direction, witness=dict(witness), permissions=_PERMS, hazards=hazards
    )


def _by_whom(found: Mapping[bool, Change]) -> Iterator[Change]:
    """A change for the owner and one for others as one, where both are the same."""
    if len(found) > 1:
        yield found[True]._replace(who="all")
        return
    for owner, change in found.items():
        who: Who = "owner" if owner else "other"
        yield change._replace(who=who)
