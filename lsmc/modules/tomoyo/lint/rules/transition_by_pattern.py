"""A transition line for a program that only a pattern lets be executed.

What it does: finds lines such as `initialize_domain /usr/sbin/sshd from any` whose program no
`file execute` line names, while the pattern of one has it.

Why is this bad: the kernel names the program by the pattern that matched, and compares a
transition line with that name as text.  With `file execute /usr/sbin/\\*` the program is
`/usr/sbin/\\*`, so the line for `/usr/sbin/sshd` does nothing, and the new domain ends in the
pattern.

Bad:

```tomoyo
# file: exception_policy.conf
initialize_domain /usr/sbin/sshd from any  # found
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file execute /usr/sbin/\\*
```

Good:

```tomoyo
# file: exception_policy.conf
initialize_domain /usr/sbin/sshd from any
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file execute /usr/sbin/sshd
file execute /usr/sbin/\\*
```

How sure: exact for domains in enforcing mode.  Where execution is not enforced, a program that no
line matches keeps its own name.

How to fix: give the program an execute line of its own, before the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree
from lsmc.modules.tomoyo.model import Group
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.syntax.reader import Written
from lsmc.modules.tomoyo.vocabulary import PATH


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line whose program is only met by patterns."""
    for name, space in tree.policy.spaces.items():
        words = _words(tree, name)
        for line, written in space.transitions:
            if line.program is None or line.program in words:
                continue
            matching = next(
                ((word, at) for word, at in words.items() if glob(word).matches(line.program)), None
            )
            if matching is not None:
                word, at = matching
                yield CHECK.finding(
                    written.span,
                    f"`{line.program}` is executed as `{word}`, so that this line does nothing",
                    help=f"add `file execute {line.program}` before that line",
                    related=[Label(at.span, f"the program gets the name `{word}` here")],
                )


def _words(tree: Tree, space: str) -> dict[str, Written]:
    """The words by which lines of a name space let programs be executed, each with a line."""
    found: dict[str, Written] = {}
    members = tree.policy.space(space).members
    for grant in tree.grants:
        if grant.acl.kind is not PATH or "execute" not in grant.acl.permissions:
            continue
        if namespace_of(grant.space) != space:
            continue
        operand = grant.acl.arguments[0]
        if isinstance(operand, Group):
            for member, _ in members.get(("path_group", operand.name), ()):
                found.setdefault(str(member.member), grant.written)
        else:
            found.setdefault(str(operand), grant.written)
    return found


CHECK = Check("LSM673", "transition-by-pattern", "warning", run)
