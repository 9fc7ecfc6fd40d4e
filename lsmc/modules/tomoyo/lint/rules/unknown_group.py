"""A group that no line gives members.

What it does: finds `@GROUP` in lines and conditions, and `use_group N`, where the group has no
members or no lines.

Why is this bad: such a group matches nothing, so that the line grants nothing; a condition with
`!=` is always met.  The kernel says nothing of it.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read @DOCS  # found
```

Good:

```tomoyo
# file: exception_policy.conf
path_group DOCS /usr/share/doc/\\*
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file read @DOCS
```

How sure: exact, if all files of the policy are given.

How to fix: correct the name, or define the group in exception_policy.conf.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import did_you_mean
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree
from lsmc.modules.tomoyo.model import Comparison, Group, TextTest
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.syntax.reader import Written
from lsmc.modules.tomoyo.vocabulary import GROUP_OF, Argument


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each use of a group that is empty."""
    for grant in tree.grants:
        for word, group in _groups(grant):
            members = tree.policy.space(grant.space).members
            if (word, group.name) not in members:
                known = [name for kind, name in members if kind == word]
                yield CHECK.finding(
                    _place(grant.written, group),
                    f"no `{word} {group.name}` gives `{group}` members: it matches nothing",
                    help=did_you_mean(group.name, known),
                    profile=grant.owner,
                )
    for domain in tree.policy.domains.values():
        groups = tree.policy.space(namespace_of(domain.name)).acl_groups
        for number, written in domain.groups:
            if number not in groups and not (number == 0 and not groups):
                yield CHECK.finding(
                    written.span,
                    f"no `acl_group {number}` gives the group lines",
                    profile=domain.name,
                )


def _groups(grant: Grant) -> Iterator[tuple[str, Group]]:
    """The groups of a line, with the words that define such groups."""
    for (_, form), operand in zip(grant.acl.kind.arguments, grant.acl.arguments, strict=True):
        if isinstance(operand, Group):
            yield GROUP_OF[form], operand
    for test in grant.acl.condition.tests:
        if isinstance(test, Comparison) and isinstance(test.right, Group):
            yield GROUP_OF[Argument.NUMBER], test.right
        elif isinstance(test, TextTest) and isinstance(test.pattern, Group):
            yield GROUP_OF[Argument.NAME], test.pattern


def _place(written: Written, group: Group) -> Span:
    """The place of a group's name in a line."""
    for word in written.words:
        if word.text.endswith(str(group)):
            return Span(written.source, word.end - len(str(group)), word.end)
    return written.span


CHECK = Check("LSM675", "unknown-group", "warning", run)
