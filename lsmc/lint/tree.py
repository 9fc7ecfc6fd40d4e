"""From files to a tree for the checks, and the findings of all checks."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.registry import collect
from lsmc.base.source import Span
from lsmc.compiler.errors import too_complex, unreadable
from lsmc.compiler.inputs import Options
from lsmc.compiler.linking import first_of_each, policy_files
from lsmc.ir import model as ir
from lsmc.lint.model import RULE_PACKAGES, Check, LintedFile, LintedProfile, SettingError, Tree
from lsmc.lint.parallel import outcomes
from lsmc.lint.prebuild import Builder
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.classes import MODULE
from lsmc.modules.apparmor.compile import Compiler
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.errors import CODES
from lsmc.tables.build import Known, TooComplexError, build, rules_in_order
from lsmc.tables.groups import UNCOMPRESSED

#: So many patterns without a table are told; with more, no profile takes part in the checks.
_MANY_COMPLEX = 4


def checks() -> dict[str, Check]:
    """Every check by its code, in order of code."""
    found = [check for package in RULE_PACKAGES for check in collect(package, "CHECK").values()]
    return {check.code: check for check in sorted(found, key=lambda c: c.code)}


def known_codes(known: Mapping[str, Check]) -> dict[str, str]:
    """The name of every code: what the front end refuses, and the checks."""
    refused = {f"LSM{number:03d}": name for name, number in CODES.items()}
    return refused | {code: check.name for code, check in known.items()}


def read_tree(
    paths: Iterable[StrPath], options: Options, settings: Mapping[str, Any] | None = None
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files and the errors met; files with errors take part as far as they go."""
    return compile_tree(paths, front_end(options), settings)


def compile_tree(
    paths: Iterable[StrPath],
    front: Compiler,
    settings: Mapping[str, Any] | None = None,
    jobs: int = 1,
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files under a compiler, and the errors met.

    It does not depend on `jobs`, the number of processes.  OSError when one is lost.
    """
    given = [str(path) for path in paths]
    held = [path for path in given if path in front.library.sources]
    names, diagnostics = policy_files(path for path in given if path not in held)
    known = {posixpath.abspath(path) for path in held}
    files: list[LintedFile] = []
    with Builder(jobs) as builder:
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
        groups = builder.groups()
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
    for number, profile in enumerate(ordered):
        record = engine.bundle.profile(number)
        profiles.append(LintedProfile(homes[id(profile)], profile, record, engine.tables))
    return Tree(
        tuple(files),
        library,
        engine,
        tuple(profiles),
        rules_in_order(whole, linked),
        settings or {},
    )


def _has_any(profile: ir.Profile, places: Collection[Span]) -> bool:
    return profile.origin in places or any(
        rule.origin in places for use in profile.uses for rule in use.unit.rules
    )


def run(
    tree: Tree, selected: Iterable[Check], jobs: int = 1
) -> tuple[list[Diagnostic], dict[str, Diagnostic]]:
    """The findings of some checks in order of place, each once; the failures of checks by code.

    They do not depend on `jobs`, the number of processes.  `SettingError` for a setting that a
    check cannot use, OSError when a process is lost.
    """
    checks = tuple(selected)
    found: list[Diagnostic] = []
    faults: dict[str, Diagnostic] = {}
    for check, outcome in zip(checks, outcomes(tree, checks, jobs), strict=True):
        if outcome.wrong is not None:
            raise SettingError(outcome.wrong)
        found += outcome.findings
        if outcome.fault is not None:
            faults[check.code] = outcome.fault
    return sorted(found, key=by_place), faults


def by_place(finding: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order in which findings are reported."""
    place = finding.location
    if place is None:
        return "", 0, 0, finding.code, finding.message
    return place.file, place.line, place.column, finding.code, finding.message
