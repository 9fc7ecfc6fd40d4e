"""The pipeline from files to a policy; the only library module that opens files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsmc.diagnostics import Diagnostic, PolicyError
from lsmc.files import StrPath
from lsmc.frontend.apparmor.compiler import Compiler
from lsmc.frontend.apparmor.errors import error
from lsmc.frontend.apparmor.features import Features, parse_features
from lsmc.frontend.apparmor.library import Library
from lsmc.frontend.apparmor.parser import parse
from lsmc.inputs import DiskFiles, Options, profile_paths
from lsmc.ir.model import Policy as IrPolicy
from lsmc.ir.model import Profile
from lsmc.source import Source, Span, from_display, to_display
from lsmc.tables.build import Known, TooComplexError, build, unit_digests

Progress = Callable[[str, int, int], None]


def compiler(options: Options, files: DiskFiles | None = None) -> Compiler:
    """A front end under some options; raises `PolicyError` for a bad features file."""
    library = Library(files or DiskFiles(), (options.base, *options.include), parse)
    features = None
    if options.features is not None:
        features = read_features(options.features, files)
    sets = {}
    bools = {}
    for name, value in options.variables:
        key = name.removeprefix("@{").removeprefix("${").removesuffix("}").lstrip("@$")
        if name.startswith("$"):
            bools[key] = value.lower() == "true"
        else:
            sets[key] = [from_display(word) for word in value.split()] or [""]
    return Compiler(library, features=features, variables=sets, booleans=bools)


def read_features(path: str, files: DiskFiles | None = None) -> Features:
    """The feature set of a file; raises `PolicyError`."""
    try:
        source = Source.from_bytes(path, (files or DiskFiles()).read(path))
    except OSError as fault:
        raise PolicyError([unreadable(path, fault)]) from None
    features, faults = parse_features(source)
    if faults:
        raise PolicyError(faults)
    return features


def policy_files(
    paths: Iterable[StrPath], files: DiskFiles | None = None
) -> tuple[list[str], list[Diagnostic]]:
    """The profile files that some paths name, in order, and an error for each that is missing."""
    found, missing = profile_paths(paths, files or DiskFiles())
    fault = FileNotFoundError(2, "no such file or directory")
    return found, [unreadable(path, fault) for path in missing]


def compile_files(
    paths: Iterable[StrPath],
    options: Options,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    files: DiskFiles | None = None,
    known: Known | None = None,
    digests: list[str] | None = None,
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError` for errors.

    `known` gives groups that were built before, by the digest of their unit; `digests` is filled
    with those of the units of this bundle.
    """
    disk = files or DiskFiles()
    profile_files, diagnostics = policy_files(paths, disk)
    front = compiler(options, disk)
    profiles: list[Profile] = []
    for number, path in enumerate(profile_files):
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        profiles += compiled.profiles
        diagnostics += compiled.diagnostics
        if progress is not None:
            progress("reading", number + 1, len(profile_files))
    return bundle(profiles, diagnostics, jobs=jobs, progress=progress, known=known, digests=digests)


def compile_source(
    text: str | bytes, name: str, options: Options
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of a policy text; raises `PolicyError` for errors."""
    front = compiler(options)
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    front.library.text(name, data)
    compiled = front.compile(name)
    return bundle(list(compiled.profiles), list(compiled.diagnostics))


def too_complex(fault: TooComplexError) -> Diagnostic:
    """The error for a rule that no table can hold."""
    return error(
        "too-complex",
        fault.rule.origin,
        "this rule's pattern needs more states than a table may have",
        "split it into simpler rules",
    )


def bundle(
    profiles: list[Profile],
    diagnostics: list[Diagnostic],
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    known: Known | None = None,
    digests: list[str] | None = None,
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of compiled profiles; raises `PolicyError` when there are errors."""
    chosen: dict[str, Profile] = {}
    for profile in profiles:
        first = chosen.setdefault(to_display(profile.full_name), profile)
        if first is not profile:
            from lsmc.checker.checks.duplicate_profile import twice

            diagnostics.append(twice(profile, first))
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        raise PolicyError(_distinct(errors))
    ordered = [profile for _, profile in sorted(chosen.items(), key=name_order)]
    policy = IrPolicy(tuple(ordered))
    if digests is not None:
        digests += unit_digests(policy)
    try:
        data = build(
            policy,
            jobs=jobs,
            progress=(lambda done, total: progress("building", done, total)) if progress else None,
            known=known,
        )
    except TooComplexError as fault:
        raise PolicyError([too_complex(fault)]) from None
    return data, _distinct(diagnostics)


def name_order(named: tuple[str, object]) -> bytes:
    """The order of profiles in a bundle, which finds them by it: by the bytes of the stored name.

    Names are stored as they are shown, with bad bytes as `\\xNN`.
    """
    return named[0].encode("utf-8", "surrogateescape")


def _distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    seen: dict[object, Diagnostic] = {}
    for diagnostic in diagnostics:
        seen.setdefault((diagnostic.code, diagnostic.span, diagnostic.message), diagnostic)
    return list(seen.values())


def unreadable(path: str, fault: OSError) -> Diagnostic:
    """The error for a file that cannot be read."""
    source = Source(path, "")
    reason = (fault.strerror or str(fault)).lower()
    return error("unreadable-file", Span(source, 0, 0), f"cannot read `{path}`: {reason}")
