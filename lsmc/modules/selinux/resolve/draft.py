"""What all parts of a policy say, together: statements by keyword, symbols with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsmc.modules.selinux.places import Places
from lsmc.modules.selinux.resolve.levels import actual
from lsmc.modules.selinux.resolve.permissions import Item
from lsmc.modules.selinux.resolve.resolver import Read, Resolver
from lsmc.modules.selinux.resolve.symbols import Missing, Symbol, Wrong


class Draft:
    """A policy of symbols.

    Attributes:
        types, roles, users, booleans: the symbols by number; attributes are numbered behind them.
        classes: the symbols of classes in their order.
        conditions: the distinct expressions of `booleanif`, in postfix order with numbers.
        fault: notes an error at a place.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.readings = resolver.readings
        self.fault = resolver.expansion.fault
        self.conditions: dict[tuple[int | str, ...], int] = {}
        self._number()
        self._statements: dict[str, list[tuple[Any, int, int]]] = {}
        for read in resolver.reads:
            condition = self.condition(read)
            for keyword, payload, place in read.statements:
                self._statements.setdefault(keyword, []).append((payload, place, condition))
        classes = self.readings.classes
        for (key, items), _, _ in self.of("classmapping"):
            classes.mappings.setdefault(key, []).extend(items)
        for (symbol, items), _, _ in self.of("classpermissionset"):
            classes.sets.setdefault(symbol, []).extend(items)
        self._check_maps()

    @property
    def places(self) -> Places:
        """The places of all statements."""
        return self.resolver.expansion.ledger.places

    def of(self, keyword: str) -> Sequence[tuple[Any, int, int]]:
        """What statements of a keyword say, with places and conditions."""
        return self._statements.get(keyword, ())

    def _number(self) -> None:
        """Number all symbols anew: those that are gone leave no gaps."""
        declared = self.resolver.declared
        self.types, self.type_attributes = declared("type"), declared("typeattribute")
        self.roles, self.role_attributes = declared("role"), declared("roleattribute")
        self.users, self.user_attributes = declared("user"), declared("userattribute")
        self.booleans = declared("boolean")
        self.classes = self.resolver.orders["class"]
        for symbols in (
            [*self.types, *self.type_attributes],
            [*self.roles, *self.role_attributes],
            [*self.users, *self.user_attributes],
            self.booleans,
            self.classes,
        ):
            for number, symbol in enumerate(symbols):
                symbol.number = number

    def condition(self, read: Read) -> int:
        """The number of a part's condition, as rules have it; 0 without one."""
        if not read.condition:
            return 0
        postfix = tuple(one if isinstance(one, str) else one.number for one in read.condition)
        number = self.conditions.setdefault(postfix, len(self.conditions))
        part = read.part
        while part.kind not in ("true", "false"):
            assert part.parent is not None
            part = part.parent
        return 2 * number + (1 if part.kind == "true" else 2)

    def meant(self, alias: Symbol) -> Symbol | None:
        """What an alias stands for; None for nothing, which is told elsewhere."""
        try:
            return actual(alias)
        except (Missing, Wrong):
            return None

    # Classes

    def _check_maps(self) -> None:
        """Note class maps and classpermissions that come to nothing or contain themselves."""
        classes = self.readings.classes
        for symbol in self.resolver.declared("classmap", "classpermission"):
            bits = sum(classes.bits(symbol).values()) if symbol.kind == "classmap" else 0
            try:
                classes.expand(((symbol, bits),))
            except Wrong as reason:
                self.fault(symbol.place, reason.name, reason.message, reason.help)

    def expanded(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """The classes and bits that items come to; none of those that are told elsewhere."""
        try:
            return self.readings.classes.expand(items)
        except Wrong:
            return ()

    def class_numbers(self, cls: Symbol) -> list[int]:
        """The number of a class, or those that a class map comes to."""
        if cls.kind == "class":
            return [cls.number]
        bits = sum(self.readings.classes.bits(cls).values())
        return sorted(one.number for one, _ in self.expanded(((cls, bits),)))
