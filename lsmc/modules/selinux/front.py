"""From CIL files to the resolved policy: the front end as one function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, Label, PolicyError
from lsmc.base.source import Source
from lsmc.modules.selinux import model
from lsmc.modules.selinux.assertions import bounds, conflicts, neverallow
from lsmc.modules.selinux.assertions.report import Violation
from lsmc.modules.selinux.errors import error
from lsmc.modules.selinux.package import unpacked
from lsmc.modules.selinux.places import Places
from lsmc.modules.selinux.resolve.assemble import Assembly
from lsmc.modules.selinux.resolve.draft import Draft
from lsmc.modules.selinux.resolve.expand import Expansion
from lsmc.modules.selinux.resolve.ledger import Ledger
from lsmc.modules.selinux.resolve.resolver import Resolver
from lsmc.modules.selinux.resolve.symbols import Wrong
from lsmc.modules.selinux.resolve.verify import problems
from lsmc.modules.selinux.syntax.placement import misplaced
from lsmc.modules.selinux.syntax.reader import Reader
from lsmc.modules.selinux.syntax.tree import Body


class Files(NamedTuple):
    """Files as they were read: as CIL, where each begins, its statements, all errors."""

    sources: Sequence[Source]
    starts: Sequence[int]
    bodies: Sequence[Body]
    errors: Sequence[Diagnostic]


def read(sources: Sequence[Source]) -> Files:
    """Read some files that belong together; packed files become CIL first."""
    if not sources:
        raise PolicyError([error("incomplete-policy", None, "there is no file of policy")])
    found = unpacked(sources)
    reader, starts, bodies = Reader(), [], []
    at = 0
    for source in found:
        starts.append(at)
        bodies.append(reader.read(source, at))
        at += len(source.text) + 1
    return Files(found, starts, bodies, reader.errors)


def resolved(sources: Sequence[Source], *, assertions: bool = True) -> model.Policy:
    """The policy of some files; raises `PolicyError` with all that is wrong with them.

    Without `assertions`, what contradicts `neverallow` and bounds is no error.
    """
    return resolved_files(read(sources), assertions=assertions)


def resolved_files(files: Files, *, assertions: bool) -> model.Policy:
    """The policy of files that were read, in the same way."""
    policy = _resolved(files)
    found = list(_violations(policy, assertions=assertions))
    if found:
        raise PolicyError(_diagnostic(policy, one) for one in found)
    return policy


def _resolved(files: Files) -> model.Policy:
    expansion = _expanded(files)
    resolver = Resolver(expansion)
    resolver.resolve()
    _refuse(expansion.ledger.errors)
    draft = Draft(resolver)
    policy = Assembly(draft).policy()
    for one in problems(draft, policy):
        expansion.fault(one.place, one.name, one.message, one.help)
    _refuse(expansion.ledger.errors)
    return policy


def _expanded(files: Files) -> Expansion:
    """The files with their macros called and blocks inherited."""
    places = Places(tuple(files.sources), files.starts)
    expansion = Expansion(Ledger(places), repeats=len(files.sources) > 1)
    for body in files.bodies:
        for one in misplaced(body):
            expansion.fault(one.place, "misplaced-statement", one.message, one.help)
    _refuse([*files.errors, *expansion.ledger.errors])
    try:
        for body in files.bodies:
            expansion.add(body, expansion.root)
        expansion.expand()
    except Wrong:
        raise PolicyError(expansion.ledger.errors) from None
    return expansion


def _refuse(errors: Sequence[Diagnostic]) -> None:
    if errors:
        raise PolicyError(errors)


def _violations(policy: model.Policy, *, assertions: bool) -> Iterator[Violation]:
    yield from conflicts.violations(policy)
    if assertions:
        yield from neverallow.violations(policy)
        yield from bounds.violations(policy)


def _diagnostic(policy: model.Policy, found: Violation) -> Diagnostic:
    places = policy.places
    related: list[Label] = []
    for place, message in (*found.related, (found.place, "")):
        related += [Label(places.span(place), message)] if message else []
        related += [Label(places.span(by), "copied here") for by in places.via(place)]
    return error(found.name, places.span(found.place), found.message, found.help, related)
