"""What analyses need to know of a security module whose rules match objects by patterns.

A value of data and functions that the module provides: analyses know patterns, automata and
decisions, and nothing of what the classes and permissions of a module mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from lsmc.analysis.keys import any_key
from lsmc.automata.algebra import Automaton
from lsmc.engine.matcher import Decide, Matcher
from lsmc.engine.requests import plain_fields, request_of_fields
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import MediationClass, Transition
from lsmc.ir.model import Profile, Rule
from lsmc.ir.pprint import transition_text
from lsmc.tables.records import ProfileRecord


def _rank(rule: Facts, specific: bool) -> int:
    """Deny overrides allow, and allow overrides prompt."""
    del specific
    return rule.effect


def _mediates(profile: ProfileRecord, cls: MediationClass, known: bool) -> bool:
    return known or cls.name in profile.mediated


def _any(cls: MediationClass, key: bytes) -> bool:
    del cls, key
    return True


def _as_it_is(transition: Transition | None, profile: ProfileRecord) -> Transition | None:
    del profile
    return transition


def _neither(before: Transition, after: Transition) -> int:
    del before, after
    return 0


def _nothing(profile: Profile, rules: Sequence[Rule]) -> Sequence[Rule]:
    del profile, rules
    return ()


class Besides(NamedTuple):
    """What an operation on the objects of a class looks up besides the key of the object.

    Attributes:
        automata: automata over the keys of the class, without the class code, whose states tell
            apart what the other look-ups in the rules of a profile find; they match nothing.
        classes: the classes in which the others are made.
        where_refused: whether the others are made where the rules of the key refuse, and may grant
            after all; otherwise they are made where these grant, and may refuse after all.
    """

    automata: Callable[[Matcher], Sequence[Automaton[Any]]]
    classes: tuple[MediationClass, ...]
    where_refused: bool


class Semantics(NamedTuple):
    """What the rules of a security module mean; what is not given is the plainest there is.

    Attributes:
        classes: the mediation classes by code, in the order in which they are told.
        decide: what the rules that match a key grant together: (facts, class, owner).
        rank: the rank of a rule for a permission: (facts, whether a rule without wildcards is
            stronger for that permission).  Of the rules that match, the highest rank counts.
        mediates: whether the rules of a profile are asked about a class at all: (profile, class,
            whether the kernel is known to mediate the class).
        free_modes: the modes of profiles in which rules are not asked.
        logging_modes: those in which what the rules refuse is let through and logged, save where
            the refusal is quiet.
        requestable: the keys of a class that a kernel can ask about: (class, whether the keys
            begin with the class code).
        is_requestable: whether a kernel can ask about a key, given without the class code.
        limits: permission bits that nobody asks for, by class: they limit what the others grant.
        besides: what operations look up besides, by class; most look up one key.
        execution: the class and the permission bit that a rule's transition belongs to, if any.
        destination: a transition in the one spelling for where it leads, so that transitions are
            equal if and only if no kernel can tell them apart: (transition, profile).
        looser: above 0 where the second of two transitions leaves a subject freer than the first,
            below 0 where less free, 0 where neither can be said.
        transition_text: a transition as it is written in a rule.
        brought: the rules that the compiler added to a profile for the sake of some of its rules,
            which stand together, and of no others.
        adds_rules: whether the compiler adds rules to profiles, which stand where the profile does.
        fields_of: the fields of requests that a key stands for: (class, key without its code).
    """

    classes: Mapping[int, MediationClass]
    decide: Decide
    rank: Callable[[Facts, bool], int] = _rank
    mediates: Callable[[ProfileRecord, MediationClass, bool], bool] = _mediates
    free_modes: tuple[str, ...] = ()
    logging_modes: tuple[str, ...] = ()
    requestable: Callable[[MediationClass, bool], Automaton[Any]] = any_key
    is_requestable: Callable[[MediationClass, bytes], bool] = _any
    limits: Mapping[MediationClass, int] = MappingProxyType({})
    besides: Mapping[MediationClass, Besides] = MappingProxyType({})
    execution: tuple[MediationClass, int] | None = None
    destination: Callable[[Transition | None, ProfileRecord], Transition | None] = _as_it_is
    looser: Callable[[Transition, Transition], int] = _neither
    transition_text: Callable[[Transition], str] = transition_text
    brought: Callable[[Profile, Sequence[Rule]], Sequence[Rule]] = _nothing
    adds_rules: bool = False
    fields_of: Callable[[MediationClass, bytes], Mapping[str, bytes]] = plain_fields

    def executes(self, rule: Rule) -> bool:
        """Whether a rule speaks of execution."""
        if self.execution is None:
            return False
        cls, bit = self.execution
        return rule.cls is cls and bool((rule.owner | rule.other) & bit)

    def request_of(
        self, subject: str, cls: MediationClass, key: bytes, owner: bool, perms: Iterable[str]
    ) -> dict[str, Any]:
        """The request of `Policy.query_many` that a key stands for.

        Args:
            subject: the name of a profile.
            cls: the class of the key.
            key: the fields joined by NUL, without the code of the class.
            owner: whether the subject owns the object.
            perms: the permissions that are asked for.
        """
        return request_of_fields(subject, cls, self.fields_of(cls, key), owner, perms)
