"""Named things of a policy, and the parts of its text where names are looked up.

A *part* is a container as it takes effect: a block, an optional, a branch of a `booleanif`, what a
call makes of a macro or an inheritance of a block.  Parts are changed while the policy is put
together and once more when an optional is switched off.
"""

from __future__ import annotations

from typing import Any

from lsmc.modules.selinux.syntax.names import DECLARED
from lsmc.modules.selinux.syntax.tree import Body, Node, Statement

#: The kinds of parts that have names of their own.
_HOMES = ("root", "block", "macro")
NAMESPACES = tuple(sorted(set(DECLARED.values())))


class Missing(Exception):
    """A name that nothing declares: its kind for people, and the name.

    In an optional it switches the optional off.  `place` is where the name is sought then, `known`
    are names that would do, and `message` says what is missing.
    """

    def __init__(
        self, kind: str, name: str, namespace: str = "", known: Any = (), message: str = ""
    ) -> None:
        super().__init__(kind, name)
        self.kind, self.name, self.namespace, self.known = kind, name, namespace, known
        self.message = message or f"{kind} `{name}` is not declared"
        self.place = 0


class Wrong(Exception):
    """A statement that can not be, whatever optional it stands in."""

    def __init__(self, name: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.name, self.message, self.help = name, message, help


class Symbol:
    """A declared name.

    Attributes:
        kind: the keyword that declares it, such as `type` or `typeattribute`.
        name: the name with those of the blocks around it.
        place: where it is declared.
        part: the part whose names its own text uses.
        parts: the parts that declare it.
        number: which of its kind it is, in the order of declarations.
        statement: its declaration; of a value that is written in an argument, `(KIND "" VALUE)`.
        actual: what an alias stands for.
        value: what its text comes to, once that is known.
    """

    __slots__ = (
        "actual", "kind", "name", "number", "part", "parts", "place", "statement", "value",
    )  # fmt: skip

    def __init__(
        self, kind: str, name: str, place: int, part: Part, number: int, statement: Statement
    ) -> None:
        self.kind, self.name, self.place, self.part = kind, name, place, part
        self.number, self.statement = number, statement
        self.parts = [part]
        self.actual: Symbol | None = None
        self.value: Any = None


class Part:
    """A part of the policy.

    Attributes:
        kind: `root`, `block`, `macro`, `optional`, `in`, `inherit`, `call`, `true`, `false`.
        head: the statement up to its body.
        parent: the part around it, None of the root.
        place: where it is.
        bodies: its own statements; those of other parts are in `children`.
        names: of each namespace, what is declared in it; parts without names use those of `home`.
        origin: the macro that a call calls, the block that is inherited.
        arguments: of a call, by namespace and parameter.
        condition: the expression of a `booleanif`, of its branches.
        via: the place of what copied it, None of a part that is as it is written.
        optional: the innermost optional around or at it.
        off: why an optional is off.
        plain: whether all names in it are looked up among those of the root alone.
        declared: what its own statements declare.
    """

    __slots__ = (
        "abstract", "arguments", "bodies", "children", "condition", "declared", "head", "home",
        "kind", "names", "off", "optional", "origin", "parent", "place", "plain", "via",
    )  # fmt: skip

    def __init__(
        self, kind: str, head: Statement, parent: Part | None, place: int, via: int | None
    ) -> None:
        self.kind, self.head, self.parent, self.place, self.via = kind, head, parent, place, via
        self.bodies: list[Body] = []
        self.children: list[Part] = []
        self.declared: list[tuple[str, str, Part]] = []
        self.names: dict[str, dict[str, Symbol]] = {}
        self.home: Part = self
        self.optional: Part | None = None
        self.condition: Node | None = None
        self.plain = kind == "root"
        if kind in _HOMES:
            self.names = {namespace: {} for namespace in NAMESPACES}
        else:
            assert parent is not None
            self.home, self.plain = parent.home, parent.plain and kind not in ("inherit", "call")
        if parent is not None:
            self.optional = self if kind == "optional" else parent.optional
            self.condition = parent.condition
        self.origin: Part | None = None
        self.arguments: dict[tuple[str, str], Symbol | str] = {}
        self.abstract = False
        self.off: Missing | None = None

    @property
    def around(self) -> Part:
        """The part around one that is not the root."""
        assert self.parent is not None
        return self.parent

    def full_name(self, name: str) -> str:
        """A name declared here, with those of the blocks around it."""
        names = [name]
        part: Part | None = self.home
        while part is not None and part.kind != "root":
            if part.kind in ("block", "macro"):
                names.append(str(part.head[1]))
            part = part.parent
        return ".".join(reversed(names))


def lookup(root: Part, part: Part, namespace: str, name: str) -> Symbol | str | None:
    """What a name means in a part; aliases are not followed.

    Names are sought from the innermost block outward, in a call first among its arguments, then
    around the macro, then around the call.  `a.b` is `b` of the block `a`, `.a` is of the root.
    Raises `Wrong` for a name of an optional or macro, which have none.
    """
    if "." not in name:
        found = root.names[namespace].get(name) if part.plain and namespace != "name" else None
        if found is None and not part.plain:
            return _outward(part, namespace, name) or root.names.get(namespace, {}).get(name)
        return found
    blocks = name.split(".")
    last = blocks.pop()
    if not blocks[0]:
        within: Part | None = root
        blocks.pop(0)
    else:
        first = lookup(root, part, "block", blocks.pop(0))
        within = _block(first)
    for one in blocks:
        within = _block(within.names["block"].get(one)) if within is not None else None
    if within is None or _dead(within):
        return None
    return within.names.get(namespace, {}).get(last)


def _block(symbol: Symbol | str | None) -> Part | None:
    if not isinstance(symbol, Symbol):
        return None
    if symbol.kind != "block":
        message = f"`{symbol.name}` has no names: it is no block ({symbol.kind})"
        raise Wrong("wrong-kind", message)
    assert isinstance(symbol.value, Part)
    return symbol.value


def _dead(part: Part | None) -> bool:
    """Whether a part is in an abstract block."""
    while part is not None:
        if part.abstract:
            return True
        part = part.parent
    return False


def _outward(part: Part | None, namespace: str, name: str) -> Symbol | str | None:
    while part is not None and part.kind != "root":
        found: Symbol | str | None = None
        if part.kind in ("block", "macro"):
            if not part.abstract:
                found = part.names.get(namespace, {}).get(name)
        elif part.kind == "inherit":
            found = _outward(part.parent, namespace, name)
            if found is None and part.origin is not None:
                found = _outward(part.origin.parent, namespace, name)
            return found
        elif part.kind == "call":
            found = part.arguments.get((namespace, name))
            if found is None and part.origin is not None:
                found = _outward(part.origin.parent, namespace, name)
        if found is not None:
            return found
        part = part.parent
    return None
