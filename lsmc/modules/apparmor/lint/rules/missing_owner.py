"""Private files of users that may be written whoever owns them.

What it does: finds rules without `owner` by which a profile may write files of users other than
the one it runs as: in homes, in /tmp and /var/tmp, in /run/user.  Objects that are shared by
design (the sockets of X in /tmp) are left out; the list is `lint/data/private.toml`.

Why is this bad: a program that runs as root writes into every user's files; in /tmp it follows what
other users put there.  With `owner` it touches only files of the user that it runs as.

Bad:

```apparmor
profile editor /usr/bin/editor {
  /home/*/notes/** rw,  # found
}
```

Good:

```apparmor
profile editor /usr/bin/editor {
  owner /home/*/notes/** rw,
}
```

Findings about temporary files are warnings, the others information: many programs act for all
users.

How sure: the object in the witness can be written by a task that does not own it.  Whether the
program needs that is not known; programs that act for all users do.

How to fix: write `owner` before the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsmc.analysis.profile_view import UnitRule
from lsmc.automata.prefixes import heads
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.file_rules import WRITE
from lsmc.modules.apparmor.lint.messages import rule_finding, shown, witness
from lsmc.modules.apparmor.lint.path_sets import PathSets, opened
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that opens private files to others than their owner."""
    found = PathSets.read("private").openings(tree, ALLOW, WRITE, half=False)
    for rule in opened(pair for pair in found if not _everywhere(pair[1].held)):
        first = rule.first
        finding = rule_finding(
            CHECK,
            rule.view,
            rule.held,
            f"writes {rule.kinds()} whoever owns them: {shown(first.path)} for one",
            help="write `owner` before the rule unless the program acts for all users",
            witness=witness(rule.view, FILE, first.path, False, first.perms),
        )
        temporary = any(opening.kind.name == _TEMPORARY for opening in rule.openings)
        yield finding if temporary else replace(finding, severity="info")


def _everywhere(held: UnitRule) -> bool:
    """Whether a rule opens much more than private files: then `owner` is not what it lacks."""
    return any(len(head) < 2 for head in heads(held.rule.fields[0]))


#: Where any user may put files for others to meet: the others are often accessed for all users.
_TEMPORARY = "temporary files"
CHECK = Check("LSM310", "missing-owner", "warning", run, confidence="medium")
