"""Two profiles that attach to one executable with equal rank.

What it does: finds paths for which two attachments of the tree match and neither ranks higher.  The
kernel ranks by the number of bytes before the first repeated star; an exact path ranks highest.

Why is this bad: the kernel logs "conflicting profile attachments" and uses neither profile.  A task
that is not confined starts the program unconfined; an execution by a `px` rule fails.

Bad:

```apparmor
profile one /usr/bin/{tool,helper} {  # found
  /x r,
}

profile two /{usr/,}bin/tool {
  /y r,
}
```

```apparmor
profile one /opt/*/tool {  # found
  /x r,
}

profile two /opt/{a,b}*/tool {
  /y r,
}
```

Good:

```apparmor
profile general /usr/bin/* {
  /x r,
}

profile special /usr/bin/tool {
  /y r,
}
```

How sure: exact, with the path.  Attachments with `xattrs=` are left out: which of them hold depends
on the file.  Kernels before 6.x rank some patterns by the length of their shortest path instead and
by load order; that is not judged.  A profile whose name is a plain
path takes that path before all others where its target (its abi, or `--target`) is 3.0.8 or 4.1.0.

How to fix: narrow one of the attachments, or remove one of the profiles.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.dfa import StateLimit
from lsmc.automata.members import common
from lsmc.automata.paths import is_real_file
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.text import displayed
from lsmc.lint.model import Check
from lsmc.modules.apparmor.decide.attachment import Candidate
from lsmc.modules.apparmor.graph.attachment_index import AttachmentScope, Open
from lsmc.modules.apparmor.lint.attachment_ranks import Race
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree

_LIMIT = 20_000


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair of profiles with a path to which both attach."""
    for scope in tree.shared(graph_of).attachments.scopes():
        found: dict[tuple[str, str], bytes] = {}
        for pair, path in (*_listed(scope), *_open(scope)):
            names = sorted(candidate.profile.full_name for candidate in pair)
            found.setdefault((names[0], names[1]), path)
        for (one, other), path in sorted(found.items()):
            yield _report(tree, one, other, path)


def _listed(scope: AttachmentScope) -> Iterator[tuple[tuple[Candidate, Candidate], bytes]]:
    """Pairs at the paths that some attachment lists."""
    for path in scope.ordered:
        if not is_real_file(path):
            continue
        ranked = [(rank, one) for rank, one in scope.at(path) if not one.xattrs]
        best = max((rank for rank, _ in ranked), default=0)
        winners = [one for rank, one in ranked if rank == best]
        for number, one in enumerate(winners):
            for other in winners[number + 1 :]:
                yield (one, other), path


def _open(scope: AttachmentScope) -> Iterator[tuple[tuple[Candidate, Candidate], bytes]]:
    """Pairs of attachments that both match endlessly many paths."""
    plain = [one for one in scope.open if not one.candidate.xattrs]
    for number, one in enumerate(plain):
        rivals = [other for other in plain if other is not one and _may_meet(one, other)]
        for rival in rivals:
            if plain.index(rival) < number:
                continue
            path = _tie(scope, one, rival, [r for r in rivals if r is not rival])
            if path is not None:
                yield (one.candidate, rival.candidate), path


def _may_meet(one: Open, other: Open) -> bool:
    return one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)


def _tie(scope: AttachmentScope, one: Open, rival: Open, others: list[Open]) -> bytes | None:
    """A path at which two attachments tie for the highest rank."""
    if not common(one.table, rival.table, 1):
        return None
    pair = Race(one.candidate.dfa, [rival.candidate.dfa])
    try:
        path = pair.find(lambda same, _: bool(same), _LIMIT, rivals=True)
        if path is None or _is_won(scope, path, one, rival):
            return path
        dfas = [rival.candidate.dfa, *(other.candidate.dfa for other in others)]
        race = Race(one.candidate.dfa, dfas)
        path = race.find(lambda same, after: 0 in same and not after, _LIMIT, rivals=True)
    except StateLimit:
        return None
    return path if path is not None and _is_won(scope, path, one, rival) else None


def _is_won(scope: AttachmentScope, path: bytes, one: Open, rival: Open) -> bool:
    """Whether nothing ranks higher than two attachments at a path."""
    ranks = {found.profile.number: rank for rank, found in scope.at(path) if not found.xattrs}
    best = max(ranks.values(), default=-1)
    numbers = (one.candidate.profile.number, rival.candidate.profile.number)
    return all(ranks.get(number) == best for number in numbers)


def _report(tree: Tree, one: str, other: str, path: bytes) -> Diagnostic:
    first, second = tree.by_name[one], tree.by_name[other]
    shown = displayed(path)
    if second.ir.origin.location()[:2] < first.ir.origin.location()[:2]:
        first, second = second, first
    return CHECK.finding(
        first.ir.origin,
        f"`{first.name}` and `{second.name}` attach to `{shown}` with equal rank: neither is used",
        help="narrow one of the attachments",
        profile=first.name,
        related=[Label(second.ir.origin, f"`{second.name}` attaches to it too")],
    )


CHECK = Check("LSM205", "ambiguous-attachment", "warning", run, basis=graph_of)
