"""What lint says of rules is exact: held against all pairs of types of small random policies."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.lint.grants import Rule
from lsmc.modules.selinux.lint.linter import LINT
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF, Policy
from tests.modules.selinux.support import policy

TYPES = ("a", "b", "c")
ATTRIBUTES = ("x", "y", "z")
_LABEL = st.sampled_from((*TYPES, *ATTRIBUTES))
_PERMISSIONS = st.sets(st.sampled_from(("read", "write", "open")), min_size=1)
_RULE = st.tuples(
    st.sampled_from(("", "", "on", "off")),
    _LABEL,
    st.one_of(_LABEL, st.sampled_from(("self", "notself", "other"))),
    _PERMISSIONS,
)
_SETS = st.lists(st.sets(st.sampled_from(TYPES)), min_size=3, max_size=3)


def _text(sets: list[set[str]], rules: list[tuple[str, str, str, set[str]]]) -> str:
    lines = [f"(type {one})" for one in TYPES]
    for name, members in zip(ATTRIBUTES, sets, strict=True):
        lines.append(f"(typeattribute {name})")
        if members:
            lines.append(f"(typeattributeset {name} ({' '.join(sorted(members))}))")
    lines.append("(boolean w true)")
    for state, source, target, permissions in rules:
        rule = f"(allow {source} {target} (file ({' '.join(sorted(permissions))})))"
        branch = "true" if state == "on" else "false"
        lines.append(f"(booleanif w ({branch} {rule}))" if state else rule)
    return "\n".join(lines)


def _granted(
    policy: Policy, left_out: frozenset[int] = frozenset()
) -> dict[tuple[int, int, int, int], int]:
    """What each pair of types has under each condition, without some rules."""
    found: dict[tuple[int, int, int, int], int] = defaultdict(int)
    rules = policy.rules["allow"]
    count = len(policy.types)

    def members(label: int) -> frozenset[int]:
        return frozenset((label,)) if label < count else policy.attributes[label - count].members

    for number, (source, target, cls, mask, condition, _) in enumerate(zip(*rules, strict=True)):
        if number in left_out:
            continue
        for one in members(source):
            special = {SELF: {one}, NOTSELF: set(range(count)) - {one}}
            special[OTHER] = set(members(source)) - {one}
            for other in special[target] if target in special else members(target):
                for state in (condition,) if condition else (0, 1, 2):
                    found[state, one, other, cls] |= mask
    return {key: mask for key, mask in found.items() if mask}


def _rows(tree: Tree, code: str) -> set[int]:
    """The rows of the rules that a check finds, each of which it tells."""
    rows = {tree.span(place): n for n, place in enumerate(tree.policy.rules["allow"].place)}
    return {rows[one.span] for one in LINT.checks[code].run(tree) if one.span is not None}


@given(_SETS, st.lists(_RULE, max_size=7))
def test_what_is_found_grants_nothing(
    sets: list[set[str]], rules: list[tuple[str, str, str, set[str]]]
) -> None:
    """Without all the rules that are found, every pair of types has what it had."""
    tree = Tree(policy(_text(sets, rules)))
    allows = tree.allows
    dead = {
        one.number
        for some in allows.alike.values()
        for one in some
        if not one.condition and not one.permissions & ~allows.broader(one)
    }
    assert _rows(tree, "LSM630") <= dead  # of those alike in a file the first is told
    whole = _granted(tree.policy)
    assert _granted(tree.policy, frozenset(dead | _rows(tree, "LSM631"))) == whole
    idle = {
        one.number
        for some in allows.alike.values()
        for one in some
        if one.condition and not one.permissions & ~allows.covered(*_key(one), itself=True)
    }
    assert _rows(tree, "LSM632") <= idle
    assert _granted(tree.policy, frozenset(idle)) == whole


def _key(rule: Rule) -> tuple[int, int, tuple[int, int]]:
    return rule.cls, 0, rule.pair


@given(_SETS, st.lists(_RULE, max_size=7))
def test_vectors(sets: list[set[str]], rules: list[tuple[str, str, str, set[str]]]) -> None:
    """What a pair of types has in some state of the booleans is what its rules give."""
    tree = Tree(policy(_text(sets, rules)))
    wanted: dict[tuple[int, int, int], int] = defaultdict(int)
    for (_, source, target, cls), mask in _granted(tree.policy).items():
        wanted[source, target, cls] |= mask
    count, classes = len(tree.policy.types), len(tree.policy.classes)
    for source in range(count):
        for target in range(count):
            for cls in range(classes):
                assert tree.vectors.of(cls, source, target) == wanted[source, target, cls]
