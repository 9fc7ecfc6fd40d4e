"""Assertions about a whole policy, as configuration states them: "no profile but X may ...".

    [[assertions]]
    name = "only package managers write programs"
    except = ["apt*", "dpkg*"]        # globs over profile names; `subjects` names those concerned
    class = "file"
    permissions = ["w"]               # any of them breaks the assertion
    object = ["/usr/bin/**", "/usr/sbin/**"]

`object` is a glob, or several, over the main field of the class; `fields` gives globs for the
others (`fields = { family = "inet" }`).  What is not given may be anything.  `owner` limits the
assertion to objects that the task owns (true) or does not own (false).  Profiles that confine
nothing count only with `unconfined = true`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsmc.automata.pattern import Pattern
from lsmc.ir.model import MediationClass
from lsmc.lint.model import SettingError
from lsmc.modules.apparmor.analysis.key_globs import globs, keys_of
from lsmc.modules.apparmor.classes import BY_NAME, LINK
from lsmc.modules.apparmor.lint.path_sets import names
from lsmc.modules.apparmor.lower.aare import GlobError

_KEYS = (
    "name",
    "subjects",
    "except",
    "class",
    "permissions",
    "object",
    "fields",
    "owner",
    "unconfined",
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What no profile may be allowed, save those that are excepted."""

    name: str
    subjects: re.Pattern[str] | None
    excepted: re.Pattern[str] | None
    cls: MediationClass
    perms: int
    keys: Pattern
    owner: bool | None
    unconfined: bool

    def concerns(self, profile: str) -> bool:
        """Whether a profile must keep the assertion."""
        if self.excepted is not None and self.excepted.match(profile):
            return False
        return self.subjects is None or self.subjects.match(profile) is not None


def read_assertions(settings: Mapping[str, Any]) -> list[Assertion]:
    """The assertions of a configuration; raises `SettingError`."""
    entries = settings.get("assertions", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise SettingError("assertions: write each as a table, `[[assertions]]`")
    return [_assertion(number, entry) for number, entry in enumerate(entries, 1)]


def _assertion(number: int, entry: Any) -> Assertion:
    where = f"assertion {number}"
    if not isinstance(entry, Mapping):
        raise SettingError(f"{where}: write it as a table, `[[assertions]]`")
    where = f"{where} `{entry.get('name', '')}`" if entry.get("name") else where
    for key in entry:
        if key not in _KEYS:
            raise SettingError(f"{where}: no key `{key}`; known: {' '.join(_KEYS)}")
    cls = BY_NAME.get(str(entry.get("class", "file")))
    if cls is None:
        raise SettingError(f"{where}: no class `{entry['class']}`; known: {' '.join(BY_NAME)}")
    perms = _texts(where, entry, "permissions")
    try:
        mask = cls.mask(perms) if perms else (LINK.mask(("link",)) if cls is LINK else cls.all)
    except KeyError as fault:
        known = " ".join(cls.permissions)
        raise SettingError(
            f"{where}: `{fault.args[0]}` is not a permission of {cls.name}; known: {known}"
        ) from None
    owner = entry.get("owner")
    if owner not in (None, True, False):
        raise SettingError(f"{where}: `owner` is true or false")
    return Assertion(
        name=str(entry.get("name", f"assertion {number}")),
        subjects=names(_texts(where, entry, "subjects")),
        excepted=names(_texts(where, entry, "except")),
        cls=cls,
        perms=mask,
        keys=_keys(where, entry, cls),
        owner=owner,
        unconfined=bool(entry.get("unconfined", False)),
    )


def _keys(where: str, entry: Mapping[str, Any], cls: MediationClass) -> Pattern:
    """The pattern of the keys that an assertion speaks of."""
    given: dict[str, list[str]] = {}
    fields = entry.get("fields", {})
    if not isinstance(fields, Mapping):
        raise SettingError(f"{where}: `fields` is a table of globs")
    for name in fields:
        if name not in cls.fields:
            known = " ".join(cls.fields)
            raise SettingError(f"{where}: `{name}` is not a field of {cls.name}; known: {known}")
        given[name] = _texts(where, fields, name)
    objects = _texts(where, entry, "object")
    main = cls.main
    if objects:
        if not main:
            raise SettingError(f"{where}: the class {cls.name} has no object")
        given[main] = objects
    for name, texts in given.items():
        try:
            globs(texts)
        except GlobError as fault:
            raise SettingError(f"{where}: bad glob in `{name}`: {fault}") from None
    return keys_of(cls, given)


def _texts(where: str, entry: Mapping[str, Any], key: str) -> list[str]:
    value = entry.get(key, [])
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    raise SettingError(f"{where}: `{key}` is a text or a list of texts")
