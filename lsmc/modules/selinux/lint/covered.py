"""Rules that are covered by others: where they are told, and what is shown of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.base.diagnostics import Label
from lsmc.modules.selinux.lint.grants import Rule
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.model import RuleKind

#: Covering rules that are shown.
_FEW = 3


def by_file(tree: Tree, kind: RuleKind, rules: Iterable[Rule]) -> Iterator[tuple[int, Rule, str]]:
    """Of each file the first of some rules with its place, and words for the others in it."""
    places = tree.policy.rules[kind].place
    files: dict[int, list[Rule]] = {}
    for rule in rules:
        file, _ = tree.policy.places.find(places[rule.number])
        files.setdefault(file, []).append(rule)
    for some in files.values():
        more = len(some) - 1
        times = f" (and {more} more like it in this file)" if more else ""
        yield places[some[0].number], some[0], times


def covering(tree: Tree, rule: Rule, *, broader_only: bool = False) -> list[Rule]:
    """The unconditional allow rules that cover a rule, few of them."""
    return tree.allows.covering(rule, 0, itself=not broader_only)


def labels_of(tree: Tree, rule: Rule, found: Iterable[Rule]) -> list[Label]:
    """The places of rules that cover a rule, with what each has of it."""
    places = tree.policy.rules["allow"].place
    labels: list[Label] = []
    wanted = rule.permissions
    for one in found:
        words = " ".join(tree.permissions(rule.cls, one.permissions & wanted))
        wanted &= ~one.permissions
        labels.append(Label(tree.span(places[one.number]), f"this allows {words}"))
    return labels[:_FEW]
