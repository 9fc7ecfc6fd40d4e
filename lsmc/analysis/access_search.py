"""What subjects may do of some requests: exactly, with one that is let through as the example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lsmc.analysis.permitted import Request, Sought, by_rules, permitted
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import Automaton
from lsmc.automata.common import shortest, shortest_common
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import RequestError, Verdict
from lsmc.ir.decision import ALLOW, Decision
from lsmc.tables.bundle import Unit
from lsmc.tables.records import ProfileRecord

#: Why something is let through: rules allow it, the subject's mode only logs what they refuse, no
#: rules are asked of the subject, or none of the class.
Why = Literal["rules", "mode", "unconfined", "unmediated"]


class Witness(NamedTuple):
    """A request of a subject that is let through, why, and its answer."""

    subject: str
    why: Why
    request: Mapping[str, Any]
    verdict: Verdict


class AccessSearch:
    """Searches in the profiles of an open bundle.

    Attributes:
        semantics: what their rules mean.
        tables: the profiles.
    """

    def __init__(
        self,
        semantics: Semantics,
        tables: ProfileTables,
        answer: Callable[[Mapping[str, Any]], Verdict],
        apart: Callable[[ProfileRecord, Sought], Iterable[Automaton[Any]]],
        *,
        varied: bool = False,
    ) -> None:
        """A search.

        Args:
            semantics: what the rules mean.
            tables: the profiles to search in.
            answer: the verdict of a request.
            apart: languages that tell apart keys at which the answers of a profile differ although
                the same rules match.
            varied: whether the profiles are matched otherwise than the tables say.
        """
        self.semantics = semantics
        self.tables = tables
        self._answer = answer
        self._apart = apart
        self._varied = varied
        # by the identities of a unit and of what is sought, which the values keep alive
        self._opens: dict[tuple[int, int], tuple[Unit, Sought, bool]] = {}

    def witnesses(self, subjects: Iterable[str], sought: Sequence[Sought]) -> Iterator[Witness]:
        """Of each subject that may do any of it, one request; raises `StateLimit`, `Undecided`."""
        for subject in subjects:
            profile = self.tables.find(subject)
            assert profile is not None
            found = (self.witness(profile, one) for one in sought)
            first = next((one for one in found if one is not None), None)
            if first is not None:
                yield first

    def witness(
        self, profile: ProfileRecord, sought: Sought, within: Sequence[Automaton[Any]] = ()
    ) -> Witness | None:
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
                verdict = self._answer(self._request(profile, sought, request))
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
            apart=lambda: self._apart(profile, sought),
        )

    def _told(
        self, profile: ProfileRecord, sought: Sought, found: Request | None, why: Why
    ) -> Witness | None:
        if found is None:
            return None
        request = self._request(profile, sought, found)
        return Witness(profile.full_name, why, request, self._answer(request))

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
            groups = range(unit.groups)
            opens = any(self._group_opens(unit, index, sought) for index in groups)
            known = self._opens[key] = (unit, sought, opens)
        return known[2]

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
