"""Compiles files of KubeArmor policy to a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.files import StrPath
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, Options, files_of
from lsmc.compiler.linking import refuse
from lsmc.compiler.outcome import Rendered
from lsmc.compiler.whole import read_sources
from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.apparmor.features import included
from lsmc.modules.kubearmor.apparmor.profile import NAME
from lsmc.modules.kubearmor.bundle import pack
from lsmc.modules.kubearmor.evaluate import Settings
from lsmc.modules.kubearmor.files import MAX_SOURCE, find_files
from lsmc.modules.kubearmor.policy import PolicySet
from lsmc.modules.kubearmor.posture import CLASSES, Posture, read_posture, with_postures
from lsmc.modules.kubearmor.syntax.reader import read


def compile_sources(sources: Sequence[Source], options: Options) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some texts and the warnings; raises `PolicyError`."""
    settings = settings_of(options)
    reading = read(sources)
    refuse(reading.diagnostics)
    texts = included_texts(reading.policies, options, files_of(options))
    return pack(reading.policies, texts, settings), list(reading.diagnostics)


def included_texts(
    policies: PolicySet, options: Options, files: DiskFiles
) -> tuple[tuple[str, bytes], ...]:
    """The files that AppArmor profiles of some policies include."""
    native = [one.apparmor for one in policies.policies if one.apparmor]
    return included((options.base, *options.include), native, files)


def settings_of(options: Options) -> Settings:
    """The settings of a compilation; `RequestError` for a posture or a name that is none."""
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
    return Settings(options.base, options.include, posture, name)


def render_apparmor(
    paths: Sequence[StrPath], options: Options, jobs: int, cache: str | None
) -> Iterator[Rendered]:
    """The AppArmor profile that KubeArmor would load for a workload that all policies select."""
    from lsmc.modules.kubearmor.apparmor.enforcer import MAX_LINES, too_large
    from lsmc.modules.kubearmor.apparmor.profile import profile
    from lsmc.modules.kubearmor.apparmor.rules import lines_at_most
    from lsmc.modules.kubearmor.selectors import ALL, posture_of, read_subject

    del jobs, cache
    settings = settings_of(options)
    reading = read(read_sources(paths, options, find_files, DiskFiles(MAX_SOURCE)))
    refuse(reading.diagnostics)
    if lines_at_most(reading.policies.policies) > MAX_LINES:
        raise PolicyError([too_large()])
    posture = with_postures(posture_of(reading.policies, read_subject(ALL)), settings.posture)
    text = profile(reading.policies.policies, posture, settings.name).text
    data = text.encode("utf-8", "surrogateescape")
    yield Rendered(settings.name, data, tuple(reading.diagnostics))
