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

How sure: exact.  Lines whose conditions tell too many situations apart, or whose patterns are too
many to be compared, are passed over; after three of them so is the rest of the domain.

How to fix: remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.compare.clauses import Clause, clauses
from lsmc.modules.tomoyo.compare.cover import may_meet, uncovered
from lsmc.modules.tomoyo.compare.situations import Undecided
from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine
from lsmc.modules.tomoyo.lint.tree import Tree, without_line
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.vocabulary import PATH, TASK, Kind

#: Lines of a domain that cannot be compared before its others are passed over.
_TRIALS: Final = 3


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line that others cover, of equal lines the later."""
    engine = tree.engine
    for name in engine.subjects:
        domain = engine.find(name)
        assert domain is not None
        lines = _Lines(engine, domain)
        own = [rule for rule in domain.rules if rule.use is None]
        for rule in reversed(own):
            if lines.undecided == _TRIALS:
                break
            covers = lines.covers(rule)
            if covers is None:
                continue
            lines.gone.add(rule.number)
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


class _Lines:
    """The lines of a domain, and those of them that are found to be covered."""

    def __init__(self, engine: TomoyoEngine, domain: Domain) -> None:
        self.engine = engine
        self.domain = domain
        self.gone: set[int] = set()
        self.undecided = 0
        self._clauses: dict[tuple[str, str], list[Clause]] = {}

    def clauses(self, kind: Kind, permission: str) -> list[Clause]:
        """The clauses of all lines that grant something."""
        found = self._clauses.get((kind.name, permission))
        if found is None:
            rules = self.engine.rules_of(self.domain, kind, permission)
            space = namespace_of(self.domain.name)
            found = self._clauses[kind.name, permission] = list(clauses(self.engine, space, rules))
        return found

    def covers(self, rule: Rule) -> list[Rule] | None:
        """The lines that grant all that a line does; None where they do not."""
        if rule.acl.kind is TASK or (rule.acl.kind is PATH and "execute" in rule.acl.permissions):
            return None
        used: dict[int, Rule] = {}
        for permission in rule.acl.permissions:
            every = self.clauses(rule.acl.kind, permission)
            own = [one for one in every if one.rule is not None and one.rule.number == rule.number]
            others = [one for one in every if one.rule is not None and self._counts(one.rule, rule)]
            if not own:
                return None
            for clause in own:
                near = [one for one in others if may_meet(clause, one)]
                try:
                    if not near or uncovered(clause, near, rule.acl.kind, permission) is not None:
                        return None
                except Undecided:
                    self.undecided += 1
                    return None
                used |= {one.rule.number: one.rule for one in near if one.rule is not None}
        return list(used.values())

    def _counts(self, one: Rule, rule: Rule) -> bool:
        """Whether a line may cover another: it stays, and what it grants is logged alike."""
        alike = one.acl.condition.grant_log == rule.acl.condition.grant_log
        return alike and one.number != rule.number and one.number not in self.gone


CHECK = Check("LSM679", "covered-line", "warning", run, cost=5, effect=True)
