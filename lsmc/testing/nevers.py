"""Decides what no subject may do: exactly, with a request as the example where one may."""

from __future__ import annotations

from typing import Any, NamedTuple

from lsmc.analysis.listed_search import matches
from lsmc.engine.verdict import UnknownName
from lsmc.modules.parts import Search
from lsmc.policy import Policy
from lsmc.testing.model import Never
from lsmc.testing.results import NeverResult


class Prepared(NamedTuple):
    """A `never` of a policy: the requests, and the subjects of which it speaks."""

    never: Never
    sought: tuple[Any, ...]
    subjects: tuple[str, ...]


def prepare(policy: Policy, search: Search, never: Never) -> Prepared:
    """What a `never` means for a policy; `UnknownName` and `RequestError` for names in it."""
    sought = search.sought(never.op, never.objects, never.fields, never.owner)
    named = [name for name in policy.profiles if matches(name, never.subject)]
    if not named:
        raise UnknownName("subject", never.subject, policy.profiles)
    for glob in never.excepted:
        if not any(matches(name, glob) for name in named):
            raise UnknownName("subject", glob, named)
    subjects = [name for name in named if not any(matches(name, g) for g in never.excepted)]
    return Prepared(never, tuple(sought), tuple(subjects))


def result(search: Search, prepared: Prepared) -> NeverResult:
    """All subjects that may do what none may; raises `StateLimit`, `Undecided`."""
    witnesses = search.witnesses(prepared.subjects, prepared.sought)
    return NeverResult(prepared.never, len(prepared.subjects), tuple(witnesses))
