"""From files to a tree for the checks, and the findings of all checks."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lsmc.automata.dfa import StateLimit
from lsmc.checker.checks.internal_error import CHECK as INTERNAL
from lsmc.checker.model import Check, LintedFile, LintedProfile, SettingError, Tree
from lsmc.diagnostics import Diagnostic
from lsmc.driver import compiler, name_order, policy_files
from lsmc.engine.policy import Policy
from lsmc.faults import too_complex, unreadable
from lsmc.files import StrPath
from lsmc.frontend.apparmor.compiler import Compiler
from lsmc.frontend.apparmor.errors import CODES
from lsmc.inputs import Options
from lsmc.ir import model as ir
from lsmc.registry import collect
from lsmc.source import to_display
from lsmc.tables.build import TooComplexError, build, rules_in_order


def checks() -> dict[str, Check]:
    """Every check by its code, in order of code."""
    found = collect("lsmc.checker.checks", "CHECK").values()
    return {check.code: check for check in sorted(found, key=lambda c: c.code)}


def known_codes(known: Mapping[str, Check]) -> dict[str, str]:
    """The name of every code: what the front end refuses, and the checks."""
    refused = {f"LSM{number:03d}": name for name, number in CODES.items()}
    return refused | {code: check.name for code, check in known.items()}


def read_tree(
    paths: Iterable[StrPath], options: Options, settings: Mapping[str, Any] | None = None
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files and the errors met; files with errors take part as far as they go."""
    return compile_tree(paths, compiler(options), settings)


def compile_tree(
    paths: Iterable[StrPath], front: Compiler, settings: Mapping[str, Any] | None = None
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files under a compiler, and the errors met."""
    given = [str(path) for path in paths]
    held = [path for path in given if path in front.library.sources]
    names, diagnostics = policy_files(path for path in given if path not in held)
    known = {posixpath.abspath(path) for path in held}
    files: list[LintedFile] = []
    for path in (*held, *(name for name in names if posixpath.abspath(name) not in known)):
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        files.append(LintedFile(path, compiled))
        diagnostics += compiled.diagnostics
    try:
        return tree_of(files, front.library, settings), diagnostics
    except TooComplexError as fault:
        diagnostics.append(too_complex(fault))
        return tree_of(files, front.library, settings, without=fault.rule), diagnostics


def tree_of(
    files: list[LintedFile],
    library: Any,
    settings: Mapping[str, Any] | None,
    without: ir.Rule | None = None,
) -> Tree:
    """The tree of compiled files; of two profiles of one name the first takes part."""
    chosen: dict[str, tuple[LintedFile, ir.Profile]] = {}
    for file in files:
        for profile in file.compiled.profiles:
            chosen.setdefault(to_display(profile.full_name), (file, profile))
    ordered = [pair for _, pair in sorted(chosen.items(), key=name_order)]
    if without is not None:
        ordered = [pair for pair in ordered if not _uses(pair[1], without)]
    whole = ir.Policy(tuple(profile for _, profile in ordered))
    linked = build(whole)
    policy = Policy(linked.data)
    profiles = []
    for number, (file, profile) in enumerate(ordered):
        record = policy.bundle.profile(number)
        profiles.append(LintedProfile(file, profile, record, policy.tables.matcher(record)))
    return Tree(
        tuple(files),
        library,
        policy,
        tuple(profiles),
        rules_in_order(whole, linked),
        settings or {},
    )


def _uses(profile: ir.Profile, rule: ir.Rule) -> bool:
    return any(rule is one for use in profile.uses for one in use.unit.rules)


def run(tree: Tree, selected: Iterable[Check]) -> tuple[list[Diagnostic], dict[str, Diagnostic]]:
    """The findings of some checks in order of place, each once; the failures of checks by code."""
    found: list[Diagnostic] = []
    faults: dict[str, Diagnostic] = {}
    for check in selected:
        try:
            for finding in check.run(tree):  # what it found before it failed is kept
                found.append(finding)  # noqa: PERF402
        except SettingError:
            raise
        except StateLimit:
            faults[check.code] = _fault(check, "the policy is too complex for this check")
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not hide the findings
            what = f"{type(fault).__name__}: {fault}{_where(fault)}"
            faults[check.code] = _fault(check, what)
    return _merged(found), faults


def _fault(check: Check, what: str) -> Diagnostic:
    return INTERNAL.finding(None, f"{check.code} {check.name} failed: {what}")


def _where(fault: BaseException) -> str:
    """The innermost place of an exception."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/lsmc/")[2]
    return f" (lsmc/{name}:{trace.tb_lineno})"


def _merged(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings in order of place; the same one in several profiles once, with their number."""
    groups: dict[object, list[Diagnostic]] = {}
    for finding in findings:
        span = finding.span
        place = (span.source.path, span.start, span.end) if span is not None else None
        groups.setdefault((finding.code, place, finding.message), []).append(finding)
    merged = []
    for group in groups.values():
        first = min(group, key=lambda one: one.profile or "")
        count = len({one.profile for one in group if one.profile is not None})
        if count > 1:
            first = replace(first, message=f"{first.message} (in {count} profiles)")
        merged.append(first)
    return sorted(merged, key=by_place)


def by_place(finding: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order in which findings are reported."""
    place = finding.location
    if place is None:
        return "", 0, 0, finding.code, finding.message
    return place.file, place.line, place.column, finding.code, finding.message
