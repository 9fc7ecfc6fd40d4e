"""A line all of whose accesses other lines grant.

What it does: finds lines of a domain that grant nothing which other lines of the domain, or of
groups of lines that it uses, do not grant.  Conditions, groups, numbers and addresses are taken
into account. Lines that say where a program runs are not compared.

Why is this bad: the line looks as if it were needed; who removes it, or narrows it, changes
nothing.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /etc/\\*
file read /etc/hosts  # found
file read /srv/a task.uid=0-99
file read /srv/a task.uid=100
file read /srv/a task.uid=50-100  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /etc/\\*
file read /etc/ssh/config
file read /srv/a task.uid=0-99
file read /srv/a task.uid=50-100
```

How sure: exact.  Lines whose conditions tell too many situations apart are passed over.

How to fix: remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.compare.clauses import Clause, clauses
from lsmc.modules.tomoyo.compare.cover import uncovered
from lsmc.modules.tomoyo.compare.situations import Undecided
from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine
from lsmc.modules.tomoyo.lint.tree import Tree, without_line
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.patterns import Glob
from lsmc.modules.tomoyo.vocabulary import PATH, TASK


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line that others cover, of equal lines the later."""
    engine = tree.engine
    for name in engine.subjects:
        domain = engine.find(name)
        assert domain is not None
        gone: set[int] = set()
        own = [rule for rule in domain.rules if rule.use is None]
        for rule in reversed(own):
            covers = _covers(engine, domain, rule, gone)
            if covers is None:
                continue
            gone.add(rule.number)
            written = tree.by_place.get((rule.record.file, rule.record.line))
            if written is None or rule.acl.key in {one.acl.key for one in covers}:
                continue  # the duplicate is reported as such
            places = ((one.record.file, one.record.line) for one in covers)
            found = [at for place in places if (at := tree.by_place.get(place)) is not None]
            yield CHECK.finding(
                written.span,
                f"other lines grant all that `{rule.record.text}` does",
                profile=name,
                related=[Label(at.span, "this line grants some of it") for at in found],
                fix=without_line(written),
            )


def _covers(engine: TomoyoEngine, domain: Domain, rule: Rule, gone: set[int]) -> list[Rule] | None:
    """The lines that grant all that a line does; None where they do not."""
    if rule.acl.kind is TASK or (rule.acl.kind is PATH and "execute" in rule.acl.permissions):
        return None
    space = namespace_of(domain.name)
    used: dict[int, Rule] = {}
    for permission in rule.acl.permissions:
        others = [
            one
            for one in engine.rules_of(domain, rule.acl.kind, permission)
            if one.number != rule.number and one.number not in gone and _alike(one, rule)
        ]
        own = list(clauses(engine, space, [rule]))
        if not own or not others:
            return None
        known = list(clauses(engine, space, others))
        for clause in own:
            near = [one for one in known if _may_share(one, clause)]
            try:
                if not near or uncovered(clause, near, rule.acl.kind, permission) is not None:
                    return None
            except Undecided:
                return None
            used |= {one.rule.number: one.rule for one in near if one.rule is not None}
    return list(used.values())


def _alike(one: Rule, other: Rule) -> bool:
    """Whether what two lines grant is logged alike."""
    return one.acl.condition.grant_log == other.acl.condition.grant_log


def _may_share(one: Clause, other: Clause) -> bool:
    """Whether two clauses may have a name in common, by how their names begin."""
    return all(_compatible(a, b) for a, b in zip(one.names, other.names, strict=True))


def _compatible(one: object, other: object) -> bool:
    if not isinstance(one, Glob) or not isinstance(other, Glob):
        return True
    short, long = sorted((one.prefix, other.prefix), key=len)
    return long.startswith(short) and one.directory == other.directory


CHECK = Check("LSM679", "covered-line", "warning", run, cost=5, effect=True)
