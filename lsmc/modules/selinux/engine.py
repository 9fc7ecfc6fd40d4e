"""An open SELinux policy: answers to questions, from its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import RequestError, RuleRef, UnknownName, Verdict
from lsmc.modules.selinux.context.context import Context, Invalid, parse_context
from lsmc.modules.selinux.decide.extended import ExtendedRules
from lsmc.modules.selinux.decide.states import SharedRows, State, values_of
from lsmc.modules.selinux.decide.vectors import Vector, Vectors
from lsmc.modules.selinux.questions import (
    PROTOCOLS,
    Access,
    InvalidContext,
    Party,
    access,
    booleans_of,
    check_fields,
    class_access,
    number_of,
    permissions_of,
    text_of,
)
from lsmc.modules.selinux.references import References
from lsmc.modules.selinux.tables.tables import Tables
from lsmc.modules.selinux.verdicts import judge, verdict

if TYPE_CHECKING:
    from lsmc.modules.selinux.batch import Batch
    from lsmc.modules.selinux.labels import Labeller
    from lsmc.tables.sections import Sections

#: Settings of booleans that are kept, and contexts and answers; then all are forgotten.
_STATES = 64
_KEPT = 1 << 17


class Engine:
    """An open bundle; raises `BundleError` where it is damaged, here or when it is used."""

    def __init__(self, data: bytes | memoryview, name: str, *, enforce: bool = False) -> None:
        self.name = name
        self.enforce = enforce
        self.tables = Tables(data)
        self._rules = SharedRows(self.tables)
        self._states: dict[tuple[bool, ...], State] = {}
        self._contexts: dict[str, Context | Invalid] = {}
        self._accesses: dict[str, Access] = {}

    @property
    def bundle(self) -> Sections:
        """The sections of the bundle."""
        return self.tables.sections

    @property
    def subjects(self) -> Sequence[str]:
        """The types of the policy."""
        return self.tables.names.types

    def find(self, name: str) -> int | None:
        """The number of a type by its name or an alias."""
        return self.tables.names.type_numbers.get(name)

    @cached_property
    def vectors(self) -> Vectors:
        """What computes access vectors."""
        return Vectors(self.tables)

    @cached_property
    def extended(self) -> ExtendedRules:
        """The rules about numbers of calls."""
        return ExtendedRules(self.tables)

    @cached_property
    def references(self) -> References:
        """What makes references to rules."""
        return References(self.tables)

    @cached_property
    def labels(self) -> Labeller:
        """What labels objects."""
        from lsmc.modules.selinux.labels import Labeller

        return Labeller(self)

    @cached_property
    def batch(self) -> Batch:
        """What answers many requests."""
        from lsmc.modules.selinux.batch import Batch

        return Batch(self)

    # --- the words of a question -------------------------------------------------------------

    def state(self, booleans: Mapping[int, bool]) -> State:
        """The policy with some booleans set otherwise than it says."""
        values = values_of(self.tables, booleans)
        known = self._states.get(values)
        if known is None:
            if len(self._states) >= _STATES:
                self._states.clear()
            known = self._states[values] = State(self._rules, values)
        return known

    @cached_property
    def default_state(self) -> State:
        """The policy with the booleans as it sets them."""
        return self.state({})

    def context(self, text: str) -> Context:
        """The context that a text is; raises `InvalidContext`."""
        known = self._contexts.get(text)
        if known is None:
            if len(self._contexts) >= _KEPT:
                self._contexts.clear()
            known = self._contexts[text] = parse_context(text, self.tables.grammar)
        if isinstance(known, Invalid):
            raise InvalidContext(text, known)
        return known

    def access(self, request: Mapping[str, Any]) -> Access:
        """The class and the permissions that a request asks for; `UnknownName`, `RequestError`."""
        if "class" in request:
            cls = text_of(request, "class")
            return class_access(cls, permissions_of(request.get("perms")), self.tables.names)
        op = text_of(request, "op")
        known = self._accesses.get(op)
        if known is None:
            known = access(op, self.tables.names)
            if len(self._accesses) >= _KEPT:
                self._accesses.clear()
            self._accesses[op] = known
        return known

    def party(self, text: str) -> Party:
        """A subject or object by its context or type; `UnknownName`, `InvalidContext`."""
        if ":" in text:
            context = self.context(text)
            return Party(context.type, context)
        return Party(self.type(text), None)

    def object_party(self, text: str, subject: Party, cls: str) -> Party:
        """An object by its context, its type, a path or a port; the subject where none is given."""
        if not text or text == "self":
            return subject
        if text.startswith("/"):
            from lsmc.modules.selinux.labels import kind_of_class

            label = self.labels.file_label(text, kind_of_class(cls))
        elif text.partition(":")[0] in PROTOCOLS and text.count(":") == 1:
            label = self.labels.port_label(text)
        else:
            return self.party(text)
        if label is None:
            raise RequestError(f"the policy gives no label to `{text}`")
        context = self.context(str(label))
        return Party(context.type, context, f"{text} is {label}")

    def type(self, name: str) -> int:
        """A type by its name or an alias; `UnknownName`."""
        number = self.find(name)
        if number is None:
            names = self.tables.names
            note = (
                "it is an attribute, which no task has" if name in names.attribute_numbers else ""
            )
            raise UnknownName("type", name, names.type_numbers, note)
        return number

    # --- answers -----------------------------------------------------------------------------

    def vector(self, state: State, source: Party, target: Party, cls: int) -> Vector:
        """What a subject may do to an object of a class."""
        if source.context is None or target.context is None:
            return self.vectors.of_types(state, source.type, target.type, cls)
        return self.vectors.of(state, source.context, target.context, cls)

    def answer(self, request: Mapping[str, Any]) -> Verdict:
        """The verdict of one request; `UnknownName`, `RequestError`, TypeError."""
        check_fields(request)
        wanted = self.access(request)
        booleans = booleans_of(request.get("booleans"), self.tables.names)
        state = self.state(booleans) if booleans else self.default_state
        number = number_of(request)
        try:
            source = self.party(text_of(request, "subject"))
            target = self.object_party(text_of(request, "object"), source, wanted.name)
        except InvalidContext as fault:
            denied = Verdict.deny(wanted.wanted, explicit=False, audited=True, note=str(fault))
            return denied._replace(decision="invalid-context")
        return verdict(self, judge(self, state, source, target, wanted, number))

    def permissions(
        self, subject: str, cls: str, obj: str, fields: Mapping[str, object]
    ) -> Permissions:
        """The whole vector of a class; `UnknownName`, `RequestError`."""
        names = self.tables.names
        number = names.class_numbers.get(cls)
        if number is None:
            raise UnknownName("class", cls, names.classes)
        check_fields(fields)
        booleans = booleans_of(fields.get("booleans"), names)
        state = self.state(booleans) if booleans else self.default_state
        source = self.party(subject)
        target = self.object_party(obj, source, cls)
        vector = self.vector(state, source, target, number)
        rules: dict[str, tuple[RuleRef, ...]] = {}
        for bit, name in enumerate(names.permissions(number)):
            if vector.types >> bit & 1:
                rules[name] = self.references.grants(
                    state, source.type, target.type, number, 0, 1 << bit
                )
        return Permissions(
            allow=frozenset(names.permission_names(number, vector.allow)),
            deny=frozenset(),
            audit=frozenset(names.permission_names(number, vector.audit)),
            quiet=frozenset(names.permission_names(number, vector.quiet)),
            prompt=frozenset(),
            exec=None,
            rules=rules,
        )
