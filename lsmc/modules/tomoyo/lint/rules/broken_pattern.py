"""A pattern that matches no name.

What it does: finds patterns of lines, groups, aggregators and conditions that the kernel takes,
and that no name of the kernel can match.

Why is this bad: the line, or the member of a group, does nothing.  Members of groups are not
checked when they are loaded, so that a backslash too many stays unseen.

Bad:

```tomoyo
# file: exception_policy.conf
path_group DOCS /usr/\\{doc  # found
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file read @DOCS
file read /srv//a  # found
file read /srv/\\{\\}/a  # found
```

Good:

```tomoyo
# file: exception_policy.conf
path_group DOCS /usr/\\{doc\\}/\\*
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file read @DOCS
file read /srv/\\{\\*\\}/a
```

How sure: exact: names of the kernel have no empty component.  Patterns of very many states are
passed over.

How to fix: correct the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.compare.cover import is_empty
from lsmc.modules.tomoyo.lint.tree import Tree
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import Argument


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pattern without a name."""
    for grant in tree.grants:
        for (_, form), operand in zip(grant.acl.kind.arguments, grant.acl.arguments, strict=True):
            if form is Argument.NAME and isinstance(operand, str) and is_empty(glob(operand)):
                yield CHECK.finding(
                    grant.written.span, f"`{operand}` matches no name", profile=grant.owner
                )
    for space in tree.policy.spaces.values():
        for members in space.members.values():
            for member, written in members:
                if isinstance(member.member, str) and is_empty(glob(member.member)):
                    shown = member.member or "the empty name"
                    yield CHECK.finding(written.span, f"`{shown}` matches no name")
        for aggregator, written in space.aggregators:
            if is_empty(glob(aggregator.pattern)):
                yield CHECK.finding(written.span, f"`{aggregator.pattern}` matches no name")


CHECK = Check("LSM681", "broken-pattern", "warning", run)
