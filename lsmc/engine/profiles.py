"""The profiles of a bundle: found by name, with their matchers and the rules behind a decision."""

from __future__ import annotations

from itertools import pairwise

from lsmc.base.text import encode
from lsmc.engine.matcher import Decide, Matcher, Node
from lsmc.engine.verdict import RuleRef
from lsmc.ir.decision import Decision
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.records import ProfileRecord


class ProfileTables:
    """The profiles of one bundle; `decide` is the precedence of the security module."""

    def __init__(self, bundle: Bundle, decide: Decide) -> None:
        self.bundle = bundle
        self._decide = decide
        self._matchers: dict[int, Matcher] = {}
        self._refs: dict[tuple[int, int, tuple[int, ...]], RuleRef] = {}
        self._found: dict[str, ProfileRecord] = {}  # names that exist

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of the profiles, in order; `find` finds each of them."""
        names = self.bundle.profile_names()
        keys = [encode(name) for name in names]
        if not all(one < other for one, other in pairwise(keys)):
            raise BundleError("the profiles are not in order")
        return names

    def find(self, name: str) -> ProfileRecord | None:
        """The profile of a full name, or None."""
        known = self._found.get(name)
        if known is not None:
            return known
        number = self.bundle.find_profile(name)
        if number is None:
            return None
        found = self._found[name] = self.bundle.profile(number)
        return found

    def matcher(self, profile: ProfileRecord) -> Matcher:
        """The matcher of a profile, kept for later requests."""
        matcher = self._matchers.get(profile.number)
        if matcher is None:
            matcher = self._matchers[profile.number] = Matcher(self.bundle, profile, self._decide)
        return matcher

    def refs(
        self, profile: ProfileRecord, node: Node, decision: Decision, mask: int
    ) -> tuple[RuleRef, ...]:
        """The rules that decided some permissions, strongest first, without repetitions."""
        wanted = {rule: None for bits, rule in decision.winners if bits & mask}
        if not wanted:
            return ()
        matches = {match.rule.facts.id: match for match in self.matcher(profile).matched(node)}
        refs = (self.ref(profile, matches[rule].rule.place, matches[rule].via) for rule in wanted)
        return tuple(dict.fromkeys(refs))

    def ref(self, profile: ProfileRecord, place: int, via: tuple[int, ...]) -> RuleRef:
        """A rule in the form shown to people, kept for later requests."""
        key = (profile.number, place, via)
        if key not in self._refs:
            self._refs[key] = self._ref(profile, place, via)
        return self._refs[key]

    def _ref(self, profile: ProfileRecord, place: int, via: tuple[int, ...]) -> RuleRef:
        where = self.bundle.place(place)
        chain = tuple(f"{p.file}:{p.line}" for p in (self.bundle.place(number) for number in via))
        return RuleRef(
            profile=profile.full_name,
            file=where.file,
            line=where.line,
            column=where.column,
            text=where.text,
            via=chain,
        )
