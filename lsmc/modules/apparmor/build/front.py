"""The AppArmor front end as options ask for it."""

from __future__ import annotations

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source, from_display
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import DiskFiles, Options, RestrictedFiles, files_of, restricted
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.releases import release_named
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features, parse_features
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.syntax.parser import parse


def front_end(
    options: Options,
    files: DiskFiles | None = None,
    kernel: Features | None = None,
    unnamed: Features | None = None,
    before: Compiler | None = None,
) -> Compiler:
    """A front end under some options, for a kernel with some features or for any.

    `unnamed` are the features that policy without an `abi` line counts on.  `before` compiled
    earlier under the same options: what is made of a text that did not change is taken from it.

    Raises `PolicyError` for a bad features file, ValueError for an unknown target.
    """
    target = None if options.target is None else release_named(options.target)
    files = files_of(options) if files is None else restricted(files, options.restrict)
    search = (options.base, *options.include)
    if isinstance(files, RestrictedFiles):
        search = tuple(folder for folder in search if files.within(folder))
    known, lowerer = (None, None) if before is None else before.hand_over()
    library = Library(files, search, parse, known)
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
    return Compiler(
        library,
        features=features,
        variables=sets,
        booleans=bools,
        target=target,
        kernel=kernel,
        unnamed=unnamed or DEFAULT,
        lowerer=lowerer,
    )


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
