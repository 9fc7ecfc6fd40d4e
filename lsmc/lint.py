"""From files to a tree for the checks, and the findings of all checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lsmc.checker.model import Check, LintedFile, LintedProfile, Tree
from lsmc.diagnostics import Diagnostic
from lsmc.driver import Options, StrPath, compiler, policy_files, unreadable
from lsmc.ir import model as ir
from lsmc.policy import Policy
from lsmc.registry import collect
from lsmc.tables.build import build, rules_in_order


def checks() -> dict[str, Check]:
    """Every check by its code, in order of code."""
    found = collect("lsmc.checker.checks", "CHECK").values()
    return {check.code: check for check in sorted(found, key=lambda c: c.code)}


def read_tree(
    paths: Iterable[StrPath], options: Options, settings: Mapping[str, Any] | None = None
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files and the errors met; files with errors take part as far as they go."""
    paths, diagnostics = policy_files(paths)
    front = compiler(options)
    files: list[LintedFile] = []
    for path in paths:
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        files.append(LintedFile(path, compiled))
        diagnostics += compiled.diagnostics
    return tree_of(files, front.library, settings), diagnostics


def tree_of(files: list[LintedFile], library: Any, settings: Mapping[str, Any] | None) -> Tree:
    """The tree of compiled files; of two profiles of one name the first takes part."""
    chosen: dict[str, tuple[LintedFile, ir.Profile]] = {}
    for file in files:
        for profile in file.compiled.profiles:
            chosen.setdefault(profile.full_name, (file, profile))
    ordered = sorted(chosen.values(), key=lambda pair: pair[1].full_name.encode("latin-1"))
    whole = ir.Policy(tuple(profile for _, profile in ordered))
    policy = Policy(build(whole))
    profiles = []
    for number, (file, profile) in enumerate(ordered):
        record = policy.bundle.profile(number)
        profiles.append(LintedProfile(file, profile, record, policy.matcher(record)))
    return Tree(
        tuple(files), library, policy, tuple(profiles), rules_in_order(whole), settings or {}
    )


def run(tree: Tree, selected: Iterable[Check]) -> list[Diagnostic]:
    """The findings of some checks, in order of place."""
    found = [finding for check in selected for finding in check.run(tree)]
    return sorted(found, key=_by_place)


def _by_place(finding: Diagnostic) -> tuple[str, int, str, str]:
    place = finding.location
    if place is None:
        return "", 0, finding.code, finding.message
    return place.file, place.line * 100_000 + place.column, finding.code, finding.message
