"""Two rules that say different things about executing one path, without being refused.

What it does: finds pairs of exec rules of equal rank with different modes or targets that match a
common path.  `apparmor_parser` refuses most of them (LSM049, LSM050).  Found here are those that it
lets pass: a stronger rule for the common path happens to be visited before them, or the release
decides, because classes such as `[ab]` count as wildcards before 4.0 and as exact since.

Why is this bad: whether the policy loads depends on the release, or on a rule that seems unrelated:
remove that one, and the policy is refused.

Bad:

```apparmor
profile bad /bin/bad {
  /11 ix,
  /?1 px,
  /1? ux,  # found
}
profile older /bin/older {
  /usr/bin/tool* px,
  /usr/bin/tool[12] ix,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /usr/bin/* px,
  /usr/bin/tool ix,
  /usr/sbin/* px,
}
```

How sure: exact.  The witness is a shortest path that both rules match.

How to fix: give both rules the same mode, or make their paths disjoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lsmc.analysis.redundancy.overlaps import Overlaps, shared_bits
from lsmc.analysis.redundancy.scopes import Scope, Scopes
from lsmc.automata.pattern import Chars, Concat, Pattern, Union
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.model import Effect, Rule
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.exec_transition import transition_text
from lsmc.modules.apparmor.lint.messages import labels, quoted, shown_object, witness
from lsmc.modules.apparmor.lint.tree import Tree

_EXECUTE = FILE.mask("x")
_REFUSED = ("LSM049", "LSM050")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair of rules that disagree about an execution."""
    seen: set[tuple[Span, Span]] = set()
    for scope in tree.shared(Scopes).bodies:
        compiled = tree.file_of[scope.name].compiled
        if any(one.code in _REFUSED for one in compiled.diagnostics):
            continue
        for a, b, key, older in _pairs(scope, tree.shared(Overlaps)):
            first, second = sorted(
                (a, b), key=lambda n: (tree.origin(n).source.path, tree.origin(n).start)
            )
            pair = (tree.origin(first), tree.origin(second))
            if pair not in seen:
                seen.add(pair)
                yield _report(scope, first, second, key, older)
        scope.forget()


def _pairs(scope: Scope, overlaps: Overlaps) -> Iterator[tuple[int, int, bytes, bool]]:
    """Pairs of rules, a common path, and whether only older releases refuse them."""
    rules = scope.policy.rules
    numbers = [n for n in scope.by_class.get(FILE, ()) if _executes(rules[n])]
    exact: dict[bytes, list[int]] = {}
    wild: list[int] = []
    classes: list[int] = []
    for number in numbers:
        keys = overlaps.scopes.languages.of(number).keys
        if rules[number].exact and keys is not None:
            for key in keys:
                exact.setdefault(key, []).append(number)
            if "[" in rules[number].origin.text and _has_class(rules[number].fields[0]):
                classes.append(number)
        else:
            wild.append(number)
    for key, same in exact.items():
        for a, b in combinations(same, 2):
            if _clash(rules[a], rules[b]) and rules[a].exact == rules[b].exact:
                yield a, b, key, False
    for a, b in combinations(wild, 2):
        if _clash(rules[a], rules[b]) and rules[a].exact == rules[b].exact:
            common = _common(overlaps, a, b)
            if common is not None:
                yield a, b, common, False
    for a in classes:
        for b in wild:
            common = _common(overlaps, a, b) if _clash(rules[a], rules[b]) else None
            if common is not None:
                yield a, b, common, True


def _common(overlaps: Overlaps, a: int, b: int) -> bytes | None:
    """A common path of two rules, a real one if there is any; the parser refuses all alike."""
    return overlaps.meet_real(a, b) or overlaps.meet(a, b)


def _executes(rule: Rule) -> bool:
    return rule.effect is Effect.ALLOW and bool((rule.owner | rule.other) & _EXECUTE)


def _clash(a: Rule, b: Rule) -> bool:
    return (
        a.transition != b.transition
        and a.priority == b.priority
        and bool(shared_bits(a, b) & _EXECUTE)
    )


def _has_class(pattern: Pattern) -> bool:
    match pattern:
        case Chars(mask):
            return mask.bit_count() > 1
        case Concat(parts):
            return any(_has_class(part) for part in parts)
        case Union(options):
            return any(_has_class(option) for option in options)
    return False


def _report(scope: Scope, first: int, second: int, key: bytes, older: bool) -> Diagnostic:
    rules = scope.policy.rules
    one, other = rules[first], rules[second]
    assert one.transition is not None
    assert other.transition is not None
    owner = bool(one.owner & other.owner & _EXECUTE)
    how = (
        "releases before 4.0 refuse this"
        if older
        else "the policy loads only because a stronger rule hides it"
    )
    return CHECK.finding(
        other.origin,
        f"{quoted(other.origin)} and {quoted(one.origin)} disagree about executing "
        f"{shown_object(FILE, key)}: "
        f"`{transition_text(other.transition)}` or `{transition_text(one.transition)}`",
        help=how,
        profile=scope.profile.name,
        witness=witness(scope, FILE, key, owner, _EXECUTE),
        related=labels(scope, [one.origin], "is the other rule"),
    )


CHECK = Check("LSM108", "conflicting-exec", "warning", run, effect=True)
