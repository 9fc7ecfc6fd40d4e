"""Variables of a policy file and the expansion of text that refers to them.

A set variable holds glob texts; a reference stands for all of them, as an alternation.  Values are
flattened (their own references replaced by the cross product) when first needed, so the order of
declaration does not matter.  A table can extend a frozen base: most files start with the same
hundreds of tunables, and what those flatten to is worked out once for all files that do not touch
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

#: More values, or more text, than this in one expansion is refused: no real policy comes near it.
MAX_VALUES = 20_000
MAX_TEXT = 4_000_000

_REFERENCE = re.compile(r"(?<!\\)((?:\\\\)*)@\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class ExpansionError(ValueError):
    """A reference cannot be expanded; `kind` is the name of the error."""

    def __init__(self, kind: str, message: str, name: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.name = name


def references(text: str) -> tuple[str, ...]:
    """The names of the variables that a text refers to, in order."""
    return _references(text) if "@{" in text else ()


@lru_cache(maxsize=1 << 16)
def _references(text: str) -> tuple[str, ...]:
    names = (match.group(2) for match in _REFERENCE.finditer(text))
    return tuple(name for name in names if _NAME.match(name))


def filter_slashes(path: str) -> str:
    """Runs of `/` as one, save that a path of exactly two leading slashes keeps them."""
    if "//" not in path:
        return path
    keep = "/" if path.startswith("//") and not path.startswith("///") else ""
    return keep + re.sub("/+", "/", path)


class Variables:
    """Set and boolean variables by name, on top of an optional frozen base."""

    def __init__(self, base: Variables | None = None) -> None:
        self.base = base
        self.sets: dict[str, tuple[str, ...]] = {}
        self.bools: dict[str, bool] = {}
        self._flat: dict[str, tuple[str, ...]] = {}
        self._signatures: dict[str, int] = {}
        self._own: set[str] | None = None
        self._users: dict[str, set[str]] | None = None
        self.numbers: dict[tuple[str, ...], int] = base.numbers if base is not None else {}

    def values(self, name: str) -> tuple[str, ...] | None:
        """The values as declared, or None."""
        table: Variables | None = self
        while table is not None:
            if name in table.sets:
                return table.sets[name]
            table = table.base
        return None

    def boolean(self, name: str) -> bool | None:
        """The value of a boolean, or None when it is not declared."""
        table: Variables | None = self
        while table is not None:
            if name in table.bools:
                return table.bools[name]
            table = table.base
        return None

    def assign(self, name: str, values: Iterable[str]) -> None:
        """Set a variable; values form a set."""
        self.sets[name] = tuple(sorted(set(values)))
        self._forget()

    def assign_bool(self, name: str, value: bool) -> None:
        """Set a boolean variable."""
        self.bools[name] = value
        self._forget()

    def _forget(self) -> None:
        self._flat.clear()
        self._signatures.clear()
        self._own = self._users = None

    def names(self) -> set[str]:
        """Every declared name."""
        own = set(self.sets) | set(self.bools)
        return own | self.base.names() if self.base is not None else own

    def flatten(self, name: str) -> tuple[str, ...]:
        """The values with every reference inside them expanded, sorted; raises `ExpansionError`."""
        known = self._flat.get(name)
        if known is None:
            if self.base is not None and name not in self._touched():
                known = self.base.flatten(name)
            else:
                known = self._expand_values(name, ())
            self._flat[name] = known
        return known

    def signature(self, name: str) -> int:
        """A number for what a variable flattens to: equal numbers, equal values.

        Numbers hold for all tables over the same root; raises `ExpansionError`.
        """
        number = self._signatures.get(name)
        if number is None:
            if self.base is not None and name not in self._touched():
                number = self.base.signature(name)
            else:
                number = self.numbers.setdefault(self.flatten(name), len(self.numbers))
            self._signatures[name] = number
        return number

    def _touched(self) -> set[str]:
        """The names that may mean something else here than in the table below.

        They are those declared here, and all whose values refer to them, directly or not.
        """
        if self._own is None:
            found = {*self.sets, *self.bools}
            todo = list(found)
            tables = list(self._tables())
            while todo:
                name = todo.pop()
                for table in tables:
                    new = table.users().get(name, set()) - found
                    found |= new
                    todo += new
            self._own = found
        return self._own

    def _tables(self) -> Iterator[Variables]:
        """This table and those below it."""
        table: Variables | None = self
        while table is not None:
            yield table
            table = table.base

    def users(self) -> Mapping[str, set[str]]:
        """For each name, the sets declared in this very table whose values refer to it."""
        if self._users is None:
            users: dict[str, set[str]] = {}
            for name, values in self.sets.items():
                for value in values:
                    for other in references(value):
                        users.setdefault(other, set()).add(name)
            self._users = users
        return self._users

    def _expand_values(self, name: str, stack: tuple[str, ...]) -> tuple[str, ...]:
        if name in stack:
            raise ExpansionError("recursive-variable", f"`@{{{name}}}` refers to itself", name)
        values = self.values(name)
        if values is None:
            if self.boolean(name) is not None:
                raise ExpansionError(
                    "boolean-as-set", f"`{name}` is a boolean, not a set of values", name
                )
            raise ExpansionError(
                "undeclared-variable", f"variable `@{{{name}}}` is not declared", name
            )
        if len(stack) > 200:
            raise ExpansionError("nested-too-deeply", "variables nested too deeply", name)
        result: set[str] = set()
        for value in values:
            result.update(self._product(value, (*stack, name)))
            if len(result) > MAX_VALUES:
                raise _too_many(name)
        return tuple(sorted(result))

    def _product(self, value: str, stack: tuple[str, ...]) -> list[str]:
        texts = [""]
        at = 0
        for match in _REFERENCE.finditer(value):
            if not _NAME.match(match.group(2)):
                continue
            inner = match.group(2)
            if inner in self._flat:
                options = self._flat[inner]
            else:
                options = self._expand_values(inner, stack)
            head = value[at : match.start()] + match.group(1)
            if len(texts) * len(options) > MAX_VALUES:
                raise _too_many(inner)
            texts = [text + head + option for text in texts for option in options]
            at = match.end()
        return [text + value[at:] for text in texts]

    def expand(self, text: str) -> str:
        """The text with every reference replaced; raises `ExpansionError`.

        Slashes that a value would double against its neighbours are dropped, as the compiler does:
        a single value that begins a path keeps them, and the path begins with two.
        """
        if "@{" not in text:
            return text
        done = ""
        rest = text
        while match := _REFERENCE.search(rest):
            name = match.group(2)
            if not _NAME.match(name):
                if "," not in name:
                    raise ExpansionError(
                        "undeclared-variable", f"`@{{{name}}}` is no variable name", name
                    )
                done += rest[: match.end()]
                rest = rest[match.end() :]
                continue
            head = done + rest[: match.start()] + match.group(1)
            rest = rest[match.end() :]
            values = self.flatten(name)
            if head.endswith("/") and (len(values) > 1 or head.strip("/")):
                values = tuple(v.lstrip("/") for v in values)
            if rest.startswith("/"):
                values = tuple(v.rstrip("/") for v in values)
            done = head + (values[0] if len(values) == 1 else "{" + ",".join(values) + "}")
            if len(done) > MAX_TEXT:
                raise _too_many(name)
        return done + rest


def _too_many(name: str) -> ExpansionError:
    return ExpansionError(
        "too-complex",
        f"`@{{{name}}}` expands to more than {MAX_VALUES:,} values or {MAX_TEXT:,} bytes",
        name,
    )
