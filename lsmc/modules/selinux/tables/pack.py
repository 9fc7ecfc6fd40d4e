"""From a resolved policy to the bytes of a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain

from lsmc.modules.selinux.context.context import OBJECT_ROLE
from lsmc.modules.selinux.context.levels import Level
from lsmc.modules.selinux.decide import conditions, constraints
from lsmc.modules.selinux.model import (
    NOTSELF,
    OTHER,
    AttributeSet,
    Compare,
    Logic,
    Policy,
    RuleKind,
    SetExpression,
)
from lsmc.modules.selinux.tables import layout
from lsmc.modules.selinux.tables.layout import NOTHING, Head, Section
from lsmc.modules.selinux.tables.pack_disabled import pack_disabled
from lsmc.modules.selinux.tables.pack_labels import ContextTable, pack_labels, pack_roles
from lsmc.modules.selinux.tables.pack_rules import (
    pack_extended,
    pack_rules,
    pack_type_rules,
    records_of,
)
from lsmc.modules.selinux.tables.places import PlaceTable
from lsmc.modules.selinux.tables.texts import Texts, pack_texts
from lsmc.tables.layout import words
from lsmc.tables.sections import pack_sections

#: The name of the module in bundles.
MODULE = "selinux"


def pack(policy: Policy) -> bytes:
    """The bundle of a policy."""
    places = PlaceTable(policy.places)
    texts, contexts = Texts(), ContextTable()
    sections: dict[int, bytes] = {
        **pack_rules(policy, places),
        **pack_extended(policy, places, texts),
        **pack_type_rules(policy, places, texts),
        **_attributes(policy, places),
        **_conditions(policy, places),
        **_constraints(policy, places),
        **pack_roles(policy, places, contexts),
        **pack_labels(policy, places, contexts, texts),
        **_bounds(policy, places),
        **pack_disabled(policy, places, texts),
        Section.SENSITIVITIES: words(
            [contexts.level(Level(*one)) for one in enumerate(policy.sensitivity_categories)]
        ),
        Section.PERMISSIONS: words(
            list(accumulate((len(one.permissions) for one in policy.classes), initial=0))
        ),
        Section.ALIASES: words(list(policy.type_aliases.values())),
        Section.LEVEL_ALIASES: words(
            [*policy.sensitivity_aliases.values(), *policy.category_aliases.values()]
        ),
        Section.DECLARATIONS: words(
            [
                *(places.one(one.place) for one in policy.types),
                *(places.one(one.place) for one in policy.attributes),
            ]
        ),
        Section.FILE_LINES: words(places.first_lines),
    }
    names = _names(policy, texts)
    sections |= contexts.sections()
    sections[Section.HEAD] = words([*_head(policy, places), *map(len, names)])
    sections[Section.NAMES] = pack_texts(names)
    sections[Section.PLACE_LISTS] = places.lists()
    return pack_sections(MODULE, {number: sections[number] for number in Section})


def _names(policy: Policy, texts: Texts) -> tuple[list[str], ...]:
    """The names of all kinds, in the order of `Counts`."""
    return (
        [one.name for one in policy.classes],
        [name for one in policy.classes for name in one.permissions],
        [one.name for one in policy.types],
        [one.name for one in policy.attributes],
        list(policy.type_aliases),
        [one.name for one in policy.roles],
        [one.name for one in policy.users],
        [one.name for one in policy.booleans],
        list(policy.sensitivities),
        list(policy.categories),
        list(policy.sensitivity_aliases),
        list(policy.category_aliases),
        [source.path for source in policy.places.sources],
        list(texts.all),
    )


def _head(policy: Policy, places: PlaceTable) -> Head:
    special = any(
        target in (NOTSELF, OTHER) for rules in policy.rules.values() for target in rules.target
    ) or any(rule.target in (NOTSELF, OTHER) for rule in policy.extended)
    roles = [role.name for role in policy.roles]
    classes = [one.name for one in policy.classes]
    return Head(
        int(policy.mls),
        layout.UNKNOWN_HANDLING.index(policy.handle_unknown),
        places.columns,
        int(special),
        roles.index(OBJECT_ROLE) if OBJECT_ROLE in roles else NOTHING,
        classes.index("process") if "process" in classes else NOTHING,
    )


def _attributes(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    """Which types have which attributes, and by which statement."""
    types = len(policy.types)
    of_type: list[list[tuple[int, int]]] = [[] for _ in range(types)]
    used = _used_attributes(policy)
    records: list[layout.AttributeSetRecord] = []
    names: list[int] = []
    for number, attribute in enumerate(policy.attributes, types):
        if number not in used:
            continue
        missing = set(attribute.members)
        for statement in attribute.sets:
            if not missing:
                break
            put = list(_put_in(statement.expression))
            found = missing & _members(policy, statement)
            if not found:
                continue
            missing -= found
            first = len(names)
            names += put
            for member in found:
                of_type[member].append((number, len(records)))
            place = places.one(statement.place)
            records.append(layout.AttributeSetRecord(number, place, first, len(names)))
        for member in missing:
            of_type[member].append((number, NOTHING))
    return {
        Section.ATTRIBUTES: words(list(accumulate(map(len, of_type), initial=0))),
        Section.MEMBERSHIPS: records_of(chain.from_iterable(of_type)),
        Section.ATTRIBUTE_SETS: records_of(records),
        Section.SET_NAMES: words(names),
    }


def _used_attributes(policy: Policy) -> set[int]:
    """The attributes that rules or constraints name, and those that lead types to them."""
    types = len(policy.types)
    kinds: tuple[RuleKind, ...] = layout.GRANT_KINDS
    labels: set[int] = set()
    for kind in kinds:
        if kind in policy.rules:
            labels.update(policy.rules[kind].source, policy.rules[kind].target)
    for columns in policy.type_rules.values():
        labels.update(columns.source, columns.target)
    for ruled in policy.extended:
        labels.update((ruled.source, ruled.target))
    for named in policy.named_transitions:
        labels.update((named.source, named.target))
    for spanned in policy.range_transitions:
        labels.update((spanned.source, spanned.target))
    labels.update(rule.target for rule in policy.role_transitions)
    names = {leaf for rule in policy.constraints for leaf in _leaf_names(rule.expression)}
    names.update(leaf for rule in policy.validations for leaf in _leaf_names(rule.expression))
    pending = [
        number
        for number, attribute in enumerate(policy.attributes, types)
        if number in labels or attribute.name in names
    ]
    found: set[int] = set()
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            for statement in policy.attributes[number - types].sets:
                pending += (label for label in _put_in(statement.expression) if label >= types)
    return found


def _leaf_names(expression: Compare | Logic) -> Iterator[str]:
    pending: list[Compare | Logic] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Compare):
            yield from part.names
        else:
            pending += part.parts


def _put_in(expression: SetExpression) -> Iterator[int]:
    """The names of an expression that stand outside of any `not`."""
    pending = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, int):
            yield part
        elif part[0] != "not":
            pending += [one for one in reversed(part[1:]) if not isinstance(one, str)]


def _members(policy: Policy, statement: AttributeSet) -> frozenset[int]:
    """The types that an expression over types and attributes has."""
    types = len(policy.types)

    def members(part: SetExpression) -> frozenset[int]:
        if isinstance(part, int):
            return frozenset((part,)) if part < types else policy.attributes[part - types].members
        operator = part[0]
        parts = [members(one) for one in part[1:] if not isinstance(one, str)]
        if operator == "all":
            return frozenset(range(types))
        if operator == "not":
            return frozenset(range(types)) - parts[0]
        if operator == "and":
            return frozenset.intersection(*parts)
        if operator == "xor":
            return parts[0] ^ parts[1]
        return frozenset().union(*parts)

    return members(statement.expression)


def _conditions(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    operators = {one.name.lower(): int(one) for one in conditions.Operator}
    expressions = [
        [
            operators[word] if isinstance(word, str) else conditions.BOOLEAN + word
            for word in condition.postfix
        ]
        for condition in policy.conditions
    ]
    return {
        Section.BOOLEANS: records_of(
            (int(one.value), places.one(one.place)) for one in policy.booleans
        ),
        Section.CONDITIONS: words(list(accumulate(map(len, expressions), initial=0))),
        Section.EXPRESSIONS: words(list(chain.from_iterable(expressions))),
    }


def _constraints(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    records: list[layout.ConstraintRecord] = []
    code: list[int] = []
    sets: dict[frozenset[int], int] = {}
    known: dict[tuple[int, ...], tuple[int, int]] = {}

    def part_of(expression: Compare | Logic) -> tuple[int, int]:
        found = tuple(_postfix(expression, sets))
        part = known.get(found)
        if part is None:
            part = known[found] = (len(code), len(code) + len(found))
            code.extend(found)
        return part

    for rule in policy.constraints:
        part, place = part_of(rule.expression), places.one(rule.place)
        records.append(
            layout.ConstraintRecord(rule.cls, rule.permissions, *part, int(rule.mls), 0, place)
        )
    for check in policy.validations:
        part, place = part_of(check.expression), places.one(check.place)
        records.append(layout.ConstraintRecord(check.cls, 0, *part, int(check.mls), 1, place))
    members = [sorted(one) for one in sets]
    return {
        Section.CONSTRAINTS: records_of(records),
        Section.CONSTRAINT_WORDS: words(code),
        Section.NAME_SETS: words(list(accumulate(map(len, members), initial=0))),
        Section.NAME_SET_MEMBERS: words(list(chain.from_iterable(members))),
    }


def _postfix(expression: Compare | Logic, sets: dict[frozenset[int], int]) -> Iterator[int]:
    """The words of an expression, as `decide.constraints` reads them."""
    pending: list[Compare | Logic | int] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, int):
            yield part
        elif isinstance(part, Logic):
            pending += (constraints.Operator[part.operator.upper()], *reversed(part.parts))
        elif isinstance(part.right, str):
            yield constraints.Operator[part.operator.upper()]
            yield constraints.Operand[part.left.upper()]
            yield constraints.Operand[part.right.upper()]
        else:
            operators = {"eq": constraints.Operator.IN, "neq": constraints.Operator.NOT_IN}
            yield operators[part.operator]
            yield constraints.Operand[part.left.upper()]
            yield sets.setdefault(part.right, len(sets))


def _bounds(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    bounds = policy.type_bounds
    parents, where = [], []
    for number in range(len(policy.types)):
        bound = bounds.get(number)
        parents.append(NOTHING if bound is None else bound.parent)
        where.append(NOTHING if bound is None else places.one(bound.place))
    return {
        Section.BOUNDS: words(parents),
        Section.BOUND_PLACES: words(where),
        Section.PERMISSIVE: records_of(
            (number, places.one(place)) for number, place in sorted(policy.permissive.items())
        ),
    }
