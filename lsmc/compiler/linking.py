"""Links compiled profiles to one bundle: each name once, all errors reported together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsmc.base.diagnostics import Diagnostic, PolicyError, distinct
from lsmc.base.files import StrPath
from lsmc.base.source import Span, to_display
from lsmc.base.text import encode
from lsmc.compiler.errors import defined_twice, too_complex, unreadable
from lsmc.compiler.inputs import DiskFiles, FindFiles, profile_paths
from lsmc.ir.model import Policy, Profile

if TYPE_CHECKING:
    from lsmc.tables.build import Known
    from lsmc.tables.link import Linked


def policy_files(
    paths: Iterable[StrPath], files: DiskFiles | None = None, find: FindFiles = profile_paths
) -> tuple[list[str], list[Diagnostic]]:
    """The policy files that some paths name, in order, and an error for each missing path."""
    found, missing = find(paths, files or DiskFiles())
    fault = FileNotFoundError(2, "no such file or directory")
    return found, [unreadable(path, fault) for path in missing]


@dataclass(slots=True)
class ProfileIndex:
    """The place of each profile name; of two profiles with one name the first counts.

    `repeated` are the warnings about the others.
    """

    origins: dict[str, Span] = field(default_factory=dict)
    repeated: list[Diagnostic] = field(default_factory=list)

    def take(self, name: str, origin: Span) -> bool:
        """Add a profile; returns whether it is the first of its name."""
        first = self.origins.setdefault(name, origin)
        if first is origin:
            return True
        self.repeated.append(defined_twice(name, origin, first))
        return False


def first_of_each(profiles: Iterable[Profile]) -> tuple[list[Profile], list[Diagnostic]]:
    """The first profile of each name, in the order of a bundle, and warnings for the others."""
    names = ProfileIndex()
    chosen = [
        (name, profile)
        for profile in profiles
        if names.take(name := to_display(profile.full_name), profile.origin)
    ]
    return [profile for _, profile in sorted(chosen, key=name_order)], names.repeated


def link_profiles(
    module: str,
    profiles: Iterable[Profile],
    diagnostics: Iterable[Diagnostic],
    *,
    known: Known | None = None,
) -> tuple[Linked, list[Diagnostic]]:
    """The bundle of a module's compiled profiles and the warnings; raises `PolicyError`.

    `known` are groups built before, by the digest of their unit.
    """
    from lsmc.tables.build import TooComplexError, build  # which few need who read policy

    chosen, repeated = first_of_each(profiles)
    warnings = [*diagnostics, *repeated]
    refuse(warnings)
    try:
        linked = build(Policy(module, tuple(chosen)), known=known)
    except TooComplexError as fault:
        raise PolicyError([too_complex(fault)]) from None
    return linked, distinct(warnings)


def refuse(
    diagnostics: Iterable[Diagnostic], files: Mapping[str, Iterable[Diagnostic]] | None = None
) -> None:
    """Raise `PolicyError` with the errors among some diagnostics, if there are any.

    `files` are the diagnostics of each file of policy.
    """
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        broken = [path for path, some in (files or {}).items() if not clean(some)]
        raise PolicyError(distinct(errors), broken)


def clean(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether there are no errors among some diagnostics."""
    return all(d.severity != "error" for d in diagnostics)


def name_order(named: tuple[str, object]) -> bytes:
    """Sort key of profiles in a bundle: the bytes of the stored name.

    Names are stored as they are shown, with bad bytes as `\\xNN`; a bundle is searched by them.
    """
    return encode(named[0])
