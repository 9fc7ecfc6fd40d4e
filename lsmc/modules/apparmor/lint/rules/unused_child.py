"""A child profile that its parent never enters.

What it does: finds children that no exec rule and no `change_profile` rule of the tree leads to,
and hats inside of hats, which `change_hat` never finds.

Why is this bad: the child's rules never hold, so the programs meant for it run under another
profile or not at all.

Bad:

```apparmor
profile bad /bin/bad {
  /bin/helper ix,
  profile helper /bin/helper {  # found
    /x r,
  }
  ^outer {
    /y r,
    ^inner {  # found
      /z r,
    }
  }
}
```

Good:

```apparmor
profile good /bin/good {
  /bin/helper cx,
  /bin/tool px -> good//tool,
  profile helper /bin/helper {
    /x r,
  }
  profile tool {
    /y r,
  }
  ^hat {
    /z r,
  }
}
```

How sure: exact about the rules.  Hats of a profile are entered by the program itself, which no rule
tells, so they count as used.  A child that only a program outside of all confinement enters, by
name, is reported all the same.  A rule in a file beside the given ones or in the base directory
counts when it names the child in full.

How to fix: write the `cx` rule that is missing, or remove the child.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.ir.model import qualified
from lsmc.lint.model import Check
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.lint.references import ProfileNames, graph_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each child that no edge leads to."""
    graph, neighbours = tree.shared(graph_of), tree.shared(ProfileNames).neighbours
    for profile in tree.profiles:
        parent = _parent(tree, profile)
        if parent is None or parent.record.mode in FREE_MODES:
            continue
        if profile.record.is_hat and not parent.record.is_hat:
            continue
        # what happens inside of the child itself, or of its own children, enters it no more
        inside = f"{profile.name}//"
        if any(
            edge.source != profile.name
            and not edge.source.startswith(inside)
            and not (profile.record.is_hat and edge.kind == "change_hat")
            for edge in graph.into.get(profile.name, ())
        ):
            continue
        if not profile.record.is_hat and neighbours.enters(profile.name):
            continue
        what = "is a hat inside of a hat: change_hat never finds it"
        yield CHECK.finding(
            profile.ir.origin,
            f"`{profile.name}` {what}"
            if profile.record.is_hat
            else f"no rule leads to the child `{profile.name}`",
            help="let a `cx` rule lead to it that nothing overrules, or remove it",
            profile=profile.name,
            related=[Label(parent.ir.origin, "its parent"), *_overruled(tree, parent, profile)],
        )


def _overruled(tree: Tree, parent: LinkedProfile, child: LinkedProfile) -> Iterator[Label]:
    """The rules of a parent that are meant for a child, and decide at no path of it."""
    graph = tree.shared(graph_of)
    record = child.record
    listed = graph.attachments.scope_of(record).of.get(record.number)
    for rule in graph.exec_rules(parent.name).rules:
        wanted = rule.facts.transition
        if wanted is None:
            continue
        named = wanted.kind == "child" and parent.record.child(wanted.name) == record.name
        if named or (wanted.kind == "attach-child" and any(map(rule.matches, listed or ()))):
            yield Label(tree.origin(rule.facts.id), "other rules decide wherever this one matches")


def _parent(tree: Tree, profile: LinkedProfile) -> LinkedProfile | None:
    record = profile.record
    if not record.parent:
        return None
    return tree.by_name.get(qualified(record.namespace, record.parent))


CHECK = Check("LSM209", "unused-child", "warning", run, basis=graph_of)
