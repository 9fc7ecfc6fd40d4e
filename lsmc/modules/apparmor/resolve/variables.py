"""Variables of a policy file and the expansion of text that refers to them.

A set variable holds glob texts; a reference stands for all of them, as an alternation.  Values are
flattened (their own references replaced by the cross product) when first needed, so the order of
declaration does not matter.  A table can extend a frozen base: most files start with the same
hundreds of tunables, and what those flatten to is worked out once for all files that do not touch
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

#: More values, or more text, than this in one expansion is refused: no real policy comes near it.
MAX_VALUES = 20_000
MAX_TEXT = 4_000_000
#: Characters that a written one may become without being taken from the `Pool` of the run.
SHARE = 64

#: A reference, or what would be one but for its name; with a comma it is an alternation behind `@`.
_REFERENCE = re.compile(
    r"(?<!\\)((?:\\\\)*)@\{([A-Za-z][A-Za-z0-9_]*|(?:[^},@]|@(?!\{))*)\}",
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class ExpansionError(ValueError):
    """A reference cannot be expanded; `kind` is the name of the error."""

    def __init__(self, kind: str, message: str, name: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.name = name


class Pool:
    """What the texts of one run may grow by beyond their share: `MAX_TEXT` characters in all."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_TEXT

    def take(self, made: int, written: int) -> bool:
        """Pay for characters made of so many written ones; whether there was enough left."""
        self.left -= max(0, made - SHARE * written)
        return self.left >= 0


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
        self.repeating: set[str] = set()
        self.bools: dict[str, bool] = {}
        self.pool: Pool = base.pool if base is not None else Pool()
        self._flat: dict[str, tuple[str, ...] | ExpansionError] = {}
        self._signatures: dict[str, int] = {}
        self._own: set[str] | None = None
        self._users: dict[str, set[str]] | None = None
        self._names: frozenset[str] | None = None
        self.numbers: dict[tuple[tuple[str, ...], bool], int] = (
            base.numbers if base is not None else {}
        )

    def values(self, name: str) -> tuple[str, ...] | None:
        """The values as declared, or None."""
        return next((table.sets[name] for table in self._tables() if name in table.sets), None)

    def given(self) -> Mapping[str, tuple[str, ...]]:
        """The sets declared in this very table, as `assign` takes them."""
        if not self.repeating:
            return self.sets
        again = {name: (*self.sets[name], self.sets[name][0]) for name in self.repeating}
        return {**self.sets, **again}

    def boolean(self, name: str) -> bool | None:
        """The value of a boolean, or None when it is not declared."""
        return next((table.bools[name] for table in self._tables() if name in table.bools), None)

    def assign(self, name: str, values: Iterable[str]) -> None:
        """Set a variable; values form a set, of which it is kept whether any is repeated."""
        given = tuple(values)
        self.sets[name] = tuple(sorted(set(given)))
        (self.repeating.discard if len(given) == len(self.sets[name]) else self.repeating.add)(name)
        self._forget()

    def assign_bool(self, name: str, value: bool) -> None:
        """Set a boolean variable."""
        self.bools[name] = value
        self._forget()

    def _forget(self) -> None:
        self._flat.clear()
        self._signatures.clear()
        self._own = self._users = self._names = None

    def names(self) -> frozenset[str]:
        """Every declared name."""
        if self._names is None:
            own = frozenset((*self.sets, *self.bools))
            self._names = own | self.base.names() if self.base is not None else own
        return self._names

    def flatten(self, name: str) -> tuple[str, ...]:
        """The values with every reference inside them expanded, sorted; raises `ExpansionError`."""
        known = self._flat.get(name)
        if known is None:
            if self._is_inherited(name):
                assert self.base is not None
                known = self._flat[name] = self.base.flatten(name)
                return known
            for component in _components(name, self._unsettled):
                self._settle(component)
            known = self._flat[name]
        if isinstance(known, ExpansionError):
            raise known.with_traceback(None)
        return known

    def repeats(self, name: str) -> bool:
        """Whether a variable has several values once references are expanded, be they the same."""
        found, todo = {name}, [name]
        while todo:
            one = todo.pop()
            values = self.values(one) or ()
            if len(values) > 1 or self._is_repeating(one):
                return True
            inner = {other for value in values for other in references(value)} - found
            found |= inner
            todo += inner
        return False

    def _is_repeating(self, name: str) -> bool:
        table = next((one for one in self._tables() if name in one.sets), None)
        return table is not None and name in table.repeating

    def _is_inherited(self, name: str) -> bool:
        """Whether a name means here what it means in the table below."""
        return self.base is not None and name not in self._touched()

    def _unsettled(self, name: str) -> tuple[str, ...]:
        """The names in the values of a variable that are still to be worked out in this table."""
        if name in self._flat or self._is_inherited(name):
            return ()
        inner = (other for value in self.values(name) or () for other in references(value))
        return tuple(other for other in dict.fromkeys(inner) if other not in self._flat)

    def _settle(self, names: Sequence[str]) -> None:
        """Work out a variable whose inner ones are settled, or variables that need each other."""
        for name in names:
            if name in self._flat or self._is_inherited(name):
                continue
            try:
                if len(names) > 1 or name in self._unsettled(name):
                    raise ExpansionError(
                        "recursive-variable", f"`@{{{name}}}` refers to itself", name
                    )
                self._flat[name] = self._flattened(name)
            except ExpansionError as fault:
                self._flat[name] = fault

    def signature(self, name: str) -> int:
        """A number for what a variable flattens to: equal numbers, equal values.

        Numbers hold for all tables over the same root; raises `ExpansionError`.
        """
        number = self._signatures.get(name)
        if number is None:
            if self.base is not None and name not in self._touched():
                number = self.base.signature(name)
            else:
                meaning = self.flatten(name), self.repeats(name)
                number = self.numbers.setdefault(meaning, len(self.numbers))
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

    def _flattened(self, name: str) -> tuple[str, ...]:
        """The values of a variable whose inner ones are settled; raises `ExpansionError`."""
        values = self.values(name)
        if values is None:
            if self.boolean(name) is not None:
                raise ExpansionError(
                    "boolean-as-set", f"`{name}` is a boolean, not a set of values", name
                )
            raise ExpansionError(
                "undeclared-variable", f"variable `@{{{name}}}` is not declared", name
            )
        result: set[str] = set()
        size = 0
        for value in values:
            made = self._product(value)
            result.update(made)
            size += sum(map(len, made))
            if len(result) > MAX_VALUES or size > MAX_TEXT:
                raise _too_many(name)
        if not self.pool.take(size, sum(map(len, values))):
            raise ExpansionError(
                "too-complex", f"`@{{{name}}}` makes more text than a run may", name
            )
        return tuple(sorted(result))

    def _product(self, value: str) -> list[str]:
        texts, size = [""], 0
        at = 0
        for match in _REFERENCE.finditer(value):
            inner = match.group(2)
            if not inner:
                raise _no_name(inner)
            if not _NAME.match(inner):
                continue
            options = self.flatten(inner)
            head = value[at : match.start()] + match.group(1)
            added = sum(map(len, options)) + len(head) * len(options)
            size = size * len(options) + added * len(texts)
            if len(texts) * len(options) > MAX_VALUES or size > MAX_TEXT:
                raise _too_many(inner)
            texts = [text + head + option for text in texts for option in options]
            at = match.end()
        return [text + value[at:] for text in texts]

    def expand(self, text: str, *, single: bool = True) -> str:
        """The text with every reference replaced; raises `ExpansionError`.

        Slashes that a value would double against its neighbours are dropped, as the compiler does:
        a single value that begins a path keeps them, and the path begins with two.  With `single`
        off a single value keeps all of its slashes, and one that is repeated counts as several.
        """
        if "@{" not in text:
            return text
        pieces: list[str] = []
        at = size = 0
        named = False  # what comes before has more than slashes
        slashed = False  # it ends in one
        for match in _REFERENCE.finditer(text):
            name = match.group(2)
            if not _NAME.match(name):
                if "," not in name:
                    raise ExpansionError(
                        "undeclared-variable", f"`@{{{name}}}` is not a variable name", name
                    )
                continue
            before = text[at : match.start()] + match.group(1)
            at = match.end()
            if before:
                named, slashed = named or bool(before.strip("/")), before.endswith("/")
            values = self.flatten(name)
            if len(values) == 1 and not single and self.repeats(name):
                values *= 2
            several = len(values) > 1
            if slashed and (several or (single and named)):
                values = tuple([v.lstrip("/") for v in values])
            if (several or single) and text.startswith("/", at):
                values = tuple([v.rstrip("/") for v in values])
            value = "{" + ",".join(values) + "}" if several else values[0]
            if value:
                named, slashed = named or bool(value.strip("/")), value.endswith("/")
            pieces += (before, value)
            size += len(before) + len(value)
            if size > MAX_TEXT:
                raise _too_many(name)
        pieces.append(text[at:])
        return "".join(pieces)


def _components(start: str, after: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """What is reached from a name, parts of one cycle together, each behind all that it leads to.

    Tarjan's strongly connected components, without recursion.
    """
    order: dict[str, int] = {start: 0}
    lowest: dict[str, int] = {start: 0}
    open_names: list[str] = [start]
    path: list[tuple[str, Iterator[str]]] = [(start, iter(after(start)))]
    while path:
        name, rest = path[-1]
        for other in rest:
            if other not in order:
                order[other] = lowest[other] = len(order)
                open_names.append(other)
                path.append((other, iter(after(other))))
                break
            if other in lowest:  # it is open still
                lowest[name] = min(lowest[name], order[other])
        else:
            path.pop()
            low = lowest[name]
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], low)
            if low == order[name]:
                place = open_names.index(name)
                component = tuple(open_names[place:])
                del open_names[place:]
                for one in component:
                    del lowest[one]
                yield component


def _no_name(name: str) -> ExpansionError:
    return ExpansionError("undeclared-variable", f"`@{{{name}}}` is not a variable name", name)


def _too_many(name: str) -> ExpansionError:
    return ExpansionError(
        "too-complex",
        f"`@{{{name}}}` expands to more than {MAX_VALUES:,} values or {MAX_TEXT:,} bytes",
        name,
    )
