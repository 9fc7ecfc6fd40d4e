"""A rule that makes the tables much larger.

What it does: finds rules whose pattern multiplies the states of the automaton that they share
with other rules, and says how many states would go without the rule.  Measured is lsmc's own
table; `apparmor_parser` puts all file rules of a profile into one automaton, where such a pattern
costs more.

Why is this bad: loading gets slow, the policy takes kernel memory, and past a limit it is refused.

Configuration may set from how many states on a rule is reported:

    [checks.costly-pattern]
    states = 2000

Bad:

```apparmor
profile tool /usr/bin/tool {
  /**a????????x r,  # found
}
# file: lsmc.toml
[checks.costly-pattern]
states = 200
```

Good:

```apparmor
profile tool /usr/bin/tool {
  /srv/*/x r,
}
```

How sure: the number is measured.

How to fix: write fewer wildcards before fixed text, or anchor the pattern with a folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lsmc.analysis.profile_view import Grants
from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import Dfa, StateLimit
from lsmc.automata.partition import Kind, kind_of
from lsmc.automata.pattern import Pattern
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import rule_finding
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.tables.bundle import Unit
from lsmc.tables.groups import key_pattern


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    limit = int(tree.setting(CHECK, "states"))
    views = tree.shared(Grants)
    costs: dict[int, int] = {}
    for unit in views.units:
        for index in range(unit.unit.groups):
            costs |= _costs(tree, unit.unit, index, limit)
    if not costs:
        return
    for view in views.profiles:
        for use in view.uses:
            for held in use.unit.rules:
                states = costs.get(held.facts.id)
                if states is not None:
                    yield rule_finding(
                        CHECK,
                        view,
                        held,
                        f"adds {states} states to the tables",
                        help="write fewer wildcards before fixed text, or begin with a folder",
                    )


def _costs(tree: Tree, unit: Unit, index: int, limit: int) -> dict[int, int]:
    """The states that rules of a group add, for those that add many."""
    group = unit.group(index)
    if group.dfa.n_states < limit:
        return {}
    numbers = [unit.rule(rule).facts.id for rule in group.rules]
    patterns = {number: key_pattern(tree.rules[number]) for number in numbers}
    firsts: dict[Pattern, int] = {}  # rules of one pattern match in the same states
    for at, number in enumerate(numbers):
        if _multiplies(patterns[number]):
            firsts.setdefault(patterns[number], at)
    # states from which a rule cannot match are there without it too
    lasting = set(_lasting(group.dfa, firsts.values(), limit))
    suspects = [number for number in numbers if firsts.get(patterns[number]) in lasting]
    return dict(_guilty(patterns, suspects, group.dfa.n_states, limit)) if suspects else {}


def _lasting(dfa: Dfa, accepted: Collection[int], limit: int) -> Iterator[int]:
    """Those of some patterns, by their ids, that so many states of a table can still lead to."""
    if not accepted:
        return
    ends: dict[int, list[int]] = {}
    wanted = frozenset(accepted)
    for state in range(1, dfa.n_states):
        for one in wanted.intersection(dfa.accept_ids_of(state)):
            ends.setdefault(one, []).append(state)
    back = dfa.reverse()
    for one in accepted:
        if len(back.before(ends.get(one, ()), limit)) >= limit:
            yield one


def _guilty(
    patterns: dict[int, Pattern], suspects: list[int], states: int, limit: int
) -> Iterator[tuple[int, int]]:
    """Those of some patterns without any one of which there would be so many fewer states.

    One takes away no more than all together do, so half of them at a time are tried.
    """
    rest = [pattern for number, pattern in patterns.items() if number not in suspects]
    try:
        left = determinize(rest, states - limit).n_states if rest else 0
    except StateLimit:
        return
    if len(suspects) == 1:
        yield suspects[0], states - left
    else:
        middle = len(suspects) // 2
        yield from _guilty(patterns, suspects[:middle], states, limit)
        yield from _guilty(patterns, suspects[middle:], states, limit)


def _multiplies(pattern: Pattern) -> bool:
    """Whether a pattern can add more states than it has bytes."""
    return kind_of(pattern) >= Kind.SEARCH


CHECK = Check("LSM407", "costly-pattern", "info", run, table={"states": 2000})
