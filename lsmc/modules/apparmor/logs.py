"""What AppArmor makes of logs: each stage is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.modules.parts import Logs

if TYPE_CHECKING:
    from lsmc.compiler.inputs import Options
    from lsmc.explain.diagnosis import Diagnosis, Explained, Questions, Remedy
    from lsmc.explain.log_groups import Grouping
    from lsmc.logs.record import LogFormat
    from lsmc.modules.apparmor.decide.engine import Engine


def _log_format() -> LogFormat:
    from lsmc.modules.apparmor.log.form import FORMAT

    return FORMAT


def _grouping() -> Grouping:
    from lsmc.modules.apparmor.log.grouping import GROUPING

    return GROUPING


def _questions() -> Questions:
    from lsmc.modules.apparmor.log.questions import QUESTIONS

    return QUESTIONS


def _remedies(
    engine: Engine, options: Options
) -> Callable[[Sequence[Diagnosis]], Iterator[Explained]]:
    from lsmc.modules.apparmor.suggest.remedies import RemedyFinder

    return RemedyFinder(engine, options).explained


def _patched(remedies: Iterable[Remedy], options: Options) -> Mapping[str, tuple[str, str]]:
    from lsmc.modules.apparmor.suggest.patches import patched

    return patched(remedies, options)


LOGS = Logs(
    form=_log_format,
    grouping=_grouping,
    questions=_questions,
    remedies=_remedies,
    patched=_patched,
)
