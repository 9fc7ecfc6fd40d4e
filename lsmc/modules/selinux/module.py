"""SELinux as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lsmc.modules.selinux.engine import Engine

if TYPE_CHECKING:
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.modules.interface import Request
    from lsmc.modules.parts import Labels


def open_bundle(data: bytes | memoryview, name: str, enforce: bool) -> Engine:
    """Open a bundle; raises `BundleError`."""
    return Engine(data, name, enforce=enforce)


def answer(engine: Engine, request: Request) -> Verdict:
    """The verdict of one request; raises as `Engine.answer`."""
    return engine.answer(request)


def answers(
    engine: Engine, requests: Iterable[Request], other: Callable[[Request], Verdict]
) -> Iterator[Verdict]:
    """The verdicts of many requests, in order."""
    from lsmc.modules.selinux.batch import answers as kept

    return kept(engine, requests, other)


def permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    """All that a subject may do to an object; raises as `Engine.permissions`."""
    return engine.permissions(subject, cls, obj, fields)


def labels() -> Labels:
    """How it labels objects."""
    from lsmc.modules.parts import Labels

    return Labels(
        label=lambda engine, *words: engine.labels.label(*words),
        file_label=lambda engine, path, kind: engine.labels.file_label(path, kind),
        validate_transition=lambda engine, *words: engine.labels.validate_transition(*words),
    )
