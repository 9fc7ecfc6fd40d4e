"""A profile that never attaches to anything, since other profiles claim all of its executables.

What it does: finds profiles whose attachment matches paths, at each of which another profile ranks
higher or the same.

Why is this bad: the profile is never used by attachment, whatever is started.  Where the ranks are
the same no profile is used at all, so the programs may run unconfined.

Bad:

```apparmor
profile old /usr/bin/tool {  # found
  /x r,
}

profile new /{usr/,}bin/tool {
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

Each path with equal ranks is also reported by itself (`ambiguous-attachment`).

How sure: exact, for the release that the profile's abi or `--target` stands for.  Every path of the
attachment is considered; attachments with `xattrs=` are left out on both sides.

How to fix: remove the profile, or narrow the attachments that claim its paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.automata.algebra import Table
from lsmc.automata.dfa import StateLimit
from lsmc.automata.paths import is_real_file, some_files
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.decide.attachment import Candidate
from lsmc.modules.apparmor.graph.attachment_index import AttachmentScope
from lsmc.modules.apparmor.lint.attachment_ranks import Race
from lsmc.modules.apparmor.lint.messages import shown
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree

_TRIES = 8
_LIMIT = 20_000


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile that never wins a path of its own attachment."""
    for scope in tree.shared(graph_of).attachments.scopes():
        prefixes = {one.candidate.profile.number: one.prefix for one in scope.open}
        for candidate in scope.candidates:
            if candidate.xattrs:
                continue
            prefix = prefixes.get(candidate.profile.number)
            takers = _takers(scope, candidate)
            if takers and (prefix is None or _loses(scope, candidate, prefix)):
                yield _report(tree, candidate, takers)


def _takers(scope: AttachmentScope, candidate: Candidate) -> dict[str, tuple[bytes, bool]]:
    """Who claims the paths, each with one and whether it has the same rank there.

    Empty when the profile wins one of those looked at.
    """
    takers: dict[str, tuple[bytes, bool]] = {}
    listed = scope.of[candidate.profile.number]
    paths: Iterable[bytes] = some_files(Table(candidate.dfa), _TRIES) if listed is None else listed
    for path in filter(is_real_file, paths):
        ranked = [(rank, one.profile) for rank, one in scope.at(path) if not one.xattrs]
        best = max(rank for rank, _ in ranked)
        winners = [profile for rank, profile in ranked if rank == best]
        if winners == [candidate.profile]:
            return {}
        for profile in winners:
            if profile.number != candidate.profile.number:
                takers.setdefault(profile.full_name, (path, candidate.profile in winners))
    return takers


def _loses(scope: AttachmentScope, candidate: Candidate, prefix: bytes) -> bool:
    """Whether an attachment with endlessly many paths wins none of them."""
    rivals = {
        one.candidate.profile.number: one.candidate
        for one in scope.open
        if one.prefix.startswith(prefix) or prefix.startswith(one.prefix)
    }
    for path in scope.starting(prefix):
        rivals |= {one.profile.number: one for one in scope.paths[path]}
    rivals.pop(candidate.profile.number, None)
    dfas = [one.dfa for one in rivals.values() if not one.xattrs]
    try:
        won = Race(candidate.dfa, dfas).find(lambda same, after: not same and not after, _LIMIT)
    except StateLimit:
        return False
    return won is None


def _report(tree: Tree, candidate: Candidate, takers: dict[str, tuple[bytes, bool]]) -> Diagnostic:
    name = candidate.profile.full_name
    related = []
    for other, (path, same) in takers.items():
        rank = "with the same rank, so neither attaches" if same else "and wins"
        related.append(
            Label(tree.by_name[other].ir.origin, f"`{other}` claims {shown(path)}, {rank}")
        )
    return CHECK.finding(
        tree.by_name[name].ir.origin,
        f"`{name}` never attaches: other profiles claim all of its paths",
        help="give it a path of its own, or a longer one, or remove it",
        profile=name,
        related=related,
    )


CHECK = Check("LSM206", "shadowed-attachment", "warning", run, basis=graph_of)
