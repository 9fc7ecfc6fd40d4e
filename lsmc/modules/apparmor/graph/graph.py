"""The transition graph of a policy: which profiles a task can come to, and by what.

Nodes are profiles and `unconfined`.  An edge is a way that the policy allows: executing a file,
changing the profile, entering a hat.  It carries the rule and an example, for which a query gives
the same answer.  Edges are worked out profile by profile when first asked for, and kept.

An execution that stays in the same profile is not an edge.  For rules and attachments that match a
few hundred paths at most, every path is looked at.  Where both match endlessly many, the first few
common paths are; so an edge is always true, and only one that needs a rarer path can be missed.
A stack goes where all its components let it: it is asked at every path that a rule of one lists,
and at the examples of their edges.  There can be as many stacks as sets of profiles, so only so
many are followed, and the others are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from lsmc.analysis.graph import Edge, GraphNode, RefusedExecution, Step, Ways, chain_to, reachable
from lsmc.analysis.rule_languages import ProfileRules, RuleLanguage, RuleLanguages
from lsmc.automata.algebra import alternatives
from lsmc.automata.members import UNSEEN, KnownLanguages
from lsmc.base.text import displayed, encode
from lsmc.engine.verdict import UNCONFINED
from lsmc.ir.mediation import Effect, Transition
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE
from lsmc.modules.apparmor.decide.attachment import parent_of
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.exec_transition import exec_mode
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.decide.subjects import FREE_MODES, mediates
from lsmc.modules.apparmor.graph.attachment_index import AttachmentIndex, AttachmentScope
from lsmc.modules.apparmor.graph.executions import (
    TRIES,
    attached_paths,
    execution_edge,
    taken,
)
from lsmc.tables.records import Place, ProfileRecord

#: Stacks whose edges are worked out.
MAX_STACKS = 64
_EXECUTE = FILE.mask("x")
_CHANGE = CHANGE_PROFILE.mask(("change_profile",))
_ATTACH = ("attach", "attach-child", "stack")


class ProfileGraph:
    """The transitions of a policy."""

    def __init__(self, engine: Engine, seen: KnownLanguages = UNSEEN) -> None:
        self.engine = engine
        self.attachments = AttachmentIndex.of_tables(engine.tables, seen)
        self._execs = RuleLanguages(FILE, _EXECUTE, decide, seen)
        self._changes = RuleLanguages(CHANGE_PROFILE, CHANGE_PROFILE.all, decide, seen)
        self._ways: dict[str, Ways] = {}
        self._stacks: dict[str, tuple[Edge, ...]] = {}
        #: The stacks that were met and not followed.
        self.unfollowed: set[str] = set()
        self._rules: dict[tuple[str, int], ProfileRules] = {}
        self._attached_paths: dict[object, list[tuple[bytes, str]]] = {}
        self._attachable: dict[object, bool] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The profiles, in order."""
        return self.engine.subjects

    @cached_property
    def known(self) -> frozenset[str]:
        """The profiles, for looking up."""
        return frozenset(self.names)

    @cached_property
    def hats(self) -> dict[tuple[str, str], list[str]]:
        """The hats of each profile, by namespace and local name."""
        found: dict[tuple[str, str], list[str]] = {}
        for name in self.names:
            record = self.record(name)
            if record.is_hat and record.parent:
                found.setdefault((record.namespace, record.parent), []).append(name)
        return found

    def record(self, name: str) -> ProfileRecord:
        """A profile by its name."""
        record = self.engine.tables.find(name)
        assert record is not None
        return record

    def subject(self, name: str) -> str:
        """A subject by a profile's name, a stack, an executable's path, or `unconfined`.

        Raises `UnknownName`, and `RequestError` for a path with two profiles of equal rank.
        """
        records = self.engine.tables.components(name)
        return "//&".join(record.full_name for record in records) or UNCONFINED

    def node(self, name: str) -> GraphNode:
        """A profile, a hat or a child of one, a stack, or `unconfined`."""
        if name not in self.known:
            return GraphNode(name, "unconfined" if name == UNCONFINED else "stack")
        record = self.record(name)
        kind = "hat" if record.is_hat else "child" if record.parent else "profile"
        return GraphNode(name, kind, record.mode, record.parent or None)

    def place(self, rule: int) -> Place:
        """Where the rule of a number in the tables is written."""
        return self.engine.bundle.place(self.engine.bundle.rule(rule).place)

    def exec_rules(self, name: str) -> ProfileRules:
        """The exec rules of a profile."""
        return self._of(name, self._execs)

    def _of(self, name: str, languages: RuleLanguages) -> ProfileRules:
        key = (name, languages.cls.code)
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = languages.of(self.engine.bundle, self.record(name))
        return found

    # --- edges

    def ways(self, name: str) -> Ways:
        """Where a profile's rules lead, or those of `unconfined`."""
        known = self._ways.get(name)
        if known is None:
            found = list(self._all(name))
            edges: dict[tuple[str, str, int | None, bool], Edge] = {}
            for way in found:
                if isinstance(way, Edge) and way.target != name:
                    edges.setdefault((way.target, way.kind, way.rule, way.fallback), way)
            failing: dict[int, RefusedExecution] = {}
            for way in found:
                if isinstance(way, RefusedExecution):
                    failing.setdefault(way.rule, way)
            known = self._ways[name] = Ways(tuple(edges.values()), tuple(failing.values()))
        return known

    def edges(self, name: str) -> tuple[Edge, ...]:
        """The edges of a profile, of `unconfined`, or of a stack; none of an unfollowed one."""
        if "//&" in name:
            return self._together(name)
        return self.ways(name).edges if name in self.known or name == UNCONFINED else ()

    def refused(self, name: str) -> tuple[RefusedExecution, ...]:
        """The executions that fail, by a profile, `unconfined`, or the components of a stack."""
        known = (part for part in name.split("//&") if part in self.known or part == UNCONFINED)
        return tuple(one for part in known for one in self.ways(part).refused)

    def _together(self, stack: str) -> tuple[Edge, ...]:
        """The edges of a stack: the ways of its components that all of them let it take."""
        known = self._stacks.get(stack)
        if known is None and len(self._stacks) >= MAX_STACKS:
            self.unfollowed.add(stack)
            return ()
        if known is None:
            found: dict[tuple[str, str, int | None], Edge] = {}
            for edge in self._stack_ways(stack, tuple(dict.fromkeys(stack.split("//&")))):
                if edge.target != stack:
                    found.setdefault((edge.target, edge.kind, edge.rule), edge)
            known = self._stacks[stack] = tuple(found.values())
        return known

    def _stack_ways(self, stack: str, parts: Sequence[str]) -> Iterator[Edge]:
        if not self.known.issuperset(parts):
            return
        paths: dict[bytes, None] = {}
        for part in parts:
            for edge in self.edges(part):
                if edge.kind == "exec":
                    paths[encode(edge.object)] = None
                elif edge.kind == "change_profile":
                    asked = {"subject": stack, "op": edge.kind, "object": edge.object}
                    if self.engine.answer(asked).verdict.allowed:
                        yield edge._replace(source=stack)
            for rule in self.exec_rules(part).rules:
                paths.update(dict.fromkeys(rule.members or ()))
        for path in paths:
            for owner in (True, False):
                way = self._stack_execution(stack, parts, path, owner=owner)
                if way is not None:
                    yield way

    def _stack_execution(
        self, stack: str, parts: Sequence[str], path: bytes, *, owner: bool
    ) -> Edge | None:
        """Where executing a path leads a stack; None where a component refuses, or all stay."""
        targets: dict[str, None] = {}
        moving: Edge | None = None
        for part in parts:
            record = self.record(part)
            if not mediates(record, FILE):
                return None  # what confines nothing goes by attachments: not worked out
            decision = self.exec_rules(part).decide(path, owner)
            target, fallback = taken(self.engine.tables, record, decision, path)
            if target is None or decision.transition is None:
                return None
            targets.update(dict.fromkeys(target.split("//&")))
            if moving is None and target != part:
                rule = next(n for bits, n in decision.winners if bits & _EXECUTE)
                mode = exec_mode(decision.transition)
                moving = Edge(
                    source=stack,
                    target="",
                    kind="exec",
                    mode=mode,
                    object=displayed(path),
                    owner=owner,
                    rule=rule,
                    fallback=fallback,
                )
        return None if moving is None else moving._replace(target="//&".join(targets))

    def all_edges(self) -> Iterator[Edge]:
        """Every edge that leaves a profile, in order of profiles."""
        for name in self.names:
            yield from self.ways(name).edges

    @cached_property
    def into(self) -> dict[str, list[Edge]]:
        """The edges that lead to each profile, `unconfined` left out as a source."""
        found: dict[str, list[Edge]] = {}
        for edge in self.all_edges():
            for part in edge.target.split("//&"):
                found.setdefault(part, []).append(edge)
        return found

    def reach(self, start: str) -> dict[str, Step]:
        """The subjects that can be reached from one, each with the last step of a shortest chain.

        Nothing behind `unconfined` is followed: whoever is there may go anywhere.
        """
        return reachable(self.edges, start, ends=(UNCONFINED,))

    def chain(self, start: str, target: str) -> list[Edge]:
        """A shortest chain of edges from one subject to another; empty when there is none."""
        return chain_to(target, self.reach(start))

    # --- the ways of one profile

    def _all(self, name: str) -> Iterator[Edge | RefusedExecution]:
        if name == UNCONFINED:
            yield from self._attached()
            return
        record = self.record(name)
        if record.mode in FREE_MODES:
            yield Edge(name, UNCONFINED, "mode", record.mode)
            return
        if mediates(record, FILE):
            rules = self.exec_rules(name)
            for rule in rules.rules:
                if rule.facts.effect == Effect.ALLOW and rule.facts.transition is not None:
                    yield from self._executions(record, rules, rule, rule.facts.transition)
        if mediates(record, CHANGE_PROFILE):
            yield from self._name_changes(record)
        parent = (record.namespace, record.parent if record.is_hat else record.name)
        for hat in self.hats.get(parent, ()):
            if hat != name:
                yield Edge(name, hat, "change_hat", object=hat.rpartition("//")[2])

    def _attached(self) -> Iterator[Edge]:
        for record in map(self.record, self.names):
            if parent_of(record):
                continue
            scope = self.attachments.scope_of(record)
            listed = scope.of.get(record.number, ())
            for path in listed if listed is not None else self._open_paths(scope, record):
                if self._attaches(record, path):
                    yield Edge(UNCONFINED, record.full_name, "exec", object=displayed(path))
                    break

    def _open_paths(self, scope: AttachmentScope, record: ProfileRecord) -> Iterator[bytes]:
        for one in scope.open:
            if one.candidate.profile.number == record.number:
                yield from alternatives(one.table, TRIES)

    def _attaches(self, record: ProfileRecord, path: bytes) -> bool:
        found, _ = self.attachments.find(path, namespace=record.namespace)
        return found is not None and found.number == record.number

    def _executions(
        self,
        record: ProfileRecord,
        rules: ProfileRules,
        rule: RuleLanguage,
        transition: Transition,
    ) -> Iterator[Edge | RefusedExecution]:
        if transition.kind == "inherit":
            return
        seen: set[str | None] = set()
        for path, attached in self._paths(record, rule, transition):
            if attached in seen:
                continue
            won = rules.winning(rule, path)
            if won is None:
                continue
            tables = self.engine.tables
            way = execution_edge(tables, record, rule, transition, path, won, attached)
            target = way.target if isinstance(way, Edge) else None
            if target not in seen:
                seen.add(target)
                yield way
            if transition.kind not in _ATTACH:
                return  # a name or `unconfined`: the same for every path
            if rule.members is None and (isinstance(way, RefusedExecution) or way.fallback):
                return  # what attaches to some path came first

    def _paths(
        self, record: ProfileRecord, rule: RuleLanguage, transition: Transition
    ) -> Iterator[tuple[bytes, str]]:
        """The paths of a rule at which its outcome may differ, and what attaches there.

        All paths when they are few; the name is empty where it need not be known beforehand.
        """
        if rule.members is not None:
            yield from ((path, "") for path in rule.members)
            return
        if transition.kind in _ATTACH:
            parent = record.name if transition.kind == "attach-child" else ""
            yield from self._attached_to(rule, parent, record.namespace)
        yield from ((path, "") for path in rule.samples())

    def _attached_to(
        self, rule: RuleLanguage, parent: str, namespace: str
    ) -> list[tuple[bytes, str]]:
        """Paths of a rule with the profile that attaches to each."""
        scope = self.attachments.scope(parent, namespace)
        key = (rule.pattern, id(scope))
        known = self._attached_paths.get(key)
        if known is None:
            known = self._attached_paths[key] = []
            for path in attached_paths(rule, scope):
                if path.endswith(b"/"):
                    continue  # no file is called so
                profile, _ = self.attachments.find(path, parent=parent, namespace=namespace)
                if profile is not None:
                    known.append((path, profile.full_name))
        return known

    def is_attached(self, rule: RuleLanguage, scope: AttachmentScope) -> bool:
        """Whether a profile of a scope attaches to a path of a rule that matches many."""
        key = (rule.pattern, id(scope))
        known = self._attachable.get(key)
        if known is None:
            found = next(attached_paths(rule, scope), None)
            known = self._attachable[key] = found is not None
        return known

    def _name_changes(self, record: ProfileRecord) -> Iterator[Edge]:
        rules = self._of(record.full_name, self._changes)
        for rule in rules.rules:
            if rule.facts.effect != Effect.ALLOW:
                continue
            for name in self.named(rule):
                asked = self._as_seen(record, name)
                won = rules.winning(rule, encode(asked))
                if won is not None and won[1].allow & _CHANGE:
                    yield Edge(
                        record.full_name,
                        name,
                        "change_profile",
                        object=asked,
                        rule=rule.facts.id,
                    )

    def named(self, rule: RuleLanguage) -> Iterator[str]:
        """The profiles, stacks of them and `unconfined` whose names a rule matches."""
        for name in self.names_in(rule.members, rule.prefix):
            if rule.matches(encode(name)):
                yield name

    def names_in(self, listed: Iterable[bytes] | None, prefix: bytes) -> Iterator[str]:
        """The known names among some texts, or with a beginning."""
        if listed is None:
            every = (*self.names, UNCONFINED)
            yield from (name for name in every if encode(name).startswith(prefix))
            return
        for text in listed:
            parts = [self._canonical(part) for part in displayed(text).split("//&")]
            if all(part is not None for part in parts):
                yield "//&".join(part for part in parts if part is not None)

    def _canonical(self, name: str) -> str | None:
        if name == UNCONFINED:
            return name
        record = self.engine.tables.find(name)
        return record.full_name if record is not None else None

    def _as_seen(self, record: ProfileRecord, name: str) -> str:
        """A name as a rule of a profile sees it: without the profile's own namespace."""
        return name.removeprefix(f":{record.namespace}://") if record.namespace else name
