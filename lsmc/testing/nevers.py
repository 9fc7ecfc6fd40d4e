"""Decides what no subject may do: exactly, with a request as the example where one may."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lsmc.analysis.permitted import Request, Sought, by_rules, permitted
from lsmc.automata.algebra import Automaton
from lsmc.automata.common import shortest, shortest_common
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.ir.decision import ALLOW, Decision
from lsmc.policy import Policy
from lsmc.tables.bundle import Unit
from lsmc.tables.records import ProfileRecord
from lsmc.testing.model import Never
from lsmc.testing.results import Breach, NeverResult, Why


class Prepared(NamedTuple):
    """A `never` of a policy: the requests, and the subjects of which it speaks."""

    never: Never
    sought: tuple[Sought, ...]
    subjects: tuple[str, ...]


def prepare(policy: Policy, never: Never) -> Prepared:
    """What a `never` means for a policy; `UnknownName` and `RequestError` for names in it."""
    tests = policy.module.needs(policy.module.tests, "`never`")()
    sought = tests.sought(never.op, never.objects, never.fields, never.owner)
    named = [name for name in policy.profiles if _matches(name, never.subject)]
    if not named:
        raise UnknownName("subject", never.subject, policy.profiles)
    for glob in never.excepted:
        if not any(_matches(name, glob) for name in named):
            raise UnknownName("subject", glob, named)
    subjects = [name for name in named if not any(_matches(name, g) for g in never.excepted)]
    return Prepared(never, sought, tuple(subjects))


def _matches(name: str, glob: str) -> bool:
    return name == glob or fnmatchcase(name, glob)


class Search:
    """Searches in the profiles of an open bundle."""

    def __init__(self, policy: Policy, opened: Any = None) -> None:
        """`opened` stands for the bundle of the policy where it is given."""
        module = policy.module
        self.module = module
        self.tests = module.needs(module.tests, "`never`")()
        self.semantics = module.needs(module.semantics, "`never`")()
        self.opened: Any = policy.engine if opened is None else opened
        self._varied = opened is not None
        self.tables = self.tests.tables(self.opened)
        self._opens: dict[tuple[int, int], bool] = {}

    def result(self, prepared: Prepared) -> NeverResult:
        """All subjects that may do what none may; raises `StateLimit`, `Undecided`."""
        found = (self._breach(prepared, name) for name in prepared.subjects)
        breaches = tuple(one for one in found if one is not None)
        return NeverResult(prepared.never, len(prepared.subjects), breaches)

    def _breach(self, prepared: Prepared, subject: str) -> Breach | None:
        """What a subject may do of it, if anything."""
        profile = self.tables.find(subject)
        assert profile is not None
        found = (self.breach_of(profile, sought) for sought in prepared.sought)
        return next((one for one in found if one is not None), None)

    def breach_of(
        self, profile: ProfileRecord, sought: Sought, within: Sequence[Automaton[Any]] = ()
    ) -> Breach | None:
        """Of some requests one that is let through, if any is; raises `StateLimit`, `Undecided`.

        `within` are further languages of the key.
        """
        cls, mode = sought.cls, profile.mode
        if not self.semantics.mediates(profile, cls, False):
            key = shortest_common([*sought.keys, *within, self.semantics.requestable(cls, False)])
            why: Why = "unconfined" if mode in self.semantics.free_modes else "unmediated"
            request = None if key is None else Request(key, sought.perms[0], sought.owners[0])
            return self._told(profile, sought, request, why)
        if self._may_open(profile, sought):
            found = self._first(profile, sought, within)
            if found is not None:
                return self._told(profile, sought, found, "rules")
        if mode not in self.semantics.logging_modes:
            return None
        found = self._first(profile, sought, within, let_through=True)
        return self._told(profile, sought, found, "mode")

    def _first(
        self,
        profile: ProfileRecord,
        sought: Sought,
        within: Sequence[Automaton[Any]],
        *,
        let_through: bool = False,
    ) -> Request | None:
        execution = self.semantics.execution
        learned = execution[1] if execution is not None and execution[0] is sought.cls else 0

        def passes(decision: Decision, perms: int) -> bool:
            missing = perms & ~decision.allow
            return not missing or profile.audit or bool(missing & (~decision.quiet | learned))

        def answered(request: Request) -> bool | None:
            try:
                verdict = self._answer(profile, sought, request)
            except RequestError:
                return None
            return verdict.allowed and (let_through or verdict.decision == "allow")

        return permitted(
            self.semantics,
            self.tables.matcher(profile),
            sought,
            answered,
            passes=passes if let_through else by_rules,
            within=within,
            apart=lambda: self.tests.apart(self.opened, profile, sought),
        )

    def _told(
        self, profile: ProfileRecord, sought: Sought, found: Request | None, why: Why
    ) -> Breach | None:
        if found is None:
            return None
        request = self._request(profile, sought, found)
        return Breach(profile.full_name, why, request, self.module.answer(self.opened, request))

    def _answer(self, profile: ProfileRecord, sought: Sought, request: Request) -> Any:
        return self.module.answer(self.opened, self._request(profile, sought, request))

    def _request(self, profile: ProfileRecord, sought: Sought, request: Request) -> dict[str, Any]:
        names = sought.cls.names(request.perms)
        key, owner = request.key, request.owner
        return self.semantics.request_of(profile.full_name, sought.cls, key, owner, names)

    def _may_open(self, profile: ProfileRecord, sought: Sought) -> bool:
        """Whether a rule of the profile allows any of it, by units, which profiles share."""
        if self._varied:
            return True
        return any(self._unit_opens(unit, sought) for unit, _ in self.tables.bundle.uses(profile))

    def _unit_opens(self, unit: Unit, sought: Sought) -> bool:
        key = (id(unit), id(sought))
        known = self._opens.get(key)
        if known is None:
            known = self._opens[key] = any(
                self._group_opens(unit, index, sought) for index in range(unit.groups)
            )
        return known

    def _group_opens(self, unit: Unit, index: int, sought: Sought) -> bool:
        wanted = 0
        for perms in sought.perms:
            wanted |= perms
        if sought.cls.implied is not None and wanted & sought.cls.mask(sought.cls.implied[1:]):
            wanted |= sought.cls.mask(sought.cls.implied[:1])
        rules = {
            number
            for number in unit.group(index).rules
            for rule in (unit.rule(number),)
            if rule.cls == sought.cls.code
            and rule.facts.effect == ALLOW
            and (rule.facts.owner | rule.facts.other) & wanted
        }
        besides = self.semantics.besides.get(sought.cls)
        if not rules or (besides is not None and besides.where_refused):
            return bool(rules)
        reach = unit.reach(index)
        states = {state for number in rules for state in reach.accepting(number)}
        inside = [_WithCode(sought.cls.code, one) for one in sought.keys]
        walked: list[Automaton[Any]] = [reach.table, *inside]

        def goal(at: tuple[Any, ...]) -> bool:
            return at[0] in states and all(
                one.accepts(state) for one, state in zip(inside, at[1:], strict=True)
            )

        return shortest(walked, goal) is not None


class _WithCode:
    """The keys of a language behind the code of their class."""

    start = None

    def __init__(self, code: int, keys: Automaton[Any]) -> None:
        self._first = (1 << code, (keys.start,))
        self._keys = keys

    def edges(self, state: tuple[Any] | None) -> list[tuple[int, tuple[Any]]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        if state is None:
            return [self._first]
        return [(mask, (to,)) for mask, to in self._keys.edges(state[0])]

    def accepts(self, state: tuple[Any] | None) -> tuple[int, ...]:
        """The patterns that match here."""
        return self._keys.accepts(state[0]) if state is not None else ()
