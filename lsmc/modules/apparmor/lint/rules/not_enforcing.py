"""A profile that does not confine.

What it does: finds profiles in complain mode, and those with the flags `unconfined` or
`default_allow`.  The latter are warnings, except where the profile exists only to be allowed user
namespaces.

Why is this bad: in complain mode every access is allowed and logged; it is meant for writing
profiles.  With `unconfined` and `default_allow` the rules of the profile restrict nothing.

Bad:

```apparmor
profile tool /usr/bin/tool flags=(complain) {  # found
  /etc/tool.conf r,
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  /etc/tool.conf r,
}
```

How sure: exact.  Complain mode is `info`, since whole sets of profiles are shipped so for the
administrator to try: more than half of the profiles of Debian's `apparmor-profiles`.  So are those
for user namespaces, a third of what AppArmor 6.0 ships.

How to fix: take the flag out when the profile is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsmc.analysis.profile_view import Grants, ProfileView
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE, USERNS
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.lint.messages import witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such profile."""
    for view in tree.shared(Grants).profiles:
        mode = view.profile.record.mode
        if mode == "complain":
            finding = CHECK.finding(
                view.profile.ir.origin,
                f"profile `{view.name}` is in complain mode: everything is allowed and logged",
                help="take the flag out when the profile is complete",
                profile=view.name,
            )
            yield replace(finding, severity="info")
        elif mode in FREE_MODES:
            finding = CHECK.finding(
                view.profile.ir.origin,
                f"profile `{view.name}` is in {mode} mode: its rules restrict nothing",
                help="take the flag out, or write that the program is meant to be unconfined",
                profile=view.name,
                witness=witness(view, FILE, b"/etc/shadow", True, FILE.mask("rw")),
            )
            yield replace(finding, severity="info") if _for_userns(view) else finding


def _for_userns(view: ProfileView) -> bool:
    """Whether the profile exists to be allowed user namespaces: it says little else."""
    rules = [held.rule for use in view.uses for held in use.unit.rules]
    return len(rules) <= _LITTLE and any(rule.cls is USERNS for rule in rules)


#: A rule for user namespaces, and one for the executable.
_LITTLE = 4

CHECK = Check("LSM313", "not-enforcing", "warning", run)
