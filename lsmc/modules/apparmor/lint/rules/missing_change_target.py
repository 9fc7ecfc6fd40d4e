"""A change of profile to a name that does not exist.

What it does: finds `change_profile` rules whose target matches no profile of the tree, and
`pivot_root` rules whose `-> PROFILE` names none.

Why is this bad: the call fails with ENOENT, so the program either stops or goes on under the wrong
profile.  Mostly the profile was renamed, or the name is misspelt.

Bad:

```apparmor
profile bad /bin/bad {
  change_profile -> worker,  # found
  change_profile -> bad//inner*,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  change_profile -> worker-*,
  change_profile -> unconfined,
  change_profile -> libvirt-1234,
}

profile worker-1 {
  /x r,
}
```

Names that programs make at run time, or that another loader brings, are not looked for:
`[checks.missing-change-target] external = ["libvirt-*", ...]` is a list of globs; names in other
namespaces are in it.  A pattern for all children of the profile itself is left alone: they may
be added locally.

How sure: exact for the files that were given; profiles in files beside them and in the base
directory count as existing.  `change_hat` asks no rule, so there is nothing to report about it.

How to fix: correct the name, give the missing file, or add the name to `external`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.engine.verdict import UNCONFINED
from lsmc.ir.mediation import Effect
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import CHANGE_PROFILE
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.references import EXTERNAL, ProfileNames, external_setting
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each change_profile rule whose target is nobody."""
    names = tree.shared(ProfileNames)
    globs = external_setting(tree, CHECK)
    for profile in tree.profiles:
        for rule in profile.ir.rules:
            if rule.cls is not CHANGE_PROFILE or rule.effect != Effect.ALLOW:
                continue
            target = rule.fields[0]
            if names.matching(target) or names.external(target, globs):
                continue
            if names.own_children(target, profile.name):
                continue
            yield CHECK.finding(
                rule.origin,
                f"`{rule_text(rule.origin)}` matches no profile",
                help="correct the name, or give the file that defines the profile",
                profile=profile.name,
            )
    yield from _pivots(tree)


def _pivots(tree: Tree) -> Iterator[Diagnostic]:
    names = tree.shared(ProfileNames)
    for file in tree.files:
        for flat in file.compiled.bodies:
            for fragment in flat.body.fragments:
                for rule in fragment.rules:
                    if not isinstance(rule.body, ast.PivotRootRule) or rule.body.target is None:
                        continue
                    name = to_display(rule.body.target.text)
                    known = tree.engine.tables.find(name) is not None or name == UNCONFINED
                    if known or name.startswith(":") or "@{" in name or names.neighbours.has(name):
                        continue
                    yield CHECK.finding(
                        rule.body.target.span,
                        f"`pivot_root` goes to `{name}`, which does not exist",
                        help="correct the name; no kernel changes the profile at pivot_root",
                    )


CHECK = Check("LSM202", "missing-change-target", "warning", run, table={"external": list(EXTERNAL)})
