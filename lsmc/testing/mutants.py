"""Which small changes of the rules no test would notice.

A mutant is one written rule changed.  It is judged on the tables of the policy as it is: which
rules match is known, and what they grant together is decided anew, in the cases and in what is
forbidden wherever the rule has a part.  No text is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

from lsmc.analysis.access_search import AccessSearch
from lsmc.analysis.mutation import KINDS, Mutation, MutationKind
from lsmc.analysis.permitted import Sought, Undecided
from lsmc.automata.algebra import Automaton
from lsmc.automata.common import shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.engine.matcher import MatchedRule, Matcher
from lsmc.engine.variant import Added, Variant
from lsmc.engine.verdict import RequestError, UnknownName, Verdict
from lsmc.ir.decision import ALLOW
from lsmc.policy import Policy
from lsmc.tables.bundle import Unit
from lsmc.testing.coverage import Where, written_rules
from lsmc.testing.judge import Deciders, failures
from lsmc.testing.model import Case
from lsmc.testing.nevers import Prepared
from lsmc.testing.results import FileResult, Mutant
from lsmc.testing.run import Checked

Judged = tuple[Checked, FileResult]


def mutants(files: Iterable[Judged], count: int) -> tuple[Mutant, ...]:
    """So many mutants of the tested policies, in the order of their places.

    They are changes of the rules of the profiles that cases ask, or, where there are no cases, of
    those of which something is forbidden.  The choice depends on the places of the rules alone.
    Raises `NoMeaning` for a module that has no mutations.
    """
    by_policy: dict[int, list[Judged]] = {}
    for one in files:
        by_policy.setdefault(id(one[0].policy), []).append(one)
    judges = [_Judge(some) for some in by_policy.values()]
    drawn = sorted(
        (_draw(where, kind), number, where, kind)
        for number, judge in enumerate(judges)
        for where in judge.chosen
        for kind in KINDS
    )
    found: list[Mutant] = []
    for _, number, where, kind in drawn:
        if len(found) == count:
            break
        mutant = judges[number].mutant(where, kind)
        if mutant is not None:
            found.append(mutant)
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.column, one.kind)))


def _draw(where: Where, kind: MutationKind) -> bytes:
    """The rank of a mutant in the choice, which is the same in every run."""
    text = "\0".join((*map(str, where), kind))
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()


class _Spot(NamedTuple):
    """A rule in the tables: its unit, the group there, and the number in the unit."""

    unit: Unit
    group: int
    rule: int


def _key(spot: _Spot) -> tuple[int, int, int]:
    return id(spot.unit), spot.group, spot.rule


class _Asked(NamedTuple):
    """A case that holds, and what its answer is compared with."""

    case: Case
    deciders: Deciders


class _Judge:
    """The tests of one policy, to be asked of its mutants."""

    def __init__(self, files: Sequence[Judged]) -> None:
        policy: Policy = files[0][0].policy
        self.policy = policy
        self.search = policy.module.access_search(policy.engine, "`--mutate`")
        self.tests = policy.module.needs(policy.module.tests, "`--mutate`")()
        self.places = written_rules(policy)
        self.cases = [
            _Asked(result.case, checked.deciders)
            for checked, results in files
            for result in results.cases
            if result.holds
        ]
        self.nevers: list[Prepared] = [
            prepared
            for checked, results in files
            for prepared, result in zip(checked.nevers, results.nevers, strict=True)
            if result.holds
        ]
        self._spots: dict[Where, list[_Spot]] = {}
        self._holders: dict[int, list[int]] = {}  # the profiles of a unit, by numbers
        self._index_rules()
        self._matching: dict[int, list[int]] = {}  # the cases in which a rule matches, by place
        self._asking: dict[int, list[int]] = {}  # the cases that ask a profile, by number
        self._beyond: set[int] = set()  # the cases that look up more than they show
        self._index_cases()
        self._mutations: dict[str, dict[MutationKind, Mutation]] = {}

    def _index_rules(self) -> None:
        bundle = self.policy.bundle
        for number in range(bundle.profiles):
            for unit, _ in bundle.uses(bundle.profile(number)):
                holders = self._holders.setdefault(id(unit), [])
                if not holders:
                    for group in range(unit.groups):
                        for rule in sorted(set(unit.group(group).rules)):
                            place = bundle.place(unit.rule(rule).place)
                            where = (place.file, place.line, place.column)
                            self._spots.setdefault(where, []).append(_Spot(unit, group, rule))
                if number not in holders[-1:]:
                    holders.append(number)

    def _index_cases(self) -> None:
        tables = self.search.tables
        for number, asked in enumerate(self.cases):
            places: set[int] = set()
            for look in self.tests.lookups(self.policy.engine, asked.case.request):
                matched = tables.matcher(look.profile).matched(look.node)
                places.update(match.rule.place for match in matched)
                asking = self._asking.setdefault(look.profile.number, [])
                if number not in asking[-1:]:
                    asking.append(number)
                if look.cls in self.search.semantics.besides:
                    self._beyond.add(number)
            for place in places:
                self._matching.setdefault(place, []).append(number)

    @cached_property
    def chosen(self) -> list[Where]:
        """The places of the rules of which mutants are made."""
        profiles = set(self._asking)
        if not profiles:
            find = self.search.tables.find
            names = {name for prepared in self.nevers for name in prepared.subjects}
            profiles = {found.number for name in names if (found := find(name)) is not None}
        return [
            where
            for where in self.places
            if any(
                not profiles.isdisjoint(self._holders[id(spot.unit)])
                for spot in self._spots.get(where, ())
            )
        ]

    def mutant(self, where: Where, kind: MutationKind) -> Mutant | None:
        """The mutant of a place and a kind, judged; None if there is none that differs."""
        text = self.places[where].text
        if text not in self._mutations:
            self._mutations[text] = {one.kind: one for one in self.tests.mutations(text)}
        mutation = self._mutations[text].get(kind)
        if mutation is None:
            return None
        changed = _Changed(self, mutation, self._spots[where])
        if not changed.differs:
            return None
        try:
            noticed = self._noticed(changed)
        except (StateLimit, Undecided):
            return None
        return Mutant(*where, kind=kind, before=text, text=mutation.text, noticed=noticed)

    def _noticed(self, changed: _Changed) -> str:
        """The name of the first test that does not hold any more, empty if all do."""
        opened: Any = self.tests.varied(self.policy.engine, changed.vary)
        concerned = [self.cases[number] for number in self._concerned(changed)]
        verdicts = self._answers(opened, [asked.case for asked in concerned])
        for case, deciders in concerned:
            try:
                verdict = next(verdicts)
            except (RequestError, UnknownName):
                return case.name  # the answer is not one for all that it may mean
            if failures(case, verdict, deciders):
                return case.name
        search = self.policy.module.access_search(opened, "`--mutate`", varied=True)
        for prepared in self.nevers:
            if self._breaks(search, prepared, changed):
                return prepared.never.name
        return ""

    def _answers(self, opened: Any, cases: Iterable[Case]) -> Iterator[Verdict]:
        """The answers to cases, in order."""
        module = self.policy.module
        requests = (case.request for case in cases)
        if module.answers is None:
            return (module.answer(opened, request) for request in requests)
        return module.answers(opened, requests, lambda request: module.answer(opened, request))

    def _concerned(self, changed: _Changed) -> list[int]:
        """The cases whose answers may change."""
        found = {case for place in changed.places for case in self._matching.get(place, ())}
        for number in self.holders(changed):
            asking = self._asking.get(number, ())
            found.update(asking if changed.wider else self._beyond.intersection(asking))
        return sorted(found)

    def holders(self, changed: _Changed) -> list[int]:
        """The numbers of the profiles that have the rule."""
        units = {id(spot.unit) for spot in changed.spots}
        return sorted({number for unit in units for number in self._holders[unit]})

    def _breaks(self, search: AccessSearch, prepared: Prepared, changed: _Changed) -> bool:
        """Whether a subject may do what none may, since a rule is changed."""
        bundle = self.policy.bundle
        for sought in prepared.sought:
            languages = list(changed.opening(sought))
            if not languages:
                continue
            subjects = set(prepared.subjects)
            for number in self.holders(changed):
                if bundle.profile_name(number) not in subjects:
                    continue
                profile = bundle.profile(number)
                held = {id(unit) for unit, _ in bundle.uses(profile)}
                for unit, within in languages:
                    if unit in held and search.witness(profile, sought, within) is not None:
                        return True
        return False


class _Changed:
    """A written rule under a mutation."""

    def __init__(self, judge: _Judge, mutation: Mutation, spots: Sequence[_Spot]) -> None:
        self.judge = judge
        self.mutation = mutation
        self.spots = spots
        self.classes = judge.search.semantics.classes
        self.places = frozenset(spot.unit.rule(spot.rule).place for spot in spots)
        self._wider = {
            _key(spot): language for spot in spots if (language := self._language(spot)) is not None
        }
        self.wider = bool(self._wider)

    def _language(self, spot: _Spot) -> Automaton[Any] | None:
        if self.mutation.widened is None:
            return None
        cls = self.classes[spot.unit.rule(spot.rule).cls]
        return self.mutation.widened(cls, spot.unit.reach(spot.group), spot.rule)

    @property
    def differs(self) -> bool:
        """Whether the rules say or match anything else than before."""
        if self.mutation.widened is not None:
            # the other rules of a unit that one text gives stand for other spellings of a path
            return self.wider and len(self._wider) == len({unit for unit, *_ in self._wider})
        rules = [spot.unit.rule(spot.rule) for spot in self.spots]
        return any(
            self.mutation.facts(self.classes[rule.cls], rule.facts) != rule.facts for rule in rules
        )

    def vary(self, base: Matcher) -> Matcher:
        """The matcher of a profile with the rule changed."""
        added = [
            Added(language, match)
            for unit, via in self.judge.policy.bundle.uses(base.profile)
            for spot in self.spots
            if spot.unit is unit and (language := self._wider.get(_key(spot))) is not None
            if (match := self._rewritten(MatchedRule(unit.rule(spot.rule), via))) is not None
        ]
        gone = {one.rule.rule.facts.id for one in added}
        if self.mutation.kind == "drop":
            gone |= self.judge.tests.brought(base, self.places)

        def rewrite(match: MatchedRule) -> MatchedRule | None:
            if match.rule.facts.id in gone:
                return None
            return self._rewritten(match) if match.rule.place in self.places else match

        return Variant(base, rewrite, added)

    def _rewritten(self, match: MatchedRule) -> MatchedRule | None:
        rule = match.rule
        facts = self.mutation.facts(self.classes[rule.cls], rule.facts)
        return None if facts is None else match._replace(rule=rule._replace(facts=facts))

    def opening(self, sought: Sought) -> Iterator[tuple[int, tuple[Automaton[Any], ...]]]:
        """Where requests may be let through that were not: a unit, and languages of the key."""
        besides = self.judge.search.semantics.besides.get(sought.cls)
        for spot in self.spots:
            cls = self.classes[spot.unit.rule(spot.rule).cls]
            if besides is not None and cls in (sought.cls, *besides.classes):
                yield id(spot.unit), ()
            elif cls is sought.cls and self._may_open(spot, sought):
                language = self._wider.get(_key(spot)) or _OneRule(spot)
                behind = _Behind(language, cls.code)
                if shortest_common([*sought.keys, behind]) is not None:
                    yield id(spot.unit), (behind,)

    def _may_open(self, spot: _Spot, sought: Sought) -> bool:
        """Whether the change of a rule of the same class can let through what is sought."""
        before = spot.unit.rule(spot.rule).facts
        after = self.mutation.facts(sought.cls, before)
        execution = self.judge.search.semantics.execution
        executes = execution is not None and execution[0] is sought.cls and execution[1]
        bits = before.owner | before.other
        if after is not None:
            bits |= after.owner | after.other
        elif before.effect == ALLOW and not (executes and bits & executes):
            return False  # what is not allowed is not allowed with one rule less
        return any(bits & perms for perms in sought.perms)


class _OneRule:
    """The language of one rule of a unit, with the class code."""

    def __init__(self, spot: _Spot) -> None:
        reach = spot.unit.reach(spot.group)
        self._table = reach.table
        self._accepting = frozenset(reach.accepting(spot.rule))
        self.start = self._table.start

    def edges(self, state: int) -> Sequence[tuple[int, int]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        return self._table.edges(state)

    def accepts(self, state: int) -> tuple[int, ...]:
        """One pattern."""
        return (0,) if state in self._accepting else ()


class _Behind:
    """What follows the class code in a language of keys."""

    def __init__(self, language: Automaton[Any], code: int) -> None:
        self._language = language
        edges = language.edges(language.start)
        self.start: Any = next((to for mask, to in edges if mask >> code & 1), None)

    def edges(self, state: Any) -> Sequence[tuple[int, Any]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        return self._language.edges(state) if state is not None else ()

    def accepts(self, state: Any) -> tuple[int, ...]:
        """The patterns that match here."""
        return self._language.accepts(state) if state is not None else ()
