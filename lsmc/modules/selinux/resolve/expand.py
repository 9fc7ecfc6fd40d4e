"""Puts a policy together: tunables, `in`, inheritance, abstract blocks and calls of macros.

The steps are those of CIL, in its order: tunables are decided first; `in` adds to blocks before
these are inherited, `in after` afterwards; macros are called last.  What is copied keeps the bodies
of the original; only parts and names are new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from lsmc.modules.selinux.resolve.calls import bind
from lsmc.modules.selinux.resolve.ledger import Ledger
from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.resolve.walks import optionals_named, unused, upward, within
from lsmc.modules.selinux.syntax.names import DECLARED, declared_name
from lsmc.modules.selinux.syntax.tree import Body, Container, Node, Statement

#: Statements that copies may make, so that few lines can not become too many.
MAX_COPIED = 500_000
#: Names that may be declared more than once.
_REPEATABLE = frozenset(("optional", "policycap"))
#: What modules may declare again that are compiled together.
_REPEATED = frozenset(("type", "typeattribute"))
#: Statements that are read before all others.
EARLY = frozenset(
    (
        "typealiasactual",
        "sensitivityaliasactual",
        "categoryaliasactual",
        "classcommon",
        "classorder",
        "sidorder",
        "sensitivityorder",
        "categoryorder",
        "sensitivitycategory",
    )
)
_VALUED = frozenset(("context", "level", "levelrange", "categoryset", "class", "classmap"))


class Expansion:
    """A policy that is being put together; its faults are noted in a ledger.

    Attributes:
        root: the part that holds all others.
        early: statements that others wait for: aliases, commons, orders.
        valued: what is declared and has a value that depends on other names.
        withdrawn: whether an optional went that declared something, since somebody looked.
    """

    def __init__(self, ledger: Ledger, *, repeats: bool = False) -> None:
        """With `repeats`, types and attributes may be declared more than once."""
        self.ledger = ledger
        self.place, self.fault = ledger.place, ledger.fault
        self.repeatable = _REPEATABLE | _REPEATED if repeats else _REPEATABLE
        self.root = Part("root", (), None, 0, None)
        self._numbers: dict[str, int] = {}
        self._statements = 0
        self._tunables: deque[tuple[Part, Container]] = deque()
        self._ins: list[tuple[Part, Container]] = []
        self._holders: set[Part] = set()  # what has an `in` in it
        self._inherits: deque[Part] = deque()
        self._abstract: list[tuple[Part, Statement, int]] = []
        self._calls: deque[Part] = deque()
        self.early: list[tuple[Part, Statement, int]] = []
        self.valued: list[Symbol] = []
        self.withdrawn = False

    # Faults

    def refuse(self, part: Part, place: int, reason: Missing | Wrong) -> None:
        """Note what is wrong with a statement: it switches off an optional, or is an error."""
        if isinstance(reason, Wrong):
            self.fault(self.place(part, place), reason.name, reason.message, reason.help)
        elif part.optional is not None:
            self.switch_off(part.optional, reason, self.place(part, place))
        else:
            known = partial(self.known, part, reason.namespace)
            self.ledger.missing(self.place(part, place), reason, known)

    def known(self, part: Part, namespace: str) -> Iterator[str]:
        """The names of a namespace that a part may use without dots, and those with dots."""
        within: Part | None = part
        while within is not None:
            if within.kind in ("root", "block"):
                yield from within.names.get(namespace, ())
            within = within.parent
        for symbol in self.root.names["block"].values():
            if symbol.kind == "block":
                yield from (f"{symbol.name}.{one}" for one in symbol.value.names.get(namespace, ()))

    def switch_off(self, optional: Part, reason: Missing, place: int) -> None:
        """Switch off an optional with all that it declares."""
        if optional.off is None:
            reason.place = place
            optional.off = reason
            for part in within(optional):
                for namespace, name, home in part.declared:
                    self._withdraw(home.names[namespace], name, part)

    def _withdraw(self, names: dict[str, Symbol], name: str, part: Part) -> None:
        symbol = names.get(name)
        if symbol is not None and part in symbol.parts:
            symbol.parts.remove(part)
            if not symbol.parts:
                del names[name]
                self.withdrawn |= symbol.kind != "optional"

    # Statements and parts

    def add(self, body: Body, part: Part) -> None:
        """Add statements to a part: declare its names, make its parts, note what is pending."""
        part.bodies.append(body)
        self._count(part, body)
        for statement, place in zip(body.statements, body.places, strict=True):
            keyword = str(statement[0])
            if keyword in DECLARED:
                self._declare(part, keyword, statement, place)
            elif keyword in ("blockinherit", "blockabstract", "call"):
                self._note(part, keyword, statement, place)
            elif keyword in EARLY:
                self.early.append((part, statement, place))
        for container in body.containers:
            keyword = str(container.head[0])
            if keyword == "tunableif":
                self._tunables.append((part, container))
            elif keyword == "in":
                self._ins.append((part, container))
                self._holders.update(upward(part))
            elif keyword == "booleanif":
                self._conditional(part, container)
            else:
                self._container(part, container)

    def _count(self, part: Part, body: Body) -> None:
        if part.via is not None:
            self._statements += len(body.places) + len(body.rule_places) + 1
            if self._statements > MAX_COPIED:
                raise Wrong("too-many", f"calls and inheritance copy {MAX_COPIED:,} statements")

    def _note(self, part: Part, keyword: str, statement: Statement, place: int) -> None:
        if keyword == "blockabstract":
            self._abstract.append((part, statement, place))
            return
        kind = "inherit" if keyword == "blockinherit" else "call"
        child = Part(kind, statement, part, place, None)
        child.via = self.place(part, place)
        part.children.append(child)
        (self._inherits if kind == "inherit" else self._calls).append(child)

    def _conditional(self, part: Part, container: Container) -> None:
        for branch in container.body.containers:
            child = Part(str(branch.head[0]), container.head, part, branch.place, part.via)
            child.condition = container.head[1]
            part.children.append(child)
            self.add(branch.body, child)

    def _container(self, part: Part, container: Container) -> None:
        child = Part(str(container.head[0]), container.head, part, container.place, part.via)
        symbol = self._declare(part, child.kind, container.head, container.place)
        if symbol is None:
            return
        part.children.append(child)
        if child.kind == "optional":
            symbol.value = [*(symbol.value or ()), child]
        else:
            symbol.value = child
        if child.kind == "macro":
            child.bodies.append(container.body)
            self._shadowed(child, container.body)
        else:
            self.add(container.body, child)

    def _shadowed(self, macro: Part, body: Body) -> None:
        parameters = {str(one[1]): str(one[0]) for one in macro.head[2]}
        for statement, place in zip(body.statements, body.places, strict=True):
            keyword = str(statement[0])
            if keyword in DECLARED and parameters.get(declared_name(statement)) == keyword:
                message = f"`{statement[1]}` is a parameter of this macro"
                self.fault(place, "declared-twice", message)

    def _declare(self, part: Part, keyword: str, statement: Statement, place: int) -> Symbol | None:
        """Declare a name; None, with an error, if it is declared already."""
        name = declared_name(statement)
        namespace = DECLARED[keyword]
        home = part.home
        if keyword in ("category", "sensitivity") and home.kind == "block":
            message = f"`{keyword}` may not stand in `block`"
            self.fault(self.place(part, place), "misplaced-statement", message)
        names = home.names[namespace]
        first = names.get(name)
        if first is not None:
            if keyword in self.repeatable and first.kind == keyword:
                first.parts.append(part)
                part.declared.append((namespace, name, home))
                return first
            self._declared_twice(self.place(part, place), keyword, name, first)
            return None
        number = self._numbers.get(keyword, 0)
        self._numbers[keyword] = number + 1
        full = name if home.kind == "root" else part.full_name(name)
        symbol = Symbol(keyword, full, self.place(part, place), part, number, statement)
        names[name] = symbol
        if keyword in _VALUED:
            self.valued.append(symbol)
        part.declared.append((namespace, name, home))
        return symbol

    def _declared_twice(self, place: int, keyword: str, name: str, first: Symbol) -> None:
        message = f"{keyword} `{name}` is declared already"
        related = [(first.place, f"declared here as a {first.kind}")]
        self.fault(place, "declared-twice", message, word=name, related=related)

    # The steps

    def expand(self) -> None:
        """Decide tunables, add what `in` adds, inherit, and call macros.

        Raises `Wrong`, after it is noted, where they copy too much.
        """
        self._decide()
        self._add_ins(after=False)
        while self._inherits:
            heir = self._inherits.popleft()
            self._do(heir.around, heir.place, partial(self._inherit, heir))
            self._decide()
        for part, statement, place in self._abstract:
            self._do(part, place, partial(self._mark_abstract, part, statement))
        self._add_ins(after=True)
        while self._calls:
            call = self._calls.popleft()
            if not unused(call):
                self._do(call.around, call.place, partial(self._call, call))
                self._decide()

    def _do(self, part: Part, place: int, step: Callable[[], None]) -> None:
        """Take a step at a place in a part, or note why not."""
        try:
            step()
        except (Missing, Wrong) as reason:
            self.refuse(part, place, reason)
            if isinstance(reason, Wrong) and reason.name == "too-many":
                raise

    def _decide(self) -> None:
        """Decide each `tunableif`."""
        while self._tunables:
            part, container = self._tunables.popleft()
            self._do(part, container.place, partial(self._branch, part, container))

    def _branch(self, part: Part, container: Container) -> None:
        """Put the branch of a `tunableif` that holds into its place."""
        holds = self._truth(part, container.head[1])
        for branch in container.body.containers:
            if branch.head[0] == ("true" if holds else "false"):
                child = Part("tunable", container.head, part, branch.place, part.via)
                part.children.append(child)
                self.add(branch.body, child)

    def _truth(self, part: Part, node: Node) -> bool:
        if isinstance(node, str):
            found = lookup(self.root, part, "tunable", node)
            if not isinstance(found, Symbol):
                raise Missing("tunable", node, "tunable")
            return found.statement[2] == "true"
        head, rest = node[0], node[1:]
        if head == "not":
            return not self._truth(part, rest[0])
        if head in ("and", "or", "xor", "eq", "neq"):
            one, other = self._truth(part, rest[0]), self._truth(part, rest[1])
            if head == "and":
                return one and other
            return (one or other) if head == "or" else (one == other) is (head == "eq")
        return any(list(map(partial(self._truth, part), node)))  # each name must be declared

    def _add_ins(self, *, after: bool) -> None:
        """Add the statements of each `in` to its target; one may add the target of another."""
        later = [one for one in self._ins if _after(one[1]) != after]
        waiting, self._ins = [one for one in self._ins if _after(one[1]) == after], later
        while waiting:
            failed: list[tuple[Part, Container, Missing]] = []
            for part, container in waiting:
                try:
                    targets = self._targets(part, str(container.head[-1]))
                except Missing as reason:
                    failed.append((part, container, reason))
                    continue
                for target in targets:
                    self._add_in(target, container)
            if len(failed) == len(waiting):
                for part, container, why in failed:
                    self.refuse(part, container.place, why)
                return
            waiting = [(part, container) for part, container, _ in failed]

    def _add_in(self, target: Part | Body, container: Container) -> None:
        if isinstance(target, Body):
            target.extend(container.body)
        elif target.kind == "macro":
            target.bodies.append(container.body)
        else:
            child = Part("in", container.head, target, container.place, target.via)
            target.children.append(child)
            self.add(container.body, child)
            self._decide()

    def _targets(self, part: Part, name: str) -> list[Part] | list[Body]:
        """What an `in` adds to; the way may lead through optionals and into a macro."""
        first, _, rest = name.removeprefix(".").partition(".")
        known = lookup(self.root, part if name[0] != "." else self.root, "block", first)
        while isinstance(known, Symbol) and rest:
            if known.kind == "macro":
                return list(optionals_named(known.value.bodies, rest))
            holder = known.value if known.kind == "block" else known.value[0].home
            first, _, rest = rest.partition(".")
            known = holder.names["block"].get(first)
        if not isinstance(known, Symbol):
            raise Missing("block, macro or optional", name, "block")
        return known.value if isinstance(known.value, list) else [known.value]

    def _inherit(self, heir: Part) -> None:
        """Copy a block to where it is inherited."""
        if heir.origin is None:
            found = lookup(self.root, heir.around, "block", str(heir.head[1]))
            if not isinstance(found, Symbol) or found.kind != "block":
                raise Missing("block", str(heir.head[1]), "block")
            heir.origin = found.value
        assert heir.origin is not None
        block: Part = heir.origin
        above: Part | None = heir.parent
        while above is not None:
            if above is block or above.origin is block:
                raise Wrong("self-reference", f"block `{block.head[1]}` inherits itself")
            above = above.parent
        if block in self._holders:
            message = f"block `{block.head[1]}` holds an `in`, and can not be inherited"
            raise Wrong("misplaced-statement", message)
        self._copy(block, heir)

    def _copy(self, source: Part, target: Part) -> None:
        """Make the statements and parts of one part anew in another."""
        for body in source.bodies:
            self.add(Body(body.rules, body.rule_places, body.statements, body.places), target)
        pending = [child for child in source.children if child.kind in ("inherit", "call")]
        copies = [child for child in target.children if child.kind in ("inherit", "call")]
        for old, new in zip(pending, copies, strict=False):
            new.origin = old.origin if old.kind == "inherit" else None
        for child in source.children:
            if child.kind in ("inherit", "call"):
                continue
            new = Part(child.kind, child.head, target, child.place, target.via)
            new.condition = child.condition
            if child.kind in ("block", "macro", "optional"):
                symbol = self._declare(target, child.kind, child.head, child.place)
                if symbol is None:
                    continue
                symbol.value = [*(symbol.value or ()), new] if child.kind == "optional" else new
            target.children.append(new)
            if child.kind == "macro":
                new.bodies = list(child.bodies)
            else:
                self._copy(child, new)

    def _mark_abstract(self, part: Part, statement: Statement) -> None:
        found = lookup(self.root, part, "block", str(statement[1]))
        if not isinstance(found, Symbol) or found.kind != "block":
            raise Missing("block", str(statement[1]), "block")
        found.value.abstract = True
        self._unordered(found.value)

    def _unordered(self, abstract: Part) -> None:
        """Note what an abstract block declares that needs an order, which it can not have there."""
        for part in within(abstract):
            for namespace, name, home in part.declared:
                symbol = home.names[namespace].get(name)
                if symbol is not None and symbol.kind in ("class", "sid"):
                    message = f"{symbol.kind} `{name}` is declared in an abstract block"
                    self.fault(symbol.place, "wrong-order", message, word=name)

    def _call(self, call: Part) -> None:
        """Put a macro's statements where it is called."""
        macro = bind(self.root, call)
        for body in macro.bodies:
            self.add(body, call)


def _after(container: Container) -> bool:
    return len(container.head) == 3 and container.head[1] == "after"
