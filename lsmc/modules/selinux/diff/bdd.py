"""Ordered binary decision diagrams: equal functions of booleans are one number.

A diagram is a number: `FALSE`, `TRUE`, or a node that tests a variable.  Variables are texts, in
alphabetical order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsmc.base.errors import Error

FALSE, TRUE = 0, 1
#: Nodes that all diagrams together may have.
_MOST = 1 << 18
#: Results of operations that are kept.
_MOST_RESULTS = 1 << 21
#: Ways to make a function true that are told.
_WAYS = 4
#: Behind all variables: what the ends test.
_END = "\U0010ffff"


class TooComplex(Error):
    """The functions have more nodes than are kept."""

    def __init__(self) -> None:
        super().__init__("the conditions of these policies are too complex to be compared")


class Diagrams:
    """Diagrams that share their nodes."""

    def __init__(self) -> None:
        self._nodes: list[tuple[str, int, int]] = [(_END, 0, 0), (_END, 1, 1)]
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._known: dict[tuple[str, int, int], int] = {}

    def variable(self, name: str) -> int:
        """The function that is a variable."""
        return self._node(name, FALSE, TRUE)

    def negated(self, one: int) -> int:
        """The function that is true where another is false."""
        return self._apply("xor", one, TRUE)

    def both(self, one: int, other: int) -> int:
        """The conjunction of two functions."""
        return self._apply("and", one, other)

    def either(self, one: int, other: int) -> int:
        """The disjunction of two functions."""
        return self._apply("or", one, other)

    def differ(self, one: int, other: int) -> int:
        """The function that is true where two differ."""
        return self._apply("xor", one, other)

    def value(self, one: int, values: Callable[[str], bool]) -> bool:
        """The value of a function for values of its variables."""
        while one > TRUE:
            name, low, high = self._nodes[one]
            one = high if values(name) else low
        return one == TRUE

    def example(self, one: int) -> Mapping[str, bool]:
        """Values of variables for which a function that is not false is true."""
        found: dict[str, bool] = {}
        while one > TRUE:
            name, low, high = self._nodes[one]
            found[name] = low == FALSE
            one = high if low == FALSE else low
        return found

    def text(self, one: int) -> str:
        """When a function is true, in words; of many ways only the first."""
        if one in (FALSE, TRUE):
            return ("never", "always")[one]
        ways: list[str] = []
        pending: list[tuple[int, tuple[str, ...]]] = [(one, ())]
        while pending and len(ways) <= _WAYS:
            node, way = pending.pop()
            if node == TRUE:
                ways.append(" and ".join(way))
            elif node != FALSE:
                name, low, high = self._nodes[node]
                pending += ((low, (*way, f"not {name}")), (high, (*way, name)))
        return " or ".join(ways if len(ways) <= _WAYS else [*ways[:_WAYS], "..."])

    def _node(self, name: str, low: int, high: int) -> int:
        if low == high:
            return low
        key = (name, low, high)
        known = self._numbers.get(key)
        if known is None:
            if len(self._nodes) >= _MOST:
                raise TooComplex
            known = self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return known

    def _apply(self, operator: str, one: int, other: int) -> int:
        """The function of two others; without recursion, since there may be many variables."""
        pending = [(one, other)]
        while pending:
            left, right = pending[-1]
            key = (operator, left, right)
            if key in self._known:
                pending.pop()
                continue
            if len(self._known) >= _MOST_RESULTS:
                raise TooComplex
            ends = _end(operator, left, right)
            if ends is not None:
                self._known[key] = ends
                pending.pop()
                continue
            name = min(self._nodes[left][0], self._nodes[right][0])
            pairs = [
                (self._branch(left, name, way), self._branch(right, name, way)) for way in (1, 2)
            ]
            missing = [pair for pair in pairs if (operator, *pair) not in self._known]
            if missing:
                pending += missing
                continue
            low, high = (self._known[operator, *pair] for pair in pairs)
            self._known[key] = self._node(name, low, high)
            pending.pop()
        return self._known[operator, one, other]

    def _branch(self, one: int, name: str, way: int) -> int:
        node = self._nodes[one]
        return int(node[way]) if node[0] == name else one


def _end(operator: str, left: int, right: int) -> int | None:
    """The result where it follows without a look at the nodes."""
    if operator == "and":
        if FALSE in (left, right):
            return FALSE
        if left in (TRUE, right):
            return right
        return left if right == TRUE else None
    if operator == "or":
        if TRUE in (left, right):
            return TRUE
        if left in (FALSE, right):
            return right
        return left if right == FALSE else None
    if left == right:
        return FALSE
    if left == FALSE:
        return right
    if right == FALSE:
        return left
    return FALSE if left == TRUE and right == TRUE else None
