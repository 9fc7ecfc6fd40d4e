"""Makes the resolved policy of what all parts say, beside its rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from lsmc.modules.selinux import model
from lsmc.modules.selinux.context.levels import Level, Range
from lsmc.modules.selinux.resolve.columns import Columns
from lsmc.modules.selinux.resolve.draft import Draft
from lsmc.modules.selinux.resolve.sets import Sets
from lsmc.modules.selinux.resolve.symbols import Symbol

_OTHER_CONTEXTS = (
    "netifcon",
    "nodecon",
    "ibpkeycon",
    "ibendportcon",
    "pirqcon",
    "iomemcon",
    "ioportcon",
    "pcidevicecon",
    "devicetreecon",
)


class Assembly:
    """Puts together a policy; faults are noted in the draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._contexts: dict[int, model.Context] = {}
        self.written = draft.places.written
        self.types = self._sets("type", draft.types, draft.type_attributes)
        self.roles = self._sets("role", draft.roles, draft.role_attributes)
        self.users = self._sets("user", draft.users, draft.user_attributes)

    def _sets(self, kind: str, members: list[Symbol], attributes: list[Symbol]) -> Sets:
        statements = self.draft.of(f"{kind}attributeset")
        given = ((attribute, node, place) for (attribute, node), place, _ in statements)
        sets = Sets(members, attributes, given)
        for symbol in sets.circular:
            message = f"attribute `{symbol.name}` is defined by itself"
            self.draft.fault(symbol.place, "self-reference", message)
        return sets

    def policy(self) -> model.Policy:
        """The policy."""
        draft = self.draft
        columns = Columns(draft)
        levels = draft.readings.levels
        handle, mls = self._one("handleunknown"), self._one("mls")
        extended, named = columns.extended(), columns.named()
        return model.Policy(
            places=draft.places,
            mls=mls == "true",
            handle_unknown=cast(Any, handle or "deny"),
            capabilities=tuple(sorted({word.lower() for word, _, _ in draft.of("policycap")})),
            classes=tuple(self._classes()),
            sids=tuple(self._sids()),
            types=tuple(model.Type(one.name, one.place) for one in draft.types),
            attributes=self.types.attributes,
            roles=tuple(self._roles()),
            role_attributes=self.roles.attributes,
            users=tuple(self._users()),
            sensitivities=tuple(one.name for one in levels.sensitivities),
            sensitivity_categories=tuple(
                levels.allowed.get(one, 0) for one in levels.sensitivities
            ),
            categories=tuple(one.name for one in levels.categories),
            booleans=tuple(
                model.Boolean(one.name, one.statement[2] == "true", one.place)
                for one in draft.booleans
            ),
            conditions=tuple(map(model.Condition, draft.conditions)),
            rules=columns.rules,
            type_rules=columns.type_rules,
            extended=extended,
            named_transitions=named,
            role_allows=tuple(self._role_allows()),
            role_transitions=tuple(self._role_transitions()),
            range_transitions=tuple(self._range_transitions()),
            constraints=tuple(self._constraints()),
            validations=tuple(self._validations()),
            type_bounds=self._bounds("type"),
            role_bounds=self._bounds("role"),
            user_bounds=self._bounds("user"),
            permissive={one.number: place for one, place, _ in draft.of("typepermissive")},
            defaults=tuple(self._defaults()),
            file_contexts=tuple(self._file_contexts()),
            port_contexts=tuple(self._port_contexts()),
            fs_contexts=tuple(self._fs_contexts()),
            fs_uses=tuple(self._fs_uses()),
            other_contexts=tuple(self._other_contexts()),
            logins=tuple(self._logins()),
            disabled=tuple(self._disabled()),
            type_aliases=self._aliases("typealias"),
            sensitivity_aliases=self._aliases("sensitivityalias"),
            category_aliases=self._aliases("categoryalias"),
        )

    def in_order(self, keyword: str) -> list[tuple[Any, int, int]]:
        """What statements of a keyword say, in the order of the files."""
        return sorted(self.draft.of(keyword), key=lambda one: self.written(one[1]))

    def _one(self, keyword: str) -> str:
        """What the only statement of a keyword says."""
        found = self.draft.of(keyword)
        for _, place, _ in found[1:]:
            self.draft.fault(place, "declared-twice", f"a policy has one `{keyword}`")
        return str(found[0][0]) if found else ""

    # Values

    def level(self, level: tuple[Symbol, int]) -> Level:
        """A level with numbers."""
        return Level(self.draft.readings.levels.sensitivities.get(level[0], 0), level[1])

    def range(self, ends: tuple[tuple[Symbol, int], tuple[Symbol, int]]) -> Range:
        """A range with numbers."""
        return Range(self.level(ends[0]), self.level(ends[1]))

    def context(self, given: Any) -> model.Context:
        """A context with numbers."""
        known = self._contexts.get(id(given))
        if known is None:
            user, role, type_, ends = given
            known = model.Context(user.number, role.number, type_.number, self.range(ends))
            self._contexts[id(given)] = known
        return known

    # Things

    def _classes(self) -> Iterator[model.SecurityClass]:
        classes = self.draft.readings.classes
        for cls in self.draft.classes:
            common = classes.commons.get(cls)
            names = tuple(classes.bits(cls))
            yield model.SecurityClass(cls.name, common.name if common else None, names, cls.place)

    def _sids(self) -> Iterator[model.Sid]:
        contexts: dict[Symbol, Any] = {}
        for (sid, context), place, _ in self.draft.of("sidcontext"):
            if sid in contexts:
                message = f"sid `{sid.name}` has a context already"
                self.draft.fault(place, "declared-twice", message)
            contexts[sid] = context
        for sid in self.draft.resolver.orders["sid"]:
            given = contexts.get(sid)
            yield model.Sid(sid.name, self.context(given) if given else None, sid.place)

    def _roles(self) -> Iterator[model.Role]:
        given: list[list[tuple[int, int]]] = [[] for _ in self.draft.roles]
        for (role, type_), place, _ in self.draft.of("roletype"):
            for number in self.roles.members(role.number):
                given[number].append((type_.number, place))
        for role, pairs in zip(self.draft.roles, given, strict=True):
            types = frozenset(one for number, _ in pairs for one in self.types.members(number))
            yield model.Role(role.name, types, tuple(pairs), role.place)

    def _users(self) -> Iterator[model.User]:
        given: list[list[tuple[int, int]]] = [[] for _ in self.draft.users]
        for (user, role), place, _ in self.draft.of("userrole"):
            for number in self.users.members(user.number):
                given[number].append((role.number, place))
        level, ends, prefix = (
            {user: value for (user, value), _, _ in self.draft.of(keyword)}
            for keyword in ("userlevel", "userrange", "userprefix")
        )
        for user, pairs in zip(self.draft.users, given, strict=True):
            for what, found in (("level", level), ("range", ends)):
                if user not in found:
                    message = f"user `{user.name}` has no {what}"
                    self.draft.fault(
                        user.place,
                        "incomplete-policy",
                        message,
                        f"write (user{what} {user.name} ...)",
                    )
            yield model.User(
                user.name,
                frozenset(one for number, _ in pairs for one in self.roles.members(number)),
                self.level(level[user]) if user in level else None,
                self.range(ends[user]) if user in ends else None,
                prefix.get(user),
                tuple(pairs),
                user.place,
            )

    def _bounds(self, kind: str) -> dict[int, model.Bound]:
        names = {"type": self.draft.types, "role": self.draft.roles, "user": self.draft.users}[kind]
        bounds: dict[int, model.Bound] = {}
        for (parent, child), place, _ in self.draft.of(f"{kind}bounds"):
            if child.number in bounds:
                message = f"{kind} `{child.name}` is bounded already"
                related = [(child.place, f"the {kind}"), (bounds[child.number].place, "bounded")]
                self.draft.fault(place, "declared-twice", message, related=related)
                continue
            bounds[child.number] = model.Bound(parent.number, place)
        for start in list(bounds):
            number, steps = bounds[start].parent, 0
            while number in bounds and number != start and steps <= len(bounds):
                number, steps = bounds[number].parent, steps + 1
            if number == start:
                message = f"{kind} `{names[start].name}` is bounded by itself"
                related = [(names[start].place, f"the {kind}")]
                place = bounds.pop(start).place
                self.draft.fault(place, "self-reference", message, related=related)
        return bounds

    def _aliases(self, keyword: str) -> dict[str, int]:
        levels = self.draft.readings.levels
        numbers: dict[Symbol, int] = {**levels.sensitivities, **levels.categories}
        found: dict[str, int] = {}
        for alias in self.draft.resolver.declared(keyword):
            meant = self.draft.meant(alias)
            if meant is not None:
                found[alias.name] = numbers.get(meant, meant.number)
        return found

    # Rules of few

    def _role_allows(self) -> Iterator[model.RoleAllow]:
        for (source, target), place, _ in self.draft.of("roleallow"):
            for one in sorted(self.roles.members(source.number)):
                for other in sorted(self.roles.members(target.number)):
                    yield model.RoleAllow(one, other, place)

    def _role_transitions(self) -> Iterator[model.RoleTransition]:
        for (role, type_, cls, result), place, _ in self.draft.of("roletransition"):
            for one in sorted(self.roles.members(role.number)):
                for number in self.draft.class_numbers(cls):
                    yield model.RoleTransition(one, type_.number, number, result.number, place)

    def _range_transitions(self) -> Iterator[model.RangeTransition]:
        for (source, target, cls, ends), place, _ in self.draft.of("rangetransition"):
            for number in self.draft.class_numbers(cls):
                found = self.range(ends)
                yield model.RangeTransition(source.number, target.number, number, found, place)

    def _defaults(self) -> Iterator[model.Default]:
        for part in ("user", "role", "type", "range"):
            seen: dict[int, str] = {}
            for (classes, value), place, _ in self.draft.of(f"default{part}"):
                for cls in classes:
                    for number in self.draft.class_numbers(cls):
                        if seen.setdefault(number, value) != value:
                            name = self.draft.classes[number].name
                            message = f"another default{part} of class `{name}` says {seen[number]}"
                            self.draft.fault(place, "conflicting-rules", message)
                        yield model.Default(part, number, value, place)

    # Constraints

    def _constraints(self) -> Iterator[model.Constraint]:
        for keyword in ("constrain", "mlsconstrain"):
            for (items, node), place, _ in self.draft.of(keyword):
                expression = self._expression(node)
                for cls, bits in self.draft.expanded(items):
                    if bits:
                        mls = keyword == "mlsconstrain"
                        yield model.Constraint(cls.number, bits, expression, mls, place)

    def _validations(self) -> Iterator[model.ValidateTransition]:
        for keyword in ("validatetrans", "mlsvalidatetrans"):
            for (cls, node), place, _ in self.draft.of(keyword):
                expression = self._expression(node)
                for number in self.draft.class_numbers(cls):
                    mls = keyword == "mlsvalidatetrans"
                    yield model.ValidateTransition(number, expression, mls, place)

    def _expression(self, node: Any) -> model.Compare | model.Logic:
        if node[0] in ("and", "or", "not"):
            return model.Logic(node[0], tuple(map(self._expression, node[1:])))
        if len(node) == 3:
            return model.Compare(*node)
        operator, left, symbols, names = node
        sets = {"u": self.users, "r": self.roles, "t": self.types}[left[0]]
        members = frozenset(one for symbol in symbols for one in sets.members(symbol.number))
        return model.Compare(operator, left, members, tuple(names))

    # Labels

    def _file_contexts(self) -> Iterator[model.FileContext]:
        for (path, kind, context), place, _ in self.in_order("filecon"):
            yield model.FileContext(path, kind, self.context(context) if context else None, place)

    def _port_contexts(self) -> Iterator[model.PortContext]:
        for (protocol, low, high, context), place, _ in self.in_order("portcon"):
            yield model.PortContext(protocol, low, high, self.context(context), place)

    def _fs_contexts(self) -> Iterator[model.FsContext]:
        for (fs, path, kind, context), place, _ in self.in_order("genfscon"):
            yield model.FsContext(fs, path, kind, self.context(context), place)

    def _fs_uses(self) -> Iterator[model.FsUse]:
        for (how, fs, context), place, _ in self.in_order("fsuse"):
            yield model.FsUse(how, fs, self.context(context), place)

    def _other_contexts(self) -> Iterator[model.OtherContext]:
        for keyword in _OTHER_CONTEXTS:
            for (words, contexts), place, _ in self.in_order(keyword):
                found = tuple(map(self.context, contexts))
                yield model.OtherContext(keyword, tuple(words), found, place)

    def _logins(self) -> Iterator[model.Login]:
        defaults = self.draft.of("selinuxuserdefault")
        for _, place, _ in defaults[1:]:
            self.draft.fault(place, "declared-twice", "a policy has one `selinuxuserdefault`")
        for (name, user, ends), place, _ in (*self.draft.of("selinuxuser"), *defaults):
            yield model.Login(name, user.number, self.range(ends), place)

    def _disabled(self) -> Iterator[model.Disabled]:
        for part in self.draft.resolver.switched_off():
            reason = part.off
            assert reason is not None
            name = part.full_name(str(part.head[1]))
            place = self.draft.resolver.expansion.place(part, part.place)
            yield model.Disabled(name, place, reason.kind, reason.name, reason.place)
