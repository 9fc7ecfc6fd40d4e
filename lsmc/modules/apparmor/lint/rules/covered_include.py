"""An include all of whose rules are granted without it.

What it does: finds include lines that could go: every rule that they bring in is covered by the
other rules of the profile, so no decision, audit flag or exec transition would change.

Why is this bad: it is not; but the include says that the profile needs something that it has
anyway.

Bad:

```apparmor
profile bad /bin/bad {
  include <abstractions/own>  # found
  /etc/** r,
}
# file: abstractions/own
/etc/hosts r,
/etc/passwd r,
```

Good:

```apparmor
profile good /bin/good {
  include <abstractions/own>
  /etc/h* r,
}
# file: abstractions/own
/etc/hosts r,
/etc/passwd r,
```

How sure: exact, for the rules of today: the included file may grow.

How to fix: remove the include, if the profile does not want what it may bring in one day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lsmc.analysis.redundancy.redundant import smallest_cover
from lsmc.analysis.redundancy.removal import Removal, removal, shows
from lsmc.analysis.redundancy.scopes import Scope, Scopes, SourceRule
from lsmc.automata.dfa import StateLimit
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.model import Unit
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import labels, quoted_text, witness
from lsmc.modules.apparmor.lint.redundant_rules import best
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each include that brings nothing."""
    scopes = tree.shared(Scopes)
    seen: set[Span] = set()
    for scope in (*scopes.bodies, *scopes.included):
        lines = {line for line in _lines(scope) if line not in seen}
        inside: dict[Span, list[SourceRule]] = {}
        if lines:
            depth = len(scope.via)
            for span, chain in scope.vias.items():
                if len(chain) > depth and chain[depth] in lines and span in scope.written:
                    inside.setdefault(chain[depth], []).append(scope.written[span])
        for line, rules in inside.items():
            if line not in seen:
                proof = _removal(rules)
                if proof is not None:
                    seen.add(line)
                    yield _report(scope, line, rules, proof)
        scope.forget()


def _lines(scope: Scope) -> Iterator[Span]:
    """The include lines of a scope's own text that may bring nothing."""
    depth = len(scope.via)
    uses = scope.profile.ir.uses
    brought: dict[Span, list[Unit]] = {}
    for part in scope.parts:
        if len(uses[part].via) > depth:
            brought.setdefault(uses[part].via[depth], []).append(uses[part].unit)
    times = Counter(id(unit) for units in brought.values() for unit in units)
    for line, units in brought.items():
        if not any(times[id(unit)] == 1 and _decides_alone(scope, unit) for unit in units):
            yield line


def _decides_alone(scope: Scope, unit: Unit) -> bool:
    """Whether a rule of a unit is the only one at a short key of its own, as in most includes.

    It must stand in this unit alone: then it goes with the line that brings the unit.
    """
    scopes, profile = scope.scopes, scope.profile.ir
    for number, rule in zip(scopes.numbers[id(unit)], unit.rules, strict=True):
        if rule.cls.name not in profile.mediated or rule.origin == profile.origin:
            continue
        if len(scope.holding(rule.origin)) != 1 or not shows(scopes.facts(number)):
            continue
        key = scopes.languages.of(number).short
        if key is not None and scope.matched(bytes((rule.cls.code,)) + key) == (number,):
            return True
    return False


def _removal(rules: list[SourceRule]) -> Removal | None:
    """The proof that all rules of an include may go together."""
    members = [member for written in rules for member in written.members]
    try:
        proof = removal(rules[0], members)
    except StateLimit:
        return None
    return proof if proof is not None and proof.won and not proof.unmet else None


def _report(scope: Scope, line: Span, rules: list[SourceRule], proof: Removal) -> Diagnostic:
    origin = scope.policy.origin
    needs = [frozenset(origin(number) for number in need.rules) for need in proof.needs]
    cover = smallest_cover(needs, lambda span: (span.source.path, span.start))
    seen = best(one for one in proof.won if one.cls is proof.won[0].cls)
    rules_are = "rules are" if len(rules) > 1 else "rule is"
    return CHECK.finding(
        line,
        f"{quoted_text(line)} brings nothing: its {len(rules)} {rules_are} covered by others",
        help="remove it, unless the profile wants what it may hold one day",
        profile=scope.profile.name,
        witness=witness(scope, seen.cls, seen.key, seen.owner, seen.won)
        if seen is not None and seen.key is not None
        else None,
        related=labels(scope, cover, "covers a part of it"),
    )


CHECK = Check("LSM116", "covered-include", "info", run, effect=True)
