"""A profile that may not read the program it attaches to.

What it does: finds profiles whose attachment matches paths, none of which their rules let
them read.

Why is this bad: a script is read by its interpreter under the new profile, and a program that a
confined task starts is mapped under it, so that the start fails with a denial of the program's own
path.  It goes well only for a binary that a task without confinement starts.

Bad:

```apparmor
profile bad /usr/bin/bad {  # found
  /etc/bad r,
}
```

Good:

```apparmor
profile good /{usr/,}bin/good {
  /usr/bin/good mr,
  /etc/good r,
}
```

How sure: exact about the rules; it is `info` since who starts what is not known.  A program also
needs `m`, which is not judged: a script does without.  Whether the interpreter of a script is
covered depends on the file and is not judged either.  Profiles without any rule have a code of
their own.

How to fix: `@{exec_path} mr,`, or the path with `mr`; `r` for a script.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.rule_search import ClassView
from lsmc.automata.algebra import Automaton, Table, search
from lsmc.automata.dfa import StateLimit
from lsmc.automata.paths import FILES, is_real_file, some_files
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import displayed
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.graph.graph import ProfileGraph
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree

_READ = FILE.mask("r")
_TRIES = 4
_LIMIT = 20_000


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile that may read none of its executables."""
    graph = tree.shared(graph_of)
    for profile in tree.profiles:
        one = profile.ir
        written = any(rule.origin != one.origin for rule in one.rules)
        if not mediates(profile.record, FILE) or not written or profile.name in tree.incomplete:
            continue
        path = _unread(graph, profile)
        if path is not None:
            shown = displayed(path)
            yield CHECK.finding(
                one.origin,
                f"`{profile.name}` attaches to `{shown}` and may not read it",
                help="add `@{exec_path} mr,`, or the path with `mr`",
                profile=profile.name,
                witness={
                    "subject": profile.name,
                    "class": "file",
                    "perms": "r",
                    "object": shown,
                    "owner": False,
                },
            )


def _unread(graph: ProfileGraph, profile: LinkedProfile) -> bytes | None:
    """An executable of a profile that may read none of them; None when it may read one."""
    record = profile.record
    scope = graph.attachments.scope_of(record)
    if record.number not in scope.of:
        return None
    listed = scope.of[record.number]
    if listed is not None:
        files = [path for path in listed if is_real_file(path)]
        return None if any(_reads(profile, path) for path in files) else next(iter(files), None)
    candidate = next(c for c in scope.candidates if c.profile.number == record.number)
    table = Table(candidate.dfa)
    paths = some_files(table, _TRIES)
    if any(_reads(profile, path) for path in paths):
        return None
    view = ClassView(profile.matcher, FILE.code)

    def goal(states: tuple[Any, ...]) -> bool:
        if None in states or not table.accepts(states[1]) or not FILES.accepts(states[2]):
            return False
        return any(
            profile.matcher.decide(states[0], FILE, owner).allow & _READ for owner in (False, True)
        )

    automata: list[Automaton[Any]] = [view, table, FILES]
    try:
        found = search(automata, goal, alive=lambda s: None not in s, limit=_LIMIT)
    except StateLimit:
        return None
    return paths[0] if found is None and paths else None


def _reads(profile: LinkedProfile, path: bytes) -> bool:
    node = profile.matcher.walk(bytes((FILE.code,)) + path)
    return any(profile.matcher.decide(node, FILE, owner).allow & _READ for owner in (False, True))


CHECK = Check("LSM223", "exec-path-uncovered", "info", run, basis=graph_of, confidence="medium")
