"""The sections of a KubeArmor bundle: policy and included files as JSON, checked when opened.

Policy is small: what a question needs is made of it when it is asked for, since the container's
labels and postures are the question's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple, get_args

from lsmc.modules.kubearmor.evaluate import Settings
from lsmc.modules.kubearmor.names import MODULE
from lsmc.modules.kubearmor.policy import (
    Entry,
    Expression,
    Match,
    Namespace,
    Place,
    Policy,
    PolicyKind,
    PolicySet,
    Section,
    Selector,
)
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import OWN
from lsmc.tables.sections import Sections, pack_sections


class BundleSection(IntEnum):
    """The sections."""

    POLICY = OWN
    FILES = OWN + 1
    SETTINGS = OWN + 2


class Unpacked(NamedTuple):
    """What is in a bundle: policy, the files that AppArmor profiles include, settings."""

    sections: Sections
    policies: PolicySet
    texts: tuple[tuple[str, bytes], ...]
    settings: Settings


def pack(policies: PolicySet, texts: Sequence[tuple[str, bytes]], settings: Settings) -> bytes:
    """The bytes of a bundle."""
    files = [[path, data.decode("latin-1")] for path, data in texts]
    return pack_sections(
        MODULE,
        {
            BundleSection.POLICY: _json(policies),
            BundleSection.FILES: _json(files),
            BundleSection.SETTINGS: _json(settings),
        },
    )


def unpack(data: bytes | memoryview) -> Unpacked:
    """What is in a bundle; raises `BundleError` for anything that `pack` does not write."""
    sections = Sections(data, BundleSection)
    policies, files, settings = (_parsed(sections, section) for section in BundleSection)
    try:
        listed, namespaces = _list(policies, 2)
        return Unpacked(
            sections,
            PolicySet(
                tuple(_policy(one) for one in _list(listed)),
                tuple(Namespace(_text(name), _pairs(pairs)) for name, pairs in _list(namespaces)),
            ),
            tuple((path, text.encode("latin-1")) for path, text in _pairs(files)),
            _settings(settings),
        )
    except (ValueError, TypeError) as fault:
        raise BundleError("the policy in the bundle is damaged") from fault


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _parsed(sections: Sections, section: int) -> Any:
    try:
        return json.loads(bytes(sections.body(section)))
    except (ValueError, RecursionError) as fault:
        raise BundleError("the policy in the bundle is damaged") from fault


def _settings(value: Any) -> Settings:
    base, include, posture, name = _list(value, 4)
    return Settings(_text(base), _texts(include), _pairs(posture), _text(name))


def _policy(value: Any) -> Policy:
    kind, namespace, name, file, selector, apparmor, presets, entries, place = _list(value, 9)
    if kind not in get_args(PolicyKind):
        raise ValueError(kind)
    labels, expressions = _list(selector, 2)
    return Policy(
        kind,
        _text(namespace),
        _text(name),
        _text(file),
        Selector(
            _pairs(labels),
            tuple(
                Expression(_text(key), _text(operator), _texts(values))
                for key, operator, values in _list(expressions)
            ),
        ),
        _text(apparmor),
        _pairs(presets),
        tuple(_entry(one) for one in _list(entries)),
        _place(place),
    )


def _entry(value: Any) -> Entry:
    entry = Entry(*_list(value, len(Entry._fields)))
    if entry.section not in get_args(Section) or entry.match not in get_args(Match):
        raise ValueError(entry.section)
    flags = (entry.owner_only, entry.read_only, entry.recursive)
    if not all(isinstance(one, bool) for one in flags) or entry.pts not in (None, True, False):
        raise TypeError("a flag")
    return entry._replace(
        value=_text(entry.value),
        action=_text(entry.action),
        sources=_texts(entry.sources),
        args=_texts(entry.args),
        severity=_number(entry.severity),
        tags=_texts(entry.tags),
        message=_text(entry.message),
        place=_place(entry.place),
    )


def _place(value: Any) -> Place:
    return Place(*(_number(one) for one in _list(value, 6)))


def _list(value: Any, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise TypeError("a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a number")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(value))


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_text(first), _text(second)) for first, second in _list(value))
