"""What the checks of AppArmor work on: a tree of files, with their profiles in all their forms."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from lsmc.analysis.linked_policy import LinkedPolicy, LinkedProfile
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.source import Source, Span
from lsmc.compiler.errors import too_complex, unreadable
from lsmc.compiler.linking import first_of_each, policy_files
from lsmc.engine.verdict import RequestError, Verdict
from lsmc.ir import model as ir
from lsmc.lint.model import Check, CommentedText
from lsmc.lint.prebuild import GroupBuilder
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.build.compile import Compiled, Compiler
from lsmc.modules.apparmor.classes import MODULE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.lint.include_graph import IncludeGraph
from lsmc.modules.apparmor.lint.unlinted_profiles import NeighbourIndex
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.tables.build import Known, TooComplexError, build, rules_in_order
from lsmc.tables.groups import UNCOMPRESSED

#: So many patterns without a table are told; with more, no profile takes part in the checks.
_MANY_COMPLEX = 4


@dataclass(frozen=True, slots=True)
class LintedFile:
    """A file that was given: its path and what compiling it gave."""

    path: str
    compiled: Compiled

    @property
    def incomplete(self) -> bool:
        """Whether an include is missing, so that nobody knows what else the file says."""
        return any(one.name == "missing-include" for one in self.compiled.diagnostics)


@dataclass(frozen=True)
class Tree(LinkedPolicy):
    """All that is linted together; `file_of` has the file of each profile by its full name.

    `digests` are those of the units in the tables, in order.
    """

    files: tuple[LintedFile, ...]
    file_of: Mapping[str, LintedFile]
    digests: tuple[str, ...]
    library: Library
    engine: Engine
    settings: Mapping[str, Any] = field(default_factory=dict)

    # --- what lint asks of it: `lsmc.lint.model.Lintable`

    @property
    def given(self) -> tuple[str, ...]:
        """The paths of the files that were given and could be read."""
        return tuple(file.path for file in self.files)

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The file of each profile by the profile's name."""
        return {name: file.path for name, file in self.file_of.items()}

    @property
    def sources(self) -> Collection[Source]:
        """Every text that was read."""
        return self.library.sources.values()

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The comments of the given files and of all that they include, in order of path."""
        for path in self.texts:
            parsed = self.library.file(path).tree
            start = parsed.items[0].span.start if parsed.items else None
            yield CommentedText(path, [one.span for one in parsed.comments], start)

    @property
    def settled(self) -> frozenset[str]:
        """The files about which all is said: shared ones if no other profile may use them."""
        return frozenset(self.given if self.shared(NeighbourIndex).names else self.texts)

    def groups(self) -> Known:
        """The groups of all units, for who builds the tables of a similar tree."""
        built = self.engine.bundle.built_groups
        return {digest: built(number) for number, digest in enumerate(self.digests)}

    # --- what checks ask

    def answer(self, request: Mapping[str, Any]) -> Verdict | None:
        """What the policy says to a witness, or None where it is not a request.

        A pattern with an escaped NUL matches keys whose fields are not those of any request.
        """
        try:
            return self.engine.answer(request).verdict
        except RequestError:
            return None

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The given files and all that they include, in order of path."""
        graph = self.library.kept(IncludeGraph)
        return tuple(graph.closure(self.given))

    @cached_property
    def by_name(self) -> dict[str, LinkedProfile]:
        """The profiles by full name."""
        return {profile.name: profile for profile in self.profiles}

    @cached_property
    def incomplete(self) -> frozenset[str]:
        """The profiles of which an include is missing: what they lack may stand there."""
        return frozenset(name for name, file in self.file_of.items() if file.incomplete)

    def setting(self, check: Check[Tree], name: str) -> Any:
        """A value of a check's own table in the configuration, or its default."""
        return self.settings.get(check.name, {}).get(name, check.table[name])


def compile_tree(
    front: Compiler,
    paths: Iterable[StrPath],
    settings: Mapping[str, Any] | None = None,
    jobs: int = 1,
    built: Known | None = None,
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files under a compiler, and the errors met.

    It does not depend on `jobs`, the number of processes, nor on `built`, groups that were built
    before.  OSError when a process is lost.
    """
    given = [str(path) for path in paths]
    held = [path for path in given if path in front.library.sources]
    names, diagnostics = policy_files(path for path in given if path not in held)
    known = {posixpath.abspath(path) for path in held}
    files: list[LintedFile] = []
    with GroupBuilder(jobs) as builder:
        for path in (*held, *(name for name in names if posixpath.abspath(name) not in known)):
            try:
                compiled = front.compile(path)
            except OSError as fault:
                diagnostics.append(unreadable(path, fault))
                continue
            diagnostics += compiled.diagnostics
            if "\0" in front.library.sources[path].text:  # no text, so there is no more to say
                continue
            files.append(LintedFile(path, compiled))
            builder.add(compiled.profiles)
        groups = built or builder.groups()
    without: list[Span] = []
    while len(without) < _MANY_COMPLEX:
        try:
            return tree_of(files, front.library, settings, groups, without), diagnostics
        except TooComplexError as fault:
            diagnostics.append(too_complex(fault))
            without.append(fault.origin)
    none = [LintedFile(file.path, replace(file.compiled, profiles=())) for file in files]
    return tree_of(none, front.library, settings), diagnostics


def tree_of(
    files: list[LintedFile],
    library: Any,
    settings: Mapping[str, Any] | None,
    groups: Known | None = None,
    without: Collection[Span] = (),
) -> Tree:
    """The tree of compiled files; of two profiles of one name the first takes part.

    `groups` are known ones by the digest of their unit.  Profiles that have a rule or an attachment
    at a place in `without` are left out.
    """
    homes = {id(profile): file for file in files for profile in file.compiled.profiles}
    ordered, _ = first_of_each(profile for file in files for profile in file.compiled.profiles)
    if without:
        ordered = [profile for profile in ordered if not _has_any(profile, without)]
    whole = ir.Policy(MODULE, tuple(ordered))
    linked = build(whole, known=groups, level=UNCOMPRESSED)
    engine = Engine(linked.data)
    profiles = []
    file_of = {}
    for number, profile in enumerate(ordered):
        record = engine.bundle.profile(number)
        profiles.append(LinkedProfile(profile, record, engine.tables))
        file_of[record.full_name] = homes[id(profile)]
    return Tree(
        semantics=SEMANTICS,
        tables=engine.tables,
        profiles=tuple(profiles),
        rules=rules_in_order(whole, linked),
        files=tuple(files),
        file_of=file_of,
        digests=tuple(linked.digests),
        library=library,
        engine=engine,
        settings=settings or {},
    )


def _has_any(profile: ir.Profile, places: Collection[Span]) -> bool:
    return profile.origin in places or any(rule.origin in places for rule in profile.rules)
