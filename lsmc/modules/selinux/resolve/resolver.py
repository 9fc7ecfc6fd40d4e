"""Reads all statements that take effect, and finds the optionals that are off.

A name that nothing declares switches off the innermost optional around its use, and what that
declares is gone.  When names went, all is read again, until none goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from lsmc.modules.selinux.resolve.expand import Expansion
from lsmc.modules.selinux.resolve.levels import actual
from lsmc.modules.selinux.resolve.ordering import Repeated, merged
from lsmc.modules.selinux.resolve.permissions import MAX_PERMISSIONS, Item
from lsmc.modules.selinux.resolve.statements import READINGS, Readings
from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.resolve.walks import active, unused
from lsmc.modules.selinux.syntax.tree import Body, Node, Statement

#: A rule as it was read: keyword, source, target, permissions.
Row = tuple[Node, Symbol, Symbol, tuple[Item, ...]]
_ORDERS = {
    "classorder": "class",
    "sidorder": "sid",
    "sensitivityorder": "sensitivity",
    "categoryorder": "category",
}


class Read(NamedTuple):
    """What a part says: its rules and their places, other statements, its condition."""

    part: Part
    rows: list[Row]
    row_places: list[int]
    statements: list[tuple[str, Any, int]]
    condition: tuple[Symbol | str, ...]


class Order(NamedTuple):
    """An ordering statement; an unordered one only says that its classes exist."""

    part: Part
    place: int
    symbols: list[Symbol]
    unordered: bool


class Resolver:
    """Resolves an expanded policy.

    Attributes:
        readings: what names and values came to.
        reads: what each active part says, in the order of the text.
        orders: the symbols of each kind that has an order, in it.
    """

    def __init__(self, expansion: Expansion) -> None:
        self.expansion = expansion
        self.reads: list[Read] = []
        self.orders: dict[str, list[Symbol]] = {}
        self._forget()

    def _forget(self) -> None:
        for symbol in self.expansion.valued:
            symbol.value = None
        self.readings = Readings(self.expansion.root)
        self._rows: dict[int, Row] = {}
        self._payloads: dict[int, Any] = {}
        self._types: dict[Node, Symbol] = {}

    def resolve(self) -> None:
        """Read all parts until no optional goes that declares something."""
        errors, expansion = self.expansion.ledger.errors, self.expansion
        known = len(errors)
        while True:
            expansion.withdrawn = False
            self._census()
            self._early()
            settled = len(errors) > known  # an order that is wrong stays so, whatever optional goes
            if not expansion.withdrawn:
                self.reads = list(self._all())
            if settled or not expansion.withdrawn:
                break
            del errors[known:]
            self._forget()
        self.reads = [one for one in self.reads if not unused(one.part)]
        self._census()

    def _census(self) -> None:
        """Find all active symbols by their kinds, in the order of their declarations."""
        found: dict[str, dict[Symbol, None]] = {}
        for part in active(self.expansion.root):
            for namespace, name, home in part.declared:
                symbol = home.names[namespace].get(name)
                if symbol is not None:
                    found.setdefault(symbol.kind, {})[symbol] = None
        self._symbols = {
            kind: sorted(symbols, key=attrgetter("number")) for kind, symbols in found.items()
        }

    def declared(self, *kinds: str) -> list[Symbol]:
        """The active symbols of some kinds, in the order of their declarations."""
        return [one for kind in kinds for one in self._symbols.get(kind, ()) if one.parts]

    def switched_off(self) -> list[Part]:
        """The outermost optionals that are off, in the order of the text."""
        found: list[Part] = []
        stack = [self.expansion.root]
        while stack:
            part = stack.pop()
            if part.kind == "optional" and part.off is not None:
                found.append(part)
            elif part.kind != "macro" and not part.abstract:
                stack.extend(reversed(part.children))
        return found

    # What comes first

    def _early(self) -> None:
        expansion = self.expansion
        for symbol in self.declared("typealias", "sensitivityalias", "categoryalias"):
            symbol.actual = None
        orders: dict[str, list[Order]] = {}
        categories: list[tuple[Part, Statement, int]] = []
        for part, statement, place in sorted(expansion.early, key=_aliases_first):
            if unused(part):
                continue
            keyword = str(statement[0])
            try:
                if keyword.endswith("aliasactual"):
                    self._alias(part, statement)
                elif keyword == "classcommon":
                    self._common(part, statement)
                elif keyword == "sensitivitycategory":
                    categories.append((part, statement, place))
                else:
                    order = self._order(part, place, statement)
                    orders.setdefault(keyword, []).append(order)
            except (Missing, Wrong) as reason:
                expansion.refuse(part, place, reason)
        self._types = self._meant()
        self._merge(orders)
        for part, statement, place in categories:
            try:
                self._sensitivity(part, statement)
            except (Missing, Wrong) as reason:
                expansion.refuse(part, place, reason)
        self._whole()

    def _alias(self, part: Part, statement: Statement) -> None:
        keyword = str(statement[0]).removesuffix("actual")
        kind = keyword.removesuffix("alias")
        alias = self._named(part, kind, statement[1])
        if alias.kind != keyword:
            raise Wrong("wrong-kind", f"`{statement[1]}` is a {alias.kind}, not a {keyword}")
        if alias.actual is not None:
            raise Wrong("declared-twice", f"alias `{statement[1]}` stands for two things")
        meant = self._named(part, kind, statement[2])
        if meant.kind not in (kind, keyword):
            message = f"`{statement[2]}` is a {meant.kind}; this alias stands for a {kind}"
            raise Wrong("wrong-kind", message)
        alias.actual = meant

    def _meant(self) -> dict[Node, Symbol]:
        """What the names of types in the root stand for, without aliases of nothing."""
        types = self.expansion.root.names["type"]
        found: dict[Node, Symbol] = dict(types.items())
        for name, symbol in types.items():
            if symbol.kind == "typealias":
                try:
                    found[name] = actual(symbol)
                except (Missing, Wrong):
                    del found[name]
        return found

    def _named(self, part: Part, namespace: str, name: Node) -> Symbol:
        found = lookup(self.expansion.root, part, namespace, str(name))
        if not isinstance(found, Symbol):
            raise Missing(namespace, str(name), namespace)
        return found

    def _common(self, part: Part, statement: Statement) -> None:
        cls = self.readings.classes.find(part, str(statement[1]))
        common = self.readings.find(part, "common", statement[2])
        if cls.kind != "class":
            raise Wrong("wrong-kind", f"`{statement[1]}` is a class map, not a class")
        commons = self.readings.classes.commons
        if cls in commons:
            message = f"class `{cls.name}` has the common `{commons[cls].name}` already"
            raise Wrong("declared-twice", message)
        own, inherited = cls.statement[2], common.statement[2]
        both = [name for name in own if name in inherited]
        if both:
            message = f"permission `{both[0]}` is in class `{cls.name}` and in its common"
            raise Wrong("declared-twice", message)
        if len(own) + len(inherited) > MAX_PERMISSIONS:
            message = f"class `{cls.name}` and its common have over {MAX_PERMISSIONS} permissions"
            raise Wrong("too-many", message)
        commons[cls] = common

    def _order(self, part: Part, place: int, statement: Statement) -> Order:
        keyword, names = str(statement[0]), statement[1]
        assert not isinstance(names, str)
        unordered = keyword == "classorder" and names[0] == "unordered"
        words = names[1:] if unordered else names
        try:
            found = [self.readings.find(part, _ORDERS[keyword], name) for name in words]
        except Missing as reason:
            if keyword == "classorder":  # that compilers refuse in optionals, too
                raise Wrong("unknown-name", f"class `{reason.name}` is not declared") from None
            raise
        for name, symbol in zip(words, found, strict=True):
            if symbol.kind != _ORDERS[keyword]:
                raise Wrong("wrong-kind", f"`{name}` is a {symbol.kind}; {keyword} has none")
        return Order(part, place, found, unordered)

    def _merge(self, orders: dict[str, list[Order]]) -> None:
        for keyword, kind in _ORDERS.items():
            given = orders.get(keyword, [])
            lists = [one for one in given if not one.unordered]
            order: list[Symbol] = []
            try:
                order, left = merged([one.symbols for one in lists])
                for number in left:
                    names = " ".join(symbol.name for symbol in lists[number].symbols[:6])
                    message = f"the order `{names}` does not link up with the others"
                    self._refuse_order(lists[number], message)
            except Repeated as fault:
                message = f"this {keyword} contradicts another, or repeats a name"
                self._refuse_order(lists[fault.args[0]], message)
            loose = [symbol for one in given if one.unordered for symbol in one.symbols]
            self.orders[kind] = list(dict.fromkeys([*order, *loose]))
            inside = set(self.orders[kind])
            for symbol in self.declared(kind):
                if symbol not in inside:
                    message = f"{kind} `{symbol.name}` stands in no {keyword}"
                    self.expansion.fault(symbol.place, "wrong-order", message, word=symbol.name)
        levels = self.readings.levels
        levels.sensitivities = {one: at for at, one in enumerate(self.orders["sensitivity"])}
        levels.categories = {one: at for at, one in enumerate(self.orders["category"])}

    def _refuse_order(self, order: Order, message: str) -> None:
        place = self.expansion.place(order.part, order.place)
        self.expansion.fault(
            place, "wrong-order", message, "an order names a neighbour that another order has, too"
        )

    def _sensitivity(self, part: Part, statement: Statement) -> None:
        levels = self.readings.levels
        sensitivity = self.readings.find(part, "sensitivity", statement[1])
        mask = levels.mask(part, statement[2])
        levels.allowed[sensitivity] = levels.allowed.get(sensitivity, 0) | mask

    def _whole(self) -> None:
        """Check what can be checked once aliases and commons are known."""
        for symbol in self.declared("typealias", "sensitivityalias", "categoryalias"):
            try:
                actual(symbol)
            except Wrong as reason:
                self.expansion.fault(symbol.place, reason.name, reason.message)
            except Missing:
                message = f"{symbol.kind} `{symbol.name}` stands for nothing"
                self.expansion.fault(
                    symbol.place,
                    "incomplete-policy",
                    message,
                    f"write ({symbol.kind}actual {symbol.name} ...)",
                )
        for symbol in self.declared("class"):
            if len(symbol.statement[2]) > MAX_PERMISSIONS:
                message = f"class `{symbol.name}` has more than {MAX_PERMISSIONS} permissions"
                self.expansion.fault(symbol.place, "too-many", message)

    # Everything else

    def _all(self) -> Iterator[Read]:
        for part in active(self.expansion.root):
            read = Read(part, [], [], [], self._condition(part))
            yield read
            for body in part.bodies:
                if part.optional is not None and part.optional.off is not None:
                    break
                self._body(read, body)

    def _condition(self, part: Part) -> tuple[Symbol | str, ...]:
        if part.condition is None:
            return ()
        try:
            return self.readings.condition(part, part.condition)
        except (Missing, Wrong) as reason:
            self.expansion.refuse(part, part.place, reason)
        return ()

    def _body(self, read: Read, body: Body) -> None:
        if self._rules(read, body):
            self._statements(read, body)

    def _rules(self, read: Read, body: Body) -> bool:
        """Read the rules of a body; returns False when that switched off its optional."""
        part, known, types = read.part, self._rows, self._types
        rows, places, items = read.rows, read.row_places, self.readings.classes.known
        for statement, place in zip(body.rules, body.rule_places, strict=True):
            row = known.get(id(statement)) if part.plain else None
            if row is None:
                keyword, one, other, permissions = statement
                source, target = types.get(one), types.get(other)
                if part.plain and source is not None and target is not None:
                    found = items.get(id(permissions))
                    if found is not None:
                        row = known[id(statement)] = (keyword, source, target, found)
            if row is None:
                try:
                    row = (keyword, *self.readings.rule(part, statement))
                except (Missing, Wrong) as reason:
                    self.expansion.refuse(part, place, reason)
                    if part.optional is not None and part.optional.off is not None:
                        return False
                    continue
                if part.plain:
                    known[id(statement)] = row
            rows.append(row)
            places.append(place if part.plain else self.expansion.place(part, place))
        return True

    def _statements(self, read: Read, body: Body) -> None:
        part, known = read.part, self._payloads
        for statement, place in zip(body.statements, body.places, strict=True):
            keyword = str(statement[0])
            reading = READINGS.get(keyword)
            if reading is None:
                continue
            key = id(statement)
            if part.plain and key in known:
                payload = known[key]
            else:
                try:
                    payload = reading(self.readings, part, statement)
                except (Missing, Wrong) as reason:
                    self.expansion.refuse(part, place, reason)
                    if part.optional is not None and part.optional.off is not None:
                        return
                    continue
                if part.plain:
                    known[key] = payload
            where = place if part.plain else self.expansion.place(part, place)
            read.statements.append((keyword, payload, where))


def _aliases_first(one: tuple[Part, Statement, int]) -> bool:
    return not str(one[1][0]).endswith("aliasactual")
