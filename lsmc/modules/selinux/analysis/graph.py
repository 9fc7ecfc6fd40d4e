"""The transitions between domains: by executions, and by tasks that change themselves.

An execution changes the domain where three rules let it: the old domain executes the program, the
new domain is entered by it, and the old domain may become the new one.  It does so by itself where
a `typetransition` says so; else the task must ask for it (`setexeccon`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from lsmc.analysis.graph import Edge, GraphNode, RefusedExecution, Step, chain_to, reachable
from lsmc.modules.selinux.analysis.targets import Targets, numbers
from lsmc.modules.selinux.decide.new_labels import NewLabels
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.tables.layout import NOTHING, TypeRuleRecord
from lsmc.tables.records import Place

#: How a task comes into a domain: by a rule, or because it asks for it.
_BY_RULE, _ASKED = "typetransition", "setexec"


class DomainGraph:
    """The domains of a policy, and the transitions between them, computed on demand."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables = engine.tables
        self._targets = Targets(engine)
        self._edges: dict[str, tuple[Edge, ...]] = {}
        self._entries: dict[int, int] = {}
        self._places: list[Place] = []
        self._new_labels = NewLabels(engine.tables)

    def _permission(self, cls: str, name: str) -> tuple[int, int] | None:
        """A class and a permission of it by number, None where the policy does not have them."""
        names = self._tables.names
        number = names.class_numbers.get(cls)
        known = names.permissions(number) if number is not None else ()
        if number is None or name not in known:
            return None
        return number, list(known).index(name)

    def _allowed(self, source: int, cls: str, name: str) -> int:
        wanted = self._permission(cls, name)
        return 0 if wanted is None else self._targets.allowed(source, *wanted)

    # --- subjects ----------------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The domains: types that do something as processes, or become others."""
        cls = self._tables.names.class_numbers.get("process")
        if cls is None:
            return ()
        found = 0
        for source, own in self._tables.rows.rows():
            if own == cls:
                found |= self._targets.bits(source)
        types = self._tables.names.types
        return tuple(types[number] for number in numbers(found))

    @property
    def unfollowed(self) -> Collection[str]:
        """None: the edges of all subjects are computed when they are asked for."""
        return ()

    def subject(self, name: str) -> str:
        """A domain by its name, an alias or a context; `UnknownName`."""
        type_name = name.split(":")[2] if name.count(":") >= 2 else name
        return self._tables.names.types[self._engine.type(type_name)]

    def node(self, name: str) -> GraphNode:
        """The properties of a domain."""
        number = self._engine.type(name)
        parent = self._tables.bounds[number]
        permissive = number in self._tables.permissive and not self._engine.enforce
        types = self._tables.names.types
        bound = None if parent == NOTHING else types[parent]
        return GraphNode(name, "domain", "permissive" if permissive else "enforce", bound)

    # --- transitions -------------------------------------------------------------------------

    def edges(self, name: str) -> tuple[Edge, ...]:
        """The transitions out of a domain."""
        known = self._edges.get(name)
        if known is None:
            known = self._edges[name] = tuple(self._found(name))
        return known

    def _found(self, name: str) -> Iterator[Edge]:
        source = self._engine.type(name)
        types = self._tables.names.types
        becomes = self._allowed(source, "process", "transition") & ~(1 << source)
        executes = self._allowed(source, "file", "execute") if becomes else 0
        asks = bool(self._allowed(source, "process", "setexec") >> source & 1)
        for target in numbers(becomes):
            common = executes & self._entry(target)
            if not common:
                continue
            entry, rule = self._automatic(source, target, common)
            if rule is None and not asks:
                continue
            mode = _ASKED if rule is None else _BY_RULE
            place = self._rule(source, target, "process", "transition")
            yield Edge(name, types[target], "exec", mode, types[entry], rule=place)
        changes = self._allowed(source, "process", "dyntransition") & ~(1 << source)
        current = self._allowed(source, "process", "setcurrent") >> source & 1
        for target in numbers(changes if current else 0):
            place = self._rule(source, target, "process", "dyntransition")
            yield Edge(name, types[target], "change_profile", "dyntransition", rule=place)

    def _entry(self, target: int) -> int:
        """The types of programs by which a domain is entered, as bits."""
        known = self._entries.get(target)
        if known is None:
            known = self._entries[target] = self._allowed(target, "file", "entrypoint")
        return known

    def _automatic(
        self, source: int, target: int, programs: int
    ) -> tuple[int, TypeRuleRecord | None]:
        """A program that leads from one domain to another by a rule, else any program."""
        cls = self._tables.head.process_class
        for entry in numbers(programs & self._transitions_of(source).get(target, 0)):
            state = self._engine.default_state
            rule = self._new_labels.type_rule(state, "transition", source, entry, cls)
            if rule is not None and rule.result == target:
                return entry, rule
        return next(numbers(programs)), None

    def _transitions_of(self, source: int) -> dict[int, int]:
        """The programs of the type transitions of a domain, as bits, by the new domain."""
        found: dict[int, int] = {}
        labels = set(self._tables.memberships.labels_of(source))
        for rule in self._process_rules:
            if not self._engine.default_state.holds(rule.truth):
                continue
            if rule.source in labels and rule.target < len(self._tables.names.labels):
                bits = self._targets.bits(rule.target)
                found[rule.result] = found.get(rule.result, 0) | bits
        return found

    @cached_property
    def _process_rules(self) -> list[TypeRuleRecord]:
        cls = self._tables.head.process_class
        return [rule for rule in self._tables.type_rules if rule.cls == cls and rule.kind == 0]

    def refused(self, name: str) -> tuple[RefusedExecution, ...]:
        """The executions that a type transition names and other rules do not let happen."""
        source = self._engine.type(name)
        types = self._tables.names.types
        becomes = self._allowed(source, "process", "transition")
        executes = self._allowed(source, "file", "execute")
        found = []
        for target, programs in self._transitions_of(source).items():
            for entry in numbers(programs & executes):
                if not (becomes >> target & 1 and self._entry(target) >> entry & 1):
                    place = self._rule(source, entry, "file", "execute")
                    if place is not None:
                        found.append(RefusedExecution(name, _BY_RULE, types[entry], True, place))
        return tuple(found)

    def reach(self, start: str) -> dict[str, Step]:
        """The reachable domains, each with the last step of a shortest chain."""
        return reachable(self.edges, start)

    def chain(self, start: str, target: str) -> list[Edge]:
        """A shortest chain of transitions from one domain to another; empty when there is none."""
        return chain_to(target, self.reach(start))

    # --- rules -------------------------------------------------------------------------------

    def place(self, rule: int) -> Place:
        """Where the rule of an edge is written."""
        return self._places[rule]

    def _rule(self, source: int, target: int, cls: str, permission: str) -> int | None:
        """The number of the first rule that allows a permission, for `place`; None without one."""
        wanted = self._permission(cls, permission)
        assert wanted is not None
        state = self._engine.default_state
        refs = self._engine.references.grants(state, source, target, wanted[0], 0, 1 << wanted[1])
        if not refs:
            return None
        ref = refs[0]
        self._places.append(Place(ref.file, ref.line, ref.column, ref.line, ref.column, ref.text))
        return len(self._places) - 1
