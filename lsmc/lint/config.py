"""The configuration of lint: `lsmc.toml`, or `[tool.lsmc]` in `pyproject.toml`.

Everything is checked before anything runs, and the first fault is reported in one line: a setting
that is silently ignored would be worse than none.  Paths are relative to the file's directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsmc.base.toml import TomlError, parse
from lsmc.lint.globs import matches
from lsmc.lint.model import Check, Lint, SettingError
from lsmc.lint.selection import close, code_of, is_refused

#: The files that are looked for, in order of preference.
NAMES = ("lsmc.toml", "pyproject.toml")
LEVELS = ("error", "warning", "info")
CONFIDENCES = ("low", "medium", "high")
_SEVERITIES = ("warning", "info", "off")
_KEYS = (
    "base",
    "include",
    "features",
    "target",
    "variables",
    "select",
    "extend-select",
    "ignore",
    "per-path-ignores",
    "severity",
    "min-confidence",
    "fail-level",
    "baseline",
    "assertions",
    "checks",
)


@dataclass(frozen=True, slots=True)
class PathIgnore:
    """Codes that are not reported for the files that a glob matches."""

    pattern: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a configuration; None and empty for those it does not set."""

    path: str = ""
    base: str | None = None
    include: tuple[str, ...] = ()
    features: str | None = None
    target: str | None = None
    variables: Mapping[str, str | list[str]] = field(default_factory=dict)
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    path_ignores: tuple[PathIgnore, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    min_confidence: str | None = None
    fail_level: str | None = None
    baseline: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The directory that its paths and globs are relative to."""
        return str(Path(self.path).parent)

    def ignores(self, code: str, path: str) -> bool:
        """Whether a code is not reported for a file."""
        if not self.path_ignores:
            return False
        return any(
            code.startswith(one.codes) and self._meant(one.pattern, path)
            for one in self.path_ignores
        )

    def _meant(self, pattern: str, path: str) -> bool:
        """Whether a glob means a file: `/...` from the root, `./...` from here, others anywhere."""
        if pattern.startswith("./"):
            return matches(pattern, os.path.relpath(path, self.folder).replace(os.sep, "/"))
        whole = os.path.normpath(Path.cwd() / path).replace(os.sep, "/")
        if pattern.startswith("/"):
            return matches(pattern, whole)
        return matches(f"**/{pattern}", whole)


def table_of(path: str, data: bytes) -> dict[str, Any] | None:
    """The settings in a file, None when it is a `pyproject.toml` that has none; `SettingError`."""
    try:
        found = parse(data)
    except TomlError as fault:
        place = f":{fault.line}:{fault.column}" if fault.line else ""
        raise SettingError(f"{path}{place}: {fault}") from None
    if Path(path).name != "pyproject.toml":
        return found
    tool = found.get("tool", {})
    table = tool.get("lsmc") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingError(f"{path}: `tool.lsmc` is not a table")
    return table


def config_of(path: str, table: Mapping[str, Any], lint: Lint[Any]) -> Config:
    """The configuration that a table holds; `SettingError`."""
    return _Reader(path, table, lint).read()


class _Reader:
    """Reads one table; every fault names the file and the key."""

    def __init__(self, path: str, table: Mapping[str, Any], lint: Lint[Any]) -> None:
        self.path = path
        self.table = table
        self.lint = lint
        self.by_name = {check.name: check for check in lint.checks.values()}

    def fail(self, key: str, reason: str) -> SettingError:
        return SettingError(f"{self.path}: {key}: {reason}")

    def read(self) -> Config:
        for key in self.table:
            if key not in _KEYS:
                raise SettingError(f"{self.path}: no setting `{key}`{close(key, _KEYS)}")
        base = self.text("base")
        features = self.text("features")
        baseline = self.text("baseline")
        min_confidence = self.one_of("min-confidence", CONFIDENCES)
        fail_level = self.one_of("fail-level", LEVELS)
        target = self.text("target")
        if target is not None and target not in self.lint.targets:
            raise self.fail("target", f"`{target}` is none of {_list(self.lint.targets)}")
        config = Config(
            self.path,
            target=target,
            include=tuple(self.place(one) for one in self.texts("include") or ()),
            variables=self.variables(),
            select=self.texts("select"),
            extend_select=self.texts("extend-select") or (),
            ignore=self.texts("ignore") or (),
            path_ignores=self.path_ignores(),
            severities=self.severities(),
            min_confidence=min_confidence,
            fail_level=fail_level,
            settings=self.settings(),
        )
        return replace(
            config,
            base=self.place(base) if base is not None else None,
            features=self.place(features) if features is not None else None,
            baseline=self.place(baseline) if baseline is not None else None,
        )

    def place(self, name: str) -> str:
        return os.path.normpath(Path(self.path).parent / name)

    def text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.fail(key, "not a text" if not isinstance(value, str) else "is empty")

    def one_of(self, key: str, words: Sequence[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in words:
            raise self.fail(key, f"`{value}` is none of {_list(words)}")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.table.get(key)
        return None if value is None else self.list_of(key, value)

    def list_of(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.fail(key, "not a list of texts")
        return tuple(value)

    def sub(self, key: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(key, "not a table")
        return value

    def variables(self) -> dict[str, str | list[str]]:
        found: dict[str, str | list[str]] = {}
        for name, value in self.sub("variables", self.table).items():
            if isinstance(value, str):
                found[name] = value
            elif isinstance(value, bool):
                found[f"${name.lstrip('$')}"] = str(value).lower()
            else:
                found[name] = list(self.list_of(f"variables.{name}", value))
        return found

    def path_ignores(self) -> tuple[PathIgnore, ...]:
        found = []
        for pattern, words in self.sub("per-path-ignores", self.table).items():
            key = f"per-path-ignores.{pattern}"
            where = f"{self.path}: {key}: "
            codes = tuple(code_of(w, self.lint.names, where) for w in self.list_of(key, words))
            found.append(PathIgnore(pattern, codes))
        return tuple(found)

    def severities(self) -> dict[str, str]:
        found = {}
        for word, value in self.sub("severity", self.table).items():
            code = code_of(word, self.lint.names, f"{self.path}: severity: ")
            if is_refused(code, self.lint.names, self.lint.errors):
                raise self.fail("severity", f"`{word}`: what the compiler refuses is an error")
            if value not in _SEVERITIES:
                raise self.fail(f"severity.{word}", f"not one of {_list(_SEVERITIES)}")
            found[code] = value
        return found

    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, table in self.sub("checks", self.table).items():
            check = self.by_name.get(name)
            if check is None:
                raise self.fail("checks", f"no check `{name}`{close(name, self.by_name)}")
            if not isinstance(table, dict):
                raise self.fail(f"checks.{name}", "not a table")
            for key, value in table.items():
                self.value(check, key, value)
            found[name] = table
        assertions = self.table.get("assertions")
        if assertions is not None:
            if not isinstance(assertions, list) or not all(isinstance(a, dict) for a in assertions):
                raise self.fail("assertions", "not a list of tables (write [[assertions]])")
            try:
                self.lint.read_assertions({"assertions": assertions})
            except SettingError as fault:
                raise SettingError(f"{self.path}: {fault}") from None
            found["assertions"] = assertions
            found["policy-assertion"] = {
                **found.get("policy-assertion", {}),
                "assertions": assertions,
            }
        return found

    def value(self, check: Check[Any], key: str, value: Any) -> None:
        where = f"checks.{check.name}"
        if key not in check.table:
            known = f"; it has {_list(check.table)}" if check.table else "; it has none"
            raise self.fail(where, f"no setting `{key}`{close(key, check.table) or known}")
        want, got = _kind(check.table[key]), _kind(value)
        if want not in (got, "nothing") and (want, got) != ("number", "whole number"):
            raise self.fail(f"{where}.{key}", f"a {got} where a {want} belongs")
        if isinstance(value, list):
            self.list_of(f"{where}.{key}", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            place = f"{where}.{key}.{name}"
            if check.lists:
                self.list_of(place, inner)
            elif not isinstance(inner, str):
                raise self.fail(place, "not a text")


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Mapping):
        return "table"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "list"
    return {str: "text", int: "whole number", float: "number"}.get(type(value), "date or time")


def _list(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words)
