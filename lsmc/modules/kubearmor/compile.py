"""Compiles files of KubeArmor policy to a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.base.diagnostics import Diagnostic
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
from lsmc.modules.kubearmor.posture import CLASSES, Posture, read_posture, with_postures
from lsmc.modules.kubearmor.syntax.reader import Reading, read


def compile_sources(sources: Sequence[Source], options: Options) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some texts and the warnings; raises `PolicyError`."""
    reading = read_policy(sources, options)
    native = [one.apparmor for one in reading.policies.policies if one.apparmor]
    texts = included((options.base, *options.include), native, files_of(options))
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
    return Settings(options.base, options.include, posture, name)


def render_apparmor(paths: Sequence[StrPath], options: Options, jobs: int) -> Iterator[Rendered]:
    """The AppArmor profile that KubeArmor would load for a workload that all policies select."""
    from lsmc.modules.kubearmor.apparmor.profile import profile
    from lsmc.modules.kubearmor.selectors import ALL, posture_of, read_subject

    del jobs
    reading = read_policy(read_sources(paths, options, find_files, DiskFiles(MAX_SOURCE)), options)
    settings = settings_of(options)
    posture = with_postures(posture_of(reading.policies, read_subject(ALL)), settings.posture)
    text = profile(reading.policies.policies, posture, settings.name).text
    yield Rendered(
        settings.name, text.encode("utf-8", "surrogateescape"), tuple(reading.diagnostics)
    )
