"""Random questions about a policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import NamedTuple

from lsmc.modules.selinux.tables.tables import Tables
from lsmc.policy import Policy
from tests.selinux_kernel.cases import Block, Question

#: How often each kind is asked.
_KINDS = {
    "access": 60,
    "transition": 16,
    "member": 5,
    "change": 5,
    "context": 6,
    "validatetrans": 8,
}
#: How many contexts are drawn before one is taken that the policy does not know.
_ATTEMPTS = 12
#: How many settings of booleans a policy is asked under.
_SETTINGS = 3
#: How many of the questions are about what some rule speaks of.
_AIMED = 0.75
#: How many of the contexts that are asked about alone are cut off somewhere.
_TORN = 0.2
_RULE = re.compile(
    r"\((allow|auditallow|dontaudit|typetransition|typemember|typechange|rangetransition|"
    r'roletransition) (\S+) (\S+) \(?(\w+) ?(?:"([^"]*)")?'
)
_OF_CLASS = re.compile(r"\(((?:mls)?validatetrans|default\w+) (\w+) ")
#: The kind of question that aims at a rule.
_AIMS = {
    **dict.fromkeys(("allow", "auditallow", "dontaudit"), "access"),
    **dict.fromkeys(("typetransition", "rangetransition", "roletransition"), "transition"),
    "typemember": "member",
    "typechange": "change",
    **dict.fromkeys(("validatetrans", "mlsvalidatetrans"), "validatetrans"),
    **dict.fromkeys((f"default{part}" for part in ("user", "role", "type", "range")), "transition"),
}


class Aim(NamedTuple):
    """What a rule speaks of: types or a role (any type for other names), a class, a name."""

    source: str
    target: str
    cls: str
    name: str = ""


_NOWHERE = Aim("", "", "")


class Words(NamedTuple):
    """What questions about a policy may say, aliases among it; permissions by class."""

    users: Sequence[str]
    roles: Sequence[str]
    types: Sequence[str]
    sensitivities: Sequence[str]
    categories: Sequence[str]
    permissions: dict[str, Sequence[str]]
    booleans: Sequence[str]
    names: Sequence[str]


def words_of(policy: Policy, names: Sequence[str]) -> Words:
    """The words of a policy; `names` are those of new objects."""
    tables: Tables = policy.engine.tables
    known = tables.names
    return Words(
        known.users,
        known.roles,
        tuple(tables.grammar.types),
        tuple(known.levels.sensitivities),
        tuple(known.levels.categories),
        {name: known.permissions(number) for number, name in enumerate(known.classes)},
        known.booleans,
        names,
    )


def aims(text: str) -> dict[str, list[Aim]]:
    """What the rules of a policy speak of, by the kind of question that asks for it."""
    found: dict[str, list[Aim]] = {kind: [] for kind in _KINDS}
    for keyword, *words in _RULE.findall(text):
        found[_AIMS[keyword]].append(Aim(*words))
    for keyword, cls in _OF_CLASS.findall(text):
        found[_AIMS[keyword]].append(Aim("", "", cls))
    return found


def blocks(
    rng: Random, text: str, policy: Policy, names: Sequence[str], count: int
) -> tuple[Block, ...]:
    """Questions about a policy, under its own setting of booleans and under drawn ones."""
    words = words_of(policy, names)
    settings: list[dict[str, bool]] = [{}]
    if words.booleans:
        settings += [_setting(rng, words) for _ in range(_SETTINGS - 1)]
    asked = _questions(rng, aims(text), policy, words)
    share = -(-count // len(settings))
    return tuple(Block(one, tuple(islice(asked, share))) for one in settings)


def _setting(rng: Random, words: Words) -> dict[str, bool]:
    return {name: rng.random() < 0.5 for name in words.booleans}


def _questions(
    rng: Random, known: dict[str, list[Aim]], policy: Policy, words: Words
) -> Iterator[Question]:
    kinds, weights = list(_KINDS), list(_KINDS.values())
    while True:
        kind = rng.choices(kinds, weights)[0]
        if kind == "context":
            text = _text(rng, words, "")
            if rng.random() < _TORN:
                text = text[: rng.randrange(1, len(text))]
            yield Question(kind, (text,), "")
            continue
        aim = rng.choice(known[kind] or [_NOWHERE]) if rng.random() < _AIMED else _NOWHERE
        cls = aim.cls if aim.cls in words.permissions else rng.choice(list(words.permissions))
        contexts = [_context(rng, policy, words, aim.source)]
        if aim.target == "self":
            contexts *= 2
        else:
            contexts.append(_context(rng, policy, words, aim.target))
        if kind == "validatetrans":
            contexts.append(_context(rng, policy, words, ""))
        yield Question(kind, tuple(contexts), cls, _extra(rng, kind, cls, aim, words))


def _extra(rng: Random, kind: str, cls: str, aim: Aim, words: Words) -> tuple[str, ...]:
    """The permissions, or the name, that a question asks for."""
    if kind == "access":
        known = words.permissions[cls]
        return tuple(rng.sample(known, rng.randrange(1, min(4, len(known) + 1))))
    if kind == "transition" and rng.random() < 0.6:
        return (aim.name or rng.choice(words.names),)
    return ()


def _context(rng: Random, policy: Policy, words: Words, name: str) -> str:
    """A context of a name that the policy knows, but for one in a while."""
    text = _text(rng, words, name)
    for _ in range(_ATTEMPTS if rng.random() < 0.97 else 0):
        if policy.validate_transition(text, text, text, "process").decision != "invalid-context":
            break
        text = _text(rng, words, name)
    return text


def _text(rng: Random, words: Words, name: str) -> str:
    """A context with a type, or with a role, by the name of either."""
    low = _level(rng, words, ())
    span = low[0]
    if rng.random() < 0.6:
        high = _level(rng, words, low[1])
        span += f"-{high[0]}"
    role = "object_r" if rng.random() < 0.3 else rng.choice(words.roles)
    role = name if name in words.roles else role
    if name not in words.types:
        name = rng.choice(words.types) if rng.random() < 0.99 else "absent_t"
    return f"{rng.choice(words.users)}:{role}:{name}:{span}"


def _level(rng: Random, words: Words, least: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A level as a text with its categories; those of `least` are in most."""
    some = rng.sample(words.categories, rng.randrange(4))
    held = set(some if rng.random() < 0.1 else [*some, *least])
    chosen = tuple(name for name in words.categories if name in held)
    text = rng.choice(words.sensitivities)
    between = "." if len(chosen) == 2 and rng.random() < 0.3 else ","
    return (f"{text}:{between.join(chosen)}" if chosen else text), chosen
