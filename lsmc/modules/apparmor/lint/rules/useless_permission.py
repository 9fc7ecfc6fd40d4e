"""A permission that cannot apply to anything that the rule matches.

What it does: finds three kinds.  Rules whose pattern matches directories only (it ends with `/`)
and that give `m`, `x`, `l` or `a`: a directory is neither mapped nor executed, hard-linked or
appended to.  (`k` may apply: a directory can be locked by flock(2).) `audit deny` rules with `x`
among others where nothing grants execution.  Link rules with a subset test that fails for each of
their pairs.

Why is this bad: the permission suggests that the author had something else in mind, often a path
without the slash.

Bad:

```apparmor
profile bad /bin/bad {
  /usr/lib/plugins/ rm,  # found
  link subset /srv/a -> /srv/b,  # found
  /srv/a rw,
  /srv/b r,
  /opt/** w,
  audit deny /opt/** wx,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /usr/lib/plugins/ rk,
  /usr/lib/plugins/*.so rm,
  link subset /srv/a -> /srv/b,
  /srv/a r,
  /srv/b rw,
}
```

How sure: exact.  The subset test is judged for links among files that the program owns; for others
the kernel does not make it.

How to fix: drop the permission, or correct the path.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.overlap_search import KeySearch
from lsmc.analysis.redundancy.overlaps import Overlaps
from lsmc.analysis.redundancy.scopes import Scope, Scopes, SourceRule
from lsmc.automata.alphabet import cost
from lsmc.automata.facts import objects
from lsmc.automata.pattern import example
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.model import Effect, Rule, Unit
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import FILE, LINK
from lsmc.modules.apparmor.lint.messages import quoted, shown_object, witness
from lsmc.modules.apparmor.lint.objects import only_directories
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_rules
from lsmc.modules.apparmor.syntax import ast

_EXECUTE = FILE.mask("x")
_WRITE = FILE.mask("w")
_SUBSET = LINK.mask(("subset",))
_NEVER = FILE.mask("mxl")
_MANY_PAIRS = 16


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each permission without use."""
    yield from _directories(tree)
    scopes = tree.shared(Scopes)
    for scope in scopes.bodies:
        for written in scope.own:
            yield from _deny_exec(scope, written)
            yield from _subset(tree, scope, written)
        scope.forget()


def _directories(tree: Tree) -> Iterator[Diagnostic]:
    meanings: dict[Span, list[tuple[str, Rule]]] = {}
    units: dict[int, tuple[str, Unit]] = {}
    for profile in tree.profiles:
        for use in profile.ir.uses:
            units.setdefault(id(use.unit), (profile.name, use.unit))
    for name, unit in units.values():
        for rule in unit.rules:
            if rule.cls is FILE and rule.effect is not Effect.DENY:
                meanings.setdefault(rule.origin, []).append((name, rule))
    written = {rule.span: rule for _, rule in written_rules(tree)}
    for span, known in meanings.items():
        name, rule = known[0]
        bits = _useless_on_directories(rule, written.get(span))
        if bits and all(only_directories(other.fields[0]) for _, other in known):
            key = min(objects(rule.fields[0]), key=cost, default=example(rule.fields[0]))
            letters = "".join(FILE.names(bits))
            yield CHECK.finding(
                span,
                f"`{letters}` cannot apply: {quoted(span)} matches directories only",
                help="drop the permission, or the slash at the end of the path if files are meant",
                profile=name,
                witness=SEMANTICS.request_of(name, FILE, key, bool(rule.owner), FILE.names(bits))
                if key is not None
                else None,
            )


def _useless_on_directories(rule: Rule, written: ast.Rule | None) -> int:
    mask = rule.owner | rule.other
    bits = mask & _NEVER
    inherits = rule.transition is not None and rule.transition.inherit
    body = written.body if written is not None else None
    spelled = body.perms.text if isinstance(body, ast.FileRule) and body.perms is not None else ""
    if "m" not in spelled.lower() and inherits:
        bits &= ~FILE.mask("m")
    if mask & FILE.mask("a") and not mask & _WRITE:
        bits |= FILE.mask("a")
    return bits


def _deny_exec(scope: Scope, written: SourceRule) -> Iterator[Diagnostic]:
    overlaps = scope.policy.shared(Overlaps)
    for member in written.members:
        rule = scope.policy.rules[member]
        mask = rule.owner | rule.other
        if rule.cls is not FILE or rule.effect is not Effect.DENY or not rule.audit:
            continue
        if not mask & _EXECUTE or mask == _EXECUTE:
            continue
        grants = (
            other
            for other in scope.by_class[FILE]
            if scope.policy.rules[other].effect is not Effect.DENY
            and (scope.policy.rules[other].owner | scope.policy.rules[other].other) & _EXECUTE
            and overlaps.meet(member, other) is not None
        )
        key = KeySearch(scope, member).example()
        if key is not None and next(grants, None) is None:
            yield CHECK.finding(
                written.span,
                f"`x` takes nothing away in {quoted(written.span)}: nothing there may be executed",
                help="drop the `x`",
                profile=scope.profile.name,
                witness=witness(scope, FILE, key, bool(rule.owner), _EXECUTE),
            )


def _subset(tree: Tree, scope: Scope, written: SourceRule) -> Iterator[Diagnostic]:
    for member in written.members:
        rule = scope.policy.rules[member]
        if rule.cls is not LINK or rule.effect is not Effect.ALLOW or not rule.owner & _SUBSET:
            continue
        keys = scope.scopes.languages.of(member).keys
        if not keys or len(keys) > _MANY_PAIRS:
            continue
        requests = [
            SEMANTICS.request_of(scope.profile.name, LINK, key, owner=True, perms=("link",))
            for key in keys
        ]
        if not all(_fails(tree, wanted) for wanted in requests):
            continue
        yield CHECK.finding(
            written.span,
            f"the subset test of {quoted(written.span)} always fails: "
            f"{shown_object(LINK, keys[0])} would open more than its target does",
            help="grant on the target what the link has, or drop `subset`",
            profile=scope.profile.name,
            witness=requests[0],
        )


def _fails(tree: Tree, wanted: dict[str, object]) -> bool:
    """Whether the rules grant a link and the subset test alone refuses it."""
    verdict = tree.answer(wanted)
    return verdict is not None and bool(verdict.missing) and not {"link", "l"} & {*verdict.missing}


CHECK = Check("LSM114", "useless-permission", "warning", run, effect=True)
