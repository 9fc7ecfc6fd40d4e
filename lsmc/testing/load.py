"""Reads test files: `NAME.test.toml`, in which every name and every type is checked.

What is misspelt must not pass as a denial that was expected, so nothing is taken for granted: an
unknown key, a wrong type and a missing answer are faults with their places, all of them at once.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lsmc.base.errors import did_you_mean, hint
from lsmc.base.source import Source, Span
from lsmc.base.toml import Path, TomlError, TomlPlaces, parse
from lsmc.testing.model import EXPECTS, Case, Expect, Mistake, Never, TestFault, TestFile

#: Bytes of a test file; ten thousand cases have about one million.
MOST = 1 << 26

_TOP = ("policy", "base", "module", "peers", "case", "never")
#: The keys of a test that are no fields of its operation.
CASE_KEYS = ("name", "subject", "op", "object", "owner", "expect", "by", "transition")
NEVER_KEYS = ("name", "subject", "except", "op", "object", "owner")
#: What would change how a question is judged; it is no field of one.
_NO_FIELDS = ("perms", "mediated", "context", "enforce")

_KINDS = {
    bool: "true or false",
    dict: "a table",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a text",
}


def read_tests(path: str, data: bytes) -> TestFile:
    """The tests in the content of a file; raises `TestFault`."""
    source = Source.from_bytes(path, data)
    if len(data) > MOST:
        raise TestFault([Mistake(Span(source, 0, 0), f"the file has more than {MOST} bytes")])
    try:
        table = parse(data)
    except TomlError as fault:
        raise TestFault([Mistake(_span_at(source, fault.line, fault.column), str(fault))]) from None
    return _Reader(source, table).read()


def _span_at(source: Source, line: int, column: int) -> Span:
    """The place of a line and a column in characters, both from 1."""
    start = 0
    for _ in range(line - 1):
        start = source.text.find("\n", start) + 1
    before = source.line_text(line)[: max(column - 1, 0)] if line else ""
    start = min(start + len(before.encode("utf-8", "backslashreplace")), len(source.text))
    return Span(source, start, start)


class _Reader:
    """Reads one table; the faults are gathered."""

    def __init__(self, source: Source, table: Mapping[str, Any]) -> None:
        self.source = source
        self.table = table
        self.folder = posixpath.dirname(source.path)
        self.faults: list[Mistake] = []
        self._places: TomlPlaces | None = None

    def read(self) -> TestFile:
        for key in self.table:
            if key not in _TOP:
                self.fault((key,), f"no setting `{key}`", hint(key, _TOP).lstrip("; "), key=True)
        policy = self.texts((), self.table, "policy")
        if "policy" not in self.table:
            self.fault((), "`policy` is missing: the policy that is tested", key=True)
        base, module = (self.text((), self.table, key) for key in ("base", "module"))
        tests = {kind: tuple(self.tables(kind)) for kind in ("case", "never")}
        cases = tuple(one for path, table in tests["case"] for one in self.cases(path, table))
        nevers = tuple(self.never(path, table) for path, table in tests["never"])
        if not self.faults and not cases and not nevers:
            self.fault((), "the file has no tests: write `[[case]]` or `[[never]]`", key=True)
        if self.faults:
            raise TestFault(self.faults)
        return TestFile(
            source=self.source,
            policy=tuple(self.place(one) for one in policy),
            base=self.place(base) if base else None,
            module=module or None,
            peers=self.texts((), self.table, "peers") if "peers" in self.table else (),
            cases=cases,
            nevers=nevers,
        )

    # --- tests

    def tables(self, kind: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """The tables of a kind, each with its place."""
        found = self.table.get(kind, [])
        for number, one in enumerate(found if isinstance(found, list) else [found]):
            if isinstance(found, list) and isinstance(one, dict):
                yield (kind, number), one
            else:
                self.fault((kind,), f"`{kind}` is not a list of tables", f"write `[[{kind}]]`")
                return

    def cases(self, path: Path, table: Mapping[str, Any]) -> Iterator[Case]:
        """The case of a table, one for each of its objects."""
        known = len(self.faults)
        self.needs(path, table, ("subject", "op", "expect"))
        subject, op, by = (self.text(path, table, key) for key in ("subject", "op", "by"))
        transition = self.text(path, table, "transition")
        objects = self.texts(path, table, "object", empty=True)
        expect = self.expect(path, table)
        if transition and expect == "deny":
            self.fault((*path, "transition"), "what is denied leads to no other subject", key=True)
        if by and not _is_place(by):
            self.fault((*path, "by"), f"`{by}` is not a place", "write FILE:LINE of a rule")
        request: dict[str, Any] = {"subject": subject, "op": op, "object": ""}
        fields = self.fields(path, table, CASE_KEYS)
        request |= {key: self.field(path, table, key) for key in fields}
        if self.truth(path, table, "owner") is not None:
            request["owner"] = table["owner"]
        name = self.text(path, table, "name")
        if len(self.faults) > known:
            return
        for number, obj in enumerate(objects):
            several = isinstance(table.get("object"), list)
            shown = name or " ".join(filter(None, (subject, op, obj)))
            yield Case(
                name=f"{name}: {obj}" if name and several else shown,
                request={**request, "object": obj},
                expect=expect,
                by=by,
                transition=transition,
                path=(*path, "object", number) if several else path,
            )

    def never(self, path: Path, table: Mapping[str, Any]) -> Never:
        self.needs(path, table, ("subject", "op"))
        subject, op, name = (self.text(path, table, key) for key in ("subject", "op", "name"))
        objects = self.texts(path, table, "object") if "object" in table else ()
        return Never(
            name=name or " ".join((subject, op, *objects)),
            subject=subject,
            excepted=self.texts(path, table, "except") if "except" in table else (),
            op=op,
            objects=objects,
            fields={
                key: self.texts(path, table, key) for key in self.fields(path, table, NEVER_KEYS)
            },
            owner=self.truth(path, table, "owner"),
            path=path,
        )

    def fields(self, path: Path, table: Mapping[str, Any], keys: Collection[str]) -> list[str]:
        """The keys of a test that are fields of its operation."""
        for key in table:
            if key in _NO_FIELDS:
                self.fault((*path, key), f"`{key}` is not a key of a test", key=True)
        return [key for key in table if key not in (*keys, *_NO_FIELDS)]

    def expect(self, path: Path, table: Mapping[str, Any]) -> Expect:
        found = table.get("expect", EXPECTS[0])
        for known in EXPECTS:
            if found == known:
                return known
        if isinstance(found, str):
            self.fault((*path, "expect"), f"`{found}` is no answer{hint(found, EXPECTS)}")
        else:
            self.not_a((*path, "expect"), "a text", found)
        return EXPECTS[0]

    # --- values

    def needs(self, path: Path, table: Mapping[str, Any], keys: Collection[str]) -> None:
        for key in keys:
            if key not in table:
                close = did_you_mean(key, [one for one in table if one not in CASE_KEYS])
                self.fault(path, f"`{key}` is missing", close, key=True)

    def text(self, path: Path, table: Mapping[str, Any], key: str) -> str:
        value: object = table.get(key, "")
        if not isinstance(value, str):
            self.not_a((*path, key), "a text", value)
            return ""
        if key in table and not value:
            self.fault((*path, key), f"`{key}` is empty")
        return value

    def texts(
        self, path: Path, table: Mapping[str, Any], key: str, *, empty: bool = False
    ) -> tuple[str, ...]:
        """A text, or the texts of a list; `empty` ones may be allowed."""
        value = table.get(key, "")
        several = value if isinstance(value, list) else [value]
        place: Path = (*path, key)
        for number, one in enumerate(several):
            at = (*place, number) if isinstance(value, list) else place
            if not isinstance(one, str):
                self.not_a(at, "a text" if isinstance(value, list) else "a text or a list", one)
            elif not one and not empty and key in table:
                self.fault(at, f"`{key}` is empty")
        if not several:
            self.fault(place, f"the list `{key}` is empty")
        return tuple(one for one in several if isinstance(one, str))

    def field(self, path: Path, table: Mapping[str, Any], key: str) -> Any:
        value = table[key]
        if type(value) is not int and not isinstance(value, str | list | dict):
            close = did_you_mean(key, CASE_KEYS)
            self.not_a((*path, key), "a text or a whole number, as every field is", value, close)
        else:
            return value
        return ""

    def truth(self, path: Path, table: Mapping[str, Any], key: str) -> bool | None:
        value = table.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.not_a((*path, key), "true or false", value)
        return None

    # --- faults

    def not_a(self, path: Path, what: str, value: object, help: str = "") -> None:
        kind = _KINDS.get(type(value), "a date or a time")
        name = next((part for part in reversed(path) if isinstance(part, str)), "")
        self.fault(path, f"`{name}` is not {what} but {kind}", help)

    def fault(self, path: Path, message: str, help: str = "", *, key: bool = False) -> None:
        if self._places is None:
            self._places = TomlPlaces(self.source)
        span = self._places.key(path) if key else self._places.value(path)
        self.faults.append(Mistake(span, message, help))

    def place(self, name: str) -> str:
        """A path relative to the file's directory, as it opens."""
        return posixpath.normpath(posixpath.join(self.folder, name))


def _is_place(text: str) -> bool:
    file, _, line = text.rpartition(":")
    return bool(file) and line.isascii() and line.isdigit() and len(line) < 10
