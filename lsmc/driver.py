"""The pipeline from files to a policy; the only library module that opens files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsmc.diagnostics import Diagnostic, Label, PolicyError
from lsmc.files import StrPath
from lsmc.frontend.apparmor.compiler import Compiler
from lsmc.frontend.apparmor.errors import error
from lsmc.frontend.apparmor.features import Features, parse_features
from lsmc.frontend.apparmor.library import Library, ignored
from lsmc.frontend.apparmor.parser import parse
from lsmc.ir.model import Policy as IrPolicy
from lsmc.ir.model import Profile
from lsmc.source import Source, Span, from_display
from lsmc.tables.build import TooComplexError, build

DEFAULT_BASE = "/etc/apparmor.d"
MAX_FILE = 64 * 1024 * 1024

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How policy is read: the directories of includes, and what the caller sets in advance."""

    base: str = DEFAULT_BASE
    include: tuple[str, ...] = ()
    features: str | None = None
    variables: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        base: StrPath | None,
        include: Iterable[StrPath],
        features: StrPath | None,
        variables: Mapping[str, str | Sequence[str]] | None,
    ) -> Options:
        """The options from the arguments of the public functions."""
        pairs = (
            (name, value if isinstance(value, str) else " ".join(value))
            for name, value in (variables or {}).items()
        )
        return cls(
            os.fspath(base) if base is not None else DEFAULT_BASE,
            tuple(os.fspath(path) for path in include),
            os.fspath(features) if features is not None else None,
            tuple(sorted(pairs)),
        )


class DiskFiles:
    """The file system for the front end; regular files up to a limit."""

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise OSError(27, "file is too large", path)
        return data

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        place = Path(path)
        return [entry.name for entry in place.iterdir()] if place.is_dir() else None

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        return Path(path).exists()


def compiler(options: Options, files: DiskFiles | None = None) -> Compiler:
    """A front end under some options; raises `PolicyError` for a bad features file."""
    library = Library(files or DiskFiles(), (options.base, *options.include), parse)
    features = None
    if options.features is not None:
        features = read_features(options.features)
    sets = {}
    bools = {}
    for name, value in options.variables:
        key = name.removeprefix("@{").removeprefix("${").removesuffix("}").lstrip("@$")
        if name.startswith("$"):
            bools[key] = value.lower() == "true"
        else:
            sets[key] = [from_display(word) for word in value.split()] or [""]
    return Compiler(library, features=features, variables=sets, booleans=bools)


def read_features(path: str) -> Features:
    """The feature set of a file; raises `PolicyError`."""
    try:
        source = Source.from_bytes(path, DiskFiles().read(path))
    except OSError as fault:
        raise PolicyError([unreadable(path, fault)]) from None
    features, faults = parse_features(source)
    if faults:
        raise PolicyError(faults)
    return features


def policy_files(paths: Iterable[StrPath]) -> tuple[list[str], list[Diagnostic]]:
    """The profile files that some paths name, in order: a directory stands for the files in it."""
    found: list[str] = []
    faults: list[Diagnostic] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [str(p) for p in inside if p.is_file() and not ignored(p.name)]
        elif path.exists():
            found.append(str(given))
        else:
            fault = FileNotFoundError(2, "no such file or directory")
            faults.append(unreadable(str(given), fault))
    return list(dict.fromkeys(found)), faults


def compile_files(
    paths: Iterable[StrPath],
    options: Options,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError` for errors."""
    files, diagnostics = policy_files(paths)
    front = compiler(options)
    profiles: list[Profile] = []
    for number, path in enumerate(files):
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        profiles += compiled.profiles
        diagnostics += compiled.diagnostics
        if progress is not None:
            progress("reading", number + 1, len(files))
    return bundle(profiles, diagnostics, jobs=jobs, progress=progress)


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
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of compiled profiles; raises `PolicyError` when there are errors."""
    chosen: dict[str, Profile] = {}
    for profile in profiles:
        first = chosen.setdefault(profile.full_name, profile)
        if first is not profile:
            diagnostics.append(_twice(profile, first))
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        raise PolicyError(_distinct(errors))
    ordered = sorted(chosen.values(), key=lambda p: p.full_name.encode("latin-1"))
    try:
        data = build(
            IrPolicy(tuple(ordered)),
            jobs=jobs,
            progress=(lambda done, total: progress("building", done, total)) if progress else None,
        )
    except TooComplexError as fault:
        raise PolicyError([too_complex(fault)]) from None
    return data, _distinct(diagnostics)


def _twice(profile: Profile, first: Profile) -> Diagnostic:
    return Diagnostic(
        "LSM207",
        "duplicate-profile",
        "warning",
        f"profile `{profile.full_name}` is defined in two files; the first one is used",
        profile.origin,
        related=(Label(first.origin, "first defined here"),),
    )


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
