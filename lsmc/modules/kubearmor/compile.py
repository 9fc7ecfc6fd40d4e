"""Compiles files of KubeArmor policy to a bundle."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, Options, files_of
from lsmc.compiler.linking import refuse
from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.apparmor.features import included
from lsmc.modules.kubearmor.apparmor.profile import NAME
from lsmc.modules.kubearmor.bundle import pack
from lsmc.modules.kubearmor.evaluate import Settings
from lsmc.modules.kubearmor.posture import CLASSES, Posture, read_posture
from lsmc.modules.kubearmor.syntax.reader import Reading, read

#: Ends of the names of files with policy.
ENDS = (".yaml", ".yml")
#: Bytes of one file; the API server takes no object above 3 MiB.
MAX_SOURCE = 1 << 22
#: What a file with policy holds near its beginning.
_MARK = b"security.kubearmor.com/"
_HEAD = 1 << 16


def find_files(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The files of policy that some paths name, each once and in order, and the missing paths.

    A directory stands for the files in it that end in `.yaml` or `.yml`.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for given in paths:
        path = os.fspath(given)
        names = files.entries(path)
        if names is not None:
            for name in sorted(names):
                inside = os.path.normpath(os.path.join(path, name))
                if name.endswith(ENDS) and files.entries(inside) is None:
                    found.setdefault(os.path.abspath(inside), inside)
        elif files.exists(path):
            found.setdefault(os.path.abspath(path), path)
        else:
            missing.append(path)
    return list(found.values()), missing


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are KubeArmor policy: YAML files, one of them with its `apiVersion`."""
    from lsmc.base.files import first_bytes

    found, missing = find_files(paths, DiskFiles())
    if missing or not found or not all(path.endswith(ENDS) for path in found):
        return False
    try:
        return any(_MARK in first_bytes(path, _HEAD) for path in found)
    except OSError:
        return False


def compile_sources(
    sources: Sequence[Source], options: Options
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some texts and the warnings; raises `PolicyError`."""
    reading = read_policy(sources, options)
    native = [one.apparmor for one in reading.policies.policies if one.apparmor]
    texts = included(options.base, native, files_of(options))
    data = pack(reading.policies, texts, settings_of(options))
    return data, list(reading.diagnostics)


def read_policy(sources: Sequence[Source], options: Options) -> Reading:
    """The policy of some texts; raises `PolicyError` for errors, and for bad settings."""
    reading = read(sources)
    refuse(reading.diagnostics)
    settings_of(options)
    return reading


def settings_of(options: Options) -> Settings:
    """The settings of a compilation; ValueError for a posture that is none."""
    given = dict(options.settings)
    name = given.get("name", NAME)
    text = given.get("posture", "")
    chosen = read_posture(text, Posture())
    written = {part.partition("=")[0] for part in text.split(",")}
    posture = tuple(
        (cls, value) for cls, value in zip(CLASSES, chosen, strict=True) if cls in written
    )
    if not name or any(not one.isprintable() or one in ' {}"' for one in name):
        raise RequestError(f"`{name}` is no name of a profile")
    return Settings(options.base, posture, name)


def render_apparmor(
    sources: Sequence[Source], options: Options
) -> tuple[str, tuple[Diagnostic, ...]]:
    """The AppArmor profile that KubeArmor would load for a workload that all policies select."""
    from lsmc.modules.kubearmor.evaluate import Confinements
    from lsmc.modules.kubearmor.selectors import ALL, read_subject

    reading = read_policy(sources, options)
    native = [one.apparmor for one in reading.policies.policies if one.apparmor]
    texts = included(options.base, native, files_of(options))
    confinements = Confinements(reading.policies, texts, settings_of(options))
    enforcer = confinements.of(read_subject(ALL)).apparmor
    return enforcer.profile.text, reading.diagnostics
